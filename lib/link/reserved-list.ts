import type { PoolEntry } from './pool-entry.js'

/**
 * The connections of one pool that rest for one client connection each, longest first: a client has logged in on them, so nobody else is
 * served by them (RFC 4559 6).
 */
export class ReservedList<C> {
  readonly #entries = new Set<PoolEntry<C>>()

  get size(): number {
    return this.#entries.size
  }

  /** The one that has rested for longest. */
  get longest(): PoolEntry<C> | null {
    for (const entry of this.#entries) return entry
    return null
  }

  /** Its exchange is over. */
  add(entry: PoolEntry<C>): void {
    this.#entries.add(entry)
  }

  /** False when it does not rest. */
  remove(entry: PoolEntry<C>): boolean {
    return this.#entries.delete(entry)
  }

  /** All, longest first. The one that was told last may be removed meanwhile. */
  [Symbol.iterator](): IterableIterator<PoolEntry<C>> {
    return this.#entries.values()
  }
}

/**
 * A reserved connection that somebody else needs the place of is left alone for so long: between two steps of a log-in pass some
 * milliseconds, and whoever closes it then makes the log-in fail.
 */
export const RESERVED_REST_MS = 1_000

/** When its place may be given to somebody who waits. */
export const restedAt = ({ idleSince }: PoolEntry<unknown>): number => idleSince + RESERVED_REST_MS
