import type { PoolEntry } from './pool-entry.js'

/**
 * The idle connections of one pool as a stack, with the most recently used one on top. Any of them can be removed from its place.
 * Every call is O(1) and allocates nothing: the links are in the entries.
 */
export class IdleStack<C> {
  #newest: PoolEntry<C> | null = null
  #oldest: PoolEntry<C> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The most recently used one: the next to use. */
  get newest(): PoolEntry<C> | null {
    return this.#newest
  }

  /** The one that has been idle longest: the first to close. */
  get oldest(): PoolEntry<C> | null {
    return this.#oldest
  }

  /** @param entry is in no stack */
  push(entry: PoolEntry<C>): void {
    entry.older = this.#newest
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#size++
  }

  /** @param entry is in this stack */
  remove(entry: PoolEntry<C>): void {
    if (entry.newer === null) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === null) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = null
    entry.older = null
    this.#size--
  }
}
