import type { ProxyError, ProxyStatusError } from '../../link/proxy-error.js'

/** What went wrong last with a server. */
export interface ServerFailure {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly error: ProxyStatusError
  /** One sentence, as in the log. */
  readonly message: string
}

/** How the requests to one server have fared, for operators. */
export class ServerRecord {
  requests = 0
  /** Requests that failed by its fault. */
  failures = 0
  /** Times that it was ejected from its group for that. */
  ejections = 0
  /** Requests that failed by its fault since it answered last, and when that was, in ms of the clock (`-Infinity`: never). */
  failuresInRow = 0
  answeredAt = Number.NEGATIVE_INFINITY
  lastFailure: ServerFailure | null = null
  /** Of the responses that were inspected for it: those that were compressed, and those that might have been. */
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
