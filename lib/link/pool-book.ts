import type { CloseReason } from '../policy/close-reason.js'
import { atOnce, type Steps } from '../policy/steps.js'
import { step } from './connection-state.js'
import type { IdleLesson } from './idle-lesson.js'
import { IdleStack } from './idle-stack.js'
import type { PoolEntry, Pooled } from './pool-entry.js'
import { ReservedList, restedAt } from './reserved-list.js'
import { type IdleEnd, ReuseLimits, type ReuseSettings } from './reuse-limits.js'
import { WaitQueue } from './wait-queue.js'

/**
 * The book of the connections to one origin: which are busy, which are idle, and which requests wait. It only decides; its
 * callers dial, write and close. It has no clock of its own: `now` is in milliseconds of a monotonic clock.
 *
 * Idle connections form a stack (most recently used first), waiters a queue (first come, first served). Every call is O(1),
 * except `expire`, `closeIdle`, and the removal of connections past their limit, each of which is found once. Acquiring an idle
 * connection, and releasing one when nothing waits, allocates nothing.
 *
 * A connection on which a client has logged in serves only that client from then on (RFC 4559 6): between two of its requests it
 * is `reserved` instead of idle, in a separate list from which no other request is served.
 *
 * Invariants (RFC 9112 9.4): busy + idle + reserved + dialing is at most `upstreamConnectionsMax`; no request waits while there
 * is an idle connection or room for a dial, nor longer than `RESERVED_REST_MS` for the place of a connection that is only
 * reserved; a connection belongs to one exchange at a time (so nothing is ever pipelined, RFC 9112 9.3.2).
 */
export class PoolBook<C extends Pooled<C>, W extends object> {
  readonly origin: string
  /** What was learned from the FINs of the upstream. */
  readonly lesson: IdleLesson
  /** How often a request had to wait, and how often it was refused because the queue was full. */
  queued = 0
  refused = 0
  readonly #limits: Readonly<PoolLimits>
  readonly #close: (connection: C, reason: CloseReason) => void
  readonly #reuse: ReuseLimits
  readonly #queue = new WaitQueue<W>()
  readonly #idle = new IdleStack<C>()
  readonly #reserved = new ReservedList<C>()
  #busy = 0
  #dialing = 0

  /**
   * @param limits read again at every call, never written
   * @param close receives each connection that must be closed, with the reason. It must not call the book, except `remove` for
   *   the same connection, which then does nothing.
   */
  constructor(origin: string, limits: Readonly<PoolLimits>, close: (connection: C, reason: CloseReason) => void) {
    this.origin = origin
    this.#limits = limits
    this.#close = close
    this.#reuse = new ReuseLimits(limits)
    this.lesson = this.#reuse.lesson
  }

  /** The number of busy, idle and reserved connections. Dials under way are counted by `dialing`. */
  get open(): number {
    return this.#busy + this.#idle.size + this.#reserved.size
  }

  get busy(): number {
    return this.#busy
  }

  get idle(): number {
    return this.#idle.size
  }

  /** The number of idle connections that are reserved for one client connection each. While in use, such a connection is busy. */
  get reserved(): number {
    return this.#reserved.size
  }

  get dialing(): number {
    return this.#dialing
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** The connection that has been idle longest, if any: the first to close when room is needed elsewhere. */
  get longestIdle(): C | null {
    const { oldest } = this.#idle
    return oldest === null ? null : oldest.connection
  }

  /** The reserved connection that has been idle longest, if any: the one to close when none is idle. */
  get longestReserved(): C | null {
    const { longest } = this.#reserved
    return longest === null ? null : longest.connection
  }

  /** The shortest idle limit that a hint has announced, in ms; `Infinity` for none. */
  get announcedMs(): number {
    return this.#reuse.announcedMs
  }

  /**
   * Requests a connection.
   *
   * - a connection: it is the caller's until `release` or `remove`;
   * - `dial`: the caller opens one, then calls exactly one of `dialed` and `dialFailed`, even if the request is gone by then;
   * - `wait`: `waiter` is in the queue until a later call returns a `Handout` for it, or it withdraws. While there are reserved
   *   connections, call `expire` to learn when one of their places becomes free;
   * - `full`: none of these; the queue is full.
   *
   * @param fresh never return an idle connection: for a retry whose first try met a stale one (RFC 9110 9.2.2). If idle
   *   connections take up all the room, the one idle longest is closed. From the queue, a released connection may follow: it was
   *   alive just now.
   */
  acquire(waiter: W, now: number, fresh = false): C | 'dial' | 'wait' | 'full' {
    for (let entry = this.#idle.newest; entry !== null && !fresh; entry = this.#idle.newest) {
      const reason = this.#reuse.overdue(entry, now)
      if (reason === null) {
        this.#idle.remove(entry)
        this.#take(entry)
        return entry.connection
      }
      this.#drop(entry, reason)
    }
    if (this.#hasRoom()) return this.#dial()
    const { oldest } = this.#idle
    if (oldest !== null) {
      this.#drop(oldest, 'surplus-idle')
      return this.#dial()
    }
    const { longest } = this.#reserved
    if (longest !== null && restedAt(longest) <= now) {
      this.#drop(longest, 'login-surplus')
      return this.#dial()
    }
    if (this.#queue.has(waiter)) throw new Error(`${this.origin}: waits already`)
    if (this.#queue.size >= this.#limits.upstreamWaitingMax) {
      this.refused++
      return 'full'
    }
    this.queued++
    this.#queue.push(waiter)
    return 'wait'
  }

  /** Gives up waiting. False if the waiter is not in the queue (any more): its `Handout` is then on its way. */
  withdraw(waiter: W): boolean {
    return this.#queue.remove(waiter)
  }

  /**
   * A dial has succeeded; the connection is busy for the request that dialed. If that is gone: `release` it.
   *
   * @param jitter a random number from 0 to 1: shortens the limits of requests and age by up to a fifth, so that connections that
   *   were opened together are not replaced together.
   */
  dialed(connection: C, now: number, jitter: number): void {
    if (this.#dialing === 0) throw new Error(`${this.origin}: no dial was under way`)
    const entry = connection.entry
    entry.at = step(entry.at.dialed)
    this.#reuse.begin(entry, now, jitter)
    this.#dialing--
    this.#busy++
  }

  /** A dial has failed or was abandoned. */
  dialFailed(): Handout<C, W> | null {
    if (this.#dialing === 0) throw new Error(`${this.origin}: no dial was under way`)
    this.#dialing--
    return this.dialDue()
  }

  /**
   * The parameters that the upstream sent in `Keep-Alive` with its connection option (RFC 2068 19.7.1): kept until it sends
   * others.
   *
   * @param timeoutS seconds of idle time; -1: not sent
   * @param max further requests that it will answer; -1: not sent
   */
  hint(connection: C, timeoutS: number, max: number): void {
    this.#reuse.hint(connection.entry, timeoutS, max)
  }

  /**
   * True if this exchange is the last one of the connection, whatever its verdict: the request may say `close` (RFC 9112 9.6).
   */
  isLast(connection: C, now: number): boolean {
    return this.#reuse.worn(connection.entry, now) !== null
  }

  /** A client has logged in on it, or was asked to: it now serves only that client, without limits of age and requests. */
  reserve({ entry }: C): void {
    entry.isReserved = true
    this.#reuse.exempt(entry)
  }

  /**
   * The client for which it is reserved has a request. False: it was idle for too long, and is closed; the client needs another
   * one.
   */
  acquireReserved({ entry }: C, now: number): boolean {
    const reason = this.#reuse.overdue(entry, now)
    if (reason !== null) this.#drop(entry, reason)
    else {
      this.#reserved.remove(entry)
      this.#take(entry)
    }
    return reason === null
  }

  /**
   * The exchange has ended. With `keep` the connection goes to the first waiter, or becomes idle, or is closed because of a
   * limit; with a reason it is closed. To release it twice, or after `remove`, is a bug of the caller, and throws.
   */
  release(connection: C, verdict: 'keep' | CloseReason, now: number): Handout<C, W> | null {
    const entry = connection.entry
    entry.at = step(entry.at.released)
    this.#busy--
    entry.idleSince = now
    const reason = verdict === 'keep' ? (this.#reuse.worn(entry, now) ?? this.#reuse.overdue(entry, now)) : verdict
    if (reason !== null) {
      entry.at = step(entry.at.removed)
      this.#close(connection, reason)
      return this.dialDue()
    }
    if (entry.isReserved) {
      entry.at = step(entry.at.reserved)
      this.#reserved.add(entry)
      return null
    }
    const waiter = this.#queue.shift()
    if (waiter !== null) {
      this.#take(entry)
      return { waiter, connection }
    }
    this.#idle.push(entry)
    if (this.#idle.size > this.#limits.upstreamIdleMax) this.#drop(this.#idle.oldest!, 'surplus-idle')
    return null
  }

  /**
   * The connection is gone, or the caller closes it now (so the close sink is not called): a FIN, a reset or a byte on an idle
   * connection (RFC 9112 9.2, 9.5), a socket that failed during an exchange, a tunnel that has ended. A FIN or reset from the
   * upstream on an idle connection is a lesson. May be called again, also after the book had it closed: sockets report one end in
   * several ways.
   */
  remove(connection: C, reason: CloseReason, now: number): Handout<C, W> | null {
    const entry = connection.entry
    const was = entry.state
    entry.at = step(entry.at.removed)
    if (was === 'closed') return null
    if (was === 'busy') this.#busy--
    else {
      this.#leave(entry)
      this.#reuse.ended(entry, reason, entry.served, now)
    }
    return this.dialDue()
  }

  /**
   * A connection that was just handed out, and on which nothing was sent since, has turned out to have ended: the caller closes
   * it with `reason`. The request that it was for acquires another one, or calls `redial`.
   */
  discard(connection: C, reason: CloseReason, now: number): void {
    const entry = connection.entry
    entry.at = step(entry.at.removed)
    this.#busy--
    this.#reuse.ended(entry, reason, entry.served - 1, now)
  }

  /** Dials in place of a discarded connection: `dialed` or `dialFailed` must follow. */
  redial(): void {
    this.#dialing++
  }

  /** A request that was sent at `sentAt` on a reused connection was lost because the upstream ended it. */
  lost(connection: C, sentAt: number, now: number): void {
    this.#reuse.lost(connection.entry, sentAt, now)
  }

  /**
   * Closes the idle connections that are past one of their limits (if there are many, only some of them), and returns when the
   * next one will be (`Infinity`: none is idle). `acquire` checks for itself, so a late call only keeps a socket open longer, and
   * never costs a request its connection. Reserved connections past their limits are closed, too, and, while a request waits for
   * a place, those that have been idle for a moment: call `dialDue` afterwards.
   */
  expire(now: number): number {
    let due = Number.POSITIVE_INFINITY
    let dropped = 0
    for (let entry = this.#idle.oldest; entry !== null; ) {
      const newer: PoolEntry<C> | null = entry.newer
      const reason = this.#reuse.overdue(entry, now)
      if (reason !== null) {
        if (dropped++ === DROPPED_AT_ONCE) return now
        this.#drop(entry, reason)
      } else due = Math.min(due, this.#reuse.dueAt(entry, now))
      entry = newer
    }
    return this.#reserved.size === 0 ? due : Math.min(due, this.#expireReserved(now))
  }

  #expireReserved(now: number): number {
    let due = Number.POSITIVE_INFINITY
    let wanted = this.#queue.size
    for (const entry of this.#reserved) {
      const surplusAt = wanted > 0 ? restedAt(entry) : Number.POSITIVE_INFINITY
      const reason = this.#reuse.overdue(entry, now) ?? (now >= surplusAt ? 'login-surplus' : null)
      if (reason !== null) {
        this.#drop(entry, reason)
        wanted--
      } else due = Math.min(due, surplusAt, this.#reuse.dueAt(entry, now))
    }
    return due
  }

  /** Closes every idle connection: the proxy drains, or the address of the origin has changed. Busy ones end by their verdict. */
  closeIdle(reason: CloseReason): void {
    atOnce(this.closingIdle(reason))
  }

  /** The same in steps, one connection each: there may be thousands. */
  *closingIdle(reason: CloseReason): Steps<void> {
    for (let entry = this.#idle.oldest; entry !== null; entry = this.#idle.oldest) {
      this.#drop(entry, reason)
      yield
    }
  }

  /** Closes the reserved ones: nothing may be sent to their server any more. */
  closeReserved(reason: CloseReason): void {
    for (const entry of this.#reserved) this.#drop(entry, reason)
  }

  /** How long an idle connection will still be kept, by what is known at `now`; null: it is not idle, or has no limit. */
  idleEnd({ entry }: C, now: number): IdleEnd | null {
    if (entry.state !== 'idle' && entry.state !== 'reserved') return null
    return this.#reuse.idleEnd(entry, now)
  }

  toString(): string {
    const reserved = this.reserved === 0 ? '' : `, ${this.reserved} reserved`
    return `${this.origin}: ${this.#busy} busy, ${this.#idle.size} idle${reserved}, ${this.#dialing} dialing, ${this.#queue.size} waiting`
  }

  #hasRoom(): boolean {
    return this.open + this.#dialing < this.#limits.upstreamConnectionsMax
  }

  #take(entry: PoolEntry<C>): void {
    entry.at = step(entry.at.acquired)
    this.#busy++
    entry.served++
  }

  #dial(): 'dial' {
    this.#dialing++
    return 'dial'
  }

  /** Closes an idle connection. */
  #drop(entry: PoolEntry<C>, reason: CloseReason): void {
    this.#leave(entry)
    entry.at = step(entry.at.removed)
    this.#close(entry.connection, reason)
  }

  #leave(entry: PoolEntry<C>): void {
    if (!this.#reserved.remove(entry)) this.#idle.remove(entry)
  }

  /** After a place became free, or the limits have changed: makes the first waiter dial, if there is one. */
  dialDue(): Handout<C, W> | null {
    if (this.#queue.isEmpty || !this.#hasRoom()) return null
    const waiter = this.#queue.shift()!
    this.#dialing++
    return { waiter, connection: null }
  }
}

/**
 * What a waiter gets: a connection that is now busy for it, or null as the order to dial (`dialed` or `dialFailed` must follow).
 */
export interface Handout<C, W> {
  readonly waiter: W
  readonly connection: C | null
}

export interface PoolLimits extends ReuseSettings {
  upstreamConnectionsMax: number
  upstreamIdleMax: number
  upstreamWaitingMax: number
}

/** Closing a connection takes some 20 µs, during which other connections wait. */
const DROPPED_AT_ONCE = 100
