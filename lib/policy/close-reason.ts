/**
 * Why a connection ends. Every close on either side has exactly one of these reasons; it is logged, counted and shown.
 * Add a reason here, with its sentence and its test, before writing code that closes for it.
 */
export type CloseReason =
  | 'client-close'
  | 'client-http10'
  | 'client-fin'
  | 'client-reset'
  | 'client-idle'
  | 'client-head-timeout'
  | 'client-body-timeout'
  | 'client-write-timeout'
  | 'client-requests-max'
  | 'client-evicted'
  | 'client-limit'
  | 'client-denied'
  | 'client-rate'
  | 'client-preface'
  | 'client-tls'
  | 'client-protocol-error'
  | 'client-gone'
  | 'content-unread'
  | 'response-close-delimited'
  | 'response-truncated'
  | 'refused'
  | 'upgraded-ended'
  | 'tunnel-ended'
  | 'tunnel-idle'
  | 'upstream-close'
  | 'upstream-http10'
  | 'upstream-fin'
  | 'upstream-reset'
  | 'upstream-idle'
  | 'upstream-hint'
  | 'upstream-learned'
  | 'upstream-age'
  | 'upstream-requests-max'
  | 'upstream-unsolicited'
  | 'upstream-protocol-error'
  | 'upstream-timeout'
  | 'upstream-incomplete'
  | 'upstream-proxy-protocol'
  | 'login-ended'
  | 'login-surplus'
  | 'early-response'
  | 'surplus-idle'
  | 'stale'
  | 'exchange-timeout'
  | 'reconfigured'
  | 'health'
  | 'draining'
  | 'internal-error'
  | 'shutdown'

/** One sentence for each reason, for readers of a log, `stats()` or the live view. */
export const CLOSE_REASONS: Record<CloseReason, string> = {
  'client-close': 'The client asked for it with Connection: close (RFC 9112 9.6).',
  'client-http10': 'An HTTP/1.0 client did not ask for keep-alive, or is not allowed to have it here (RFC 9112 9.3).',
  'client-fin': 'The client closed its side.',
  'client-reset': 'The client reset the connection.',
  'client-idle': 'No request came within the idle limit for clients.',
  'client-head-timeout': 'The request head did not arrive completely in time.',
  'client-body-timeout': 'The content of the request stopped arriving.',
  'client-write-timeout': 'The client stopped reading the response.',
  'client-requests-max': 'The connection has served as many requests as one connection may.',
  'client-evicted': 'It had been idle the longest when another client needed its place.',
  'client-limit': 'The limit of client connections, in total or from this address, was reached.',
  'client-denied': 'The address of the client is not allowed to connect.',
  'client-rate': 'This address opened connections faster than allowed.',
  'client-preface': 'A peer that must begin with a PROXY protocol preface sent none in time, or a wrong one.',
  'client-tls': 'The TLS handshake with the client failed, or did not end in time.',
  'client-protocol-error': 'The client sent something that the proxy does not accept as HTTP.',
  'client-gone': 'The client went away before its response was complete, so the upstream connection was closed.',
  'content-unread': 'The content of the request was not read completely (RFC 9112 9.3).',
  'response-close-delimited': 'The end of the response is the end of the connection (RFC 9112 6.3).',
  'response-truncated':
    'The response ended before it was complete, which only a broken connection can signal (RFC 9112 8).',
  refused: 'A CONNECT was refused, so what follows on the connection is not HTTP.',
  'upgraded-ended': 'The upgraded connection ended.',
  'tunnel-ended': 'The tunnel ended.',
  'tunnel-idle': 'Nothing passed through the tunnel within the idle limit for tunnels.',
  'upstream-close': 'The upstream announced it with Connection: close (RFC 9112 9.6).',
  'upstream-http10': 'An HTTP/1.0 upstream did not offer keep-alive (RFC 9112 9.3).',
  'upstream-fin': 'The upstream closed its side: of an idle connection, or before it answered.',
  'upstream-reset': 'The upstream reset the connection.',
  'upstream-idle': 'It reached the idle limit for upstream connections.',
  'upstream-hint': 'The upstream announced with Keep-Alive that it is about to close it.',
  'upstream-learned': 'This upstream is known to close connections that are idle for this long.',
  'upstream-age': 'The connection reached the age limit for upstream connections.',
  'upstream-requests-max': 'It has served as many requests as one upstream connection may.',
  'upstream-unsolicited': 'The upstream sent something with no request outstanding (RFC 9112 9.2).',
  'upstream-protocol-error':
    'The upstream sent something that the proxy does not accept as HTTP, or that leaves the end of a message ambiguous.',
  'upstream-timeout': 'The upstream did not answer, or did not continue, in time.',
  'upstream-incomplete': 'The upstream ended the connection in the middle of a response (RFC 9112 8).',
  'upstream-proxy-protocol': 'It began with the address of one client (PROXY protocol), so no other client may use it.',
  'login-ended':
    'The client connection that had logged in on it has ended, and no other client may use it (RFC 4559 6).',
  'login-surplus':
    'It was idle for the one client that had logged in on it, and another request needed its place (RFC 4559 6).',
  'early-response': 'The upstream answered before it had the whole request (RFC 9112 9.5).',
  'surplus-idle': 'There are as many idle connections to this upstream as are kept.',
  stale: 'The upstream had closed the idle connection just as a request was sent on it.',
  'exchange-timeout': 'The whole exchange took longer than allowed.',
  reconfigured: 'Its server is no longer part of the group: the configuration or the address has changed.',
  health: 'Its server was found to be down.',
  draining: 'The proxy is stopping and closes connections after their last response.',
  'internal-error': 'An internal error of the proxy.',
  shutdown: 'The proxy was stopped immediately.',
}
