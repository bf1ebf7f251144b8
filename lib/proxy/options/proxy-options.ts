import type { Deadlines } from '../../link/deadlines.js'
import type { Limits } from '../../link/limits.js'
import type { Clock } from '../../net/clock.js'
import type { ReadMode } from '../../net/socket/read-mode.js'
import type { UpstreamTls } from '../../net/upstream/dial.js'
import type { GrammarLimits } from '../../wire/limits.js'
import type { Tracer } from '../tracer.js'
import type { PasswordHash } from '../users.js'
import type { ClientTlsOptions } from './client-tls-options.js'
import type { GroupOptions } from './group-options.js'
import type { RouteOptions } from './route-options.js'

/** The options of a proxy. All have defaults, except `mode`, and `upstream` or `routes` for a reverse proxy. */
export interface ProxyOptions {
  mode: 'reverse' | 'forward'
  /** The upstream of a reverse proxy: `http://host:port` or `https://host`. */
  upstream?: string
  /** Instead of `upstream`: the routing table. The first route that matches is taken; a request that matches no route gets 404. */
  routes?: readonly RouteOptions[]
  /** The groups of servers that the routes name. */
  upstreams?: Readonly<Record<string, GroupOptions>>
  /** The `Host` that a reverse proxy sends: the client's (default), or the upstream's own. */
  host?: 'preserve' | 'upstream'
  /** The name in `Via` and `Proxy-Status`; must be unique along every chain of proxies. Default: host name and port. */
  name?: string
  /** Accept TLS connections from clients. */
  tls?: ClientTlsOptions
  /** Peers (addresses, CIDR blocks) that begin each connection with the PROXY protocol; it is not accepted from others. */
  proxyProtocol?: { from: readonly string[] }
  /**
   * Access control for clients. With `allow`, only those peers may connect; those in `deny` never may. `connectionsPerSecond`
   * limits the connections of one address (IPv6: /64), `failedLoginsPerMinute` the wrong passwords that it may send for `users`
   * and `credentials` (default 30; 0: no limit); beyond that it is answered 429.
   */
  clients?: {
    allow?: readonly string[]
    deny?: readonly string[]
    connectionsPerSecond?: number
    failedLoginsPerMinute?: number
  }
  /** Addresses and CIDR blocks of peers whose `X-Forwarded-*` and `Forwarded` are trusted. */
  trust?: readonly string[]
  /**
   * Fields that a reverse proxy passes on even from untrusted peers, although they state who the client is or where the request
   * goes, such as `True-Client-IP`, `X-Original-URL`, `X_Real_IP`.
   */
  keepFields?: readonly string[]
  /** Add `X-Forwarded-For`, `-Host` and `-Proto`. Default: true for a reverse proxy, false for a forward proxy. */
  xForwarded?: boolean
  /** Add `X-Forwarded-Port`: the port that the client connected to. */
  xForwardedPort?: boolean
  /** Add `X-Forwarded-Prefix` to requests from whose path a route removes its `stripPrefix`. */
  xForwardedPrefix?: boolean
  /** Add `X-Real-IP`. */
  xRealIp?: boolean
  /** Add `Forwarded` (RFC 7239). */
  forwarded?: boolean
  /** Which messages `Via` is added to. Default: `request` for a reverse proxy, `both` for a forward proxy. */
  via?: 'off' | 'request' | 'both'
  /** Destinations that a forward proxy may connect to although they are not public: `127.0.0.0/8`, `*.internal`, `host`. */
  allow?: readonly string[]
  /** The only destinations that a forward proxy may connect to, in the same form as `allow`; empty: no restriction. */
  only?: readonly string[]
  /** Destinations that a forward proxy never connects to. */
  deny?: readonly string[]
  /** The only name servers (`127.0.0.1:53`) that a forward proxy queries. Default: the resolver of the system. */
  resolve?: { nameservers?: readonly string[] }
  /** A parent proxy that a forward proxy sends all requests to: `http://user:password@host:port`. */
  parent?: string
  /** Ports that CONNECT may reach. Default: 80 and 443. */
  connectPorts?: readonly number[]
  /** Ports to open, for requests other than CONNECT, that are closed by default: mail, Redis, MySQL (`CLOSED_PORTS`). */
  allowPorts?: readonly number[]
  /** `X-Request-Id`, which is sent upstream and in the response: `keep` generates one if the request has none, `make` always. */
  requestId?: 'off' | 'keep' | 'make'
  /** Requests per second from one address (IPv6: one /64), and how many may come at once; more are answered 429. */
  requestRate?: { perSecond: number /** Default: as many as in one second. */; burst?: number }
  /** A request whose content arrives more slowly than this many bytes per second, over a while, is answered 408; 0: no limit. */
  uploadBytesPerSecondMin?: number
  /** The users of a forward proxy, with the hashes of their passwords that `hopwise password` makes. */
  users?: ReadonlyMap<string, PasswordHash>
  /** Basic credentials, one of which a forward proxy requires. */
  credentials?: readonly { user: string; password: string }[]
  /** Protocols that clients may upgrade to. Default: `websocket`. */
  upgrades?: readonly string[]
  /** Answer 502 where a faulty response could be repaired. */
  strictUpstream?: boolean
  /** What to do with an end-to-end field that `Connection` names: remove it (default), or reject the message. */
  nominatedEndToEnd?: 'remove' | 'reject'
  /** Which interim (1xx) responses to forward: all (default), or none but 100. */
  interim?: 'all' | 'none'
  /**
   * After a client's FIN: abort unless the response begins, or makes progress, within `halfClosedMs` (default); or answer anyway.
   */
  halfClosed?: 'abort' | 'answer'
  /** Which clients are told the idle limit in `Keep-Alive`: those of HTTP/1.0 only (default), or all. */
  announceKeepAlive?: 'http10' | 'always'
  /** Keep HTTP/1.0 connections open in forward mode, which RFC 9112 9.3 forbids: for demonstration only. */
  forwardHttp10KeepAlive?: boolean
  /** Include Referer and User-Agent in the records of exchanges. */
  recordFields?: boolean
  /** Creates a span for each exchange, and the trace context that upstreams receive. */
  tracer?: Tracer
  /** Let a reverse proxy forward TRACE. */
  trace?: boolean
  /** Disable Nagle's algorithm (TCP_NODELAY) on both sides. Default: true. */
  noDelay?: boolean
  /** Idle time before the kernel probes a silent peer, on both sides. Default: 30 s; 0: never. */
  tcpKeepAliveMs?: number
  /** TLS settings for connections to upstreams. */
  upstreamTls?: UpstreamTls
  /** Numbers of connections, requests and bytes; see `LIMITS` for the defaults. */
  limits?: Partial<Limits>
  /** Times to wait; see `DEADLINES` for the defaults. */
  deadlines?: Partial<Deadlines>
  /** Sizes of the parts of messages; see `GRAMMAR_LIMITS` for the defaults. */
  grammar?: Partial<GrammarLimits>
  /** The source of time, for tests. */
  clock?: Clock
  /** `data` reads through ordinary stream events: slower, for versions of Node without `onread`, and for tests. */
  readMode?: ReadMode
}
