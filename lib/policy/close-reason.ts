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
  'client-http10': 'An HTTP/1.0 client that did not ask for keep-alive, or may not have it here (RFC 9112 9.3).',
  'client-fin': 'The client closed its side.',
  'client-reset': 'The client reset the connection.',
  'client-idle': 'No request came within the idle limit for clients.',
  'client-head-timeout': 'The request head did not arrive completely in time.',
  'client-body-timeout': 'The content of the request stopped arriving.',
  'client-write-timeout': 'The client stopped reading the response.',
  'client-requests-max': 'The connection has served as many requests as one connection may.',
  'client-evicted': 'It was idle longest when another client needed the place.',
  'client-limit': 'There are as many client connections, in total or from this address, as allowed.',
  'client-denied': 'The address of the client is not one that may connect.',
  'client-rate': 'This address opened connections faster than allowed.',
  'client-preface': 'A peer that must begin with a PROXY protocol preface sent none in time, or a wrong one.',
  'client-tls': 'The TLS handshake with the client failed, or did not end in time.',
  'client-protocol-error': 'What the client sent is not HTTP that we accept.',
  'client-gone': 'The client went away before its response was complete, so the upstream was stopped.',
  'content-unread': 'The content of the request was not read to its end (RFC 9112 9.3).',
  'response-close-delimited': 'The end of the response is the end of the connection (RFC 9112 6.3).',
  'response-truncated':
    'The response ended before it was complete, and only a broken connection can say so (RFC 9112 8).',
  refused: 'A CONNECT was refused, so what follows is not HTTP for us.',
  'upgraded-ended': 'The upgraded connection came to its end.',
  'tunnel-ended': 'The tunnel came to its end.',
  'tunnel-idle': 'Nothing passed through the tunnel for as long as it may be idle.',
  'upstream-close': 'The upstream announced it with Connection: close (RFC 9112 9.6).',
  'upstream-http10': 'An HTTP/1.0 upstream that did not offer keep-alive (RFC 9112 9.3).',
  'upstream-fin': 'The upstream closed its side: of an idle connection, or before it answered.',
  'upstream-reset': 'The upstream reset the connection.',
  'upstream-idle': 'It was idle for as long as we keep upstream connections idle.',
  'upstream-hint': 'The upstream said with Keep-Alive that it is about to close it.',
  'upstream-learned': 'This upstream has been seen to close connections that are idle for so long.',
  'upstream-age': 'The connection is as old as we let upstream connections become.',
  'upstream-requests-max': 'It has carried as many requests as one upstream connection may.',
  'upstream-unsolicited': 'The upstream sent something that no request had asked for (RFC 9112 9.2).',
  'upstream-protocol-error':
    'What the upstream sent is not HTTP that we accept, or leaves it in doubt where a message ends.',
  'upstream-timeout': 'The upstream did not answer, or did not go on, in time.',
  'upstream-incomplete': 'The upstream ended the connection in the middle of a response (RFC 9112 8).',
  'upstream-proxy-protocol': 'It began with the address of one client (PROXY protocol), so nobody else may use it.',
  'login-ended': 'The client connection that had logged in on it has ended, and nobody else may use it (RFC 4559 6).',
  'login-surplus':
    'It rested for the one client that had logged in on it, and another request needed its place (RFC 4559 6).',
  'early-response': 'The upstream answered before it had the whole request (RFC 9112 9.5).',
  'surplus-idle': 'There are as many idle connections to this upstream as we keep.',
  stale: 'The upstream had closed the idle connection just as a request was sent on it.',
  'exchange-timeout': 'The whole exchange took longer than allowed.',
  reconfigured: 'The server that it leads to is no longer one of its group: another configuration, or another address.',
  health: 'The server that it leads to was found to be down.',
  draining: 'The proxy is being stopped and closes connections after their last response.',
  'internal-error': 'A fault of the proxy itself.',
  shutdown: 'The proxy was stopped at once.',
}
