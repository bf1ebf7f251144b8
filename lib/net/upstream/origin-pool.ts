import type { Origin } from '../../link/origin.js'
import { type Handout, PoolBook, type PoolLimits } from '../../link/pool-book.js'
import { ProxyError } from '../../link/proxy-error.js'
import { sendsChunks, VersionLesson } from '../../link/version-lesson.js'
import type { CloseReason } from '../../policy/close-reason.js'
import { judgePooled, type PooledSide } from '../../policy/persistence.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import { Deadline } from '../deadline-wheel.js'
import type { Logins } from './logins.js'
import { OriginDialer } from './origin-dialer.js'
import { ServerRecord } from './server-record.js'
import type { UpstreamConnection } from './upstream-connection.js'
import type { UpstreamPool } from './upstream-pool.js'
import type { UpstreamShared } from './upstream-shared.js'
import type { UpstreamStream } from './upstream-stream.js'
import type { UpstreamWaiter } from './upstream-waiter.js'

/** The group of a member, as seen by the pool that reports the outcome of its exchanges. */
export interface PoolGroup {
  succeeded(member: OriginPool, now: number): void
  failed(member: OriginPool, now: number): void
}

/** A pool's group and its name there, for monitoring. */
export interface MemberPlace {
  readonly group: string
  /** Unique in its group. */
  readonly name: string
}

export const NO_PLACE: MemberPlace = { group: '', name: '' }

/** Filled in and judged within one call, so one object serves all. */
const pooled: PooledSide = { reserved: false, draining: false, retired: false, described: false }

/** The connections to one origin: carries out what its book decides. */
export class OriginPool {
  readonly book: PoolBook<UpstreamConnection, UpstreamWaiter>
  /** The HTTP version that the origin speaks: chunked content must not be sent to HTTP/1.0 (RFC 9112 6.1). */
  readonly version = new VersionLesson()
  private readonly expiry: Deadline
  private readonly dialer: OriginDialer

  readonly closes = new Map<CloseReason, number>()
  /** It is no longer a member of its group. */
  retired = false
  readonly isMember: boolean
  readonly record = new ServerRecord()
  private readonly limits: PoolLimits

  constructor(
    private readonly all: UpstreamPool,
    readonly origin: Origin,
    public shared: UpstreamShared,
    readonly key: string = origin.key,
    /** Receives the outcome of exchanges; null: not needed. */
    public group: PoolGroup | null = null,
    readonly place: MemberPlace = NO_PLACE,
  ) {
    this.isMember = key !== origin.key
    this.limits = { ...shared.limits, upstreamIdleMs: shared.deadlines.upstreamIdleMs }
    this.book = new PoolBook(origin.key, this.limits, (connection, reason) => connection.end(reason))
    this.dialer = new OriginDialer(this, all)
    this.expiry = new Deadline(shared.wheel, () => this.expire())
  }

  /** A response has begun. */
  succeeded(now: number): void {
    this.record.answered(now)
    if (this.group !== null) this.group.succeeded(this, now)
  }

  /** A request failed by its fault. */
  failed(error: ProxyError, now: number): void {
    this.record.failed(error, this.shared.clock.wallMs())
    if (this.group !== null) this.group.failed(this, now)
  }

  /** How content that arrives chunked is sent on. @param fits it is small enough to be gathered first */
  sendsChunks(fits: boolean): 'chunked' | 'length' | '411' {
    return sendsChunks(this.version.says, fits)
  }

  /** Applies new limits and deadlines; open connections stay, and waiters get any room that this makes. */
  reconfigure(shared: UpstreamShared, group: PoolGroup | null): void {
    this.shared = shared
    this.group = group
    Object.assign(this.limits, shared.limits, { upstreamIdleMs: shared.deadlines.upstreamIdleMs })
    this.giveAll()
  }

  /** Whether the next request on this connection is its last and must say so (RFC 9112 9.6). */
  isLast(connection: UpstreamConnection, now: number): boolean {
    const forOneRequest = this.shared.proxyProtocol !== 'off' && connection.logins === null
    return forOneRequest || this.book.isLast(connection, now)
  }

  /** Requests in progress, dialling or waiting: the load that balancing compares. */
  get load(): number {
    return this.book.busy + this.book.dialing + this.book.waiting
  }

  /** A connection is busy or reserved, a dial is in progress, or a request is waiting. */
  get inUse(): boolean {
    return this.book.busy + this.book.reserved + this.book.dialing + this.book.waiting > 0
  }

  /**
   * Returns a stream on an idle connection at once, or null: then the waiter is called back later, and may `withdraw` until then.
   * @param fresh never use an idle connection, for a retry
   * @param logins of the waiter's client: if it has logged in on a connection of this pool, it gets that one (RFC 4559 6)
   */
  acquire(
    waiter: UpstreamWaiter,
    fresh: boolean,
    now: number = this.shared.clock.now(),
    logins: Logins | null = null,
  ): UpstreamStream | null {
    const own = logins === null ? null : logins.of(this)
    if (own !== null) return this.acquireOwn(own, waiter, now)
    this.record.requests++
    const answer = waiter.onlyOnce ? this.acquireOnce(waiter, now, fresh) : this.book.acquire(waiter, now, fresh)
    if (typeof answer === 'object') {
      if (answer === null) return null
      this.all.reused++
      return answer.stream
    }
    if (answer === 'dial') this.dialer.dial(waiter)
    else if (answer === 'wait') {
      // Not the deadline of an earlier wait: that belonged to another pool.
      waiter.waiting = new Deadline(this.shared.wheel, () => this.waitedTooLong(waiter))
      waiter.waiting.set('queueMs', this.shared.deadlines.queueMs)
      if (this.book.reserved > 0) this.expire()
    } else {
      const text = `all ${this.shared.limits.upstreamConnectionsMax} connections to ${this.origin.key} are busy and ${this.shared.limits.upstreamWaitingMax} requests are already waiting`
      waiter.onNoUpstream(
        new ProxyError('connection_limit_reached', text, {
          stage: 'acquire',
          side: 'proxy',
          remedy: { settings: ['upstreamConnectionsMax', 'upstreamWaitingMax'] },
        }),
      )
    }
    return null
  }

  /**
   * The same for a request that cannot be sent again. Node would report a FIN that is already in the kernel only in the next
   * turn of the event loop, which is too late; so the kernel is asked immediately before the request is written. An upstream
   * that has never been seen to keep a connection first gets two turns in which it may close after its response; one that has
   * been seen to close like that gets a new connection.
   *
   * @returns the book's answer; or null: the waiter is called back
   */
  private acquireOnce(
    waiter: UpstreamWaiter,
    now: number,
    fresh: boolean,
  ): ReturnType<typeof this.book.acquire> | null {
    const { book } = this
    for (;;) {
      const answer = book.acquire(waiter, now, fresh || book.lesson.keeps === 'no')
      if (typeof answer !== 'object') return answer
      const end = this.endOf(answer)
      if (end === 'none' && book.lesson.keeps === 'yes') return answer
      if (end === 'none' || end === 'unknown') {
        this.hold(answer, waiter)
        return null
      }
      book.discard(answer, end, now)
      answer.end(end)
    }
  }

  /** As `acquireOnce`, for a waiter from the queue: the connection has just been released. */
  private giveOnce(connection: UpstreamConnection, waiter: UpstreamWaiter): void {
    const end = this.endOf(connection)
    if (end === 'unknown' || (end === 'none' && this.book.lesson.keeps === 'unknown')) this.hold(connection, waiter)
    else this.handOver(connection, waiter, end)
  }

  /** Why this connection, on which no exchange is in progress, must end; `unknown`: the kernel cannot be asked. */
  private endOf(connection: UpstreamConnection): CloseReason | 'none' | 'unknown' {
    return this.book.lesson.keeps === 'no' ? 'upstream-learned' : connection.ending()
  }

  /** Gives the connection two turns of the event loop, with a full poll of the kernel between them, before the waiter gets it. */
  private hold(connection: UpstreamConnection, waiter: UpstreamWaiter): void {
    connection.heldFor = waiter
    this.dialer.wants(waiter)
    const held = () => {
      if (connection.heldFor !== waiter) return // it has ended meanwhile, and a dial is in progress
      connection.heldFor = null
      if (this.dialer.serves(waiter)) this.handOver(connection, waiter, this.endOf(connection))
      else this.settle(connection, 'keep', this.shared.clock.now())
    }
    setImmediate(() => setImmediate(() => connection.transport.tell(held)))
  }

  private handOver(
    connection: UpstreamConnection,
    waiter: UpstreamWaiter,
    end: CloseReason | 'none' | 'unknown',
  ): void {
    if (end === 'none' || end === 'unknown') {
      this.all.reused++
      waiter.onUpstream(connection.stream)
      return
    }
    this.book.discard(connection, end, this.shared.clock.now())
    connection.end(end)
    this.book.redial()
    this.dialer.dialInTurn(waiter)
  }

  /** On a connection that is reserved for one client. */
  private acquireOwn(own: UpstreamConnection, waiter: UpstreamWaiter, now: number): UpstreamStream | null {
    if (own.entry.state === 'busy') {
      own.heir = waiter // its last exchange is over, and it is about to be released
      this.dialer.wants(waiter)
      return null
    }
    if (!this.book.acquireReserved(own, now)) return this.acquire(waiter, false, now)
    const end = waiter.onlyOnce ? own.ending() : 'none'
    if (end !== 'none' && end !== 'unknown') {
      this.book.discard(own, end, now)
      own.end(end)
      return this.acquire(waiter, false, now)
    }
    this.record.requests++
    this.all.reused++
    return own.stream
  }

  private inherit(connection: UpstreamConnection): void {
    const { heir } = connection
    connection.heir = null
    if (heir === null || !this.dialer.serves(heir) || this.all.ended) return
    const now = this.shared.clock.now()
    const upstream =
      connection.entry.state === 'reserved' ? this.acquireOwn(connection, heir, now) : this.acquire(heir, false, now)
    if (upstream !== null) heir.onUpstream(upstream)
  }

  private waitedTooLong(waiter: UpstreamWaiter): void {
    if (!this.book.withdraw(waiter)) return
    const text = `no connection to ${this.origin.key} became free within ${this.shared.deadlines.queueMs} ms`
    waiter.onNoUpstream(
      new ProxyError('connection_limit_reached', text, { stage: 'acquire', side: 'proxy', deadline: 'queueMs' }),
    )
  }

  /** The waiter no longer wants a connection. A dial for it continues and serves the next waiter; a lookup is cancelled. */
  withdraw(waiter: UpstreamWaiter): void {
    waiter.waiting?.end()
    this.book.withdraw(waiter)
    if (this.dialer.withdraw(waiter)) this.undialed(null, null)
  }

  /** For the dialer: a new connection is open. @param waiter null: the waiter that it was made for has withdrawn */
  connected(connection: UpstreamConnection, waiter: UpstreamWaiter | null): void {
    this.all.connections.add(connection)
    this.book.dialed(connection, this.shared.clock.now(), Math.random())
    this.shared.handler.opened(connection)
    if (waiter !== null) waiter.onUpstream(connection.stream)
    else this.release(connection, 'keep')
  }

  /** For the dialer: the dial failed. @param waiter gets the error; null: it has withdrawn */
  undialed(waiter: UpstreamWaiter | null, error: ProxyError | null): void {
    const due = this.book.dialFailed()
    if (waiter !== null && error !== null && !this.all.ended) waiter.onNoUpstream(error)
    this.give(due)
  }

  /**
   * The exchange is over: keep the connection, or close it for a reason. If its last read filled the buffer, it is kept only
   * after a delay: surplus data behind the response arrives with the very next read, and must not meet another exchange (RFC
   * 9112 9.2).
   */
  release(connection: UpstreamConnection, verdict: 'keep' | CloseReason, now: number = this.shared.clock.now()): void {
    connection.exchange = null
    if (this.book.lesson.keeps !== 'yes' && connection.reused) this.book.lesson.kept()
    if (verdict !== 'keep' || !connection.transport.filled) {
      this.settle(connection, verdict, now)
      return
    }
    connection.deadline.clear()
    setImmediate(() => {
      if (connection.entry.state !== 'busy') return
      // TLS reports one turn late that a request was sent; the response may be faster.
      const sent = !connection.transport.pressured
      this.settle(connection, sent ? 'keep' : 'early-response', this.shared.clock.now())
    })
  }

  private settle(connection: UpstreamConnection, verdict: 'keep' | CloseReason, now: number): void {
    const kept = verdict === 'keep' ? this.keeps(connection) : verdict
    if (kept === 'keep') connection.deadline.clear()
    const due = this.book.release(connection, kept, now)
    if (due !== null) this.give(due)
    else if (!this.expiry.armed || connection.logins !== null) this.expire()
    if (connection.heir !== null) this.inherit(connection)
  }

  /** Closes idle and reserved connections, so that no request is sent to this server because of them. */
  closeIdle(reason: CloseReason): void {
    atOnce(this.closing(reason))
  }

  /** The same, in steps. */
  *closing(reason: CloseReason): Steps<void> {
    yield* this.book.closingIdle(reason)
    this.book.closeReserved(reason)
    this.giveAll()
  }

  private keeps({ logins }: UpstreamConnection): 'keep' | CloseReason {
    pooled.reserved = logins !== null
    pooled.draining = this.all.draining
    pooled.retired = this.retired
    pooled.described = this.shared.proxyProtocol !== 'off'
    return judgePooled(pooled)
  }

  /** The connection's transport is closed, or about to be. */
  gone(connection: UpstreamConnection): void {
    this.all.closed(connection)
    if (connection.entry.state === 'new') return
    connection.logins?.lost(connection)
    const { heldFor } = connection
    connection.heldFor = null
    if (heldFor !== null && this.dialer.serves(heldFor) && !this.all.ended) {
      this.book.discard(connection, connection.reason ?? 'upstream-fin', this.shared.clock.now())
      this.book.redial()
      this.dialer.dialInTurn(heldFor)
      return
    }
    if (connection.heir !== null) setImmediate(() => this.inherit(connection)) // the caller may be the book
    this.give(this.book.remove(connection, connection.reason ?? 'upstream-fin', this.shared.clock.now()))
  }

  private give(due: Handout<UpstreamConnection, UpstreamWaiter> | null): void {
    if (due === null) return
    if (this.all.ended) {
      this.dismiss(due)
      return
    }
    due.waiter.waiting?.end()
    if (due.connection === null) this.dialer.dialInTurn(due.waiter)
    else if (due.waiter.onlyOnce) this.giveOnce(due.connection, due.waiter)
    else {
      this.all.reused++
      due.waiter.onUpstream(due.connection.stream)
    }
  }

  /** Places have become free. */
  private giveAll(): void {
    for (let due = this.book.dialDue(); due !== null; due = this.book.dialDue()) this.give(due)
  }

  /** No dials are made any more: ends the deadlines of all waiters. */
  private dismiss(due: Handout<UpstreamConnection, UpstreamWaiter>): void {
    for (let next: typeof due | null = due; next !== null; next = this.book.dialFailed()) next.waiter.waiting?.end()
  }

  private expire(): void {
    const now = this.shared.clock.now()
    const next = this.book.expire(now)
    this.giveAll()
    if (next !== Number.POSITIVE_INFINITY) this.expiry.set('upstreamIdleMs', Math.max(1, next - now))
  }
}
