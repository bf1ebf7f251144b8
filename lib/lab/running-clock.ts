import type { Clock, Timer } from '../net/clock.js'

/** How often it is looked how much time has passed, where tens of ms matter. Real ms. */
const LOOK_MS = 5
/** More than so many looks' time between two of them is time in which this thread did not run, and does not count. */
const COUNTED_LOOKS_MAX = 2

/** The time that a run was kept waiting by its machine: real ms. */
export interface Lost {
  /** At once, at most. */
  readonly longestMs: number
  /** Altogether. */
  readonly sumMs: number
}

/** The time of a run: what everybody in it waits by, and what is measured in it. */
export interface RunClock extends Clock {
  /** Like `after`; and while it waits, the process does not end. */
  hold(ms: number, run: () => void): Timer
  /** What is measured is measured in this: ms that have really passed; their zero means nothing. */
  real(): number
  /** What the machine has taken of it so far. */
  readonly lost: Lost
  /** It stands still for ever. */
  stop(): void
}

/**
 * Real time, but for what the machine keeps from this thread: then it stands still. Who idles, who waits and who works on one such clock
 * stay in their order, however busy the machine is: between two of its seconds everybody has had as many turns as on a machine at rest.
 */
export class RunningClock implements RunClock {
  private counted = 0
  private lookedAt = performance.now()
  private longestMs = 0
  private sumMs = 0
  private stopped = false
  private readonly looks: NodeJS.Timeout
  private readonly countedMsMax: number

  /** @param lookMs the finer, the shorter the waits that it is good for, and the more work it is */
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
      // Timers of Node may be early by the fraction of a ms.
      if (leftMs >= 1) wait(leftMs)
      else run()
    }
    wait(ms)
    return { cancel: () => clearTimeout(timer) }
  }
}
