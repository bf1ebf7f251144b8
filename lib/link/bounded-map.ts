/** A map with at most `max` entries: adding one more removes the entry that was set longest ago. */
export class BoundedMap<V> {
  readonly #entries = new Map<string, V>()

  /** @param max at least 1; a changed value takes effect with the next `set` */
  constructor(public max: number) {}

  get size(): number {
    return this.#entries.size
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)
  }

  /** Sets the entry and makes it the youngest one, even if it existed before. */
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
