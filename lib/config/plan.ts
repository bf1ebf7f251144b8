import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import type { ReadMode } from '../net/socket/read-mode.js'
import type { GroupOptions } from '../proxy/options/group-options.js'
import type { ProxyOptions } from '../proxy/options/proxy-options.js'
import { burstOf } from '../proxy/options/rate-options.js'
import { readUsersFile } from '../proxy/options/users-file.js'
import type { GrammarLimits } from '../wire/limits.js'
import type {
  Configuration,
  ForwardListener,
  Group,
  Listener,
  ProxyListener,
  ReverseListener,
  Route,
} from './configuration.js'

/**
 * What the daemon has to do: the configuration with every default, in the terms of the engine, and with the contents of
 * the files that it names. It is plain data, which processes exchange as JSON.
 */
export interface GatewayPlan {
  readonly listeners: readonly ListenerPlan[]
  /** The groups that routes name, and one for each URL that a route names instead. */
  readonly upstreams: Readonly<Record<string, GroupOptions>>
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  readonly readMode: ReadMode
  readonly logs: Configuration['logs']
  readonly workers: Configuration['workers']
  readonly admin: NonNullable<Configuration['admin']> | null
  /** Reload a changed file without a signal. */
  readonly watch: boolean
  /** The file for the process id; null: none. */
  readonly pidFile: string | null
  readonly openTelemetry: boolean
  /** The secret that keys of TLS session tickets are derived from: the same for all processes, as long as the daemon lives. */
  readonly ticketSecret: string
}

export interface ListenerPlan {
  readonly name: string
  /** As written; identifies the listener from one configuration to the next. */
  readonly address: string
  readonly mode: 'reverse' | 'forward' | 'dumb'
  /** All options of a proxy except the groups; empty for `dumb`. */
  readonly options: ListenerOptions
  /** Lines of a users file: the user name and the hash of the password. */
  readonly users: readonly (readonly [user: string, hash: string])[] | null
  /** `dumb`: its one upstream. */
  readonly upstream?: string
}

/** The options of a proxy that are plain data. */
export type ListenerOptions = Omit<ProxyOptions, 'mode' | 'upstreams' | 'users' | 'tracer' | 'clock' | 'readMode'>

/** @param contents of the files that the configuration names, by their absolute names */
export function planOf(
  configuration: Configuration,
  contents: Readonly<Record<string, string>>,
  ticketSecret: string,
): GatewayPlan {
  const { listeners, upstreams, limits, deadlines, grammar, readMode, logs, workers, admin, reload, tracing, pidFile } =
    configuration
  const planned = listeners.map(listener => listenerPlan(listener, configuration, contents))
  const groups = Object.entries(upstreams).map(([name, group]) => [name, groupOptions(group, contents)] as const)
  return {
    listeners: planned,
    upstreams: { ...implicitGroups(listeners, upstreams), ...Object.fromEntries(groups) },
    limits,
    deadlines,
    grammar,
    readMode,
    logs,
    workers,
    admin: admin ?? null,
    watch: reload.watch,
    pidFile: pidFile ?? null,
    openTelemetry: tracing.openTelemetry,
    ticketSecret,
  }
}

/** Routes may name a server instead of a group: each such server is its own group. */
function implicitGroups(
  listeners: readonly Listener[],
  upstreams: Configuration['upstreams'],
): Record<string, GroupOptions> {
  const named = listeners.flatMap(listener => (listener.mode === 'reverse' ? listener.routes : []))
  const urls = named.map(({ upstream }) => upstream).filter(upstream => !Object.hasOwn(upstreams, upstream))
  return Object.fromEntries(urls.map(url => [url, { servers: [url] }]))
}

function listenerPlan(
  listener: Listener,
  configuration: Configuration,
  contents: Readonly<Record<string, string>>,
): ListenerPlan {
  const { name, address, mode } = listener
  if (listener.mode === 'dumb') {
    const { upstream } = listener
    return { name, address, mode, options: {}, users: null, ...(upstream === undefined ? {} : { upstream }) }
  }
  const { limits, deadlines, grammar, clients, tls, trust, routes, destinations, resolve, users, parent, ...rest } =
    listener as EitherListener
  const { requestsPerSecond, requestsBurst, uploadBytesPerSecondMin, ...guards } = clients
  const options: ListenerOptions = defined({
    ...proxyOptions(rest),
    name: configuration.name,
    trust: trust ?? configuration.trust,
    limits: { ...configuration.limits, ...defined(limits) },
    deadlines: { ...configuration.deadlines, ...defined(deadlines) },
    grammar: { ...configuration.grammar, ...defined(grammar) },
    recordFields: configuration.logs.access.format === 'combined',
    clients: defined(guards),
    uploadBytesPerSecondMin,
    requestRate:
      requestsPerSecond === 0
        ? undefined
        : { perSecond: requestsPerSecond, burst: requestsBurst === 0 ? burstOf(requestsPerSecond) : requestsBurst },
    tls: tls && clientTls(tls, contents),
    routes: routes?.map(routeOptions),
    parent,
    resolve: resolve && defined(resolve),
    ...destinations,
  })
  const known = users === undefined ? null : readUsersFile(contents[users.file] ?? '').users
  return { name, address, mode, options, users: known }
}

/** A listener of either mode, with the keys of both. */
type EitherListener = ProxyListener &
  Partial<
    Pick<ReverseListener, 'routes' | 'xForwardedPrefix'> &
      Pick<ForwardListener, 'destinations' | 'resolve' | 'users' | 'parent'>
  >

/** The keys that have the same name in the engine. */
function proxyOptions(listener: object): ListenerOptions {
  const { name: _, address: __, mode: ___, ...same } = listener as Record<string, unknown>
  return same as ListenerOptions
}

function routeOptions({ requestFields, responseFields, ...route }: Route) {
  const edits = [...Object.keys(requestFields.set), ...requestFields.remove].length > 0 ? { requestFields } : {}
  const back = [...Object.keys(responseFields.set), ...responseFields.remove].length > 0 ? { responseFields } : {}
  return { ...defined(route), ...edits, ...back }
}

type ListenerTls = NonNullable<ProxyListener['tls']>

function clientTls(tls: ListenerTls, contents: Readonly<Record<string, string>>): NonNullable<ProxyOptions['tls']> {
  const { certificates, ciphers = '', clientCertificates, minVersion, handshakeMs } = tls
  return {
    certificates: certificates.map(({ cert, key }) => ({ cert: contents[cert] ?? '', key: contents[key] ?? '' })),
    minVersion,
    ciphers,
    handshakeMs,
    clientCertificates:
      clientCertificates === undefined ? null : { ...clientCertificates, ca: contents[clientCertificates.ca] ?? '' },
  }
}

function groupOptions(group: Group, contents: Readonly<Record<string, string>>): GroupOptions {
  const { servers, ejection, hash, tls, resolve, healthCheck, limits, deadlines, sticky, ...rest } = group
  const { ca, cert, key, servername, insecure } = tls ?? {}
  const text = (file: string | undefined) => (file === undefined ? undefined : (contents[file] ?? ''))
  return defined({
    ...rest,
    servers: servers.map(defined),
    ejection: ejection.failures === 0 ? null : ejection,
    hash: hash && defined(hash),
    sticky,
    resolve: defined(resolve),
    healthCheck: healthCheck && defined(healthCheck),
    limits: defined(limits),
    deadlines: defined(deadlines),
    tls: tls && defined({ ca: text(ca), cert: text(cert), key: text(key), servername, insecure }),
  })
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> }

/** Drops the keys whose value is undefined: to the engine, absent and undefined are two things. */
function defined<T extends object>(settings: T): Defined<T> {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Defined<T>
}
