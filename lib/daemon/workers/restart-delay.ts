const FIRST_MS = 100
const LONGEST_MS = 10_000
const HEALTHY_MS = 30_000

/**
 * How long to wait before a process that died is replaced: not at all the first time, then longer each time, so that one
 * that dies at its start does not keep the machine busy. All processes share it.
 */
export class RestartDelay {
  #deaths = 0
  /** When the last replacement was due. */
  #lastAt = Number.NEGATIVE_INFINITY

  /** Milliseconds to wait after a death at `now`: 0, 100, 200, … 10 000; starting over after 30 s without a death. */
  next(now: number): number {
    if (now - this.#lastAt >= HEALTHY_MS) this.#deaths = 0
    const delay = this.#deaths === 0 ? 0 : Math.min(FIRST_MS * 2 ** (this.#deaths - 1), LONGEST_MS)
    this.#deaths += 1
    this.#lastAt = Math.max(this.#lastAt, now + delay)
    return delay
  }
}
