import { UPSTREAM_ROWS, type UpstreamRow, type UpstreamState } from './connection-state.js'

/** What a pool's book asks of a connection: an entry of its own, `readonly entry = new PoolEntry(this)`. */
export interface Pooled<C> {
  readonly entry: PoolEntry<C>
}

/** What the book notes about one connection. Everybody may read it; only the book and its parts write. */
export class PoolEntry<C> {
  readonly connection: C
  at: UpstreamRow = UPSTREAM_ROWS.new
  /** Exchanges that it was given to, the present one included: above 1 it is a reused connection. */
  served = 0
  servedMax = Number.POSITIVE_INFINITY
  /** For one client connection alone. */
  isReserved = false
  hintServedMax = Number.POSITIVE_INFINITY
  /** By the upstream's last hint, the margin taken off. */
  hintMs = Number.POSITIVE_INFINITY
  openedAt = 0
  oldAt = Number.POSITIVE_INFINITY
  idleSince = 0
  /** Its neighbours in the stack of idle ones. */
  newer: PoolEntry<C> | null = null
  older: PoolEntry<C> | null = null

  constructor(connection: C) {
    this.connection = connection
  }

  get state(): UpstreamState {
    return this.at.state
  }
}
