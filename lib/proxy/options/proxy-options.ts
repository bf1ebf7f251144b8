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

/** What a proxy is told to be. Everything but `mode`, and `upstream` or `routes` for a reverse proxy, has a default. */
export interface ProxyOptions {
  mode: 'reverse' | 'forward'
  /** `http://host:port` or `https://host`: where a reverse proxy forwards to. */
  upstream?: string
  /** Instead of `upstream`: where which requests go. Who matches none is answered 404. */
  routes?: readonly RouteOptions[]
  /** The groups that routes name. */
  upstreams?: Readonly<Record<string, GroupOptions>>
  /** The `Host` that a reverse proxy sends: the client's, or the upstream's own. */
  host?: 'preserve' | 'upstream'
  /** This deployment's name in `Via` and `Proxy-Status`; must be unique along every path of proxies. Default: host name and port. */
  name?: string
  /** Speak TLS with clients. */
  tls?: ClientTlsOptions
  /** Peers (addresses, CIDR blocks) that begin each connection with the PROXY protocol; no others are believed. */
  proxyProtocol?: { from: readonly string[] }
  /**
   * Who may connect: when `allow` is given nobody else, and never who is in `deny`; how often one address (IPv6: /64) may; and how many
   * wrong passwords it may send for `users` and `credentials` (default 30 a minute; 0: any number), beyond which it is answered 429.
   */
  clients?: {
    allow?: readonly string[]
    deny?: readonly string[]
    connectionsPerSecond?: number
    failedLoginsPerMinute?: number
  }
  /** Addresses and CIDR blocks of peers whose `X-Forwarded-*` and `Forwarded` are believed. */
  trust?: readonly string[]
  /**
   * Fields that a reverse proxy accepts from untrusted peers as well, although they say who a client is or where a request goes:
   * `True-Client-IP`, `X-Original-URL`, `X_Real_IP`.
   */
  keepFields?: readonly string[]
  /** Add `X-Forwarded-For/-Host/-Proto`. Default: reverse yes, forward no. */
  xForwarded?: boolean
  /** Add `X-Forwarded-Port`: the port that the client asked. */
  xForwardedPort?: boolean
  /** Add `X-Forwarded-Prefix` to requests of which a route takes its `stripPrefix` off. */
  xForwardedPrefix?: boolean
  /** Add `X-Real-IP`. */
  xRealIp?: boolean
  /** Add `Forwarded` (RFC 7239). */
  forwarded?: boolean
  /** Where `Via` is added. Default: reverse `request`, forward `both`. */
  via?: 'off' | 'request' | 'both'
  /** Destinations that a forward proxy may connect to although they are not public: `127.0.0.0/8`, `*.internal`, `host`. */
  allow?: readonly string[]
  /** The only destinations of a forward proxy, written as for `allow`; empty: any. */
  only?: readonly string[]
  /** Destinations that a forward proxy never connects to. */
  deny?: readonly string[]
  /** Name servers (`127.0.0.1:53`) that a forward proxy asks, and nobody else. Default: as the machine resolves names. */
  resolve?: { nameservers?: readonly string[] }
  /** `http://user:password@host:port`: a forward proxy that everything goes through. */
  parent?: string
  /** Ports that CONNECT may reach. */
  connectPorts?: readonly number[]
  /** Ports to open for requests other than CONNECT that are closed by default: mail, Redis, MySQL (`CLOSED_PORTS`). */
  allowPorts?: readonly number[]
  /** `X-Request-Id`: kept where there is one and made where there is none, or always made; sent on, and in the response. */
  requestId?: 'off' | 'keep' | 'make'
  /** Requests in a second from one address (IPv6: one /64), and how many at once; more are answered 429. */
  requestRate?: { perSecond: number /** Default: as many as in one second. */; burst?: number }
  /** Content that comes more slowly than this many octets in a second, over a while, is answered 408; 0: it may. */
  uploadBytesPerSecondMin?: number
  /** Users of a forward proxy with hashes of their passwords, as `hopwise password` makes them. */
  users?: ReadonlyMap<string, PasswordHash>
  /** Basic credentials, one of which a forward proxy demands. */
  credentials?: readonly { user: string; password: string }[]
  /** Protocols that may be upgraded to. */
  upgrades?: readonly string[]
  /** Answer 502 to a response that could be repaired. */
  strictUpstream?: boolean
  /** What to do with an end-to-end field that `Connection` names. */
  nominatedEndToEnd?: 'remove' | 'reject'
  /** Forward interim (1xx) responses. */
  interim?: 'all' | 'none'
  /** After a client's FIN: abort when the response does not begin, or does not go on, within `halfClosedMs`; or answer nevertheless. */
  halfClosed?: 'abort' | 'answer'
  /** Whom to tell the idle limit in `Keep-Alive`. */
  announceKeepAlive?: 'http10' | 'always'
  /** Keep HTTP/1.0 connections in forward mode, which RFC 9112 9.3 forbids: to show what happens. */
  forwardHttp10KeepAlive?: boolean
  /** Note Referer and User-Agent in the records of exchanges. */
  recordFields?: boolean
  /** Makes spans of exchanges, and the trace context that upstreams get. */
  tracer?: Tracer
  /** Let a reverse proxy pass TRACE on. */
  trace?: boolean
  noDelay?: boolean
  /** Idle time before the kernel probes a silent peer, on both sides; 0: never. */
  tcpKeepAliveMs?: number
  upstreamTls?: UpstreamTls
  limits?: Partial<Limits>
  deadlines?: Partial<Deadlines>
  grammar?: Partial<GrammarLimits>
  clock?: Clock
  /** `data` reads through ordinary stream events: slower, for a Node without `onread`, and for tests. */
  readMode?: ReadMode
}
