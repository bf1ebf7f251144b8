import type { Note } from './deadlines.js'

/**
 * How much of everything there may be at once. The limits of the grammar are in `wire/limits.ts`, those of time in
 * `deadlines.ts`.
 */
export interface Limits {
  clientConnectionsMax: number
  clientConnectionsPerAddressMax: number
  clientRequestsMax: number
  requestsPerAddressMax: number
  /** For one origin, like the next four. */
  upstreamConnectionsMax: number
  upstreamIdleMax: number
  upstreamWaitingMax: number
  upstreamRequestsMax: number
  upstreamAgeMs: number
  originsMax: number
  upstreamConnectionsTotalMax: number
  lookupsMax: number
  lookupsPerAddressMax: number
  requestContentBytesMax: number
  retryBytesMax: number
  gatheredBytesMax: number
  discardBytesMax: number
  pipelineBytesMax: number
}

export type LimitName = keyof Limits

/** The defaults, each with its reason and with the values of other software. */
export const LIMITS: Readonly<Limits> = {
  // At some 6 KiB for an idle one this is 60 MB. nginx: 512 for a worker; Apache: 400 in all; HAProxy: what `ulimit -n` allows;
  // Caddy: no limit.
  clientConnectionsMax: 10_000,
  // Half of all: one address (a load balancer in front, or one attacker) never shuts out all others. nginx, HAProxy, Caddy: no
  // limit unless configured.
  clientConnectionsPerAddressMax: 5_000,
  // Lets a balancer in front of us redistribute its connections now and then, for one handshake in a thousand requests. nginx:
  // 1000; Apache: 100; Caddy: no limit.
  clientRequestsMax: 1_000,
  // Off: a balancer in front of us is one address. If clients connect directly, set it far below the number of connections and
  // queue places of one origin. nginx: limit_conn, HAProxy: a stick table, both off unless configured.
  requestsPerAddressMax: 0,
  // More than one process of an ordinary upstream serves at once, few enough to leave ports free. Envoy: 1024; Node's Agent,
  // nginx, HAProxy: no limit.
  upstreamConnectionsMax: 1_024,
  // Must exceed the usual number of requests under way, otherwise connections are closed and dialled all the time; the idle limit
  // closes those that are not needed. Node's Agent: 256; nginx's examples, Caddy: 32; Go: 2.
  upstreamIdleMax: 256,
  // As many as are being served. Envoy: max_pending_requests 1024; HAProxy: `maxqueue` without limit.
  upstreamWaitingMax: 1_024,
  // One dial in a thousand requests is negligible. nginx: keepalive_requests 1000 for upstreams; HAProxy, Go: no limit.
  upstreamRequestsMax: 1_000,
  // Connections must not stay with an old backend while there are new ones behind the same name. nginx: keepalive_time 1 h; Go,
  // HAProxy: no limit.
  upstreamAgeMs: 300_000,
  // Pools and cached names of a forward proxy; the least recently used go first. Squid: ipcache_size 1024.
  originsMax: 1_024,
  // To all origins together, except tunnels: many origins must not use up the file descriptors of the process, which clients
  // need, too. The connection that has been idle longest goes first. About as many as client connections. Envoy, nginx, Go: no
  // limit in all; HAProxy: `maxconn` of the process.
  upstreamConnectionsTotalMax: 8_192,
  // A name whose servers stay silent is pending for `resolveMs` and occupies a socket. As many as the names that are remembered.
  // Go: 500 lookups by the C library; nginx, Envoy: no limit.
  lookupsMax: 1_024,
  // A quarter of all: a client that requests hundreds of silent names blocks only itself. A page has content from a few dozen
  // hosts, and their names are resolved within milliseconds. nginx, Envoy, Squid: no limit.
  lookupsPerAddressMax: 256,
  // Content passes through and is never held as a whole, so it costs the proxy nothing; an operator who protects an application
  // with this limit knows how much it accepts. Caddy, HAProxy: no limit; nginx: client_max_body_size 1 MiB; Apache: 1 GiB.
  requestContentBytesMax: 0,
  // Content that is kept for a retry. Enough for a form, little enough to be held for every exchange. nginx keeps all of it, in
  // files.
  retryBytesMax: 65_536,
  // A quarter of the memory of a small container. Content beyond it is only not gathered: it is forwarded as it arrives. nginx,
  // Apache: in files, without a total limit.
  gatheredBytesMax: 134_217_728,
  // Unread content of a request that was answered already: one more megabyte is cheaper than a new connection. nginx: only
  // lingering_time.
  discardBytesMax: 1_048_576,
  // Requests that arrive while another one is being answered: one read of a socket, then reading stops. HAProxy: one buffer, 16
  // KiB.
  pipelineBytesMax: 65_536,
}

/** One sentence each for `--help`, which prints the default after it. */
export const LIMIT_NOTES: Readonly<Record<LimitName, Note<'ms' | 'bytes' | 'count'>>> = {
  clientConnectionsMax: { sentence: 'Client connections open at once.', unit: 'count' },
  clientConnectionsPerAddressMax: {
    sentence: 'Client connections open at once from one address (IPv6: from one /64).',
    unit: 'count',
  },
  clientRequestsMax: { sentence: 'Requests on one client connection (0: no limit).', unit: 'count' },
  requestsPerAddressMax: {
    sentence: 'Requests under way at once for one address (IPv6: for one /64; 0: no limit); more are answered 429.',
    unit: 'count',
  },
  upstreamConnectionsMax: { sentence: 'Connections to one origin, dials under way included.', unit: 'count' },
  upstreamIdleMax: { sentence: 'Idle connections kept for one origin (0: none is reused).', unit: 'count' },
  upstreamWaitingMax: { sentence: 'Requests that wait for a connection to one origin (0: none waits).', unit: 'count' },
  upstreamRequestsMax: { sentence: 'Requests on one upstream connection (0: no limit).', unit: 'count' },
  upstreamAgeMs: { sentence: 'Age at which an upstream connection is no longer used (0: no limit).', unit: 'ms' },
  originsMax: { sentence: 'Origins whose connections and addresses are remembered.', unit: 'count' },
  upstreamConnectionsTotalMax: {
    sentence: 'Connections to all origins together, dials under way included.',
    unit: 'count',
  },
  lookupsMax: { sentence: 'Lookups of names pending at once; further ones are answered 503.', unit: 'count' },
  lookupsPerAddressMax: {
    sentence: 'Lookups pending at once for clients of one address (IPv6: of one /64) of a forward proxy.',
    unit: 'count',
  },
  requestContentBytesMax: { sentence: 'Content of one request (0: no limit); more is answered 413.', unit: 'bytes' },
  retryBytesMax: {
    sentence: 'Request content kept so that it can be sent again on a stale connection.',
    unit: 'bytes',
  },
  gatheredBytesMax: {
    sentence: 'Request content gathered for all requests together; further content is not gathered.',
    unit: 'bytes',
  },
  discardBytesMax: { sentence: 'Unread request content discarded after an early response.', unit: 'bytes' },
  pipelineBytesMax: { sentence: 'Bytes of further requests held while one is being answered.', unit: 'bytes' },
}

/** The files that a process has open in addition to its connections: libraries, logs, the event loop. */
export const OTHER_FILES = 64
