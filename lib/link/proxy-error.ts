import type { DeadlineName } from './deadlines.js'
import { type Door, type Remedy, remedyText } from './remedies.js'

/**
 * Why an exchange failed: where it stood, on whose side, and what `Proxy-Status` says about it.
 * Everything that ends an exchange early becomes one of these before anybody answers, logs or counts it.
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly type: ProxyStatusError
  readonly stage: Stage
  readonly side: Side
  /** The status that the client gets, if a status line can still be sent. */
  readonly status: number
  /** The deadline that passed, when one did: the name of the option that would allow more. */
  readonly deadline?: DeadlineName
  /** The setting that would change it, when one decided; of a deadline it is that one. */
  readonly remedy?: Remedy

  /**
   * @param message one sentence for humans that gives nothing away which the client must not see (RFC 9209 2.1.5)
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

  /** The message with the setting that would change it, in the words of the door through which the proxy was made. */
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

/** How far the exchange had come, in the order of the story in `proxy/forward.ts`. */
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

/** Whose doing it was. */
export type Side = 'client' | 'upstream' | 'proxy'

/** The error types of RFC 9209 2.3, by their registered names. */
export type ProxyStatusError = keyof typeof PROXY_ERRORS

/**
 * Every error type of RFC 9209 2.3 with the status that its section recommends and one sentence for the log and the
 * documents. Where the RFC gives a class (4xx) or leaves the choice, the plainest status stands here and whoever knows
 * more passes another. A test compares the statuses with R202.
 */
export const PROXY_ERRORS = {
  // 2.3.1 to 2.3.5: finding the upstream
  dns_timeout: { status: 504, sentence: 'The name of the upstream was not resolved in time.' },
  dns_error: { status: 502, sentence: 'Resolving the name of the upstream failed.' },
  destination_not_found: { status: 500, sentence: 'There is no upstream of that name.' },
  destination_unavailable: { status: 503, sentence: 'The upstream is known and believed to be unavailable.' },
  destination_ip_prohibited: {
    status: 502,
    sentence: 'The address of the upstream is one that this proxy does not connect to.',
  },
  // 2.3.6 to 2.3.12: reaching it
  destination_ip_unroutable: { status: 502, sentence: 'There is no route to the address of the upstream.' },
  connection_refused: { status: 502, sentence: 'The upstream refused the connection.' },
  connection_terminated: { status: 502, sentence: 'The upstream closed the connection before a whole response.' },
  connection_timeout: { status: 504, sentence: 'The upstream did not accept the connection in time.' },
  connection_read_timeout: { status: 504, sentence: 'The upstream sent nothing for too long.' },
  connection_write_timeout: { status: 504, sentence: 'The upstream took nothing of the request for too long.' },
  connection_limit_reached: {
    status: 503,
    sentence: 'No connection to the upstream may be opened, and none became free.',
  },
  // 2.3.13 to 2.3.15: TLS
  tls_protocol_error: { status: 502, sentence: 'The TLS handshake with the upstream failed.' },
  tls_certificate_error: { status: 502, sentence: 'The certificate of the upstream did not prove who it is.' },
  tls_alert_received: { status: 502, sentence: 'The upstream ended the TLS handshake with an alert.' },
  // 2.3.16, 2.3.17: the request
  http_request_error: { status: 400, sentence: 'The request is not one that this proxy can read or forward.' },
  http_request_denied: { status: 403, sentence: 'This proxy does not permit the request.' },
  // 2.3.18 to 2.3.28: the response
  http_response_incomplete: { status: 502, sentence: 'The response of the upstream ended before it was whole.' },
  http_response_header_section_size: { status: 502, sentence: 'The header section of the response is too large.' },
  http_response_header_size: { status: 502, sentence: 'A field line of the response is too large.' },
  http_response_body_size: { status: 502, sentence: 'The content of the response is too large.' },
  http_response_trailer_section_size: { status: 502, sentence: 'The trailer section of the response is too large.' },
  http_response_trailer_size: { status: 502, sentence: 'A trailer field line of the response is too large.' },
  http_response_transfer_coding: {
    status: 502,
    sentence: 'The response has a transfer coding that nobody asked for, or a wrong one.',
  },
  http_response_content_coding: { status: 502, sentence: 'The content coding of the response could not be undone.' },
  http_response_timeout: { status: 504, sentence: 'The upstream did not respond in time.' },
  http_upgrade_failed: { status: 502, sentence: 'The change of the HTTP version failed.' },
  http_protocol_error: { status: 502, sentence: 'The upstream broke the rules of HTTP.' },
  // 2.3.29 to 2.3.32: the proxy itself
  proxy_internal_response: { status: 500, sentence: 'This proxy answered by itself.' },
  proxy_internal_error: { status: 500, sentence: 'This proxy failed.' },
  proxy_configuration_error: { status: 500, sentence: 'This proxy is configured wrongly.' },
  proxy_loop_detected: { status: 502, sentence: 'The request came back to the proxy that had forwarded it.' },
} as const satisfies Record<string, { status: number; sentence: string }>
