import type { RateLimit } from '../link/rate-limit.js'
import { Remembered } from '../link/remembered.js'

const REMEMBERED_MS = 300_000
const REMEMBERED_MAX = 10_000

/**
 * Limits guesses at `credentials`, which are compared immediately: a comparison costs nothing, so only the number of guesses is
 * limited. As in `Users`, credentials that were right at a site stay known there, and wrong ones count as one guess, however
 * often they are sent.
 */
export class Guesses {
  readonly #right = new Remembered(REMEMBERED_MAX)
  readonly #wrong = new Remembered(REMEMBERED_MAX)

  /**
   * @param isRight the result of the comparison
   * @param failed how many wrong ones a site may send
   * @returns true: too many wrong ones came from this site, so the result must not be revealed
   */
  tooMany(credentials: string, isRight: boolean, site: string, now: number, failed: RateLimit): boolean {
    const there = `${credentials} ${site}`
    if (isRight) {
      if (this.#right.until(there, now) === 0 && failed.waitMs(site, now) > 0) return true
      this.#right.note(there, now + REMEMBERED_MS)
      return false
    }
    if (this.#wrong.until(there, now) > 0) return false
    if (failed.waitMs(site, now) > 0) return true
    failed.take(site, now)
    this.#wrong.note(there, now + REMEMBERED_MS)
    return false
  }
}
