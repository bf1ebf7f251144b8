import { BoundedMap } from './bounded-map.js'

/** Keys with an expiry time. At most `max` are remembered: beyond that, the key that was noted longest ago is forgotten. */
export class Remembered {
  readonly #until: BoundedMap<number>

  /** @param max at least 1 */
  constructor(max: number) {
    this.#until = new BoundedMap(max)
  }

  get size(): number {
    return this.#until.size
  }

  /** The expiry time of a key; 0: it is not known, or has expired. */
  until(key: string, now: number): number {
    const until = this.#until.get(key)
    if (until === undefined) return 0
    if (until > now) return until
    this.#until.delete(key)
    return 0
  }

  note(key: string, until: number): void {
    this.#until.set(key, until)
  }
}
