import { hostname } from 'node:os'
import { DEADLINES } from '../../link/deadlines.js'
import { LIMITS } from '../../link/limits.js'
import type { Door } from '../../link/remedies.js'
import { SecureAccept } from '../../net/client/secure-accept.js'
import { systemClock } from '../../net/clock.js'
import type { DialSettings, UpstreamTls } from '../../net/upstream/dial.js'
import { KeptFields } from '../../policy/kept-fields.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import { GRAMMAR_LIMITS } from '../../wire/limits.js'
import { Users } from '../users.js'
import { filled, named } from './check.js'
import { clientFieldsOf, guardsOf, peersOf } from './client-options.js'
import { clientTls } from './client-tls-options.js'
import { destinationsOf, readCredentials, readParent } from './forward-options.js'
import { checkOptions } from './known-options.js'
import type { ProxyOptions } from './proxy-options.js'
import { connectionRateOf, failedLoginRateOf, rateOf } from './rate-options.js'
import { nameserversOf } from './resolve-options.js'
import { routesOf } from './routes-and-groups.js'
import type { Settings } from './settings.js'
import { checkTls } from './upstream-tls-options.js'

/**
 * Checks the options and fills in the defaults.
 * @throws OptionError that says which option is wrong, how, and what would be right
 */
export function settingsOf(options: ProxyOptions, door: Door = 'library'): Settings {
  const settings = atOnce(settingsSteps(options, null, door))
  const { tls } = settings
  if (tls !== null) named('tls', () => new SecureAccept(tls)) // throws if OpenSSL cannot use the settings
  return settings
}

/**
 * As `settingsOf`, in steps, for a thread that has other work to do in between.
 * @param shared the names of groups that are made elsewhere; null: they are made here
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

/** Long enough to cost nothing, short enough that no NAT drops the connection. Go: 15 s; HAProxy, nginx: the kernel's two hours. */
export const TCP_KEEP_ALIVE_MS = 30_000

/**
 * The two ports of the web. Why 80: docs/decisions/0009-connect-to-port-80.md. Squid: 443 and 563; Apache, tinyproxy: 443 and
 * 563.
 */
export const CONNECT_PORTS: readonly number[] = [80, 443]

export const UPGRADES: readonly string[] = ['websocket']

/**
 * A name for a deployment that was not given one: host name and port, so that two proxies on one host are not mistaken for
 * each other; never the product's name. `port` 0: it does not listen yet.
 */
export function nameAt(port: number): string {
  const name = hostname().replace(/[^A-Za-z0-9.-]/g, '-')
  return `${name === '' ? 'unnamed' : name}${port === 0 ? '' : `-${port}`}`
}
