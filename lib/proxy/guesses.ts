import type { RateLimit } from '../link/rate-limit.js'
import { Remembered } from '../link/remembered.js'

const REMEMBERED_MS = 300_000
const REMEMBERED_MAX = 10_000

/**
 * Guesses at credentials that are compared at once (`credentials`): they cost nothing to look at, so they are only limited by number. As for
 * `Users`, what was right at a site stays known there, and what was wrong is one guess, however often it is sent.
 */
export class Guesses {
  readonly #right = new Remembered(REMEMBERED_MAX)
  readonly #wrong = new Remembered(REMEMBERED_MAX)

  /**
   * @param isRight what a comparison said
   * @param failed how many wrong ones a site may send
   * @returns true: nobody may be told whether they are right, too many wrong ones came from there
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
