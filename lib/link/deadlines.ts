/**
 * Every wait of the proxy has a limit, and every limit has a name: the key here is the option on the command line, the
 * `deadline` in the log, and the word in `Proxy-Status` details. All are milliseconds; 0 is "no limit" for each of them.
 *
 * *Progress* deadlines start anew with every byte that moves. The others run from their start to their end.
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

/** The defaults, each with its reason and with who else uses that value. */
export const DEADLINES: Readonly<Deadlines> = {
  // A lost SYN is sent again after 1 s and 3 s: 5 s forgives two losses. Envoy: 5 s; HAProxy's manual: 5 s; Caddy: 3 s; nginx: 60 s.
  connectMs: 5_000,
  // Two round trips and a signature; a slow link needs seconds, not a minute. Go's http.Transport: 10 s.
  tlsMs: 10_000,
  // The stub resolver asks its first server again after 5 s, so most answers that come at all have come by then. Squid, nginx: 30 s.
  resolveMs: 5_000,
  // Who has waited that long for a connection is better told 503 than kept. HAProxy: `timeout queue` is `timeout connect`, 5 s in its manual.
  queueMs: 5_000,
  // From the first byte of a head to its end, however many bytes trickle in: slowloris. Apache: 20 s (growing with progress); nginx, Node: 60 s.
  requestHeadMs: 20_000,
  // Progress. A phone that changes cells is silent for tens of seconds and then goes on. nginx: client_body_timeout 60 s.
  requestBodyMs: 60_000,
  // From the end of the request to the first byte of the response; reports are slow. nginx: proxy_read_timeout 60 s; Apache: 60 s.
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
  // FIN arrives is lost (a POST for good, since only idempotent requests are sent again). What a busy pool reuses is idle for
  // milliseconds, so the price is one dial per 4 quiet seconds. Hints and lessons shorten it further (gunicorn: 2 s); who knows
  // that all upstreams keep longer raises it, and is then protected by hints and lessons. undici: 4 s; HAProxy: 5 s; nginx: 60 s; Go: 90 s.
  upstreamIdleMs: 4_000,
  // A WebSocket may rightly be silent for long, and one without any keep-alive is dead at some time. Envoy, HAProxy's manual: 1 h; nginx: 60 s.
  tunnelIdleMs: 3_600_000,
  // After a client's FIN the response has this long to begin, and each time to go on: `nc -N` still gets an answer,
  // a browser tab that was closed does not keep an upstream working, nor a stream of events open.
  halfClosedMs: 500,
  // A client that expects 100 sends its content unasked after about 1 s, so a longer silence helps nobody. curl, Go: 1 s.
  continueMs: 1_000,
  // After our FIN: time for the answer to be read before a reset could destroy it (RFC 9112 9.6). nginx: lingering_timeout 5 s; Apache: 2 s per read, 30 s in all.
  lingerMs: 5_000,
  // After an early response the rest of the request's content is thrown away this long, then we linger and close.
  discardMs: 1_000,
  // One exchange from its first byte to its last, tunnels aside: a day, so that only what will never end is ended. Squid: client_lifetime 1 day.
  exchangeMs: 86_400_000,
  // Before the listener closes: responses say `Connection: close` meanwhile, and whoever balances in front of us notices that we are not
  // ready. Nobody waits for that unless somebody asks: under Kubernetes some seconds are needed. HAProxy: close-spread-time, off.
  announceMs: 0,
  // Just under the 10 s after which `docker stop` kills, so that the exit is ours and its code is 0. Raise it under Kubernetes (30 s)
  // or systemd (90 s). Traefik: 10 s.
  drainMs: 8_000,
}

/** One sentence for `--help` each; the default is printed beside it. */
export const DEADLINE_NOTES: Readonly<Record<DeadlineName, Note<'ms'>>> = {
  connectMs: { sentence: 'Time for an upstream to accept a connection.', unit: 'ms' },
  tlsMs: { sentence: 'Time for a TLS handshake with an upstream.', unit: 'ms' },
  resolveMs: { sentence: 'Time for a name to be resolved.', unit: 'ms' },
  queueMs: { sentence: 'Time that a request waits for an upstream connection to become free.', unit: 'ms' },
  requestHeadMs: { sentence: 'Time for a request head to arrive, from its first octet to its last.', unit: 'ms' },
  requestBodyMs: { sentence: 'Silence allowed while request content is arriving.', unit: 'ms' },
  responseHeadMs: { sentence: 'Time for an upstream to begin its response once it has the request.', unit: 'ms' },
  responseBodyMs: { sentence: 'Silence allowed while response content is arriving.', unit: 'ms' },
  clientIdleMs: { sentence: 'Time that a client connection may be idle between two requests.', unit: 'ms' },
  clientIdleHttp10Ms: { sentence: 'The same for an HTTP/1.0 client that asked for keep-alive.', unit: 'ms' },
  clientWriteMs: { sentence: 'Time that a client may take nothing of a response that is ready.', unit: 'ms' },
  upstreamIdleMs: {
    sentence: 'Time that an upstream connection is kept for reuse; hints and lessons can only shorten it.',
    unit: 'ms',
  },
  tunnelIdleMs: { sentence: 'Silence allowed in a tunnel (CONNECT, WebSocket), both directions together.', unit: 'ms' },
  halfClosedMs: {
    sentence: 'Time for a response to begin, and silence allowed in it, after the client has ended its side.',
    unit: 'ms',
  },
  continueMs: { sentence: 'Silence of an upstream after which we send 100 (Continue) ourselves.', unit: 'ms' },
  lingerMs: {
    sentence: 'Time between our end of a client connection and its closing, for the answer to be read.',
    unit: 'ms',
  },
  discardMs: { sentence: 'Time that unread request content is thrown away after an early response.', unit: 'ms' },
  exchangeMs: { sentence: 'Time for one whole exchange.', unit: 'ms' },
  announceMs: {
    sentence: 'Time after SIGTERM in which connections are still accepted, and responses say Connection: close.',
    unit: 'ms',
  },
  drainMs: { sentence: 'Time for running exchanges to end after SIGTERM or SIGINT.', unit: 'ms' },
}

/** What `--help` says about one number. */
export interface Note<Unit extends string> {
  sentence: string
  unit: Unit
}

/** The option on the command line that sets the deadline or limit of this key, without its dashes: `requestHeadMs` is `request-head-ms`. */
export function optionName(key: string): string {
  return key.replace(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase()
}
