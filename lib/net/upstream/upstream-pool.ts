import type { Origin } from '../../link/origin.js'
import type { CloseReason } from '../../policy/close-reason.js'
import type { Steps } from '../../policy/steps.js'
import { inSlices } from '../slices.js'
import { tlsKey } from './dial.js'
import { type MemberPlace, NO_PLACE, OriginPool, type PoolGroup } from './origin-pool.js'
import type { UpstreamConnection } from './upstream-connection.js'
import type { UpstreamShared } from './upstream-shared.js'

/** How long idle connections, pool after pool, may be closed in one turn of the event loop … */
const AT_ONCE_MS = 2
/** … and after how long it is certainly a new turn. */
const PAUSE_MS = 50

/** The persistent connections to upstreams: one pool per origin. It knows nothing of clients. */
export class UpstreamPool {
  readonly origins = new Map<string, OriginPool>()
  readonly connections = new Set<UpstreamConnection>()
  /** Connections that are being dialled. */
  readonly dials = new Set<UpstreamConnection>()
  readonly closes = new Map<CloseReason, number>()
  dialed = 0
  reused = 0
  draining = false
  /** No waiter gets a connection or an error any more: others end the requests that wait. */
  ended = false
  private numbered = 0
  /** The pending work of closing idle connections, per pool. */
  private readonly closings: Steps<void>[] = []
  private isClosing = false
  /** When closing was last begun at once. */
  private closedAt = Number.NEGATIVE_INFINITY

  constructor(public shared: UpstreamShared) {}

  /**
   * Applies new limits and deadlines, also to the pools of origins. Connections verified under other TLS settings are retired.
   */
  reconfigure(shared: UpstreamShared): void {
    const otherTls = tlsKey(shared.dial.tls) !== tlsKey(this.shared.dial.tls)
    this.shared = shared
    for (const pool of this.origins.values()) {
      if (pool.isMember) continue
      if (otherTls && pool.origin.scheme === 'https') this.retire(pool)
      else pool.reconfigure(shared, null)
    }
  }

  /** The pool of an origin, created at first use. */
  of(origin: Origin): OriginPool {
    const known = this.origins.get(origin.key)
    if (known !== undefined) {
      if (this.origins.size > 1) {
        this.origins.delete(origin.key) // to the end: the map is in order of use, the least recently used first
        this.origins.set(origin.key, known)
      }
      return known
    }
    if (this.origins.size >= this.shared.limits.originsMax) this.forget()
    const pool = new OriginPool(this, origin, this.shared)
    this.origins.set(origin.key, pool)
    return pool
  }

  /**
   * The pool of an origin for a request that may not be permitted: it takes no room from pools in use, and does not count as a
   * use. Call `of` before acquiring anything.
   */
  unlisted(origin: Origin): OriginPool {
    return this.origins.get(origin.key) ?? new OriginPool(this, origin, this.shared)
  }

  /**
   * A separate pool for one member of a group, apart from other pools of the same origin: it lives until it is retired.
   * @param key its unique name among all pools
   */
  member(
    key: string,
    origin: Origin,
    shared: UpstreamShared,
    group: PoolGroup | null,
    place: MemberPlace = NO_PLACE,
  ): OriginPool {
    const pool = new OriginPool(this, origin, shared, key, group, place)
    this.origins.set(key, pool)
    return pool
  }

  /**
   * The member has left its group: its idle connections end now, the others after their exchange. Waiting requests are still
   * served.
   */
  retire(pool: OriginPool): void {
    if (this.origins.get(pool.key) === pool) this.origins.delete(pool.key)
    pool.retired = true
    this.closeInTurn(pool.closing('reconfigured'))
  }

  /** Nothing waits for this: closes a few at once, over all pools together, and the rest in slices. */
  private closeInTurn(closing: Steps<void>): void {
    this.closings.push(closing)
    if (this.isClosing) return
    this.isClosing = true
    const now = this.shared.clock.now()
    const isLater = now - this.closedAt > PAUSE_MS
    if (isLater) this.closedAt = now
    this.closeAll(isLater || now - this.closedAt < AT_ONCE_MS).catch(fault => this.shared.handler.fault(fault))
  }

  private async closeAll(atOnce: boolean): Promise<void> {
    if (!atOnce) await new Promise<void>(resolve => setImmediate(resolve))
    await inSlices(this.closing(), this.shared.clock)
  }

  private *closing(): Steps<void> {
    try {
      for (let next = this.closings.shift(); next !== undefined; next = this.closings.shift()) yield* next
    } finally {
      this.isClosing = false
    }
  }

  /** Makes room: forgets the least recently used origin that is not in use, and closes its idle connections. */
  private forget(): void {
    for (const [key, pool] of this.origins) {
      if (pool.inUse || pool.isMember) continue
      pool.book.closeIdle('surplus-idle')
      this.origins.delete(key)
      return
    }
  }

  /**
   * Makes room for one more connection under the total limit: if there is none, the longest idle connection of any pool is
   * closed, and if none is idle, the longest resting reserved one.
   */
  makeRoom(): boolean {
    if (this.connections.size + this.dials.size < this.shared.limits.upstreamConnectionsTotalMax) return true
    let oldest: UpstreamConnection | null = null
    for (const { book } of this.origins.values()) {
      const { longestIdle } = book
      if (longestIdle !== null && (oldest === null || longestIdle.entry.idleSince < oldest.entry.idleSince))
        oldest = longestIdle
    }
    if (oldest === null) return this.makeRoomOfReserved()
    oldest.end('surplus-idle')
    return true
  }

  private makeRoomOfReserved(): boolean {
    let oldest: UpstreamConnection | null = null
    for (const { book } of this.origins.values()) {
      const { longestReserved } = book
      if (longestReserved !== null && (oldest === null || longestReserved.entry.idleSince < oldest.entry.idleSince))
        oldest = longestReserved
    }
    oldest?.end('login-surplus')
    return oldest !== null
  }

  /** Closes idle connections, and from now on every one at its release. Reserved ones end with their client connection. */
  drain(): void {
    this.draining = true
    for (const pool of this.origins.values()) this.closeInTurn(pool.book.closingIdle('draining'))
  }

  destroy(reason: CloseReason): void {
    this.draining = this.ended = true
    for (const connection of [...this.dials, ...this.connections])
      if (!connection.transport.leaving) connection.end(reason)
  }

  /** For the origins' pools. */
  number(): number {
    return ++this.numbered
  }

  /** For the origins' pools: counts the end of a connection, once. */
  closed(connection: UpstreamConnection): void {
    if (!this.connections.delete(connection)) return
    const reason = connection.reason ?? 'upstream-fin'
    this.closes.set(reason, (this.closes.get(reason) ?? 0) + 1)
    const { closes } = connection.pool
    closes.set(reason, (closes.get(reason) ?? 0) + 1)
    this.shared.handler.closed(connection)
  }
}
