import { performance } from 'node:perf_hooks' // the global of that name is looked up again at each use

/** The source of time, always passed in so that tests control it. `test/support/fake-clock.ts` is the other implementation. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; the zero point has no meaning. */
  now(): number
  /** Milliseconds since 1970 by the system clock: for dates and logs, never for waiting. */
  wallMs(): number
  /** Runs once, at least `ms` milliseconds from now. */
  after(ms: number, run: () => void): Timer
  /** Runs every `ms` milliseconds. */
  every(ms: number, run: () => void): Timer
}

export interface Timer {
  /** Stops the timer. May be called more than once. */
  cancel(): void
}

/** The system clock. Its timers do not keep the process alive: sockets do; a process that waits for nothing else may exit. */
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
