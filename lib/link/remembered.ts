/** Keys that are known until some moment, so many at most: then the one that was noted longest ago is forgotten. */
export class Remembered {
  readonly #until = new Map<string, number>()

  /** @param max at least 1 */
  constructor(readonly max: number) {}

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
    this.#until.delete(key)
    this.#until.set(key, until)
    if (this.#until.size > this.max) this.#until.delete(this.#until.keys().next().value!)
  }
}
