import type { CloseReason } from '../policy/close-reason.js'
import { AT_ONCE_MS, IDLE_MARGIN_MS, IdleLesson } from './idle-lesson.js'
import type { PoolEntry } from './pool-entry.js'

/** Our own limits: 0 is none. */
export interface ReuseSettings {
  upstreamRequestsMax: number
  upstreamAgeMs: number
  upstreamIdleMs: number
}

/** The end that an idle connection is coming to. */
export interface IdleEnd {
  readonly leftMs: number
  /** From the beginning of its idleness. */
  readonly limitMs: number
  readonly reason: CloseReason
}

/** What a limit says of one connection: why not, or null. */
type Refusal = CloseReason | null

type Entry = PoolEntry<unknown>

/**
 * How often, how long and after how long a pause a connection to one origin may be used: by our own limits, by what the upstream says of
 * them (`Keep-Alive`), and by what it has taught with its FINs. It judges; the pool's book closes.
 */
export class ReuseLimits {
  readonly lesson = new IdleLesson()
  /** The shortest idle limit that a hint has announced, in ms. */
  announcedMs = Number.POSITIVE_INFINITY
  readonly #settings: Readonly<ReuseSettings>

  /** @param settings read anew at every call, never written */
  constructor(settings: Readonly<ReuseSettings>) {
    this.#settings = settings
  }

  /**
   * A connection begins with its first exchange.
   *
   * @param jitter 0 to 1: shortens requests and age by up to a fifth, so that connections which were opened together are not
   *   replaced together
   */
  begin(entry: Entry, now: number, jitter: number): void {
    const share = 1 - JITTER * jitter
    const { upstreamRequestsMax, upstreamAgeMs } = this.#settings
    entry.served = 1
    entry.servedMax =
      upstreamRequestsMax > 0 ? Math.max(1, Math.floor(upstreamRequestsMax * share)) : Number.POSITIVE_INFINITY
    entry.openedAt = now
    entry.oldAt = upstreamAgeMs > 0 ? now + upstreamAgeMs * share : Number.POSITIVE_INFINITY
  }

  /** It is for one client alone, and worn out neither by age nor by requests: what is idle for too long ends all the same. */
  exempt(entry: Entry): void {
    entry.servedMax = entry.oldAt = Number.POSITIVE_INFINITY
  }

  /** @param timeoutS, max see `PoolBook.hint` */
  hint(entry: Entry, timeoutS: number, max: number): void {
    if (timeoutS >= 0) {
      entry.hintMs = Math.max(0, timeoutS * 1_000 - IDLE_MARGIN_MS)
      this.announcedMs = Math.min(this.announcedMs, timeoutS * 1_000)
    }
    if (max >= 0) entry.hintServedMax = entry.served + max
  }

  /** Why it must serve no other exchange, busy or idle; null: it may. */
  worn(entry: Entry, now: number): Refusal {
    if (entry.served >= entry.servedMax) return 'upstream-requests-max'
    if (entry.served >= entry.hintServedMax) return 'upstream-hint'
    return now >= entry.oldAt ? 'upstream-age' : null
  }

  /** Why an idle one must not be used any more at `now`; null: it may. */
  overdue(entry: Entry, now: number): Refusal {
    if (now >= entry.oldAt) return 'upstream-age'
    const idleMs = now - entry.idleSince
    return idleMs < this.#idleLimit(entry, now) ? null : this.#idledOut(entry, idleMs, now)
  }

  /** When an idle one is overdue, as things stand at `now`; `Infinity`: never. */
  dueAt(entry: Entry, now: number): number {
    return Math.min(entry.oldAt, entry.idleSince + this.#idleLimit(entry, now))
  }

  /** How long an idle one will still be kept, as things stand at `now`; null: nothing limits it. */
  idleEnd(entry: Entry, now: number): IdleEnd | null {
    const idleLimitMs = this.#idleLimit(entry, now)
    const ageLimitMs = entry.oldAt - entry.idleSince
    const limitMs = Math.min(idleLimitMs, ageLimitMs)
    if (limitMs === Number.POSITIVE_INFINITY) return null
    const reason = ageLimitMs <= idleLimitMs ? 'upstream-age' : this.#idledOut(entry, limitMs, now)
    return { leftMs: Math.max(0, limitMs - (now - entry.idleSince)), limitMs, reason }
  }

  /** One that was idle has ended, after so many answers. It is a lesson when the upstream has ended it. */
  ended(entry: Entry, reason: CloseReason, answers: number, now: number): void {
    if (reason !== 'upstream-fin' && reason !== 'upstream-reset') return
    const idleMs = now - entry.idleSince
    if (answers === 1 && idleMs <= AT_ONCE_MS) this.lesson.closedAtOnce(now)
    this.lesson.observe(idleMs, now)
  }

  /** A request that was sent at `sentAt` on a reused connection met the upstream's end of it. */
  lost(entry: Entry, sentAt: number, now: number): void {
    // Its age is no lesson of the idle limit: the upstream may have failed on this very request.
    const atOnce = entry.served === 2 && sentAt - entry.idleSince <= AT_ONCE_MS && now - sentAt <= AT_ONCE_MS
    if (atOnce) this.lesson.closedAtOnce(now)
  }

  /** Which limit `idleMs` has reached: the upstream's own word first. */
  #idledOut(entry: Entry, idleMs: number, now: number): CloseReason {
    if (idleMs >= entry.hintMs) return 'upstream-hint'
    return idleMs >= this.lesson.limitMs(now) ? 'upstream-learned' : 'upstream-idle'
  }

  /** Idle milliseconds: the least of ours, the upstream's hint and what its FINs have taught. At the limit it is over. */
  #idleLimit(entry: Entry, now: number): number {
    const ours = this.#settings.upstreamIdleMs
    return Math.min(ours > 0 ? ours : Number.POSITIVE_INFINITY, entry.hintMs, this.lesson.limitMs(now))
  }
}

/** The share by which a jitter of 1 shortens requests and age. */
const JITTER = 0.2
