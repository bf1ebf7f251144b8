/**
 * Every wait of the proxy has a limit, and every limit has a name: the key here is also the option on the command line, the
 * `deadline` in the log, and the name in the details of `Proxy-Status`. All are in milliseconds; 0 means no limit.
 *
 * *Progress* deadlines restart with every byte that moves. The others run from start to end without a restart.
 */
export interface Deadlines {
  connectMs: number
  tlsMs: number
  resolveMs: number
  queueMs: number
  requestHeadMs: number
  requestBodyMs: number
  responseHeadMs: number
  responseBodyMs: number
  clientIdleMs: number
  clientIdleHttp10Ms: number
  clientWriteMs: number
  upstreamIdleMs: number
  tunnelIdleMs: number
  halfClosedMs: number
  continueMs: number
  lingerMs: number
  discardMs: number
  exchangeMs: number
  announceMs: number
  drainMs: number
}

export type DeadlineName = keyof Deadlines

/** The defaults, each with its reason and with the values of other software. */
export const DEADLINES: Readonly<Deadlines> = {
  // A lost SYN is sent again after 1 s and 3 s: 5 s tolerates two losses. Envoy: 5 s; HAProxy's manual: 5 s; Caddy: 3 s; nginx:
  // 60 s.
  connectMs: 5_000,
  // Two round trips and a signature; a slow link needs seconds, not a minute. Go's http.Transport: 10 s.
  tlsMs: 10_000,
  // The stub resolver retries its first server after 5 s, so most answers that come at all have come by then. Squid, nginx: 30 s.
  resolveMs: 5_000,
  // A request that has waited this long for a connection is better answered 503 than kept waiting. HAProxy: `timeout queue` is
  // `timeout connect`, 5 s in its manual.
  queueMs: 5_000,
  // From the first byte of a head to its end, however many bytes trickle in: protects against slowloris. Apache: 20 s (growing
  // with progress); nginx, Node: 60 s.
  requestHeadMs: 20_000,
  // Progress. A phone that changes cells is silent for tens of seconds and then continues. nginx: client_body_timeout 60 s.
  requestBodyMs: 60_000,
  // From the end of the request to the first byte of the response; reports are slow. nginx: proxy_read_timeout 60 s; Apache: 60
  // s.
  responseHeadMs: 60_000,
  // Progress. Event streams must send a comment line within it, as they must for nginx: proxy_read_timeout 60 s.
  responseBodyMs: 60_000,
  // More than the idle limit of the usual load balancer in front of us (AWS: 60 s), so that it, and not we, ends the connection:
  // otherwise its next request meets our FIN. nginx: 75 s. (Google's balancer keeps 600 s: set 620 s behind it.)
  clientIdleMs: 75_000,
  // A 1.0 client that asked for keep-alive comes back soon or never. Apache: KeepAliveTimeout 5 s; Node: 5 s.
  clientIdleHttp10Ms: 5_000,
  // Progress of what the client takes of a response. nginx: send_timeout 60 s; Apache: 60 s.
  clientWriteMs: 60_000,
  // Less than the shortest idle limit in wide use: Node, uvicorn and Apache close after 5 s, and a request that is written as the
  // FIN arrives is lost (a POST for good, since only idempotent requests are sent again). Connections of a busy pool are idle for
  // milliseconds, so the price is one dial per 4 quiet seconds. Hints and lessons shorten it further (gunicorn: 2 s); it may be
  // raised if all upstreams keep connections longer, and hints and lessons still protect. undici: 4 s; HAProxy: 5 s; nginx: 60 s;
  // Go: 90 s.
  upstreamIdleMs: 4_000,
  // A WebSocket may legitimately be silent for long, but one without any keep-alive is dead at some point. Envoy, HAProxy's
  // manual: 1 h; nginx: 60 s.
  tunnelIdleMs: 3_600_000,
  // After the FIN of a client the response has this long to begin, and each time to continue: `nc -N` still gets an answer,
  // but a browser tab that was closed keeps neither an upstream working nor an event stream open.
  halfClosedMs: 500,
  // A client that expects 100 sends its content anyway after about 1 s, so waiting longer has no use. curl, Go: 1 s.
  continueMs: 1_000,
  // After our FIN: time for the client to read the answer before a reset could destroy it (RFC 9112 9.6). nginx:
  // lingering_timeout 5 s; Apache: 2 s per read, 30 s in all.
  lingerMs: 5_000,
  // After an early response the rest of the request content is discarded for this long, then we linger and close.
  discardMs: 1_000,
  // One exchange from its first byte to its last, except tunnels: a day, so that only exchanges that would never end are ended.
  // Squid: client_lifetime 1 day.
  exchangeMs: 86_400_000,
  // Before the listener closes: responses say `Connection: close` meanwhile, and a balancer in front of us notices that we are
  // not ready. Off unless configured: under Kubernetes some seconds are needed. HAProxy: close-spread-time, off.
  announceMs: 0,
  // Just under the 10 s after which `docker stop` kills, so that the process exits by itself with code 0. Raise it under
  // Kubernetes (30 s) or systemd (90 s). Traefik: 10 s.
  drainMs: 8_000,
}

/** One sentence each for `--help`, which prints the default after it. */
export const DEADLINE_NOTES: Readonly<Record<DeadlineName, Note<'ms'>>> = {
  connectMs: { sentence: 'Time for an upstream to accept a connection.', unit: 'ms' },
  tlsMs: { sentence: 'Time for a TLS handshake with an upstream.', unit: 'ms' },
  resolveMs: { sentence: 'Time for a name to be resolved.', unit: 'ms' },
  queueMs: { sentence: 'Time that a request waits for an upstream connection to become free.', unit: 'ms' },
  requestHeadMs: { sentence: 'Time for a request head to arrive, from its first byte to its last.', unit: 'ms' },
  requestBodyMs: { sentence: 'Silence allowed while request content is arriving.', unit: 'ms' },
  responseHeadMs: { sentence: 'Time for an upstream to begin its response once it has the request.', unit: 'ms' },
  responseBodyMs: { sentence: 'Silence allowed while response content is arriving.', unit: 'ms' },
  clientIdleMs: { sentence: 'Time that a client connection may be idle between two requests.', unit: 'ms' },
  clientIdleHttp10Ms: { sentence: 'The same for an HTTP/1.0 client that asked for keep-alive.', unit: 'ms' },
  clientWriteMs: { sentence: 'Time that a client may accept nothing of a response that is ready.', unit: 'ms' },
  upstreamIdleMs: {
    sentence: 'Time that an upstream connection is kept for reuse; hints and lessons can only shorten it.',
    unit: 'ms',
  },
  tunnelIdleMs: { sentence: 'Silence allowed in a tunnel (CONNECT, WebSocket), both directions together.', unit: 'ms' },
  halfClosedMs: {
    sentence: 'Time for a response to begin, and silence allowed in it, after the client has closed its side.',
    unit: 'ms',
  },
  continueMs: { sentence: 'Silence of an upstream after which we send 100 (Continue) ourselves.', unit: 'ms' },
  lingerMs: {
    sentence: 'Time between our FIN on a client connection and its closing, for the client to read the answer.',
    unit: 'ms',
  },
  discardMs: { sentence: 'Time that unread request content is discarded after an early response.', unit: 'ms' },
  exchangeMs: { sentence: 'Time for one whole exchange.', unit: 'ms' },
  announceMs: {
    sentence: 'Time after SIGTERM in which connections are still accepted, and responses say Connection: close.',
    unit: 'ms',
  },
  drainMs: { sentence: 'Time for running exchanges to end after SIGTERM or SIGINT.', unit: 'ms' },
}

/** The text of `--help` about one number. */
export interface Note<Unit extends string> {
  sentence: string
  unit: Unit
}

/** The command-line option for the deadline or limit with this key, without its dashes: `requestHeadMs` is `request-head-ms`. */
export function optionName(key: string): string {
  return key.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()
}
