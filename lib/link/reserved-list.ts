import type { PoolEntry } from './pool-entry.js'

/**
 * The idle connections of one pool that are reserved for one client connection each, idle longest first: a client has logged in
 * on them, so they serve no other client (RFC 4559 6).
 */
export class ReservedList<C> {
  readonly #entries = new Set<PoolEntry<C>>()

  get size(): number {
    return this.#entries.size
  }

  /** The one that has been idle longest. */
  get longest(): PoolEntry<C> | null {
    for (const entry of this.#entries) return entry
    return null
  }

  /** Adds a connection whose exchange has ended. */
  add(entry: PoolEntry<C>): void {
    this.#entries.add(entry)
  }

  /** False if it is not in the list. */
  remove(entry: PoolEntry<C>): boolean {
    return this.#entries.delete(entry)
  }

  /** All, idle longest first. The current one may be removed during the iteration. */
  [Symbol.iterator](): IterableIterator<PoolEntry<C>> {
    return this.#entries.values()
  }
}

/**
 * How long a reserved connection is protected from a request that needs its place: there are some milliseconds between two steps
 * of a login, and closing the connection in between would make the login fail.
 */
export const RESERVED_REST_MS = 1_000

/** When its place may be given to a waiting request. */
export const restedAt = ({ idleSince }: PoolEntry<unknown>): number => idleSince + RESERVED_REST_MS
