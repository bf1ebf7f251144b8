/** How much of something each key (an address, a /64) has under way: bounded for each, remembered for those alone that have something. */
export class UnderWay {
  readonly #counts = new Map<string, number>()

  /** Keys that have something under way. */
  get size(): number {
    return this.#counts.size
  }

  /** One more; false: it has `most` already, and nothing is counted. */
  begin(key: string, most: number): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count >= most) return false
    this.#counts.set(key, count + 1)
    return true
  }

  /** One less; once for each that was begun. */
  end(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count <= 1) this.#counts.delete(key)
    else this.#counts.set(key, count - 1)
  }
}
