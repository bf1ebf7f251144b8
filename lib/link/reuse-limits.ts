import type { CloseReason } from '../policy/close-reason.js'
import { AT_ONCE_MS, IDLE_MARGIN_MS, IdleLesson } from './idle-lesson.js'
import type { PoolEntry } from './pool-entry.js'

/** Our own limits; 0 is no limit. */
export interface ReuseSettings {
  upstreamRequestsMax: number
  upstreamAgeMs: number
  upstreamIdleMs: number
}

/** When and why an idle connection will be closed. */
export interface IdleEnd {
  readonly leftMs: number
  /** Counted from when it became idle. */
  readonly limitMs: number
  readonly reason: CloseReason
}

/** The verdict of a limit about one connection: why it must not be used, or null. */
type Refusal = CloseReason | null

type Entry = PoolEntry<unknown>

/**
 * How often, until what age and after how much idle time a connection to one origin may be used: by our own limits, by the hints
 * of the upstream (`Keep-Alive`), and by what was learned from its FINs. It only judges; the book of the pool closes.
 */
export class ReuseLimits {
  readonly lesson = new IdleLesson()
  /** The shortest idle limit that a hint has announced, in ms. */
  announcedMs = Number.POSITIVE_INFINITY
  readonly #settings: Readonly<ReuseSettings>

  /** @param settings read again at every call, never written */
  constructor(settings: Readonly<ReuseSettings>) {
    this.#settings = settings
  }

  /**
   * A connection begins with its first exchange.
   *
   * @param jitter 0 to 1: shortens the limits of requests and age by up to a fifth, so that connections that were opened together
   *   are not replaced together
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

  /** It serves only one client, and is exempt from the limits of age and requests. The idle limits still apply. */
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

  /** Why it must not serve another exchange, busy or idle; null: it may. */
  worn(entry: Entry, now: number): Refusal {
    if (entry.served >= entry.servedMax) return 'upstream-requests-max'
    if (entry.served >= entry.hintServedMax) return 'upstream-hint'
    return now >= entry.oldAt ? 'upstream-age' : null
  }

  /** Why an idle connection must no longer be used at `now`; null: it may. */
  overdue(entry: Entry, now: number): Refusal {
    if (now >= entry.oldAt) return 'upstream-age'
    const idleMs = now - entry.idleSince
    return idleMs < this.#idleLimit(entry, now) ? null : this.#idledOut(entry, idleMs, now)
  }

  /** When an idle connection becomes overdue, by what is known at `now`; `Infinity`: never. */
  dueAt(entry: Entry, now: number): number {
    return Math.min(entry.oldAt, entry.idleSince + this.#idleLimit(entry, now))
  }

  /** How long an idle connection will still be kept, by what is known at `now`; null: it has no limit. */
  idleEnd(entry: Entry, now: number): IdleEnd | null {
    const idleLimitMs = this.#idleLimit(entry, now)
    const ageLimitMs = entry.oldAt - entry.idleSince
    const limitMs = Math.min(idleLimitMs, ageLimitMs)
    if (limitMs === Number.POSITIVE_INFINITY) return null
    const reason = ageLimitMs <= idleLimitMs ? 'upstream-age' : this.#idledOut(entry, limitMs, now)
    return { leftMs: Math.max(0, limitMs - (now - entry.idleSince)), limitMs, reason }
  }

  /** An idle connection has ended after `answers` answers. It is a lesson if the upstream has ended it. */
  ended(entry: Entry, reason: CloseReason, answers: number, now: number): void {
    if (reason !== 'upstream-fin' && reason !== 'upstream-reset') return
    const idleMs = now - entry.idleSince
    if (answers === 1 && idleMs <= AT_ONCE_MS) this.lesson.closedAtOnce(now)
    this.lesson.observe(idleMs, now)
  }

  /** A request that was sent at `sentAt` on a reused connection was lost because the upstream ended it. */
  lost(entry: Entry, sentAt: number, now: number): void {
    // The idle time is no lesson about the idle limit: the upstream may have failed on this request.
    const atOnce = entry.served === 2 && sentAt - entry.idleSince <= AT_ONCE_MS && now - sentAt <= AT_ONCE_MS
    if (atOnce) this.lesson.closedAtOnce(now)
  }

  /** The limit that `idleMs` has reached: the hint of the upstream first. */
  #idledOut(entry: Entry, idleMs: number, now: number): CloseReason {
    if (idleMs >= entry.hintMs) return 'upstream-hint'
    return idleMs >= this.lesson.limitMs(now) ? 'upstream-learned' : 'upstream-idle'
  }

  /**
   * The idle limit in milliseconds: the minimum of ours, the hint of the upstream and what was learned from its FINs. Exclusive.
   */
  #idleLimit(entry: Entry, now: number): number {
    const ours = this.#settings.upstreamIdleMs
    return Math.min(ours > 0 ? ours : Number.POSITIVE_INFINITY, entry.hintMs, this.lesson.limitMs(now))
  }
}

/** The share by which a jitter of 1 shortens the limits of requests and age. */
const JITTER = 0.2
