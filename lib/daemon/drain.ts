import type { Clock, Timer } from '../net/clock.js'
import type { DrainPhase, DrainTimes } from './gateway-types.js'

/** What comes to its end. */
export interface Drainable {
  announce(): void
  drain(graceMs: number): Promise<void>
  destroy(): void
}

/** What does not end even when it is destroyed is not waited for. */
const DESTROYED_MS = 1_000

/**
 * An end that is announced:
 *
 *     serving ──begin──▶ announcing ──announceMs──▶ draining ──drained, or graceMs──▶ over
 *
 * While it is announced, whoever balances in front of us sees that we are not ready and sends new connections elsewhere,
 * and those that are open close with their next response: a connection that is ended while it is idle may meet a
 * request that is on its way, one that was told so does not.
 */
export class Drain {
  #phase: DrainPhase = 'serving'
  #over: Promise<void> | undefined
  readonly #target: Drainable
  readonly #clock: Clock
  readonly #entered: (phase: DrainPhase) => void

  constructor(target: Drainable, clock: Clock, entered: (phase: DrainPhase) => void = () => {}) {
    this.#target = target
    this.#clock = clock
    this.#entered = entered
  }

  get phase(): DrainPhase {
    return this.#phase
  }

  /** Resolves at the end. Whoever begins again gets the same end: the times of the first count. */
  begin(times: DrainTimes): Promise<void> {
    this.#over ??= new Promise((over, failed) => this.#announce(times, over, failed))
    return this.#over
  }

  #announce({ announceMs, graceMs }: DrainTimes, over: () => void, failed: (error: unknown) => void): void {
    this.#enter('announcing')
    this.#target.announce()
    const next = () => this.#drain(graceMs, over, failed)
    if (announceMs > 0) this.#clock.after(announceMs, next)
    else next()
  }

  #drain(graceMs: number, over: () => void, failed: (error: unknown) => void): void {
    this.#enter('draining')
    let timer: Timer | undefined
    const end = () => {
      if (this.#phase === 'over') return
      timer?.cancel()
      this.#enter('over')
      over()
    }
    if (graceMs > 0) {
      timer = this.#clock.after(graceMs, () => {
        this.#target.destroy()
        timer = this.#clock.after(DESTROYED_MS, end)
      })
    }
    // The time is kept here, so what drains has no limit of its own.
    this.#target.drain(0).then(end, failed)
  }

  #enter(phase: DrainPhase): void {
    this.#phase = phase
    this.#entered(phase)
  }
}
