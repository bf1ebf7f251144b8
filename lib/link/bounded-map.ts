/** A map with at most `max` entries: one more, and the one that was set longest ago goes. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>()

  /** @param max at least 1; a new one counts from the next `set` on */
  constructor(public max: number) {}

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  /** It is the youngest now, also when it was there before. */
  set(key: string, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.max) break
      this.#entries.delete(oldest)
    }
  }

  delete(key: string): void {
    this.#entries.delete(key)
  }

  clear(): void {
    this.#entries.clear()
  }
}
