/**
 * What is known of the version that an origin speaks (RFC 9112 6.1).
 *
 * - `unheard`: it has not answered yet, or with error pages alone: HTTP/1.1 is assumed.
 * - `1.1`: it has answered so, and that is what it is known by.
 * - `doubted`: the last answers were HTTP/1.0, and too few to believe it.
 * - `1.0`: it is known to speak nothing else: no chunked content may be sent to it.
 */
export type SpokenVersion = 'unheard' | '1.1' | 'doubted' | '1.0'

/**
 * What an origin teaches by its answers: the version that it speaks. One answer teaches that it speaks HTTP/1.1, since nobody says so by
 * mistake. HTTP/1.0 is said by an old script or an error page in front of an origin that can do more, so it takes `ANSWERS` of them in
 * a row, error pages not counted, and for one that has spoken HTTP/1.1 before as long as `FORGOTTEN_MS` without a word of that.
 */
export class VersionLesson {
  says: SpokenVersion = 'unheard'
  /** HTTP/1.0 answers in a row, those that count, and when the first of them came, where HTTP/1.1 was spoken before. */
  #answers = 0
  #doubtedAt = Number.NEGATIVE_INFINITY

  /** It has answered with this minor version and status, at `now` (milliseconds). */
  heard(minor: 0 | 1, status: number, now: number): void {
    const isPage = status < 200 || status >= 400
    if (minor === 1) this.#answers = 0
    else if (!isPage) {
      if (this.says === '1.1') this.#doubtedAt = now
      this.#answers++
    }
    const enough = this.#answers >= ANSWERS && now - this.#doubtedAt >= FORGOTTEN_MS
    this.says = learn(this.says, minor, isPage, enough)
  }
}

/** What is known after one more answer. `isPage`: its status is no success and no redirection; `enough`: of HTTP/1.0, this one included. */
export function learn(known: SpokenVersion, minor: 0 | 1, isPage: boolean, enough: boolean): SpokenVersion {
  if (minor === 1) return '1.1'
  if (isPage || known === '1.0') return known
  return enough ? '1.0' : 'doubted'
}

/**
 * How content that came chunked, without a length, is sent to an origin of which this is known: gathered first and then sent with its
 * length, or chunked, or not at all (411). `fits`: it is not more than what is gathered.
 */
export function sendsChunks(known: SpokenVersion, fits: boolean): 'chunked' | 'length' | '411' {
  if (known === 'unheard' || known === '1.1') return 'chunked'
  if (fits) return 'length'
  return known === 'doubted' ? 'chunked' : '411'
}

export const ANSWERS = 3
export const FORGOTTEN_MS = 600_000
