import { DEADLINES, type Deadlines } from '../../link/deadlines.js'
import { LIMITS, type Limits } from '../../link/limits.js'
import type { Origin } from '../../link/origin.js'
import type { DialSettings, UpstreamTls } from '../../net/upstream/dial.js'
import type { GroupSpec } from '../../net/upstream/group-spec.js'
import type { HashBy } from '../../policy/hash-key.js'
import { OptionError } from '../../policy/option-error.js'
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

/** A group of interchangeable servers, and how a server is chosen for each request. */
export interface GroupOptions {
  servers: readonly (string | ServerOptions)[]
  /** How requests are distributed. Default: `round-robin`. */
  balance?: 'round-robin' | 'least-connections' | 'hash'
  /** For `hash`: requests for which this value is the same go to the same server. Default: the client's address. */
  hash?: { by?: 'address' | 'field' | 'cookie'; name?: string }
  /** Keeps a client on the server that answered it first, with this cookie. */
  sticky?: { cookie: string }
  /** How many other servers a request is tried on, if that is safe (default 1). */
  retries?: number
  /**
   * Which connections a request may be retried after, if they end before a byte of the response has arrived: `reused` (default),
   * only those that had carried a request before; `any`, fresh ones too: then an idempotent request that can be repeated goes to
   * another server.
   */
  retryOn?: 'reused' | 'any'
  /** Stop using a server for a while after repeated failures; null: never. */
  ejection?: Partial<Ejection> | null
  /** Active health checks; null (default): none. */
  healthCheck?: Partial<HealthCheckOptions> | null
  /** A server that has come up receives its full share of requests only after this time (default 0). */
  slowStartMs?: number
  /** How the servers' host names are resolved. */
  resolve?: ResolveOptions
  /** TLS settings for this group, in place of `upstreamTls`. */
  tls?: UpstreamTls
  /** Begin each connection with the client's address (PROXY protocol); such a connection carries only that one request. */
  proxyProtocol?: 'off' | 'v1' | 'v2'
  /** Limits and deadlines for this group, in place of those of the proxy. */
  limits?: Partial<Pick<Limits, (typeof GROUP_LIMITS)[number]>>
  deadlines?: Partial<Pick<Deadlines, (typeof GROUP_DEADLINES)[number]>>
}

/** The limits and deadlines that apply per server; all others belong to a listener or to the whole process. */
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
  /** This many failures … */
  failures: number
  /** … within this time … */
  withinMs: number
  /** … eject a server for this long, longer each time. */
  ejectMs: number
  /** At most this share of the group's servers is ejected at once. */
  ejectedPercentMax: number
}

export const EJECTION: Readonly<Ejection> = { failures: 3, withinMs: 10_000, ejectMs: 10_000, ejectedPercentMax: 50 }
export const RETRIES = 1

/** What a group inherits from its proxy. */
export interface GroupDefaults {
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
}

/**
 * Checks the options of one group and fills in the defaults.
 * @throws OptionError that says which option is wrong, how, and what would be right
 */
export function groupSpec(name: string, options: GroupOptions, defaults: GroupDefaults): GroupSpec {
  return atOnce(groupSteps(name, options, defaults))
}

/** As `groupSpec`, in steps, for a thread that has other work to do in between. */
export function* groupSteps(name: string, options: GroupOptions, defaults: GroupDefaults): Steps<GroupSpec> {
  const what = `upstreams.${name}`
  checkShape(what, options, GROUP, ['servers'])
  const { servers, sticky, balance = 'round-robin', retries = RETRIES, slowStartMs = 0 } = options
  const { healthCheck, proxyProtocol = 'off', retryOn = 'reused' } = options
  const cookie = sticky?.cookie ?? ''
  if (sticky !== undefined && !isToken(cookie))
    throw new OptionError(`${what}.sticky.cookie must be a token, not ${shown(cookie)}`)
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

/** Zero `failures` means that no server is ever ejected. */
function ejectionOf(given: GroupOptions['ejection']): Ejection | null {
  if (given === null) return null
  const ejection = filled(EJECTION, given)
  return ejection.failures === 0 ? null : ejection
}

/**
 * The group of a proxy with a single upstream: its name is resolved for each new connection, and all of its addresses are tried.
 */
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
    throw new OptionError(`${what}.hash is for balance 'hash', but this group has '${balance}': omit one of them`)
  if (by === 'address') {
    if (name !== undefined) throw new OptionError(`${what}.hash.name is not used with by 'address': omit it`)
    return { by }
  }
  if (name === undefined || !isToken(name))
    throw new OptionError(`${what}.hash.name must be the name of the ${by} to hash by`)
  return { by, name }
}
