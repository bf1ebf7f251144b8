import type { Clock, Timer } from '../net/clock.js'

/** The interval between two checks of how much time has passed, where tens of ms matter. Real ms. */
const LOOK_MS = 5
/** Time between two checks beyond this many intervals is time in which this thread did not run, and does not count. */
const COUNTED_LOOKS_MAX = 2

/** The time for which the machine kept a run waiting: real ms. */
export interface Lost {
  /** The longest single wait. */
  readonly longestMs: number
  /** All waits together. */
  readonly sumMs: number
}

/** The time of a run: the clock of all its waits and measurements. */
export interface RunClock extends Clock {
  /** Like `after`, but keeps the process alive while it waits. */
  hold(ms: number, run: () => void): Timer
  /** The clock for measurements: ms that have really passed; their zero has no meaning. */
  real(): number
  /** The time that the machine has taken away so far. */
  readonly lost: Lost
  /** Stops the clock for ever. */
  stop(): void
}

/**
 * Real time, except that the clock stands still while the machine does not let this thread run. Parties that idle, wait or work
 * by the same clock keep their order, however busy the machine is: within a second of this clock each gets as many turns as on a
 * machine at rest.
 */
export class RunningClock implements RunClock {
  private counted = 0
  private lookedAt = performance.now()
  private longestMs = 0
  private sumMs = 0
  private stopped = false
  private readonly looks: NodeJS.Timeout
  private readonly countedMsMax: number

  /** @param lookMs a smaller value allows shorter waits, but costs more work */
  constructor(private readonly lookMs = LOOK_MS) {
    this.countedMsMax = lookMs * COUNTED_LOOKS_MAX
    this.looks = setInterval(() => this.look(), lookMs).unref()
  }

  now(): number {
    return this.counted + Math.min(performance.now() - this.lookedAt, this.countedMsMax)
  }

  real(): number {
    return performance.now()
  }

  wallMs(): number {
    return Date.now()
  }

  after(ms: number, run: () => void): Timer {
    return this.start(ms, run, false)
  }

  hold(ms: number, run: () => void): Timer {
    return this.start(ms, run, true)
  }

  every(ms: number, run: () => void): Timer {
    const timer = setInterval(run, ms).unref()
    return { cancel: () => clearInterval(timer) }
  }

  get lost(): Lost {
    const gap = performance.now() - this.lookedAt
    return {
      longestMs: Math.max(this.longestMs, gap - this.lookMs),
      sumMs: this.sumMs + Math.max(0, gap - this.countedMsMax),
    }
  }

  stop(): void {
    this.stopped = true
    clearInterval(this.looks)
  }

  private look(): void {
    const now = performance.now()
    const gap = now - this.lookedAt
    this.lookedAt = now
    this.counted += Math.min(gap, this.countedMsMax)
    this.sumMs += Math.max(0, gap - this.countedMsMax)
    this.longestMs = Math.max(this.longestMs, gap - this.lookMs)
  }

  private start(ms: number, run: () => void, holds: boolean): Timer {
    const due = this.now() + ms
    let timer: NodeJS.Timeout
    const wait = (leftMs: number) => {
      timer = setTimeout(fire, leftMs)
      if (!holds) timer.unref()
    }
    const fire = () => {
      if (this.stopped) return
      const leftMs = due - this.now()
      // Node's timers may fire a fraction of a ms early.
      if (leftMs >= 1) wait(leftMs)
      else run()
    }
    wait(ms)
    return { cancel: () => clearTimeout(timer) }
  }
}
