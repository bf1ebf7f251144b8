/**
 * Learns the idle limit of an upstream from the idle connections that it closes. Most upstreams do not announce it (no
 * `Keep-Alive` hint), but their FINs on idle connections show it. The lesson is the smallest of the last 8 idle times at which it
 * closed, if there are at least two and all are within 20 %, less 1 s. Idle times are forgotten after 10 minutes, because
 * configurations change, and an upstream that never closes first any more cannot correct the lesson. FINs on several connections
 * at once are a restart, not a lesson.
 *
 * An upstream that closes each connection after its first response, without announcing it, is recognized in another way: its FIN
 * comes within 100 ms of that response, and no connection to it was used twice meanwhile. Once is enough to doubt that it keeps
 * connections (`keeps`); three times in a row are a lesson: no connection to it is kept idle.
 */
export class IdleLesson {
  /**
   * Whether the upstream has answered twice on the same connection. `no`: not since it closed one right after the first answer on
   * it.
   */
  keeps: 'unknown' | 'yes' | 'no' = 'unknown'
  #atOnce = 0
  #atOnceUntil = Number.POSITIVE_INFINITY
  readonly #ages: number[] = []
  readonly #times: number[] = []
  #lastAt = Number.NEGATIVE_INFINITY
  #lastKept = false
  #learnedMs = Number.POSITIVE_INFINITY
  /** Until when `#learnedMs` is valid without another evaluation. */
  #trueUntil = Number.POSITIVE_INFINITY

  /** The upstream ended a connection that had been idle for `idleMs`, at `now` (both milliseconds). */
  observe(idleMs: number, now: number): void {
    const atOnce = now - this.#lastAt <= AT_ONCE_MS
    this.#lastAt = now
    if (!atOnce) {
      if (this.#ages.length === AGES_MAX) this.#forgetOldest()
      this.#ages.push(idleMs)
      this.#times.push(now)
      this.#lastKept = true
    } else if (this.#lastKept) {
      this.#ages.pop()
      this.#times.pop()
      this.#lastKept = false
    }
    this.#judge(now)
  }

  /** The upstream closed a connection right after the first answer on it: its end came at `now`. */
  closedAtOnce(now: number): void {
    this.keeps = 'no'
    this.#atOnce++
    this.#atOnceUntil = now + FORGET_MS
    this.#judge(now)
  }

  /** The upstream has answered on a connection on which it had answered before. */
  kept(): void {
    this.keeps = 'yes'
    this.#atOnce = 0
    this.#trueUntil = Number.NEGATIVE_INFINITY
  }

  /** The learned limit of idle time in milliseconds; `Infinity` if none was learned. 0: no connection may be kept idle. */
  limitMs(now: number): number {
    if (now >= this.#trueUntil) this.#judge(now)
    return this.#learnedMs
  }

  #judge(now: number): void {
    while (this.#times.length > 0 && now - this.#times[0]! >= FORGET_MS) this.#forgetOldest()
    if (now >= this.#atOnceUntil) {
      this.#atOnce = 0
      this.#atOnceUntil = Number.POSITIVE_INFINITY
      if (this.keeps === 'no') this.keeps = 'unknown'
    }
    const agesUntil = this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]! + FORGET_MS
    this.#trueUntil = Math.min(agesUntil, this.#atOnceUntil)
    if (this.#atOnce >= AT_ONCE_MIN) {
      this.#learnedMs = 0
      return
    }
    const least = Math.min(...this.#ages)
    const agreed = this.#ages.length >= AGREEING_MIN && least >= Math.max(...this.#ages) * (1 - SPREAD)
    this.#learnedMs = agreed ? Math.max(0, least - IDLE_MARGIN_MS) : Number.POSITIVE_INFINITY
  }

  #forgetOldest(): void {
    this.#ages.shift()
    this.#times.shift()
  }
}

/**
 * How much earlier than the upstream this proxy closes: its FIN needs time to arrive, and its clock started before ours. undici
 * uses 1 s, too.
 */
export const IDLE_MARGIN_MS = 1_000

const AGES_MAX = 8
/** A single idle time is no lesson: a restart that met one idle connection must not prevent reuse for ten minutes. */
const AGREEING_MIN = 2
const SPREAD = 0.2
const FORGET_MS = 600_000
/** A process that exits closes all its sockets within a few milliseconds; timers of separate connections seldom do. */
export const AT_ONCE_MS = 100
/** A process that exits soon after its first answers does so only once. */
const AT_ONCE_MIN = 3
