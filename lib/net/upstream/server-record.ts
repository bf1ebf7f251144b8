import type { ProxyError, ProxyStatusError } from '../../link/proxy-error.js'

/** The last failure of a server. */
export interface ServerFailure {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly error: ProxyStatusError
  /** One sentence, as in the log. */
  readonly message: string
}

/** The outcomes of requests to one server, for operators. */
export class ServerRecord {
  requests = 0
  /** Requests that failed because of this server. */
  failures = 0
  /** How often it was ejected from its group for that. */
  ejections = 0
  /** Failed requests since its last response, and the time of that response in ms of the clock (`-Infinity`: never). */
  failuresInRow = 0
  answeredAt = Number.NEGATIVE_INFINITY
  lastFailure: ServerFailure | null = null
  /** Of the responses that were inspected for compression: those that were compressed, and those that could have been. */
  compressedSeen = 0
  plainSeen = 0

  /** @param now ms of the clock */
  answered(now: number): void {
    this.failuresInRow = 0
    this.answeredAt = now
  }

  /** @param at ms since 1970 */
  failed({ type, message }: ProxyError, at: number): void {
    this.failures++
    this.failuresInRow++
    this.lastFailure = { at, error: type, message }
  }
}
