import { UPSTREAM_ROWS, type UpstreamRow, type UpstreamState } from './connection-state.js'

/** What the book of a pool requires of a connection: its own entry, `readonly entry = new PoolEntry(this)`. */
export interface Pooled<C> {
  readonly entry: PoolEntry<C>
}

/** The record of one connection in the book. Any code may read it; only the book and its parts write it. */
export class PoolEntry<C> {
  readonly connection: C
  at: UpstreamRow = UPSTREAM_ROWS.new
  /** The number of exchanges that used it, including the current one: above 1 it is a reused connection. */
  served = 0
  servedMax = Number.POSITIVE_INFINITY
  /** It may be used for one client connection only. */
  isReserved = false
  hintServedMax = Number.POSITIVE_INFINITY
  /** The idle limit of the last hint of the upstream, less the margin. */
  hintMs = Number.POSITIVE_INFINITY
  openedAt = 0
  oldAt = Number.POSITIVE_INFINITY
  idleSince = 0
  /** Its neighbours in the stack of idle connections. */
  newer: PoolEntry<C> | null = null
  older: PoolEntry<C> | null = null

  constructor(connection: C) {
    this.connection = connection
  }

  get state(): UpstreamState {
    return this.at.state
  }
}
