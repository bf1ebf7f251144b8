import { performance } from 'node:perf_hooks' // the global of that name is looked up anew at each use

/** Time as everybody here gets it: passed in, so that tests own it. `test/support/fake-clock.ts` is the other one. */
export interface Clock {
  /** Milliseconds, with fractions, that never go back; their zero means nothing. */
  now(): number
  /** Milliseconds since 1970, as the machine believes: for dates and logs, never for waiting. */
  wallMs(): number
  /** Runs once, at least `ms` milliseconds from now. */
  after(ms: number, run: () => void): Timer
  /** Runs every `ms` milliseconds. */
  every(ms: number, run: () => void): Timer
}

export interface Timer {
  /** It does not run any more. May be called again. */
  cancel(): void
}

/** The clock of the machine. Its timers keep no process alive: sockets do that, and what waits for nothing else may end. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  every(ms, run) {
    const timer = setInterval(run, ms).unref()
    return { cancel: () => clearInterval(timer) }
  },
}
