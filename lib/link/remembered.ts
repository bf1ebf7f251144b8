import { BoundedMap } from './bounded-map.js'

/** Keys that are known until some moment, so many at most: then the one that was noted longest ago is forgotten. */
export class Remembered {
  readonly #until: BoundedMap<number>

  /** @param max at least 1 */
  constructor(max: number) {
    this.#until = new BoundedMap(max)
  }

  get size(): number {
    return this.#until.size
  }

  /** Until when it is known; 0: it is not, or not any more. */
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
