import type { RunClock } from '../../lib/lab/running-clock.js'
import type { Timer } from '../../lib/net/clock.js'
import { FakeClock } from '../support/fake-clock.js'
import { idle } from '../support/turns.js'

/**
 * The clock of a machine on which nothing takes time: it moves only when no code can go on without it, and then to the time of
 * the next wait. So a run takes exactly as long as its waits, to the millisecond, whatever the machine does. Only for runs that
 * happen completely in this process: it does not wait for the kernel's own clocks and other processes.
 */
export class IdealClock implements RunClock {
  readonly lost = { longestMs: 0, sumMs: 0 }
  readonly #clock = new FakeClock()
  #passes = false
  #stopped = false

  now(): number {
    return this.#clock.now()
  }

  real(): number {
    return this.#clock.now()
  }

  wallMs(): number {
    return this.#clock.wallMs()
  }

  after(ms: number, run: () => void): Timer {
    void this.#pass()
    return this.#clock.after(ms, run)
  }

  hold(ms: number, run: () => void): Timer {
    return this.after(ms, run)
  }

  every(ms: number, run: () => void): Timer {
    void this.#pass()
    return this.#clock.every(ms, run)
  }

  stop(): void {
    this.#stopped = true
  }

  async #pass(): Promise<void> {
    if (this.#passes) return
    this.#passes = true
    do await idle()
    while (!this.#stopped && this.#clock.toNext())
    this.#passes = false
  }
}
