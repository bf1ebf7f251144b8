import type { CloseReason } from '../policy/close-reason.js'
import { atOnce, type Steps } from '../policy/steps.js'
import { step, UPSTREAM_ROWS, type UpstreamRow, type UpstreamState } from './connection-state.js'
import { AT_ONCE_MS, IDLE_MARGIN_MS, IdleLesson } from './idle-lesson.js'

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
  readonly lesson = new IdleLesson()
  /** How often somebody had to wait, and how often there was no place to wait in either. */
  queued = 0
  refused = 0
  /** The shortest idle limit that a hint has announced, in ms. */
  announcedMs = Number.POSITIVE_INFINITY
  readonly #limits: Readonly<PoolLimits>
  readonly #close: (connection: C, reason: CloseReason) => void
  readonly #queue = new Map<W, Wait<W>>()
  #firstWait: Wait<W> | null = null
  #lastWait: Wait<W> | null = null
  #newest: PoolEntry<C> | null = null
  #oldest: PoolEntry<C> | null = null
  /** Those that rest for one client each, longest first. */
  readonly #reserved = new Set<PoolEntry<C>>()
  #busy = 0
  #idle = 0
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
  }

  /** Connections: busy, idle and reserved ones. Dials under way are counted by `dialing`. */
  get open(): number {
    return this.#busy + this.#idle + this.#reserved.size
  }

  get busy(): number {
    return this.#busy
  }

  get idle(): number {
    return this.#idle
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
    return this.#oldest === null ? null : this.#oldest.connection
  }

  /** The reserved one that has rested for longest, if any: what to close when there is nothing idle. */
  get longestReserved(): C | null {
    for (const { connection } of this.#reserved) return connection
    return null
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
    while (this.#newest !== null && !fresh) {
      const entry = this.#newest
      const reason = this.#overdue(entry, now)
      if (reason === null) {
        this.#leaveStack(entry)
        this.#take(entry)
        return entry.connection
      }
      this.#drop(entry, reason)
    }
    if (this.#hasRoom()) return this.#dial()
    if (this.#oldest !== null) {
      this.#drop(this.#oldest, 'surplus-idle')
      return this.#dial()
    }
    for (const entry of this.#reserved) {
      if (!hasRested(entry, now)) break
      this.#drop(entry, 'login-surplus')
      return this.#dial()
    }
    if (this.#queue.has(waiter)) throw new Error(`${this.origin}: waits already`)
    if (this.#queue.size >= this.#limits.upstreamWaitingMax) {
      this.refused++
      return 'full'
    }
    this.queued++
    this.#append(waiter)
    return 'wait'
  }

  /** Gives up waiting. False when it did not wait (any more): then its `Handout` is under way to it. */
  withdraw(waiter: W): boolean {
    const wait = this.#queue.get(waiter)
    if (wait === undefined) return false
    this.#leaveQueue(wait)
    return true
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
    const share = 1 - JITTER * jitter
    const { upstreamRequestsMax, upstreamAgeMs } = this.#limits
    entry.served = 1
    entry.servedMax =
      upstreamRequestsMax > 0 ? Math.max(1, Math.floor(upstreamRequestsMax * share)) : Number.POSITIVE_INFINITY
    entry.openedAt = now
    entry.oldAt = upstreamAgeMs > 0 ? now + upstreamAgeMs * share : Number.POSITIVE_INFINITY
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
    const entry = connection.entry
    if (timeoutS >= 0) {
      entry.hintMs = Math.max(0, timeoutS * 1_000 - IDLE_MARGIN_MS)
      this.announcedMs = Math.min(this.announcedMs, timeoutS * 1_000)
    }
    if (max >= 0) entry.hintServedMax = entry.served + max
  }

  /** True when this exchange is the connection's last whatever its verdict: the request may say `close` (RFC 9112 9.6). */
  isLast(connection: C, now: number): boolean {
    return this.#worn(connection.entry, now) !== null
  }

  /** A client has logged in on it, or was asked to: it is for that client alone, and is worn out neither by age nor by requests. */
  reserve({ entry }: C): void {
    entry.isReserved = true
    entry.servedMax = entry.oldAt = Number.POSITIVE_INFINITY
  }

  /** The client for which it rests has a request. False: it had rested for too long, and is closed; the client needs another one. */
  acquireReserved({ entry }: C, now: number): boolean {
    const reason = this.#overdue(entry, now)
    if (reason !== null) this.#drop(entry, reason)
    else {
      this.#reserved.delete(entry)
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
    const reason = verdict === 'keep' ? (this.#worn(entry, now) ?? this.#overdue(entry, now)) : verdict
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
    if (this.#firstWait !== null) {
      this.#take(entry)
      return this.#handOut(this.#firstWait, connection)
    }
    this.#enterStack(entry)
    if (this.#idle > this.#limits.upstreamIdleMax) this.#drop(this.#oldest!, 'surplus-idle')
    return null
  }

  /**
   * The connection is gone, or the caller closes it now (so the close sink is not told): a FIN, a reset or an octet on an idle one
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
      if (reason === 'upstream-fin' || reason === 'upstream-reset') this.#learn(entry, entry.served, now)
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
    if (reason === 'upstream-fin' || reason === 'upstream-reset') this.#learn(entry, entry.served - 1, now)
  }

  /** In place of a discarded connection: `dialed` or `dialFailed` must follow. */
  redial(): void {
    this.#dialing++
  }

  /** A request that was sent at `sentAt` on a reused connection met the upstream's end of it. */
  lost(connection: C, sentAt: number, now: number): void {
    const entry = connection.entry
    // Its age is no lesson of the idle limit: the upstream may have failed on this very request.
    const atOnce = entry.served === 2 && sentAt - entry.idleSince <= AT_ONCE_MS && now - sentAt <= AT_ONCE_MS
    if (atOnce) this.lesson.closedAtOnce(now)
  }

  /** The upstream ended a connection that was idle, after so many answers. */
  #learn(entry: PoolEntry<C>, answers: number, now: number): void {
    const idleMs = now - entry.idleSince
    if (answers === 1 && idleMs <= AT_ONCE_MS) this.lesson.closedAtOnce(now)
    this.lesson.observe(idleMs, now)
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
    for (let entry = this.#oldest; entry !== null; ) {
      const newer: PoolEntry<C> | null = entry.newer
      const reason = this.#overdue(entry, now)
      if (reason !== null) {
        if (dropped++ === DROPPED_AT_ONCE) return now
        this.#drop(entry, reason)
      } else due = Math.min(due, entry.oldAt, entry.idleSince + this.#idleLimit(entry, now))
      entry = newer
    }
    return this.#reserved.size === 0 ? due : Math.min(due, this.#expireReserved(now))
  }

  #expireReserved(now: number): number {
    let due = Number.POSITIVE_INFINITY
    let wanted = this.#queue.size
    for (const entry of this.#reserved) {
      const reason = this.#overdue(entry, now) ?? (wanted > 0 && hasRested(entry, now) ? 'login-surplus' : null)
      if (reason === null) {
        const limitMs = this.#idleLimit(entry, now)
        due = Math.min(due, entry.idleSince + (wanted > 0 ? Math.min(RESERVED_REST_MS, limitMs) : limitMs))
        continue
      }
      this.#drop(entry, reason)
      wanted--
    }
    return due
  }

  /** Closes every idle connection: the proxy drains, or the origin's address has changed. Busy ones end by their verdict. */
  closeIdle(reason: CloseReason): void {
    atOnce(this.closingIdle(reason))
  }

  /** The same, one after the other: there may be thousands. */
  *closingIdle(reason: CloseReason): Steps<void> {
    while (this.#oldest !== null) {
      this.#drop(this.#oldest, reason)
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
    const idleLimitMs = this.#idleLimit(entry, now)
    const ageLimitMs = entry.oldAt - entry.idleSince
    const limitMs = Math.min(idleLimitMs, ageLimitMs)
    if (limitMs === Number.POSITIVE_INFINITY) return null
    const reason = ageLimitMs <= idleLimitMs ? 'upstream-age' : this.#idledOut(entry, limitMs, now)
    return { leftMs: Math.max(0, limitMs - (now - entry.idleSince)), limitMs, reason }
  }

  toString(): string {
    const reserved = this.reserved === 0 ? '' : `, ${this.reserved} reserved`
    return `${this.origin}: ${this.#busy} busy, ${this.#idle} idle${reserved}, ${this.#dialing} dialing, ${this.#queue.size} waiting`
  }

  // ---- limits ----

  #hasRoom(): boolean {
    return this.#busy + this.#idle + this.#reserved.size + this.#dialing < this.#limits.upstreamConnectionsMax
  }

  /** Why it must serve nobody else, busy or idle; null: it may. */
  #worn(entry: PoolEntry<C>, now: number): CloseReason | null {
    if (entry.served >= entry.servedMax) return 'upstream-requests-max'
    if (entry.served >= entry.hintServedMax) return 'upstream-hint'
    return now >= entry.oldAt ? 'upstream-age' : null
  }

  /** Why an idle one must not be used any more at `now`; null: it may. */
  #overdue(entry: PoolEntry<C>, now: number): CloseReason | null {
    if (now >= entry.oldAt) return 'upstream-age'
    const idleMs = now - entry.idleSince
    return idleMs < this.#idleLimit(entry, now) ? null : this.#idledOut(entry, idleMs, now)
  }

  /** Which limit `idleMs` has reached: the upstream's own word first. */
  #idledOut(entry: PoolEntry<C>, idleMs: number, now: number): CloseReason {
    if (idleMs >= entry.hintMs) return 'upstream-hint'
    return idleMs >= this.lesson.limitMs(now) ? 'upstream-learned' : 'upstream-idle'
  }

  /** Idle milliseconds: the least of ours, the upstream's hint and what its FINs have taught. At the limit it is over. */
  #idleLimit(entry: PoolEntry<C>, now: number): number {
    const ours = this.#limits.upstreamIdleMs
    return Math.min(ours > 0 ? ours : Number.POSITIVE_INFINITY, entry.hintMs, this.lesson.limitMs(now))
  }

  // ---- connections ----

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
    if (!this.#reserved.delete(entry)) this.#leaveStack(entry)
  }

  #enterStack(entry: PoolEntry<C>): void {
    entry.older = this.#newest
    if (this.#newest === null) this.#oldest = entry
    else this.#newest.newer = entry
    this.#newest = entry
    this.#idle++
  }

  #leaveStack(entry: PoolEntry<C>): void {
    if (entry.newer === null) this.#newest = entry.older
    else entry.newer.older = entry.older
    if (entry.older === null) this.#oldest = entry.newer
    else entry.older.newer = entry.newer
    entry.newer = null
    entry.older = null
    this.#idle--
  }

  // ---- waiters ----

  /** After a place became free, or the limits have changed: the first waiter is to dial, if there is one. */
  dialDue(): Handout<C, W> | null {
    if (this.#firstWait === null || !this.#hasRoom()) return null
    this.#dialing++
    return this.#handOut(this.#firstWait, null)
  }

  #handOut(wait: Wait<W>, connection: C | null): Handout<C, W> {
    this.#leaveQueue(wait)
    return { waiter: wait.waiter, connection }
  }

  #append(waiter: W): void {
    const wait: Wait<W> = { waiter, before: this.#lastWait, after: null }
    if (this.#lastWait === null) this.#firstWait = wait
    else this.#lastWait.after = wait
    this.#lastWait = wait
    this.#queue.set(waiter, wait)
  }

  #leaveQueue(wait: Wait<W>): void {
    if (wait.before === null) this.#firstWait = wait.after
    else wait.before.after = wait.after
    if (wait.after === null) this.#lastWait = wait.before
    else wait.after.before = wait.before
    this.#queue.delete(wait.waiter)
  }
}

/** What a waiter gets: a connection, busy for it now, or with null the order to dial (`dialed` or `dialFailed` must follow). */
export interface Handout<C, W> {
  readonly waiter: W
  readonly connection: C | null
}

/** The end that an idle connection is coming to. */
export interface IdleEnd {
  readonly leftMs: number
  /** From the beginning of its idleness. */
  readonly limitMs: number
  readonly reason: CloseReason
}

export interface PoolLimits {
  upstreamConnectionsMax: number
  upstreamIdleMax: number
  upstreamWaitingMax: number
  upstreamRequestsMax: number
  upstreamAgeMs: number
  upstreamIdleMs: number
}

/** What the book asks of a connection: a entry of its own, `readonly entry = new PoolEntry(this)`. */
export interface Pooled<C> {
  readonly entry: PoolEntry<C>
}

/** What the book notes about one connection. Everybody may read it; only the book writes. */
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
  newer: PoolEntry<C> | null = null
  older: PoolEntry<C> | null = null

  constructor(connection: C) {
    this.connection = connection
  }

  get state(): UpstreamState {
    return this.at.state
  }
}

interface Wait<W> {
  readonly waiter: W
  before: Wait<W> | null
  after: Wait<W> | null
}

/**
 * A reserved connection that somebody else needs the place of is left alone for so long: between two steps of a log-in pass some
 * milliseconds, and whoever closes it then makes the log-in fail.
 */
export const RESERVED_REST_MS = 1_000

const hasRested = ({ idleSince }: { readonly idleSince: number }, now: number): boolean =>
  now - idleSince >= RESERVED_REST_MS

/** To end a connection takes some 20 µs, and others wait meanwhile. */
const DROPPED_AT_ONCE = 100

/** The share by which a jitter of 1 shortens requests and age. */
const JITTER = 0.2
