import type { DeadlineName } from './deadlines.js'
import { type Door, type Remedy, remedyText } from './remedies.js'

/**
 * Why an exchange failed: at which stage, on which side, and with which error type of `Proxy-Status`.
 * Everything that ends an exchange early becomes a `ProxyError` before it is answered, logged or counted.
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly type: ProxyStatusError
  readonly stage: Stage
  readonly side: Side
  /** The status that the client gets, if a status line can still be sent. */
  readonly status: number
  /** The deadline that passed, if any: the name of the option that would allow more time. */
  readonly deadline?: DeadlineName
  /** The setting that caused the error, if any; for a deadline, that of the deadline. */
  readonly remedy?: Remedy

  /**
   * @param message one sentence for humans that discloses nothing that the client must not see (RFC 9209 2.1.5)
   * @param facts `status` is that of `PROXY_ERRORS` unless given
   */
  constructor(type: ProxyStatusError, message: string, facts: ProxyErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.type = type
    this.stage = facts.stage
    this.side = facts.side
    this.status = facts.status ?? PROXY_ERRORS[type].status
    if (facts.deadline !== undefined) this.deadline = facts.deadline
    const remedy = facts.remedy ?? (facts.deadline === undefined ? undefined : { settings: [facts.deadline] })
    if (remedy !== undefined) this.remedy = remedy
  }

  /** The message with the setting that would change the outcome, as it is spelled where the proxy was configured. */
  told(door: Door): string {
    return this.remedy === undefined ? this.message : this.message + remedyText(this.remedy, door)
  }
}

export interface ProxyErrorFacts {
  stage: Stage
  side: Side
  status?: number | undefined
  deadline?: DeadlineName | undefined
  remedy?: Remedy | undefined
  cause?: unknown
}

/** The stage that the exchange had reached, in the order of `proxy/forward.ts`. */
export type Stage =
  | 'client-head'
  | 'route'
  | 'resolve'
  | 'connect'
  | 'tls'
  | 'acquire'
  | 'send'
  | 'response-head'
  | 'response-body'
  | 'request-body'
  | 'tunnel'

/** The side that caused the error. */
export type Side = 'client' | 'upstream' | 'proxy'

/** The error types of RFC 9209 2.3, by their registered names. */
export type ProxyStatusError = keyof typeof PROXY_ERRORS

/**
 * Every error type of RFC 9209 2.3 with the status that its section recommends, and one sentence for answers, logs and documents.
 * Where the RFC recommends a class (4xx) or leaves the choice, this is the most general status, and a caller that knows more
 * passes another one. A test compares the statuses with R202.
 */
export const PROXY_ERRORS = {
  // 2.3.1 to 2.3.5: finding the upstream
  dns_timeout: { status: 504, sentence: 'The name of the upstream was not resolved in time.' },
  dns_error: { status: 502, sentence: 'Resolving the name of the upstream failed.' },
  destination_not_found: { status: 500, sentence: 'There is no upstream with that name.' },
  destination_unavailable: { status: 503, sentence: 'The upstream is known, and considered unavailable.' },
  destination_ip_prohibited: {
    status: 502,
    sentence: 'This proxy does not connect to the address of the upstream.',
  },
  // 2.3.6 to 2.3.12: connecting to it
  destination_ip_unroutable: { status: 502, sentence: 'There is no route to the address of the upstream.' },
  connection_refused: { status: 502, sentence: 'The upstream refused the connection.' },
  connection_terminated: { status: 502, sentence: 'The upstream closed the connection before a whole response.' },
  connection_timeout: { status: 504, sentence: 'The upstream did not accept the connection in time.' },
  connection_read_timeout: { status: 504, sentence: 'The upstream sent nothing for too long.' },
  connection_write_timeout: { status: 504, sentence: 'The upstream accepted no more of the request for too long.' },
  connection_limit_reached: {
    status: 503,
    sentence: 'The limit of connections to the upstream is reached, and none became free.',
  },
  // 2.3.13 to 2.3.15: TLS
  tls_protocol_error: { status: 502, sentence: 'The TLS handshake with the upstream failed.' },
  tls_certificate_error: { status: 502, sentence: 'The certificate of the upstream could not be verified.' },
  tls_alert_received: { status: 502, sentence: 'The upstream ended the TLS handshake with an alert.' },
  // 2.3.16, 2.3.17: the request
  http_request_error: { status: 400, sentence: 'This proxy cannot read or forward the request.' },
  http_request_denied: { status: 403, sentence: 'This proxy does not permit the request.' },
  // 2.3.18 to 2.3.28: the response
  http_response_incomplete: { status: 502, sentence: 'The response of the upstream ended before it was complete.' },
  http_response_header_section_size: { status: 502, sentence: 'The header section of the response is too large.' },
  http_response_header_size: { status: 502, sentence: 'A field line of the response is too large.' },
  http_response_body_size: { status: 502, sentence: 'The content of the response is too large.' },
  http_response_trailer_section_size: { status: 502, sentence: 'The trailer section of the response is too large.' },
  http_response_trailer_size: { status: 502, sentence: 'A trailer field line of the response is too large.' },
  http_response_transfer_coding: {
    status: 502,
    sentence: 'The response has a transfer coding that was not requested, or an invalid one.',
  },
  http_response_content_coding: { status: 502, sentence: 'The content coding of the response could not be decoded.' },
  http_response_timeout: { status: 504, sentence: 'The upstream did not respond in time.' },
  http_upgrade_failed: { status: 502, sentence: 'The upgrade of the HTTP version failed.' },
  http_protocol_error: { status: 502, sentence: 'The upstream violated the HTTP protocol.' },
  // 2.3.29 to 2.3.32: the proxy itself
  proxy_internal_response: { status: 500, sentence: 'This proxy generated the response itself.' },
  proxy_internal_error: { status: 500, sentence: 'This proxy had an internal error.' },
  proxy_configuration_error: { status: 500, sentence: 'The configuration of this proxy is wrong.' },
  proxy_loop_detected: { status: 502, sentence: 'The request came back to the proxy that had forwarded it.' },
} as const satisfies Record<string, { status: number; sentence: string }>
