import type { Clock, Timer } from '../../lib/net/clock.js'

/** A clock that stands still until a test advances it. Its timers run in order, each at its own time. */
export class FakeClock implements Clock {
  #now: number
  #wallMs: number
  #timers: Due[] = []
  #made = 0

  constructor({ now = 1_000, wallMs = Date.UTC(2026, 0, 2, 3, 4, 5) }: { now?: number; wallMs?: number } = {}) {
    this.#now = now
    this.#wallMs = wallMs
  }

  now(): number {
    return this.#now
  }

  wallMs(): number {
    return this.#wallMs
  }

  /** Timers that are still due. */
  get timers(): number {
    return this.#timers.length
  }

  after(ms: number, run: () => void): Timer {
    return this.#add({ at: this.#now + ms, nth: this.#made++, everyMs: 0, run })
  }

  every(ms: number, run: () => void): Timer {
    if (!(ms > 0)) throw new RangeError('an interval takes time')
    return this.#add({ at: this.#now + ms, nth: this.#made++, everyMs: ms, run })
  }

  /** Lets `ms` milliseconds pass and runs the timers that fall due, including those added meanwhile. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (let due = this.#first(until); due !== undefined; due = this.#first(until)) {
      this.#passTo(due.at)
      if (due.everyMs > 0) due.at += due.everyMs
      else this.#remove(due)
      due.run()
    }
    this.#passTo(until)
  }

  /** Lets time pass until the next timer is due, and runs all that are due then. @returns whether there was one */
  toNext(): boolean {
    const due = this.#first(Number.POSITIVE_INFINITY)
    if (due === undefined) return false
    this.#passTo(due.at)
    this.advance(0)
    return true
  }

  /** The event loop was busy for `ms` milliseconds: the time has passed and no timer ran. `advance(0)` runs what is overdue. */
  stall(ms: number): void {
    this.#passTo(this.#now + ms)
  }

  #first(until: number): Due | undefined {
    let first: Due | undefined
    for (const due of this.#timers) {
      if (due.at > until) continue
      if (first === undefined || due.at < first.at || (due.at === first.at && due.nth < first.nth)) first = due
    }
    return first
  }

  #passTo(at: number): void {
    if (at <= this.#now) return
    this.#wallMs += at - this.#now
    this.#now = at
  }

  #add(due: Due): Timer {
    this.#timers.push(due)
    return { cancel: () => this.#remove(due) }
  }

  #remove(due: Due): void {
    this.#timers = this.#timers.filter(other => other !== due)
  }
}

interface Due {
  at: number
  readonly nth: number
  readonly everyMs: number
  readonly run: () => void
}
