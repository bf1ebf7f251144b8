/** Counts what each key (an address, a /64) has under way: bounded per key, and remembered only for keys with a count above 0. */
export class UnderWay {
  readonly #counts = new Map<string, number>()

  /** The number of keys that have something under way. */
  get size(): number {
    return this.#counts.size
  }

  /** Adds one; false if the key has `most` already, and nothing is counted. */
  begin(key: string, most: number): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count >= most) return false
    this.#counts.set(key, count + 1)
    return true
  }

  /** Subtracts one; call it once for each successful `begin`. */
  end(key: string): void {
    const count = this.#counts.get(key) ?? 0
    if (count <= 1) this.#counts.delete(key)
    else this.#counts.set(key, count - 1)
  }
}
