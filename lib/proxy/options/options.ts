import { hostname } from 'node:os'
import { DEADLINES, type Deadlines } from '../../link/deadlines.js'
import { LIMITS, type Limits } from '../../link/limits.js'
import type { Origin } from '../../link/origin.js'
import type { RateSettings } from '../../link/rate-limit.js'
import type { Door } from '../../link/remedies.js'
import type { ClientGuards } from '../../net/client/client-guards.js'
import { type ClientTlsSettings, SecureAccept } from '../../net/client/secure-accept.js'
import { TrustedPeers } from '../../net/client/trusted-peers.js'
import { type Clock, systemClock } from '../../net/clock.js'
import type { ReadMode } from '../../net/socket/read-mode.js'
import { Destinations } from '../../net/upstream/destinations.js'
import type { DialSettings, UpstreamTls } from '../../net/upstream/dial.js'
import type { GroupSpec } from '../../net/upstream/group-spec.js'
import { CERTIFICATE_FIELDS, type CertificateField } from '../../policy/client-certificate.js'
import type { ClientFields } from '../../policy/client-fields.js'
import { foldedName } from '../../policy/folded-name.js'
import { KeptFields } from '../../policy/kept-fields.js'
import { checkSendHost } from '../../policy/send-host.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import { GRAMMAR_LIMITS, type GrammarLimits } from '../../wire/limits.js'
import type { Tracer } from '../tracer.js'
import { hashKind, type PasswordHash, readPasswordHash, Users } from '../users.js'
import { filled, named, shown } from './check.js'
import { didYouMean } from './did-you-mean.js'
import { type GroupDefaults, type GroupOptions, groupSpec, groupSteps, loneGroup } from './group-options.js'
import { checkOptions } from './known-options.js'
import { nameserversOf } from './resolve-options.js'
import { type RouteOptions, type RouteSpec, routeSpec } from './route-options.js'
import { checkTls } from './upstream-tls-options.js'
import { readUpstream } from './upstream-url.js'

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

/** One upstream for everything, or routes to groups; a route may name a server of its own, which is a group of one. */
function* routesOf(
  options: ProxyOptions,
  defaults: GroupDefaults,
  shared: ReadonlySet<string> | null,
): Steps<Pick<Settings, 'routes' | 'groups'>> {
  const { upstream, routes, upstreams = {}, host = 'preserve' } = options
  named('host', () => checkSendHost(host))
  if (routes === undefined) {
    const lone = loneGroup(
      named('upstream', () => readUpstream(upstream)),
      defaults,
    )
    return {
      routes: [routeSpec({ upstream: lone.name }, host, 'upstream', false)],
      groups: [lone],
    }
  }
  const groups: GroupSpec[] = []
  for (const [name, group] of shared === null ? Object.entries(upstreams) : [])
    groups.push(yield* groupSteps(name, group, defaults))
  const known = new Set(shared ?? Object.keys(upstreams))
  const specs: RouteSpec[] = []
  for (const [i, route] of routes.entries()) {
    specs.push(routeSpec(route, host, `routes[${i}]`))
    yield
  }
  for (const [i, { upstream: name }] of specs.entries()) {
    if (known.has(name)) continue
    if (!name.includes(':'))
      throw new TypeError(unknownGroup(`routes[${i}].upstream: a route goes to ${shown(name)}`, name, [...known]))
    known.add(name)
    groups.push(named(`routes[${i}].upstream`, () => groupSpec(name, { servers: [name] }, defaults)))
    yield
  }
  return { routes: specs, groups }
}

function unknownGroup(sentence: string, name: string, known: readonly string[]): string {
  const meant = didYouMean(name, known)
  return `${sentence}, which is no key of upstreams${meant === undefined ? '' : `: did you mean ${meant}?`}`
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

/** @throws TypeError */
function clientFieldsOf(options: ProxyOptions, trusted: TrustedPeers): ClientFields | null {
  const { mode, xForwardedPort = false, xForwardedPrefix = false, xRealIp = false, keepFields = [] } = options
  const certificate = options.tls?.clientCertificates?.fields ?? []
  if (certificate.length > 0 && mode === 'forward')
    throw new TypeError('tls.clientCertificates.fields is for mode "reverse": no server elsewhere is told who asks')
  const ours: Record<string, boolean> = {
    ...Object.fromEntries(certificate.map(field => [CERTIFICATE_FIELDS[field].toLowerCase(), true])),
    'x-forwarded-port': xForwardedPort,
    'x-forwarded-prefix': xForwardedPrefix,
    'x-real-ip': xRealIp,
  }
  for (const name of keepFields) {
    if (ours[foldedName(name)] === true)
      throw new TypeError(`keepFields: ${name} cannot be kept where hopwise is told to say it itself`)
  }
  if (!xForwardedPort && !xForwardedPrefix && !xRealIp && certificate.length === 0) return null
  return {
    forwardedPort: xForwardedPort,
    forwardedPrefix: xForwardedPrefix,
    realIp: xRealIp,
    certificate,
    isTrusted: address => trusted.has(address),
  }
}

/** TLS toward clients. */
export type ClientTlsOptions = Pick<ClientTlsSettings, 'certificates'> &
  Partial<Omit<ClientTlsSettings, 'clientCertificates'>> & {
    /** `required` (default true): refuse who has none. */
    readonly clientCertificates?: {
      readonly ca: string
      readonly required?: boolean
      readonly fields?: readonly CertificateField[]
    } | null
  }

function clientTls({ clientCertificates = null, ...options }: ClientTlsOptions): ClientTlsSettings {
  return {
    ...filled(
      { minVersion: 'TLSv1.2', ciphers: '', handshakeMs: HANDSHAKE_MS, certificates: options.certificates },
      options,
    ),
    clientCertificates:
      clientCertificates === null
        ? null
        : filled({ ca: '', required: true, fields: [] as readonly CertificateField[] }, clientCertificates),
  }
}

/** As long as an upstream has. */
export const HANDSHAKE_MS = 10_000

function guardsOf({ allow, deny = [] }: NonNullable<ProxyOptions['clients']> = {}): Settings['guards'] {
  if (allow === undefined && deny.length === 0) return null
  return {
    allow: allow === undefined ? null : peersOf('clients.allow', allow),
    deny: deny.length === 0 ? null : peersOf('clients.deny', deny),
  }
}

/** @throws TypeError that names the option */
function peersOf(what: string, blocks: readonly string[]): TrustedPeers {
  return named(what, () => new TrustedPeers(blocks, what))
}

/** @throws TypeError that names the list, and the first entry of it that is no destination */
function destinationsOf({ allow = [], only = [], deny = [] }: ProxyOptions): Destinations {
  for (const [what, entries] of Object.entries({ allow, only, deny })) named(what, () => new Destinations(entries))
  return new Destinations(allow, only, deny)
}

function connectionRateOf(clients: ProxyOptions['clients']): RateSettings | null {
  const perSecond = clients?.connectionsPerSecond ?? 0
  return perSecond > 0 ? rateOf({ perSecond, burst: connectionBurstOf(perSecond) }) : null
}

/** Twice as many as in one second: who opens a page opens six connections at once, and then none for long. */
function connectionBurstOf(perSecond: number): number {
  return Math.max(1, perSecond * 2)
}

/** More than people mistype, too few to guess: 43,200 a day. Squid, nginx, Apache: no limit; sshd: 6 on one connection. */
export const FAILED_LOGINS_PER_MINUTE = 30

function failedLoginRateOf(clients: ProxyOptions['clients']): RateSettings | null {
  const perMinute = clients?.failedLoginsPerMinute ?? FAILED_LOGINS_PER_MINUTE
  return perMinute === 0 ? null : rateOf({ perSecond: perMinute / 60, burst: perMinute })
}

/** The proxy behind this one. */
export interface Parent {
  readonly origin: Origin
  /** `user:password`, '' for none. */
  readonly credentials: string
}

/** @throws TypeError */
function readParent(text: string): Parent {
  const match = /^(https?:\/\/)(?:([^@/]*)@)?(.*)$/i.exec(text)
  if (match === null)
    throw new TypeError('parent is no URL with http:// or https://, for example http://proxy.internal:3128')
  const [, scheme, userinfo, rest] = match
  const origin = readUpstream(`${scheme}${rest}`)
  return { origin, credentials: userinfo === undefined ? '' : readCredentialsOf(userinfo) }
}

/** A user alone has an empty password (RFC 7617 2). */
function readCredentialsOf(userinfo: string): string {
  try {
    const credentials = decodeURIComponent(userinfo)
    return credentials.includes(':') ? credentials : `${credentials}:`
  } catch {
    throw new TypeError('parent: the user or the password has a % that is no percent-encoding: write %25')
  }
}

/** Addresses that are remembered: each is some hundred octets. */
const RATE_KEYS_MAX = 100_000

/** How many may come at once after a pause: as many as in one second, whoever asks. nginx: none beyond the rate unless `burst` is given. */
export function burstOf(perSecond: number): number {
  return Math.max(1, perSecond)
}

/** @throws TypeError */
function rateOf({ perSecond, burst = burstOf(perSecond) }: NonNullable<ProxyOptions['requestRate']>): RateSettings {
  if (perSecond === 0 || burst < 1) throw new TypeError('requestRate needs perSecond above 0 and a burst from 1 on')
  return { perSecond, burst, keysMax: RATE_KEYS_MAX }
}

function readCredentials(credentials: ProxyOptions['credentials']): ReadonlySet<string> | null {
  if (credentials === undefined) return null
  for (const [i, { user, password }] of credentials.entries()) {
    if (user === '' || user.includes(':'))
      throw new TypeError(`credentials[${i}]: the user name ${shown(user)} is empty or has a colon (RFC 7617 2)`)
    if (/\p{Cc}/u.test(user + password))
      throw new TypeError(`credentials[${i}] has a control character in it (RFC 7617 2)`)
    const kind = hashKind(password)
    // Nobody who knows the password could log in with it, and who knows the hash could.
    if (kind !== '' || readPasswordHash(password) !== null)
      throw new TypeError(
        `credentials[${i}]: the password of ${shown(user)} is ${kind || 'a hash'}: give the password itself, or in users a hash of hopwise password`,
      )
  }
  return new Set(credentials.map(({ user, password }) => Buffer.from(`${user}:${password}`).toString('base64')))
}
