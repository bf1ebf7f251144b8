/**
 * The facts about an exchange whose upstream connection failed that decide whether its request may be sent again.
 * The exchange itself can be passed, so nothing is allocated.
 */
export interface RetryFacts {
  readonly method: string
  /** The client reset or abandoned its connection: no one waits for an answer. */
  readonly clientGone: boolean
  /** How often this request was sent again already. */
  readonly retries: number
  /** Part of the request was written to the socket of the failed connection, whether or not it arrived. */
  readonly wrote: boolean
  /** The failed connection had served an exchange before: only then can it have been stale. */
  readonly reused: boolean
  /**
   * What was received. `408`: the first response was a 408 of which nothing was forwarded (RFC 9110 15.5.9: on a reused
   * connection it is about the idle time, not about our request).
   */
  readonly response: 'none' | '408' | 'begun'
  /**
   * The request has credentials that continue a login on the failed connection: on another one they are meaningless (RFC 4559 6).
   */
  readonly goesOnWithLogin: boolean
  /** There is no content, or every byte of it that was read from the client is still held. */
  readonly contentKept: boolean
  /** The group retries on another server also what was lost on a fresh connection (`retryOn: any`). */
  readonly freshToo: boolean
}

/** `yes`: on a fresh connection to the same server; `elsewhere`: to another server of the group, or not at all. */
export type RetryVerdict = 'yes' | 'elsewhere' | keyof typeof RETRY_REFUSALS

/** Why a request is not sent again, one sentence for each refusal. */
export const RETRY_REFUSALS = {
  'client-gone': 'The client is gone, so no one would read the answer.',
  'already-retried': 'The request was sent again once before; a failed retry is not retried (RFC 9110 9.2.2).',
  'login-lost':
    'The request continued a login that began on the lost connection, and is meaningless on another one (RFC 4559 6).',
  'content-not-kept': 'Content of the request has been forwarded and was not kept.',
  'response-begun': 'Part of a response has arrived, so the upstream has acted on the request.',
  'fresh-connection':
    'The connection was new, so it did not end by an idle limit: the upstream failed on this request.',
  'not-idempotent': 'The method is not idempotent, and the upstream may have acted on the request (RFC 9110 9.2.2).',
} as const satisfies Record<string, string>

/** Why a request is not sent to another server although it may be, one sentence for each refusal. */
export const ELSEWHERE_REFUSALS = {
  'no-other-server': 'No other server of the group is left: each has had the request, or `retries` allows no more.',
  'retry-budget': 'As many requests to this group as allowed are being sent again at this moment.',
} as const satisfies Record<string, string>

/**
 * Whether the request may be sent again on a fresh connection: one rule, read from top to bottom (RFC 9110 9.2.2, RFC 9112
 * 9.3.1). Only once; never if it continues a login of that connection. If nothing of it was written, with any method. Otherwise
 * only if the connection may have been stale, no response has begun, and sending it twice has the same effect as sending it once.
 * With `freshToo` the connection need not have been stale, and the try need not be the first: another server then gets the
 * request.
 */
export function mayRetry(facts: RetryFacts): RetryVerdict {
  if (facts.clientGone) return 'client-gone'
  if (facts.retries > 0 && !facts.freshToo) return 'already-retried'
  if (facts.goesOnWithLogin) return 'login-lost'
  if (!facts.contentKept) return 'content-not-kept'
  if (facts.response === 'begun') return 'response-begun'
  if (facts.wrote) {
    if (!facts.reused && facts.response === '408') return 'response-begun'
    if (!facts.reused && !facts.freshToo) return 'fresh-connection'
    if (!isIdempotent(facts.method)) return 'not-idempotent'
    if (!facts.reused) return 'elsewhere'
  }
  return facts.retries > 0 ? 'elsewhere' : 'yes'
}

/** RFC 9110 9.2.2: the safe methods, PUT and DELETE. Methods are case-sensitive; an unknown method counts as not idempotent. */
export function isIdempotent(method: string): boolean {
  switch (method) {
    case 'GET':
    case 'HEAD':
    case 'OPTIONS':
    case 'TRACE':
    case 'PUT':
    case 'DELETE':
      return true
    default:
      return false
  }
}
