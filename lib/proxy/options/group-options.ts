import { DEADLINES, type Deadlines } from '../../link/deadlines.js'
import { LIMITS, type Limits } from '../../link/limits.js'
import type { Origin } from '../../link/origin.js'
import type { DialSettings, UpstreamTls } from '../../net/upstream/dial.js'
import type { GroupSpec } from '../../net/upstream/group-spec.js'
import type { HashBy } from '../../policy/hash-key.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import { isToken } from '../../wire/octets.js'
import {
  checkShape,
  choice,
  filled,
  list,
  milliseconds,
  numbersOf,
  orNull,
  type Shape,
  shape,
  shown,
  text,
  whole,
} from './check.js'
import { checkSettings, HEALTH_CHECK_SHAPE, type HealthCheckOptions, healthOf } from './health-options.js'
import { RESOLVE, RESOLVE_SHAPE, type ResolveOptions, resolveOf } from './resolve-options.js'
import { SERVER_OR_URL, type ServerOptions, serversOf } from './server-options.js'
import { tlsOf, UPSTREAM_TLS } from './upstream-tls-options.js'

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
  resolve?: ResolveOptions
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

export const EJECTION: Readonly<Ejection> = { failures: 3, withinMs: 10_000, ejectMs: 10_000, ejectedPercentMax: 50 }
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
    healthCheck: health === null ? null : checkSettings(`${what}.healthCheck`, health),
    resolve: resolveOf(`${what}.resolve`, options.resolve),
    dial:
      options.tls === undefined ? defaults.dial : { ...defaults.dial, tls: tlsOf(`${what}.tls`, servers, options.tls) },
    proxyProtocol,
    limits: filled<Limits>(defaults.limits, options.limits),
    deadlines: filled<Deadlines>(defaults.deadlines, options.deadlines),
  }
}

const GROUP = {
  servers: list(SERVER_OR_URL),
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
  healthCheck: orNull(HEALTH_CHECK_SHAPE),
  slowStartMs: milliseconds(),
  resolve: RESOLVE_SHAPE,
  tls: UPSTREAM_TLS,
  proxyProtocol: choice('off', 'v1', 'v2'),
  limits: shape(picked(numbersOf(LIMITS), GROUP_LIMITS)),
  deadlines: shape(picked(numbersOf(DEADLINES), GROUP_DEADLINES)),
} satisfies Shape<GroupOptions>

function picked<T, K extends keyof T>(checks: Shape<T>, keys: readonly K[]): Shape<Pick<T, K>> {
  return Object.fromEntries(keys.map(key => [key, checks[key]])) as Shape<Pick<T, K>>
}

/** No failures that would be enough: never. */
function ejectionOf(given: GroupOptions['ejection']): Ejection | null {
  if (given === null) return null
  const ejection = filled(EJECTION, given)
  return ejection.failures === 0 ? null : ejection
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
