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
 * The book of the connections to one origin: who is busy, who idles, who waits. It decides; others dial, write and close. It knows
 * no clock: `now` is milliseconds of one that never goes back.
 *
 * Idle connections are a stack (most recently used first), waiters a queue (first come, first served). Every call is O(1) but
 * for `expire`, `closeIdle` and connections past their limit, each of which is met once. Nothing is allocated to acquire an idle
 * connection or to release one that nobody waits for.
 *
 * A connection on which a client has logged in is for that client alone from then on (RFC 4559 6): between two of its requests it
 * is `reserved` in place of idle, in a list of its own out of which nobody is served.
 *
 * What always holds (RFC 9112 9.4): busy + idle + reserved + dialing is at most `upstreamConnectionsMax`; nobody waits while there is
 * an idle connection or room for a dial, nor for longer than `RESERVED_REST_MS` for what is only reserved; a connection belongs to one
 * exchange at a time (so nothing is ever pipelined, RFC 9112 9.3.2).
 */
export class PoolBook<C extends Pooled<C>, W extends object> {
  readonly origin: string
  /** What the upstream has taught with its FINs. */
  readonly lesson: IdleLesson
  /** How often somebody had to wait, and how often there was no place to wait in either. */
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
   * @param limits read anew at every call, never written
   * @param close is told each connection that must be closed, with the reason. It must not call the book but for `remove` of
   *   that same connection, which does nothing then.
   */
  constructor(origin: string, limits: Readonly<PoolLimits>, close: (connection: C, reason: CloseReason) => void) {
    this.origin = origin
    this.#limits = limits
    this.#close = close
    this.#reuse = new ReuseLimits(limits)
    this.lesson = this.#reuse.lesson
  }

  /** Connections: busy, idle and reserved ones. Dials under way are counted by `dialing`. */
  get open(): number {
    return this.#busy + this.#idle.size + this.#reserved.size
  }

  get busy(): number {
    return this.#busy
  }

  get idle(): number {
    return this.#idle.size
  }

  /** Idle ones that are for one client connection each. While one of these has it in use, such a connection is busy. */
  get reserved(): number {
    return this.#reserved.size
  }

  get dialing(): number {
    return this.#dialing
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** The connection that has been idle for longest, if any: what to close first when room is needed elsewhere. */
  get longestIdle(): C | null {
    const { oldest } = this.#idle
    return oldest === null ? null : oldest.connection
  }

  /** The reserved one that has rested for longest, if any: what to close when there is nothing idle. */
  get longestReserved(): C | null {
    const { longest } = this.#reserved
    return longest === null ? null : longest.connection
  }

  /** The shortest idle limit that a hint has announced, in ms; `Infinity`: none has. */
  get announcedMs(): number {
    return this.#reuse.announcedMs
  }

  /**
   * Asks for a connection.
   *
   * - a connection: it is the caller's until `release` or `remove`;
   * - `dial`: open one, then call `dialed` or `dialFailed`, exactly one of them, also when nobody wants it any more;
   * - `wait`: `waiter` is in the queue, until a later call answers with a `Handout` for it or it withdraws. While some are reserved,
   *   `expire` is to be asked when that will be;
   * - `full`: neither; the queue is full.
   *
   * @param fresh never an idle connection: for a retry, whose first try met a stale one (RFC 9110 9.2.2). If only an idle
   *   connection takes up the room, the longest idle one is closed. From the queue a released one may come: it was alive just now.
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

  /** Gives up waiting. False when it did not wait (any more): then its `Handout` is under way to it. */
  withdraw(waiter: W): boolean {
    return this.#queue.remove(waiter)
  }

  /**
   * A dial has succeeded; the connection is busy for whoever dialed. If that one has gone: `release` it.
   *
   * @param jitter 0 to 1, a random number: shortens requests and age by up to a fifth, so that connections which were opened
   *   together are not replaced together.
   */
  dialed(connection: C, now: number, jitter: number): void {
    if (this.#dialing === 0) throw new Error(`${this.origin}: no dial was under way`)
    const entry = connection.entry
    entry.at = step(entry.at.dialed)
    this.#reuse.begin(entry, now, jitter)
    this.#dialing--
    this.#busy++
  }

  /** A dial has failed or was given up. */
  dialFailed(): Handout<C, W> | null {
    if (this.#dialing === 0) throw new Error(`${this.origin}: no dial was under way`)
    this.#dialing--
    return this.dialDue()
  }

  /**
   * What the upstream said in `Keep-Alive` beside its connection option (RFC 2068 19.7.1): kept until it says something else.
   *
   * @param timeoutS seconds of idle time, -1: not said
   * @param max further requests that it will answer, -1: not said
   */
  hint(connection: C, timeoutS: number, max: number): void {
    this.#reuse.hint(connection.entry, timeoutS, max)
  }

  /** True when this exchange is the connection's last whatever its verdict: the request may say `close` (RFC 9112 9.6). */
  isLast(connection: C, now: number): boolean {
    return this.#reuse.worn(connection.entry, now) !== null
  }

  /** A client has logged in on it, or was asked to: it is for that client alone, and is worn out neither by age nor by requests. */
  reserve({ entry }: C): void {
    entry.isReserved = true
    this.#reuse.exempt(entry)
  }

  /** The client for which it rests has a request. False: it had rested for too long, and is closed; the client needs another one. */
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
   * The exchange is over. With `keep` the connection goes to the first waiter, or becomes idle, or is closed because a limit says
   * so; with a reason it is closed. Whoever releases twice, or after `remove`, has a bug: that throws.
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
   * The connection is gone, or the caller closes it now (so the close sink is not told): a FIN, a reset or a byte on an idle one
   * (RFC 9112 9.2, 9.5), a socket that broke under an exchange, a tunnel that has ended. An upstream's FIN or reset on an idle
   * connection is a lesson. May be called again, also after the book let it be closed: sockets report one end in several ways.
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
   * A connection that was handed out a moment ago, and on which nothing was sent since, is found to be at its end: the caller closes
   * it for `reason`. Whoever it was for acquires another one, or calls `redial`.
   */
  discard(connection: C, reason: CloseReason, now: number): void {
    const entry = connection.entry
    entry.at = step(entry.at.removed)
    this.#busy--
    this.#reuse.ended(entry, reason, entry.served - 1, now)
  }

  /** In place of a discarded connection: `dialed` or `dialFailed` must follow. */
  redial(): void {
    this.#dialing++
  }

  /** A request that was sent at `sentAt` on a reused connection met the upstream's end of it. */
  lost(connection: C, sentAt: number, now: number): void {
    this.#reuse.lost(connection.entry, sentAt, now)
  }

  /**
   * Closes the idle connections that are past a limit of theirs, some of them when there are many, and answers when the next one will be
   * (`Infinity`: none is idle). `acquire` looks for itself, so lateness here costs a socket its time, never a request its connection.
   * Reserved ones go as well, and while somebody waits for their places those that have rested for a moment: `dialDue` is to be asked
   * then.
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

  /** Closes every idle connection: the proxy drains, or the origin's address has changed. Busy ones end by their verdict. */
  closeIdle(reason: CloseReason): void {
    atOnce(this.closingIdle(reason))
  }

  /** The same, one after the other: there may be thousands. */
  *closingIdle(reason: CloseReason): Steps<void> {
    for (let entry = this.#idle.oldest; entry !== null; entry = this.#idle.oldest) {
      this.#drop(entry, reason)
      yield
    }
  }

  /** Closes the reserved ones, too: where they lead nobody is to go any more. */
  closeReserved(reason: CloseReason): void {
    for (const entry of this.#reserved) this.#drop(entry, reason)
  }

  /** How long an idle connection will still be kept, as things stand at `now`; null: it is not idle, or nothing limits it. */
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

  /** An idle connection goes. */
  #drop(entry: PoolEntry<C>, reason: CloseReason): void {
    this.#leave(entry)
    entry.at = step(entry.at.removed)
    this.#close(entry.connection, reason)
  }

  #leave(entry: PoolEntry<C>): void {
    if (!this.#reserved.remove(entry)) this.#idle.remove(entry)
  }

  /** After a place became free, or the limits have changed: the first waiter is to dial, if there is one. */
  dialDue(): Handout<C, W> | null {
    if (this.#queue.isEmpty || !this.#hasRoom()) return null
    const waiter = this.#queue.shift()!
    this.#dialing++
    return { waiter, connection: null }
  }
}

/** What a waiter gets: a connection, busy for it now, or with null the order to dial (`dialed` or `dialFailed` must follow). */
export interface Handout<C, W> {
  readonly waiter: W
  readonly connection: C | null
}

export interface PoolLimits extends ReuseSettings {
  upstreamConnectionsMax: number
  upstreamIdleMax: number
  upstreamWaitingMax: number
}

/** To end a connection takes some 20 µs, and others wait meanwhile. */
const DROPPED_AT_ONCE = 100
