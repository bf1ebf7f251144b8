/**
 * What an upstream teaches by closing idle connections: its own idle limit. Most say nothing of it (no `Keep-Alive` hint), but
 * their FINs on idle connections do. The lesson is the smallest of the last 8 idle ages at which it closed, if at least two
 * agree and all lie within 20 %, less 1 s. Ages are forgotten after 10 minutes, since configurations change and an upstream
 * that we no longer let go first can no longer correct us. FINs on several connections at once are a restart, not a lesson.
 *
 * An upstream that closes each connection with its first response, without saying so, is told by another sign: its FIN comes within
 * 100 ms of that response, and no connection to it was ever of use twice meanwhile. Once is enough to doubt that it keeps connections
 * (`keeps`), three times in a row are a lesson: none is kept idle.
 */
export class IdleLesson {
  /**
   * Has the upstream answered on a connection on which it had answered before? `no`: it has not since it closed one as soon as it had
   * answered on it for the first time.
   */
  keeps: 'unknown' | 'yes' | 'no' = 'unknown'
  #atOnce = 0
  #atOnceUntil = Number.POSITIVE_INFINITY
  readonly #ages: number[] = []
  readonly #times: number[] = []
  #lastAt = Number.NEGATIVE_INFINITY
  #lastKept = false
  #learnedMs = Number.POSITIVE_INFINITY
  /** Until when `#learnedMs` is true without another look. */
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

  /** The upstream closed a connection as soon as it had answered on it for the first time: its end came at `now`. */
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

  /** How long a connection may be idle by what was learned: milliseconds, `Infinity` while nothing is. 0: not at all. */
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
 * How much earlier than the upstream we let go: its FIN needs time to reach us, and it started its clock before we started ours.
 * undici uses 1 s as well.
 */
export const IDLE_MARGIN_MS = 1_000

const AGES_MAX = 8
/** One age agrees with nothing: a restart that met a single idle connection must not cost ten minutes of reuse. */
const AGREEING_MIN = 2
const SPREAD = 0.2
const FORGET_MS = 600_000
/** A process that ends closes all its sockets within a few milliseconds; timers of separate connections seldom do. */
export const AT_ONCE_MS = 100
/** A process that ends soon after its first answers does so once. */
const AT_ONCE_MIN = 3
