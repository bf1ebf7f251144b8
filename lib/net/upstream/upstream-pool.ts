import type { Origin } from '../../link/origin.js'
import type { CloseReason } from '../../policy/close-reason.js'
import type { Steps } from '../../policy/steps.js'
import { inSlices } from '../slices.js'
import { tlsKey } from './dial.js'
import { type MemberPlace, NO_PLACE, OriginPool, type PoolGroup } from './origin-pool.js'
import type { UpstreamConnection } from './upstream-connection.js'
import type { UpstreamShared } from './upstream-shared.js'

/** So long the idle connections of one pool after the other may end in one turn … */
const AT_ONCE_MS = 2
/** … and so much later it is another turn for sure. */
const PAUSE_MS = 50

/** The persistent connections toward upstreams: one pool for each origin. It knows nothing of clients. */
export class UpstreamPool {
  readonly origins = new Map<string, OriginPool>()
  readonly connections = new Set<UpstreamConnection>()
  /** Those that are being dialled. */
  readonly dials = new Set<UpstreamConnection>()
  readonly closes = new Map<CloseReason, number>()
  dialed = 0
  reused = 0
  draining = false
  /** Nobody gets a connection any more, nor is told so: who waits is ended by others. */
  ended = false
  private numbered = 0
  /** Of pools whose idle connections are to end. */
  private readonly closings: Steps<void>[] = []
  private isClosing = false
  /** When that was last begun at once. */
  private closedAt = Number.NEGATIVE_INFINITY

  constructor(public shared: UpstreamShared) {}

  /** From now on: other limits and deadlines, for the pools of origins too. What was verified in another way is not kept. */
  reconfigure(shared: UpstreamShared): void {
    const otherTls = tlsKey(shared.dial.tls) !== tlsKey(this.shared.dial.tls)
    this.shared = shared
    for (const pool of this.origins.values()) {
      if (pool.isMember) continue
      if (otherTls && pool.origin.scheme === 'https') this.retire(pool)
      else pool.reconfigure(shared, null)
    }
  }

  /** The pool of an origin, made when it is asked for first. */
  of(origin: Origin): OriginPool {
    const known = this.origins.get(origin.key)
    if (known !== undefined) {
      if (this.origins.size > 1) {
        this.origins.delete(origin.key) // to the end: the front of the map is what was used longest ago
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
   * The pool of an origin for somebody who may have no right to it: it takes no room from those that are used, nor does it look used.
   * Before anything is acquired, `of` has to be asked.
   */
  unlisted(origin: Origin): OriginPool {
    return this.origins.get(origin.key) ?? new OriginPool(this, origin, this.shared)
  }

  /**
   * A pool of its own for one member of a group, apart from all pools that have the same origin: it lives until it is retired.
   * @param key names it among all pools
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

  /** The member is gone from its group: its idle connections end, the others after their exchange. Who waits is still served. */
  retire(pool: OriginPool): void {
    if (this.origins.get(pool.key) === pool) this.origins.delete(pool.key)
    pool.retired = true
    this.closeInTurn(pool.closing('reconfigured'))
  }

  /** Nobody waits for it: a few at once, of all pools together, and the rest when others have had their turn. */
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

  /** Makes room: the origin used longest ago that nobody uses now goes, with its idle connections. */
  private forget(): void {
    for (const [key, pool] of this.origins) {
      if (pool.inUse || pool.isMember) continue
      pool.book.closeIdle('surplus-idle')
      this.origins.delete(key)
      return
    }
  }

  /**
   * Room for one more connection in all: where there is none, what has idled longest anywhere gives its place, and where nothing idles
   * what rests for one client.
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

  /** Ends idle connections, and from now on each one at its release. Those that belong to a client connection end with that. */
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

  /** For the origins' pools: counts an end, once. */
  closed(connection: UpstreamConnection): void {
    if (!this.connections.delete(connection)) return
    const reason = connection.reason ?? 'upstream-fin'
    this.closes.set(reason, (this.closes.get(reason) ?? 0) + 1)
    const { closes } = connection.pool
    closes.set(reason, (closes.get(reason) ?? 0) + 1)
    this.shared.handler.closed(connection)
  }
}
