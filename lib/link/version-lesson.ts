/**
 * What is known about the HTTP version that an origin speaks (RFC 9112 6.1).
 *
 * - `unheard`: it has not answered yet, or only with error pages: HTTP/1.1 is assumed.
 * - `1.1`: it has answered with HTTP/1.1.
 * - `doubted`: the last answers were HTTP/1.0, but too few to be sure.
 * - `1.0`: it is known to speak only HTTP/1.0: no chunked content may be sent to it.
 */
export type SpokenVersion = 'unheard' | '1.1' | 'doubted' | '1.0'

/**
 * Learns the version that an origin speaks from its answers. One answer suffices for HTTP/1.1, because no origin sends it by
 * mistake. HTTP/1.0 may come from an old script, or from an error page in front of an origin that supports more, so it takes
 * `ANSWERS` of them in a row, not counting error pages, and, for an origin that has spoken HTTP/1.1 before, `FORGOTTEN_MS`
 * without HTTP/1.1.
 */
export class VersionLesson {
  says: SpokenVersion = 'unheard'
  /** The number of HTTP/1.0 answers in a row that count, and the time of the first of them if HTTP/1.1 was spoken before. */
  #answers = 0
  #doubtedAt = Number.NEGATIVE_INFINITY

  /** The origin has answered with this minor version and status, at `now` (milliseconds). */
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

/**
 * What is known after one more answer. `isPage`: its status is neither a success nor a redirection; `enough`: there were enough
 * HTTP/1.0 answers, including this one.
 */
export function learn(known: SpokenVersion, minor: 0 | 1, isPage: boolean, enough: boolean): SpokenVersion {
  if (minor === 1) return '1.1'
  if (isPage || known === '1.0') return known
  return enough ? '1.0' : 'doubted'
}

/**
 * How chunked content, which has no known length, is sent to an origin of which this is known: chunked, or gathered first and
 * then sent with its length, or not at all (411). `fits`: it is not more than may be gathered.
 */
export function sendsChunks(known: SpokenVersion, fits: boolean): 'chunked' | 'length' | '411' {
  if (known === 'unheard' || known === '1.1') return 'chunked'
  if (fits) return 'length'
  return known === 'doubted' ? 'chunked' : '411'
}

export const ANSWERS = 3
export const FORGOTTEN_MS = 600_000
