import type { Clock, Timer } from '../net/clock.js'
import type { DrainPhase, DrainTimes } from './gateway-types.js'

/** What can be drained. */
export interface Drainable {
  announce(): void
  drain(graceMs: number): Promise<void>
  destroy(): void
}

/** How long to wait after `destroy`; after that, the drain is over even if something still runs. */
const DESTROYED_MS = 1_000

/**
 * A graceful end:
 *
 *     serving ──begin──▶ announcing ──announceMs──▶ draining ──drained, or graceMs──▶ over
 *
 * During the announcement, a load balancer in front sees that hopwise is not ready and sends new connections elsewhere,
 * and open connections close with their next response: closing an idle connection may race with a request that is on
 * its way, closing with an announced response does not.
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

  /** Resolves at the end. A second call gets the same promise: the times of the first call count. */
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
    // The time limit is enforced here, so the target gets none of its own.
    this.#target.drain(0).then(end, failed)
  }

  #enter(phase: DrainPhase): void {
    this.#phase = phase
    this.#entered(phase)
  }
}
