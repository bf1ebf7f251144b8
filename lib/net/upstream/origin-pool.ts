import type { DeadlineName, Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { Origin } from '../../link/origin.js'
import { type Handout, PoolBook, type PoolLimits } from '../../link/pool-book.js'
import { ProxyError, type ProxyStatusError } from '../../link/proxy-error.js'
import { sendsChunks, VersionLesson } from '../../link/version-lesson.js'
import type { CloseReason } from '../../policy/close-reason.js'
import { judgePooled, type PooledSide } from '../../policy/persistence.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { Clock } from '../clock.js'
import { Deadline, type DeadlineWheel } from '../deadline-wheel.js'
import type { Address } from '../names/resolver.js'
import { type DialSettings, type DialTarget, dialError, whereOf } from './dial.js'
import type { Logins } from './logins.js'
import { UpstreamConnection } from './upstream-connection.js'
import type { UpstreamPool } from './upstream-pool.js'
import type { UpstreamStream } from './upstream-stream.js'

/** Who asks for an upstream connection and may have to wait for it. */
export interface UpstreamWaiter {
  /** A stream is the waiter's, until it is released or aborted. */
  onUpstream(stream: UpstreamStream): void
  onNoUpstream(error: ProxyError): void
  /** The limit of its wait in the queue; made by the pool when it has to wait. */
  waiting: Deadline | null
  /** Its request cannot be sent again if the connection turns out to be at its end: so that is looked for first. */
  readonly onlyOnce: boolean
  /** What a connection for this waiter alone begins with: its client's address in the PROXY protocol. */
  preface(version: 'v1' | 'v2'): Buffer
  /** Whose lookups they are that are made for it: the address of its client. */
  readonly clientAddress: string
}

/**
 * Resolves a host and decides which of its addresses may be connected to; calls `done` once, perhaps before it returns.
 * @param clientAddress for whom; '' for nobody
 * @returns ends the wait: `done` is not called then; null: it was called
 */
export type Locate = (
  host: string,
  port: number,
  done: (error: ProxyError | null, addresses: readonly Address[]) => void,
  clientAddress: string,
) => (() => void) | null

/** What the floor above does with upstreams. */
export interface UpstreamHandler {
  readonly locate: Locate
  opened(connection: UpstreamConnection): void
  closed(connection: UpstreamConnection): void
  fault(fault: unknown): void
}

/** How connections to one origin are made and kept; most pools share one of these. */
export interface UpstreamShared {
  readonly handler: UpstreamHandler
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  /** Refuse what responses may be repaired for. */
  readonly strict: boolean
  readonly wheel: DeadlineWheel
  readonly clock: Clock
  /** Each connection begins with the address of the one client that it serves. */
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
}

/** The group that a pool is a member of, as far as the pool's exchanges tell it how they fared. */
export interface PoolGroup {
  succeeded(member: OriginPool, now: number): void
  failed(member: OriginPool, now: number): void
}

/** Where in which group a pool stands, for those who watch. */
export interface MemberPlace {
  readonly group: string
  /** Unique in its group. */
  readonly name: string
}

/** What went wrong last with a server. */
export interface MemberFailure {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly error: ProxyStatusError
  /** One sentence, as in the log. */
  readonly message: string
}

export const NO_PLACE: MemberPlace = { group: '', name: '' }

/** Filled and judged in one call. */
const pooled: PooledSide = { reserved: false, draining: false, retired: false, described: false }

/** The connections to one origin: does what its book decides. */
export class OriginPool {
  readonly book: PoolBook<UpstreamConnection, UpstreamWaiter>
  /** Which version the origin speaks: to HTTP/1.0 no chunked content may be sent (RFC 9112 6.1). */
  readonly version = new VersionLesson()
  private readonly expiry: Deadline
  /** Those for whom a dial is under way and who still want it; while the name is looked up: what ends that. */
  private readonly dialingFor = new Map<UpstreamWaiter, (() => void) | null>()
  /** Those of the queue whose turn to dial has come within the call that is under way. */
  private readonly dialsDue: UpstreamWaiter[] = []

  readonly closes = new Map<CloseReason, number>()
  /** It is no member of its group any more. */
  retired = false
  readonly isMember: boolean
  /** Counted for those who watch: requests that it was given, those that failed by its fault, times that this ejected it. */
  requests = 0
  failures = 0
  ejections = 0
  /** Requests that failed by its fault since it answered last, and when that was (`-Infinity`: never). */
  failuresInRow = 0
  answeredAt = Number.NEGATIVE_INFINITY
  lastFailure: MemberFailure | null = null
  /** Of the responses that were looked at for it: those that were compressed, and those that might have been. */
  compressedSeen = 0
  plainSeen = 0
  private readonly limits: PoolLimits

  constructor(
    private readonly all: UpstreamPool,
    readonly origin: Origin,
    public shared: UpstreamShared,
    readonly key: string = origin.key,
    /** Who wants to know how exchanges fare; null: nobody. */
    public group: PoolGroup | null = null,
    readonly place: MemberPlace = NO_PLACE,
  ) {
    this.isMember = key !== origin.key
    this.limits = { ...shared.limits, upstreamIdleMs: shared.deadlines.upstreamIdleMs }
    this.book = new PoolBook(origin.key, this.limits, (connection, reason) => connection.end(reason))
    this.expiry = new Deadline(shared.wheel, () => this.expire())
  }

  /** A health check went well: whatever went wrong before, it answers now. */
  answered(now: number): void {
    this.failuresInRow = 0
    this.answeredAt = now
  }

  /** A response has begun. */
  succeeded(now: number): void {
    this.answered(now)
    if (this.group !== null) this.group.succeeded(this, now)
  }

  /** A request failed by its fault. */
  failed({ type, message }: ProxyError, now: number): void {
    this.failures++
    this.failuresInRow++
    this.lastFailure = { at: this.shared.clock.wallMs(), error: type, message }
    if (this.group !== null) this.group.failed(this, now)
  }

  /** How content that comes in chunks is sent there. @param fits it is not more than what is gathered */
  sendsChunks(fits: boolean): 'chunked' | 'length' | '411' {
    return sendsChunks(this.version.says, fits)
  }

  /** From now on: other limits and deadlines; connections that are open stay, and who waits has what room there is now. */
  reconfigure(shared: UpstreamShared, group: PoolGroup | null): void {
    this.shared = shared
    this.group = group
    Object.assign(this.limits, shared.limits, { upstreamIdleMs: shared.deadlines.upstreamIdleMs })
    this.giveAll()
  }

  /** The next request on it is the last one: say so (RFC 9112 9.6). */
  isLast(connection: UpstreamConnection, now: number): boolean {
    const forOneRequest = this.shared.proxyProtocol !== 'off' && connection.logins === null
    return forOneRequest || this.book.isLast(connection, now)
  }

  /** Exchanges that it carries or is to carry: what balancing goes by. */
  get load(): number {
    return this.book.busy + this.book.dialing + this.book.waiting
  }

  /** Somebody has a connection, a dial or a place in the queue. */
  get inUse(): boolean {
    return this.book.busy + this.book.reserved + this.book.dialing + this.book.waiting > 0
  }

  /**
   * A stream on an idle connection at once, or null: then the waiter is told later, and may `withdraw` until it was.
   * @param fresh never on an idle one, for a retry
   * @param logins of the waiter's client: where it has logged in on a connection of this pool, it gets that one (RFC 4559 6)
   */
  acquire(
    waiter: UpstreamWaiter,
    fresh: boolean,
    now: number = this.shared.clock.now(),
    logins: Logins | null = null,
  ): UpstreamStream | null {
    const own = logins === null ? null : logins.of(this)
    if (own !== null) return this.acquireOwn(own, waiter, now)
    this.requests++
    const answer = waiter.onlyOnce ? this.acquireOnce(waiter, now, fresh) : this.book.acquire(waiter, now, fresh)
    if (typeof answer === 'object') {
      if (answer === null) return null
      this.all.reused++
      return answer.stream
    }
    if (answer === 'dial') {
      this.dialingFor.set(waiter, null)
      this.dial(waiter)
    } else if (answer === 'wait') {
      // Not the one of an earlier wait: that was for another pool.
      waiter.waiting = new Deadline(this.shared.wheel, () => this.waitedTooLong(waiter))
      waiter.waiting.set('queueMs', this.shared.deadlines.queueMs)
      if (this.book.reserved > 0) this.expire()
    } else {
      const text = `all ${this.shared.limits.upstreamConnectionsMax} connections to ${this.origin.key} are busy and ${this.shared.limits.upstreamWaitingMax} requests wait already`
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
   * The same for a request that cannot be sent again. A FIN that lies in the kernel would be told with the next turn of the event
   * loop, too late; so the kernel is asked in the very moment before the request is written. An upstream that was never seen to keep
   * a connection has two turns first, to close it as soon as it has answered; one that was seen to do so gets a new connection.
   *
   * @returns what the book answers; or null: the waiter is told
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

  /** As `acquireOnce`, from the queue: the connection was released just now. */
  private giveOnce(connection: UpstreamConnection, waiter: UpstreamWaiter): void {
    const end = this.endOf(connection)
    if (end === 'unknown' || (end === 'none' && this.book.lesson.keeps === 'unknown')) this.hold(connection, waiter)
    else this.handOver(connection, waiter, end)
  }

  /** Why this connection, which is nobody's at the moment, is at its end; `unknown`: the kernel cannot be asked. */
  private endOf(connection: UpstreamConnection): CloseReason | 'none' | 'unknown' {
    return this.book.lesson.keeps === 'no' ? 'upstream-learned' : connection.ending()
  }

  /** Gives the connection two turns of the event loop, with a whole look at the kernel between them, before the waiter has it. */
  private hold(connection: UpstreamConnection, waiter: UpstreamWaiter): void {
    connection.heldFor = waiter
    this.dialingFor.set(waiter, null) // it still wants one
    const held = () => {
      if (connection.heldFor !== waiter) return // it has ended meanwhile, and a dial is under way
      connection.heldFor = null
      if (this.dialingFor.delete(waiter)) this.handOver(connection, waiter, this.endOf(connection))
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
    this.dialInTurn(waiter)
  }

  /** On a connection that is one client's own, which others never get. */
  private acquireOwn(own: UpstreamConnection, waiter: UpstreamWaiter, now: number): UpstreamStream | null {
    if (own.entry.state === 'busy') {
      own.heir = waiter // its last exchange is over, and it is about to be released
      this.dialingFor.set(waiter, null)
      return null
    }
    if (!this.book.acquireReserved(own, now)) return this.acquire(waiter, false, now)
    const end = waiter.onlyOnce ? own.ending() : 'none'
    if (end !== 'none' && end !== 'unknown') {
      this.book.discard(own, end, now)
      own.end(end)
      return this.acquire(waiter, false, now)
    }
    this.requests++
    this.all.reused++
    return own.stream
  }

  private inherit(connection: UpstreamConnection): void {
    const { heir } = connection
    connection.heir = null
    if (heir === null || !this.dialingFor.delete(heir) || this.all.ended) return
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

  /** The waiter does not want a connection any more. A dial for it goes on and serves the next one; a lookup ends. */
  withdraw(waiter: UpstreamWaiter): void {
    waiter.waiting?.end()
    this.book.withdraw(waiter)
    const endLookup = this.dialingFor.get(waiter) ?? null
    this.dialingFor.delete(waiter)
    if (endLookup === null) return
    endLookup()
    this.undialed(null, null)
  }

  /** `waiter` is in `dialingFor`. */
  private dial(waiter: UpstreamWaiter): void {
    const { host, port, scheme, socketPath } = this.origin
    const target: DialTarget = { host, port, secure: scheme === 'https', addresses: [] }
    if (socketPath !== undefined) {
      this.dialingFor.delete(waiter)
      this.connect(waiter, { ...target, socketPath })
      return
    }
    const located = (error: ProxyError | null, addresses: readonly Address[]): void => {
      const wanted = this.dialingFor.delete(waiter)
      if (error !== null || !wanted) this.undialed(wanted ? waiter : null, error)
      else this.connect(waiter, { ...target, addresses })
    }
    const endLookup = this.shared.handler.locate(host, port, located, waiter.clientAddress)
    if (endLookup !== null) this.dialingFor.set(waiter, endLookup)
  }

  private connect(waiter: UpstreamWaiter, target: DialTarget): void {
    if (!this.all.makeRoom()) {
      const text = `all ${this.shared.limits.upstreamConnectionsTotalMax} upstream connections are busy`
      this.undialed(
        waiter,
        new ProxyError('connection_limit_reached', text, {
          stage: 'acquire',
          side: 'proxy',
          remedy: { settings: ['upstreamConnectionsTotalMax'] },
        }),
      )
      return
    }
    this.all.dialed++
    this.dialingFor.set(waiter, null) // until it is told
    const { proxyProtocol } = this.shared
    const to = proxyProtocol === 'off' ? target : { ...target, preface: waiter.preface(proxyProtocol) }
    const connection: UpstreamConnection = new UpstreamConnection(this, this.all.number(), to, outcome => {
      this.all.dials.delete(connection)
      const wanted = this.dialingFor.delete(waiter)
      if (outcome !== null) {
        this.undialed(wanted ? waiter : null, this.dialFailure(connection, target, outcome))
        return
      }
      this.all.connections.add(connection)
      this.book.dialed(connection, this.shared.clock.now(), Math.random())
      this.shared.handler.opened(connection)
      if (wanted) waiter.onUpstream(connection.stream)
      else this.release(connection, 'keep')
    })
    this.all.dials.add(connection)
  }

  private dialFailure(
    connection: UpstreamConnection,
    target: DialTarget,
    outcome: NodeJS.ErrnoException | DeadlineName | undefined,
  ): ProxyError {
    if (typeof outcome !== 'string') return dialError(outcome ?? null, target, connection.securing)
    const text = `no connection to ${whereOf(target)} within ${this.shared.deadlines[outcome]} ms`
    return new ProxyError('connection_timeout', text, {
      stage: outcome === 'tlsMs' ? 'tls' : 'connect',
      side: 'upstream',
      deadline: outcome,
    })
  }

  private undialed(waiter: UpstreamWaiter | null, error: ProxyError | null): void {
    const due = this.book.dialFailed()
    if (waiter !== null && error !== null && !this.all.ended) waiter.onNoUpstream(error)
    this.give(due)
  }

  /**
   * The exchange on it is over: keep the connection, or close it for a reason. One whose last read was full is kept a moment
   * later: what was sent behind its response comes with the very next read, and must not meet another exchange (RFC 9112 9.2).
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
      const sent = !connection.transport.pressured // TLS says a turn later that a request has left, and the answer may be faster
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

  /** Nobody is to be led there by what idles, or rests for one client: it ends. */
  closeIdle(reason: CloseReason): void {
    atOnce(this.closing(reason))
  }

  /** The same, one after the other. */
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

  /** Its transport is gone, or about to be. */
  gone(connection: UpstreamConnection): void {
    this.all.closed(connection)
    if (connection.entry.state === 'new') return
    connection.logins?.lost(connection)
    const { heldFor } = connection
    connection.heldFor = null
    if (heldFor !== null && this.dialingFor.delete(heldFor) && !this.all.ended) {
      this.book.discard(connection, connection.reason ?? 'upstream-fin', this.shared.clock.now())
      this.book.redial()
      this.dialInTurn(heldFor)
      return
    }
    if (connection.heir !== null) setImmediate(() => this.inherit(connection)) // it may be the book that calls
    this.give(this.book.remove(connection, connection.reason ?? 'upstream-fin', this.shared.clock.now()))
  }

  private give(due: Handout<UpstreamConnection, UpstreamWaiter> | null): void {
    if (due === null) return
    if (this.all.ended) {
      this.dismiss(due)
      return
    }
    due.waiter.waiting?.end()
    if (due.connection === null) this.dialInTurn(due.waiter)
    else if (due.waiter.onlyOnce) this.giveOnce(due.connection, due.waiter)
    else {
      this.all.reused++
      due.waiter.onUpstream(due.connection.stream)
    }
  }

  private dialInTurn(waiter: UpstreamWaiter): void {
    // A dial that fails at once (its name is known to be unknown) hands its place to the next waiter from within this call:
    // one after the other instead of one in the other, as a long queue would not fit on the stack.
    this.dialingFor.set(waiter, null)
    this.dialsDue.push(waiter)
    if (this.dialsDue.length > 1) return
    try {
      for (let nth = 0; nth < this.dialsDue.length; nth++) this.dial(this.dialsDue[nth]!)
    } finally {
      this.dialsDue.length = 0
    }
  }

  /** Places have become free. */
  private giveAll(): void {
    for (let due = this.book.dialDue(); due !== null; due = this.book.dialDue()) this.give(due)
  }

  /** Nobody is dialled for any more, whoever waits. */
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
