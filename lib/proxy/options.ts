import { hostname } from 'node:os'
import { createSecureContext } from 'node:tls'
import { DEADLINES, type Deadlines } from '../link/deadlines.js'
import { LIMITS, type Limits } from '../link/limits.js'
import { type Origin, originOf } from '../link/origin.js'
import { type Clock, systemClock } from '../net/clock.js'
import { Destinations } from '../net/destinations.js'
import type { UpstreamTls } from '../net/dial.js'
import type { ReadMode } from '../net/transport.js'
import { TrustedPeers } from '../net/trusted-peers.js'
import { GRAMMAR_LIMITS, type GrammarLimits } from '../wire/limits.js'
import { isToken } from '../wire/octets.js'

/** What a proxy is told to be. Everything but `mode`, and `upstream` for a reverse proxy, has a default. */
export interface ProxyOptions {
  mode: 'reverse' | 'forward'
  /** `http://host:port` or `https://host`: where a reverse proxy forwards to. */
  upstream?: string
  /** The `Host` that a reverse proxy sends: the client's, or the upstream's own. */
  host?: 'preserve' | 'upstream'
  /** This deployment's name in `Via` and `Proxy-Status`; must be unique along every path of proxies. Default: host name and port. */
  name?: string
  /** Addresses and CIDR blocks of peers whose `X-Forwarded-*` and `Forwarded` are believed. */
  trust?: readonly string[]
  /** Add `X-Forwarded-For/-Host/-Proto`. Default: reverse yes, forward no. */
  xForwarded?: boolean
  /** Add `Forwarded` (RFC 7239). */
  forwarded?: boolean
  /** Where `Via` is added. Default: reverse `request`, forward `both`. */
  via?: 'off' | 'request' | 'both'
  /** Destinations that a forward proxy may connect to although they are not public: `127.0.0.0/8`, `*.internal`, `host`. */
  allow?: readonly string[]
  /** Ports that CONNECT may reach. */
  connectPorts?: readonly number[]
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
  /** After a client's FIN: abort soon when no response has begun, or go on and answer. */
  halfClosed?: 'abort' | 'answer'
  /** Whom to tell the idle limit in `Keep-Alive`. */
  announceKeepAlive?: 'http10' | 'always'
  /** Keep HTTP/1.0 connections in forward mode, which RFC 9112 9.3 forbids: to show what happens. */
  forwardHttp10KeepAlive?: boolean
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
  readonly mode: 'reverse' | 'forward'
  /** Reverse: where to. */
  readonly origin: Origin | null
  readonly hostPreserved: boolean
  readonly name: string
  readonly trusted: TrustedPeers
  readonly xForwarded: boolean
  readonly forwarded: boolean
  readonly viaRequest: boolean
  readonly viaResponse: boolean
  readonly destinations: Destinations
  readonly connectPorts: ReadonlySet<number>
  /** `user:password` in base64, or null: everybody may. */
  readonly credentials: ReadonlySet<string> | null
  readonly upgrades: ReadonlySet<string>
  readonly strictUpstream: boolean
  readonly nominatedEndToEnd: 'remove' | 'reject'
  readonly interim: boolean
  readonly answersHalfClosed: boolean
  readonly keepAliveAlways: boolean
  /** Forward: an HTTP/1.0 client is kept, and may ask for it with Proxy-Connection too. */
  readonly keepsHttp10: boolean
  readonly trace: boolean
  readonly noDelay: boolean
  readonly tcpKeepAliveMs: number
  readonly upstreamTls: UpstreamTls
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  readonly clock: Clock
  readonly readMode: ReadMode
}

/**
 * Checks the options and fills in the defaults.
 * @throws TypeError that says which option is wrong, how, and what would be right
 */
export function settingsOf(options: ProxyOptions): Settings {
  for (const key of Object.keys(options)) {
    if (!(key in KNOWN)) throw new TypeError(`there is no option ${key}; there are ${Object.keys(KNOWN).join(', ')}`)
  }
  const reverse = options.mode === 'reverse'
  if (!reverse && options.mode !== 'forward')
    throw new TypeError(`mode must be 'reverse' or 'forward', not ${JSON.stringify(options.mode)}`)
  if (!reverse && options.upstream !== undefined)
    throw new TypeError('upstream is for mode "reverse": a forward proxy goes where its clients ask')
  const name = options.name ?? nameAt(0)
  if (!isToken(name))
    throw new TypeError(`name must be a token (letters, digits and !#$%&'*+-.^_\`|~), not ${JSON.stringify(name)}`)
  const via = options.via ?? (reverse ? 'request' : 'both')
  const upstreamTls = options.upstreamTls ?? {}
  if (upstreamTls.ca !== undefined) checkAuthorities(upstreamTls.ca)
  return {
    mode: options.mode,
    origin: reverse ? readUpstream(options.upstream) : null,
    hostPreserved: (options.host ?? 'preserve') === 'preserve',
    name,
    trusted: new TrustedPeers(options.trust ?? []),
    xForwarded: options.xForwarded ?? reverse,
    forwarded: options.forwarded ?? false,
    viaRequest: via !== 'off',
    viaResponse: via === 'both',
    destinations: new Destinations(options.allow ?? []),
    connectPorts: new Set((options.connectPorts ?? [443]).map(checkPort)),
    credentials: readCredentials(options.credentials),
    upgrades: new Set((options.upgrades ?? ['websocket']).map(protocol => protocol.toLowerCase())),
    strictUpstream: options.strictUpstream ?? false,
    nominatedEndToEnd: options.nominatedEndToEnd ?? 'remove',
    interim: (options.interim ?? 'all') === 'all',
    answersHalfClosed: options.halfClosed === 'answer',
    keepAliveAlways: options.announceKeepAlive === 'always',
    keepsHttp10: !reverse && options.forwardHttp10KeepAlive === true,
    trace: options.trace ?? !reverse,
    noDelay: options.noDelay ?? true,
    tcpKeepAliveMs: options.tcpKeepAliveMs ?? TCP_KEEP_ALIVE_MS,
    upstreamTls,
    limits: filled('limits', LIMITS, options.limits),
    deadlines: filled('deadlines', DEADLINES, options.deadlines),
    grammar: filled('grammar', GRAMMAR_LIMITS, options.grammar),
    clock: options.clock ?? systemClock,
    readMode: options.readMode ?? 'onread',
  }
}

const KNOWN: Readonly<Record<keyof ProxyOptions, true>> = {
  mode: true,
  upstream: true,
  host: true,
  name: true,
  trust: true,
  xForwarded: true,
  forwarded: true,
  via: true,
  allow: true,
  connectPorts: true,
  credentials: true,
  upgrades: true,
  strictUpstream: true,
  nominatedEndToEnd: true,
  interim: true,
  halfClosed: true,
  announceKeepAlive: true,
  forwardHttp10KeepAlive: true,
  trace: true,
  noDelay: true,
  tcpKeepAliveMs: true,
  upstreamTls: true,
  limits: true,
  deadlines: true,
  grammar: true,
  clock: true,
  readMode: true,
}

/** Long enough to cost nothing, short enough that a NAT forgets nobody. Go: 15 s; HAProxy, nginx: the kernel's two hours. */
const TCP_KEEP_ALIVE_MS = 30_000

/**
 * A name for a deployment that was not given one: host and port, so that two proxies on one host are not taken for each
 * other; never the product's name. `port` 0: it does not listen yet.
 */
export function nameAt(port: number): string {
  const name = hostname().replace(/[^A-Za-z0-9.-]/g, '-')
  return `${name === '' ? 'unnamed' : name}${port === 0 ? '' : `-${port}`}`
}

/** @throws TypeError with what is wrong and what would be right. */
export function readUpstream(text: string | undefined): Origin {
  const example = 'for example http://127.0.0.1:3000'
  if (text === undefined || text === '') throw new TypeError(`a reverse proxy needs an upstream, ${example}`)
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text)
  if (match === null)
    throw new TypeError(`upstream ${JSON.stringify(text)} is no URL with http:// or https://, ${example}`)
  const rest = match[3]!
  if (rest !== '' && rest !== '/')
    throw new TypeError(
      `upstream ${JSON.stringify(text)} has a path (${rest}): requests keep their own path, so leave it off; routes with paths do not exist yet`,
    )
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw new TypeError(`upstream ${JSON.stringify(text)} has no valid host and port, ${example}`)
  }
  if (url.username !== '' || url.password !== '')
    throw new TypeError(
      `upstream ${JSON.stringify(url.host)} has a user name or password: HTTP does not send them; leave them off`,
    )
  if (url.hostname === '') throw new TypeError(`upstream ${JSON.stringify(text)} has no host, ${example}`)
  if (url.port === '0') throw new TypeError(`upstream ${JSON.stringify(text)} has port 0, to which nobody can connect`)
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname
  return originOf(url.protocol === 'https:' ? 'https' : 'http', host, url.port === '' ? -1 : Number(url.port))
}

function checkPort(port: number): number {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw new TypeError(`connectPorts: ${port} is no port (1 to 65535)`)
  return port
}

function checkAuthorities(ca: string): void {
  if (!ca.includes('-----BEGIN CERTIFICATE-----'))
    throw new TypeError('upstreamTls.ca holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)')
  try {
    createSecureContext({ ca })
  } catch (error) {
    throw new TypeError(`upstreamTls.ca cannot be used: ${(error as Error).message}`)
  }
}

function readCredentials(credentials: ProxyOptions['credentials']): ReadonlySet<string> | null {
  if (credentials === undefined || credentials.length === 0) return null
  for (const { user } of credentials) {
    if (user === '' || user.includes(':'))
      throw new TypeError(`credentials: the user name ${JSON.stringify(user)} is empty or has a colon (RFC 7617 2)`)
  }
  return new Set(credentials.map(({ user, password }) => Buffer.from(`${user}:${password}`).toString('base64')))
}

function filled<T extends object>(what: string, defaults: Readonly<T>, given: Partial<T> | undefined): T {
  const all = { ...defaults }
  for (const [key, value] of Object.entries(given ?? {})) {
    if (!(key in defaults))
      throw new TypeError(`${what}.${key} does not exist; there are ${Object.keys(defaults).join(', ')}`)
    if (value === undefined) continue
    if (!Number.isSafeInteger(value) || (value as number) < 0)
      throw new TypeError(`${what}.${key} must be a whole number from 0 on, not ${String(value)}`)
    ;(all as Record<string, unknown>)[key] = value
  }
  return all
}
