/**
 * What has to be known of an exchange whose upstream connection failed, to decide whether its request may be sent again.
 * The exchange itself can be passed: nothing is made for the question.
 */
export interface RetryFacts {
  readonly method: string
  /** The client reset or abandoned its connection: nobody waits for an answer. */
  readonly clientGone: boolean
  /** How often this request was given to another connection already. */
  readonly retries: number
  /** Something of the request was handed to the failed connection's socket, whether or not it arrived. */
  readonly wrote: boolean
  /** The failed connection had served another exchange before: only then can it have been stale. */
  readonly reused: boolean
  /**
   * What came back. `408`: the first thing on it was a 408 head, of which nothing was passed on (RFC 9110 15.5.9: on a reused
   * connection it speaks of the idle time, not of our request).
   */
  readonly response: 'none' | '408' | 'begun'
  /** It carries credentials that go on with a log-in of the failed connection: to another one they mean nothing (RFC 4559 6). */
  readonly goesOnWithLogin: boolean
  /** Either there is no content, or every byte of it that was read from the client is still held. */
  readonly contentKept: boolean
  /** The group lets another server have what a fresh connection lost as well (`retryOn: any`). */
  readonly freshToo: boolean
}

/** `yes`: on a fresh connection to the same server; `elsewhere`: to another server of the group, or not at all. */
export type RetryVerdict = 'yes' | 'elsewhere' | keyof typeof RETRY_REFUSALS

/** Why a request is not sent again, one sentence each. */
export const RETRY_REFUSALS = {
  'client-gone': 'The client has gone, so nobody would read the answer.',
  'already-retried': 'The request was sent again once before; a failed retry is not retried (RFC 9110 9.2.2).',
  'login-lost':
    'The request went on with a log-in that the lost connection had begun, and means nothing to another one (RFC 4559 6).',
  'content-not-kept': 'Content of the request has been sent on and was not kept.',
  'response-begun': 'Part of a response has arrived, so the upstream has acted on the request.',
  'fresh-connection': 'The connection was new, so its end was no idle limit: the upstream failed on this very request.',
  'not-idempotent': 'The method is not idempotent, and the upstream may have acted on the request (RFC 9110 9.2.2).',
} as const satisfies Record<string, string>

/** Why another server does not get it although it might, one sentence each. */
export const ELSEWHERE_REFUSALS = {
  'no-other-server': 'No other server of the group is left: each has had it, or `retries` admits no more.',
  'retry-budget': 'As many requests to this group are being sent again at this moment as may be.',
} as const satisfies Record<string, string>

/**
 * May the request be sent again, on a fresh connection? One rule, read from top to bottom (RFC 9110 9.2.2, RFC 9112 9.3.1):
 * once only; nothing that goes on with a log-in of that connection; if nothing of it was written, whatever the method; otherwise only
 * when the connection can have been stale, no response has begun, and sending it twice does no more than sending it once. With
 * `freshToo` it need not have been stale, nor the first try: then another server gets it.
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

/** RFC 9110 9.2.2: the safe methods, PUT and DELETE. Methods are case-sensitive; one that we do not know is assumed not to be. */
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
