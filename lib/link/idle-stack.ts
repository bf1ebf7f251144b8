import type { PoolEntry } from './pool-entry.js'

/**
 * The idle connections of one pool, the one used last on top. Each may leave from where it stands. Every call is O(1), and allocates
 * nothing: the links stand in the entries.
 */
export class IdleStack<C> {
  #newest: PoolEntry<C> | null = null
  #oldest: PoolEntry<C> | null = null
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The one used last: what to use next. */
  get newest(): PoolEntry<C> | null {
    return this.#newest
  }

  /** The one that has been idle for longest: what to close first. */
  get oldest(): PoolEntry<C> | null {
    return this.#oldest
  }

  /** @param entry stands in no stack */
  push(entry: PoolEntry<C>): void {
    entry.older = this.#newest
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#size++
  }

  /** @param entry stands in this stack */
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
