import { hostname } from 'node:os'
import { DEADLINES, type Deadlines } from '../../link/deadlines.js'
import { LIMITS, type Limits } from '../../link/limits.js'
import type { RateSettings } from '../../link/rate-limit.js'
import type { Door } from '../../link/remedies.js'
import type { ClientGuards } from '../../net/client/client-guards.js'
import { type ClientTlsSettings, SecureAccept } from '../../net/client/secure-accept.js'
import type { TrustedPeers } from '../../net/client/trusted-peers.js'
import { type Clock, systemClock } from '../../net/clock.js'
import type { ReadMode } from '../../net/socket/read-mode.js'
import type { Destinations } from '../../net/upstream/destinations.js'
import type { DialSettings, UpstreamTls } from '../../net/upstream/dial.js'
import type { GroupSpec } from '../../net/upstream/group-spec.js'
import type { ClientFields } from '../../policy/client-fields.js'
import { KeptFields } from '../../policy/kept-fields.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import { GRAMMAR_LIMITS, type GrammarLimits } from '../../wire/limits.js'
import type { Tracer } from '../tracer.js'
import { type PasswordHash, Users } from '../users.js'
import { filled, named } from './check.js'
import { clientFieldsOf, guardsOf, peersOf } from './client-options.js'
import { type ClientTlsOptions, clientTls } from './client-tls-options.js'
import { destinationsOf, type Parent, readCredentials, readParent } from './forward-options.js'
import type { GroupOptions } from './group-options.js'
import { checkOptions } from './known-options.js'
import { connectionRateOf, failedLoginRateOf, rateOf } from './rate-options.js'
import { nameserversOf } from './resolve-options.js'
import type { RouteOptions, RouteSpec } from './route-options.js'
import { routesOf } from './routes-and-groups.js'
import { checkTls } from './upstream-tls-options.js'

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

/** The options with every default in its place, checked. */
export interface Settings {
  /** Another number than any other settings have. */
  readonly generation: number
  readonly mode: 'reverse' | 'forward'
  /** In whose words settings are told of. */
  readonly door: Door
  /** Reverse: where which requests go. */
  readonly routes: readonly RouteSpec[]
  readonly groups: readonly GroupSpec[]
  readonly name: string
  readonly tls: ClientTlsSettings | null
  readonly proxyProtocol: { readonly from: TrustedPeers } | null
  readonly guards: Omit<ClientGuards, 'connections'> | null
  readonly connectionRate: RateSettings | null
  readonly trusted: TrustedPeers
  readonly xForwarded: boolean
  readonly forwarded: boolean
  /** What else requests say of their client, null for nothing. */
  readonly clientFields: ClientFields | null
  readonly keepFields: KeptFields | null
  readonly viaRequest: boolean
  readonly viaResponse: boolean
  readonly destinations: Destinations
  readonly nameservers: readonly string[] | null
  readonly parent: Parent | null
  readonly connectPorts: ReadonlySet<number>
  readonly allowPorts: ReadonlySet<number>
  /** `user:password` in base64, or null: everybody may. */
  readonly credentials: ReadonlySet<string> | null
  readonly users: Users | null
  readonly requestRate: RateSettings | null
  readonly failedLoginRate: RateSettings | null
  readonly uploadBytesPerSecondMin: number
  readonly requestId: 'off' | 'keep' | 'make'
  readonly upgrades: ReadonlySet<string>
  readonly strictUpstream: boolean
  readonly nominatedEndToEnd: 'remove' | 'reject'
  readonly interim: boolean
  readonly answersHalfClosed: boolean
  readonly keepAliveAlways: boolean
  /** Forward: an HTTP/1.0 client is kept, and may ask for it with Proxy-Connection too. */
  readonly keepsHttp10: boolean
  readonly recordFields: boolean
  readonly tracer: Tracer | null
  readonly trace: boolean
  /** How connections are made, on both sides as far as it is not about TLS. */
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  readonly clock: Clock
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError that says which option is wrong, how, and what would be right
 */
export function settingsOf(options: ProxyOptions, door: Door = 'library'): Settings {
  const settings = atOnce(settingsSteps(options, null, door))
  const { tls } = settings
  if (tls !== null) named('tls', () => new SecureAccept(tls)) // throws for what TLS cannot be made of
  return settings
}

/**
 * The same, for a thread that has other things to do meanwhile.
 * @param shared the names of groups that somebody else makes; null: they are made here
 */
export function* settingsSteps(
  options: ProxyOptions,
  shared: ReadonlySet<string> | null = null,
  door: Door = 'library',
): Steps<Settings> {
  checkOptions(options)
  const reverse = options.mode === 'reverse'
  const via = options.via ?? (reverse ? 'request' : 'both')
  const upstreamTls = options.upstreamTls === undefined ? {} : checkTls('upstreamTls', options.upstreamTls)
  const limits = filled(LIMITS, options.limits)
  const deadlines = filled(DEADLINES, options.deadlines)
  const dial = dialOf(options, upstreamTls)
  const trusted = peersOf('trust', options.trust ?? [])
  const routes = reverse ? yield* routesOf(options, { dial, limits, deadlines }, shared) : { routes: [], groups: [] }
  return {
    generation: ++generations,
    mode: options.mode,
    door,
    ...routes,
    name: options.name ?? nameAt(0),
    tls: options.tls === undefined ? null : clientTls(options.tls),
    proxyProtocol:
      options.proxyProtocol === undefined ? null : { from: peersOf('proxyProtocol.from', options.proxyProtocol.from) },
    guards: guardsOf(options.clients),
    connectionRate: connectionRateOf(options.clients),
    trusted,
    xForwarded: options.xForwarded ?? reverse,
    forwarded: options.forwarded ?? false,
    clientFields: clientFieldsOf(options, trusted),
    keepFields:
      options.keepFields === undefined || options.keepFields.length === 0 ? null : new KeptFields(options.keepFields),
    viaRequest: via !== 'off',
    viaResponse: via === 'both',
    destinations: destinationsOf(options),
    nameservers: nameserversOf('resolve', options.resolve?.nameservers),
    parent: options.parent === undefined ? null : readParent(options.parent),
    connectPorts: new Set(options.connectPorts ?? CONNECT_PORTS),
    allowPorts: new Set(options.allowPorts),
    credentials: readCredentials(options.credentials),
    users: options.users === undefined ? null : new Users(options.users),
    requestRate: options.requestRate === undefined ? null : rateOf(options.requestRate),
    failedLoginRate: failedLoginRateOf(options.clients),
    uploadBytesPerSecondMin: options.uploadBytesPerSecondMin ?? 0,
    requestId: options.requestId ?? 'off',
    upgrades: new Set((options.upgrades ?? UPGRADES).map(protocol => protocol.toLowerCase())),
    strictUpstream: options.strictUpstream ?? false,
    nominatedEndToEnd: options.nominatedEndToEnd ?? 'remove',
    interim: (options.interim ?? 'all') === 'all',
    answersHalfClosed: options.halfClosed === 'answer',
    keepAliveAlways: options.announceKeepAlive === 'always',
    keepsHttp10: !reverse && options.forwardHttp10KeepAlive === true,
    recordFields: options.recordFields ?? false,
    tracer: options.tracer ?? null,
    trace: options.trace ?? !reverse,
    dial,
    limits,
    deadlines,
    grammar: filled(GRAMMAR_LIMITS, options.grammar),
    clock: options.clock ?? systemClock,
  }
}

export function dialOf(
  options: Pick<ProxyOptions, 'readMode' | 'noDelay' | 'tcpKeepAliveMs'>,
  tls: UpstreamTls = {},
): DialSettings {
  const { readMode = 'onread', noDelay = true, tcpKeepAliveMs = TCP_KEEP_ALIVE_MS } = options
  return { readMode, noDelay, tcpKeepAliveMs, tls }
}

let generations = 0

/** Long enough to cost nothing, short enough that a NAT forgets nobody. Go: 15 s; HAProxy, nginx: the kernel's two hours. */
export const TCP_KEEP_ALIVE_MS = 30_000

/** The two ports of the web. Why 80: docs/decisions/0009-connect-to-port-80.md. Squid: 443 and 563; Apache, tinyproxy: 443 and 563. */
export const CONNECT_PORTS: readonly number[] = [80, 443]

export const UPGRADES: readonly string[] = ['websocket']

/**
 * A name for a deployment that was not given one: host and port, so that two proxies on one host are not taken for each
 * other; never the product's name. `port` 0: it does not listen yet.
 */
export function nameAt(port: number): string {
  const name = hostname().replace(/[^A-Za-z0-9.-]/g, '-')
  return `${name === '' ? 'unnamed' : name}${port === 0 ? '' : `-${port}`}`
}
