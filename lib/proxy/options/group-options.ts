import { DEADLINES, type Deadlines } from '../../link/deadlines.js'
import { LIMITS, type Limits } from '../../link/limits.js'
import { type Origin, originOf, unixOrigin } from '../../link/origin.js'
import { readLiteral } from '../../net/address.js'
import { lookupWith } from '../../net/names/resolver.js'
import { type DialSettings, tlsMemory, type UpstreamTls } from '../../net/upstream/dial.js'
import type { GroupSpec, ServerSpec } from '../../net/upstream/group-spec.js'
import type { HashBy } from '../../policy/hash-key.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import { isAuthority } from '../../wire/authority.js'
import { isToken } from '../../wire/octets.js'
import {
  type Check,
  checkAuthorities,
  checkShape,
  choice,
  filled,
  flag,
  list,
  milliseconds,
  named,
  numbersOf,
  orNull,
  type Shape,
  shape,
  shown,
  text,
  whole,
} from './check.js'

/** One server of a group. */
export interface ServerOptions {
  /** `http://host:port`, `https://host`, `unix:/path`, or `srv+http://name` for the targets of an SRV record. */
  url: string
  /** Its share of the requests (default 1); 0: only clients that a cookie holds to it. */
  weight?: number
  /** Asked only while none of the others can be. */
  backup?: boolean
  /** Instead of the limits `upstreamConnectionsMax` and `upstreamWaitingMax`. */
  connectionsMax?: number
  waitingMax?: number
}

/** Servers that are interchangeable, and how one of them is chosen for a request. */
export interface GroupOptions {
  servers: readonly (string | ServerOptions)[]
  balance?: 'round-robin' | 'least-connections' | 'hash'
  /** For `hash`: what makes two requests go to the same server. Default: the client's address. */
  hash?: { by?: 'address' | 'field' | 'cookie'; name?: string }
  /** Holds a client to the server that answered it first, by this cookie. */
  sticky?: { cookie: string }
  /** Other servers that a request is tried on, if that is safe (default 1). */
  retries?: number
  /**
   * After which connections, when one ends before an octet of a response came on it: `reused` (default), those that had carried a request
   * before; `any`, fresh ones as well: then another server gets what is idempotent and can be repeated.
   */
  retryOn?: 'reused' | 'any'
  /** Leave a server alone for a while that failed often; null: never. */
  ejection?: Partial<Ejection> | null
  healthCheck?: Partial<HealthCheckOptions> | null
  /** A server that comes up gets its whole share only after this time. */
  slowStartMs?: number
  resolve?: { nameservers?: readonly string[]; minMs?: number; maxMs?: number }
  tls?: UpstreamTls
  /** Begin each connection with the client's address; such a connection serves only that one request. */
  proxyProtocol?: 'off' | 'v1' | 'v2'
  limits?: Partial<Pick<Limits, (typeof GROUP_LIMITS)[number]>>
  deadlines?: Partial<Pick<Deadlines, (typeof GROUP_DEADLINES)[number]>>
}

/** Those that each server has for itself; all others are of a listener, or of the whole process. */
export const GROUP_LIMITS = [
  'upstreamConnectionsMax',
  'upstreamIdleMax',
  'upstreamWaitingMax',
  'upstreamRequestsMax',
  'upstreamAgeMs',
] as const satisfies (keyof Limits)[]
export const GROUP_DEADLINES = [
  'connectMs',
  'tlsMs',
  'upstreamIdleMs',
  'queueMs',
] as const satisfies (keyof Deadlines)[]

export interface Ejection {
  /** So many failures … */
  failures: number
  /** … within this time … */
  withinMs: number
  /** … put a server aside for this long, longer each time. */
  ejectMs: number
  /** Never more than this share of them. */
  ejectedPercentMax: number
}

export interface HealthCheckOptions {
  path: string
  intervalMs: number
  timeoutMs: number
  healthyAfter: number
  unhealthyAfter: number
  /** `200`, `200-399`, `200,204`. */
  status: string
  /** The value of Host; default: the server's. */
  host: string
}

export const EJECTION: Readonly<Ejection> = { failures: 3, withinMs: 10_000, ejectMs: 10_000, ejectedPercentMax: 50 }
export const HEALTH_CHECK: Readonly<Omit<HealthCheckOptions, 'host'>> = {
  path: '/',
  intervalMs: 5_000,
  timeoutMs: 2_000,
  healthyAfter: 2,
  unhealthyAfter: 3,
  status: '200-399',
}
export const RESOLVE: Readonly<{ minMs: number; maxMs: number }> = { minMs: 1_000, maxMs: 60_000 }
export const RETRIES = 1

/** What groups take from the proxy that they belong to. */
export interface GroupDefaults {
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
}

/**
 * Checks the options of one group and fills in the defaults.
 * @throws TypeError that says which option is wrong, how, and what would be right
 */
export function groupSpec(name: string, options: GroupOptions, defaults: GroupDefaults): GroupSpec {
  return atOnce(groupSteps(name, options, defaults))
}

/** The same, for a thread that has other things to do meanwhile. */
export function* groupSteps(name: string, options: GroupOptions, defaults: GroupDefaults): Steps<GroupSpec> {
  const what = `upstreams.${name}`
  checkShape(what, options, GROUP, ['servers'])
  const { servers, sticky, balance = 'round-robin', retries = RETRIES, slowStartMs = 0 } = options
  const { healthCheck, proxyProtocol = 'off', retryOn = 'reused' } = options
  const cookie = sticky?.cookie ?? ''
  if (sticky !== undefined && !isToken(cookie))
    throw new TypeError(`${what}.sticky.cookie must be a token, not ${shown(cookie)}`)
  const health = healthCheck == null ? null : healthOf(`${what}.healthCheck`, healthCheck)
  return {
    name,
    servers: yield* serversOf(what, servers),
    balance: {
      balance,
      ejection: ejectionOf(options.ejection),
      slowStartMs,
      health: health === null ? null : { healthyAfter: health.healthyAfter, unhealthyAfter: health.unhealthyAfter },
    },
    hash: hashBy(what, balance, options.hash),
    sticky: cookie,
    retries,
    retryOn,
    healthCheck:
      health === null
        ? null
        : {
            path: health.path,
            intervalMs: health.intervalMs,
            timeoutMs: health.timeoutMs,
            statuses: named(`${what}.healthCheck.status`, () => readStatuses(health.status)),
            host: health.host,
          },
    resolve: resolveOf(`${what}.resolve`, options.resolve),
    dial: options.tls === undefined ? defaults.dial : { ...defaults.dial, tls: tlsOf(`${what}.tls`, options) },
    proxyProtocol,
    limits: filled<Limits>(defaults.limits, options.limits),
    deadlines: filled<Deadlines>(defaults.deadlines, options.deadlines),
  }
}

const SERVER = {
  url: text,
  weight: whole(0, 1_000),
  backup: flag,
  connectionsMax: whole(1),
  waitingMax: whole(),
} satisfies Shape<ServerOptions>

const server: Check = (what, value) =>
  typeof value === 'object' && !(value instanceof URL) ? checkShape(what, value, SERVER, ['url']) : text(what, value)

export const NAMESERVERS = list(text, 1)

export const UPSTREAM_TLS = shape({
  ca: text,
  servername: text,
  insecure: flag,
  cert: text,
  key: text,
  minVersion: choice('TLSv1.2', 'TLSv1.3'),
} satisfies Shape<UpstreamTls>)

const GROUP = {
  servers: list(server),
  balance: choice('round-robin', 'least-connections', 'hash'),
  hash: shape({ by: choice('address', 'field', 'cookie'), name: text }),
  sticky: shape({ cookie: text }, 'cookie'),
  retries: whole(0, 100),
  retryOn: choice('reused', 'any'),
  ejection: orNull(
    shape({
      failures: whole(),
      withinMs: milliseconds(1),
      ejectMs: milliseconds(1),
      ejectedPercentMax: whole(0, 100),
    } satisfies Shape<Ejection>),
  ),
  healthCheck: orNull(
    shape({
      path: text,
      intervalMs: milliseconds(1),
      timeoutMs: milliseconds(1),
      healthyAfter: whole(1),
      unhealthyAfter: whole(1),
      status: text,
      host: text,
    } satisfies Shape<HealthCheckOptions>),
  ),
  slowStartMs: milliseconds(),
  resolve: shape({ nameservers: NAMESERVERS, minMs: milliseconds(1), maxMs: milliseconds(1) }),
  tls: UPSTREAM_TLS,
  proxyProtocol: choice('off', 'v1', 'v2'),
  limits: shape(picked(numbersOf(LIMITS), GROUP_LIMITS)),
  deadlines: shape(picked(numbersOf(DEADLINES), GROUP_DEADLINES)),
} satisfies Shape<GroupOptions>

function picked<T, K extends keyof T>(checks: Shape<T>, keys: readonly K[]): Shape<Pick<T, K>> {
  return Object.fromEntries(keys.map(key => [key, checks[key]])) as Shape<Pick<T, K>>
}

function* serversOf(what: string, servers: GroupOptions['servers']): Steps<ServerSpec[]> {
  if (servers.length === 0) throw new TypeError(`${what}.servers: ${what} has no servers`)
  const specs: ServerSpec[] = []
  for (const [i, server] of servers.entries()) {
    specs.push(serverSpec(`${what}.servers[${i}]`, typeof server === 'string' ? { url: server } : server))
    yield
  }
  const keys = new Set<string>()
  for (const [i, { origin, kind }] of specs.entries()) {
    const key = `${kind} ${origin.key}`
    if (keys.has(key))
      throw new TypeError(
        `${what}.servers[${i}]: the server ${origin.key} stands there twice: give it a weight of 2 instead`,
      )
    keys.add(key)
  }
  if (specs.every(({ backup }) => backup))
    throw new TypeError(`${what}.servers: all are backups, so there is nothing that they stand in for`)
  if (specs.every(({ weight }) => weight === 0))
    throw new TypeError(`${what}.servers: all have the weight 0, so none is ever asked`)
  return specs
}

/** No failures that would be enough: never. */
function ejectionOf(given: GroupOptions['ejection']): Ejection | null {
  if (given === null) return null
  const ejection = filled(EJECTION, given)
  return ejection.failures === 0 ? null : ejection
}

function healthOf(what: string, options: NonNullable<GroupOptions['healthCheck']>): HealthCheckOptions {
  const health = filled({ ...HEALTH_CHECK, host: '' }, options)
  const { path, host, intervalMs, timeoutMs } = health
  if (!/^\/[\x21\x22\x24-\x7e]*$/.test(path))
    throw new TypeError(`${what}.path must be a path, for example /healthz, not ${shown(path)}`)
  if (host !== '' && !isAuthority(host))
    throw new TypeError(`${what}.host must be a host such as app.example, not ${shown(host)}`)
  if (timeoutMs > intervalMs)
    throw new TypeError(
      `${what}.timeoutMs (${timeoutMs}) is more than intervalMs (${intervalMs}): an answer must be there before the next question`,
    )
  return health
}

function resolveOf(what: string, { nameservers, ...times }: NonNullable<GroupOptions['resolve']> = {}) {
  const { minMs, maxMs } = filled(RESOLVE, times)
  if (minMs > maxMs) throw new TypeError(`${what}.minMs (${minMs}) is more than maxMs (${maxMs}): turn them round`)
  return { minMs, maxMs, nameservers: nameserversOf(what, nameservers) }
}

/** null: as the machine resolves names. @throws TypeError */
export function nameserversOf(what: string, nameservers: readonly string[] | undefined): readonly string[] | null {
  if (nameservers === undefined) return null
  try {
    if (nameservers.length === 0) throw new TypeError('none')
    lookupWith(nameservers)
  } catch {
    throw new TypeError(
      `${what}.nameservers: ${nameservers.length === 0 ? '[]' : nameservers.join(', ')} must be IP addresses, for example 127.0.0.1:53`,
    )
  }
  return nameservers
}

/** TLS that no server speaks would be thought to be there. */
function tlsOf(what: string, { servers, tls = {} }: GroupOptions): UpstreamTls {
  if (!servers.some(server => /^(srv\+)?https:/i.test(typeof server === 'string' ? server : server.url)))
    throw new TypeError(`${what} has no use: no server of this group is https://`)
  return checkTls(what, tls)
}

/** What OpenSSL has against it is said now, not when the first connection is made. */
export function checkTls(what: string, tls: UpstreamTls): UpstreamTls {
  const { ca, cert, key, insecure } = tls
  if (ca !== undefined) checkAuthorities(`${what}.ca`, ca)
  if (ca !== undefined && insecure === true)
    throw new TypeError(`${what}.ca and ${what}.insecure contradict each other: leave one of them out`)
  if ((cert === undefined) !== (key === undefined))
    throw new TypeError(
      `${what}.${cert === undefined ? 'key' : 'cert'} stands alone: a client certificate is both, cert and key`,
    )
  try {
    tlsMemory(tls)
  } catch (error) {
    throw new TypeError(`${what} cannot be used: ${(error as Error).message}`)
  }
  return tls
}

/** The group of a proxy that has one upstream: a name is resolved when a connection is made, and all of its addresses are tried. */
export function loneGroup(origin: Origin, defaults: GroupDefaults): GroupSpec {
  return {
    name: origin.key,
    servers: [{ origin, kind: 'one', weight: 1, backup: false }],
    balance: { balance: 'round-robin', ejection: null, slowStartMs: 0, health: null },
    hash: { by: 'address' },
    sticky: '',
    retries: 0,
    retryOn: 'reused',
    healthCheck: null,
    resolve: { ...RESOLVE, nameservers: null },
    proxyProtocol: 'off',
    ...defaults,
  }
}

function serverSpec(what: string, { url, weight = 1, backup = false, ...rest }: ServerOptions): ServerSpec {
  const srv = url.startsWith('srv+')
  const origin = named(what, () => readUpstream(srv ? url.slice('srv+'.length) : url))
  const isName = origin.socketPath === undefined && readLiteral(origin.host) === null && origin.host !== 'localhost'
  return { origin, kind: srv ? 'srv' : isName ? 'name' : 'one', weight, backup, ...rest }
}

function hashBy(what: string, balance: string, hash: GroupOptions['hash']): HashBy {
  if (hash === undefined) return { by: 'address' }
  const { by = 'address', name } = hash
  if (balance !== 'hash')
    throw new TypeError(`${what}.hash is for balance 'hash', and this group has '${balance}': leave one of them out`)
  if (by === 'address') {
    if (name !== undefined) throw new TypeError(`${what}.hash.name: an address has no name: leave it out`)
    return { by }
  }
  if (name === undefined || !isToken(name))
    throw new TypeError(`${what}.hash.name: hash by ${by} needs the ${by}'s name`)
  return { by, name }
}

/** `200-399,404` as pairs of first and last. @throws TypeError */
export function readStatuses(text: string): readonly (readonly [number, number])[] {
  return text.split(',').map(part => {
    const match = /^\s*([1-9][0-9]{2})(?:-([1-9][0-9]{2}))?\s*$/.exec(part)
    if (match === null)
      throw new TypeError(`status ${JSON.stringify(text)} is no list of statuses, for example 200-399 or 200,204`)
    return [Number(match[1]), Number(match[2] ?? match[1])] as const
  })
}

/** @throws TypeError with what is wrong and what would be right. */
export function readUpstream(text: string | undefined): Origin {
  const example = 'for example http://127.0.0.1:3000'
  if (text === undefined || text === '') throw new TypeError(`a reverse proxy needs an upstream, ${example}`)
  if (text.startsWith('unix:')) return readUnix(text)
  const match = /^(https?):\/\/([^/?#]*)(.*)$/i.exec(text)
  if (match === null)
    throw new TypeError(`upstream ${JSON.stringify(text)} is no URL with http:// or https://, ${example}`)
  const rest = match[3]!
  if (rest !== '' && rest !== '/')
    throw new TypeError(
      `upstream ${JSON.stringify(text)} has a path (${rest}): requests keep their own path, so leave it off; a route can change it (setPrefix)`,
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

function readUnix(text: string): Origin {
  const path = text.slice('unix:'.length)
  if (!path.startsWith('/') || path.includes('\0'))
    throw new TypeError(`upstream ${JSON.stringify(text)} needs the absolute path of a socket, as unix:/run/app.sock`)
  // sun_path of the kernel has 108 octets, the last of them zero.
  if (Buffer.byteLength(path) > 107)
    throw new TypeError(`upstream ${JSON.stringify(text)}: a socket's path has at most 107 octets`)
  return unixOrigin(path)
}
