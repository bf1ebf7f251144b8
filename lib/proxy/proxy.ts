import { EventEmitter } from 'node:events'
import { originOf } from '../link/origin.js'
import { RateLimit, type RateSettings } from '../link/rate-limit.js'
import { UnderWay } from '../link/under-way.js'
import type { ClientConnection } from '../net/client/client-connection.js'
import { type ClientHandler, ClientPool, type ClientPoolSettings } from '../net/client/client-pool.js'
import type { ClientStream } from '../net/client/client-stream.js'
import type { ListensAt } from '../net/client/listener.js'
import { imfDate } from '../net/date.js'
import type { ListenTarget } from '../net/listen-address.js'
import type { OriginPool } from '../net/upstream/origin-pool.js'
import type { UpstreamConnection } from '../net/upstream/upstream-connection.js'
import { answerProblem } from '../policy/answer.js'
import type { CloseReason } from '../policy/close-reason.js'
import { Routes } from '../policy/routes.js'
import { atOnce, type Steps } from '../policy/steps.js'
import { hostAndPort, readAuthority } from '../wire/authority.js'
import type { RequestHead } from '../wire/request-head.js'
import type { Engine, ExchangeCounts, ExchangeWatcher } from './engine.js'
import type { ConnectionRecord, ProxyEvents, ProxyStats } from './events.js'
import { Exchange } from './forward.js'
import { Guesses } from './guesses.js'
import { nameAt, settingsOf } from './options/options.js'
import type { ProxyOptions } from './options/proxy-options.js'
import type { Route } from './options/route-options.js'
import type { Settings } from './options/settings.js'
import type { Phases } from './phases.js'
import { Upstreams, type UpstreamsSettings, type UpstreamWatcher } from './upstreams.js'

/** A forward or reverse proxy. */
export interface Proxy {
  /**
   * Starts accepting connections on `{ host, port }` (with port 0 the system chooses one), on a unix socket `{ path }`, or on a
   * socket that is already open, `{ fd }`. Resolves with the address and port.
   * @throws Node's listen errors: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`
   */
  listen(where: ListenTarget): Promise<{ address: string; port: number }>
  /**
   * Drains the proxy: stops accepting connections, closes idle ones, lets exchanges in progress finish with `Connection: close`,
   * and ends the rest after `graceMs` (default: the deadline `drainMs`; 0: no limit). Resolves when all connections are closed.
   */
  close(how?: { graceMs?: number }): Promise<void>
  /**
   * Replaces all options, for requests that begin from now on. Connections on both sides stay open where the new options allow
   * them; exchanges in progress finish with the old options. The listen address, `clock` and `readMode` cannot be changed.
   * @throws TypeError as `createProxy` does; then nothing has changed
   */
  update(options: ProxyOptions): void
  /** All responses say `Connection: close` from now on, while connections are still accepted: call it some time before `close`. */
  announce(): void
  /** Ends everything at once. A WebSocket that is between two frames gets a close frame (1001), and half a second to answer. */
  destroy(): void
  /** Returns a snapshot of the pools and exchanges. */
  stats(): ProxyStats
  /** Adds a listener for an event. */
  on<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this
  /** Removes a listener. */
  off<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this
}

/**
 * Creates a forward or reverse proxy. Nothing happens before `listen`.
 * @throws TypeError that names the option that is wrong and says what would be right
 */
export function createProxy(options: ProxyOptions): Proxy {
  return new HopwiseProxy(settingsOf(options), options.name === undefined)
}

export class HopwiseProxy implements Proxy, Engine, ClientHandler, UpstreamWatcher {
  readonly clients: ClientPool
  readonly upstreams: Upstreams
  readonly counts: ExchangeCounts = {
    active: 0,
    total: 0,
    retries: 0,
    failures: new Map(),
    deadlines: new Map(),
    refusedByRate: 0,
    refusedAsTooSlow: 0,
    refusedAsTooMany: 0,
    gathered: 0,
    refusedByFailures: 0,
  }
  routes: Routes<Route> | null
  rate: RateLimit | null = null
  readonly underWay = new UnderWay()
  failedLogins: RateLimit | null = null
  readonly guesses = new Guesses()
  private connectionRate: RateLimit | null = null
  recorded = false
  watcher: ExchangeWatcher | null = null
  readonly date: () => string
  private readonly events = new EventEmitter()
  /** The upstream side belongs to this proxy and is not shared. */
  readonly ownsUpstreams: boolean
  private closing: Promise<void> | null = null

  /**
   * @param unnamed the deployment has no configured name: it is named after its address once it listens
   * @param shared an upstream side that several listeners share, with the groups that the routes name
   */
  constructor(
    public settings: Settings,
    private unnamed: boolean,
    shared: Upstreams | null = null,
    readonly phases: Phases | null = null,
    /** Made from the settings by `routesOf`, if that has been done already. */
    routes?: Routes<Route> | null,
  ) {
    const { clock, limits, deadlines, grammar } = settings
    this.date = () => imfDate(clock)
    this.ownsUpstreams = shared === null
    this.upstreams = shared ?? new Upstreams(upstreamSettings(settings), this)
    if (shared === null) this.upstreams.configure(upstreamSettings(settings), settings.groups)
    this.clients = new ClientPool(this, settings.dial, limits, deadlines, grammar, this.wheel, clock)
    this.clients.reconfigure({ tls: settings.tls })
    this.clients.reconfigure(this.clientSettings(settings))
    this.upstreams.own.add(this.clients)
    this.routes = routes === undefined ? this.compile(settings) : routes
    this.rate = this.limited(this.rate, settings.requestRate)
    this.failedLogins = this.limited(this.failedLogins, settings.failedLoginRate)
  }

  get wheel() {
    return this.upstreams.wheel
  }

  /** Usage under the previous settings still counts. */
  private limited(rate: RateLimit | null, settings: RateSettings | null): RateLimit | null {
    if (settings === null || rate === null) return settings === null ? null : new RateLimit(settings)
    rate.reconfigure(settings, this.settings.clock.now())
    return rate
  }

  /** The settings of the client side, except TLS. */
  private clientSettings(settings: Settings): Omit<ClientPoolSettings, 'tls'> {
    const { dial, limits, deadlines, grammar, proxyProtocol, guards, connectionRate } = settings
    this.connectionRate = this.limited(this.connectionRate, connectionRate)
    return {
      settings: dial,
      limits,
      deadlines,
      grammar,
      proxyProtocol,
      guards:
        guards === null && connectionRate === null
          ? null
          : { allow: null, deny: null, ...guards, connections: this.connectionRate },
    }
  }

  private compile(settings: Settings): Routes<Route> | null {
    return atOnce(routesOf(settings, this.upstreams))
  }

  async listen(where: ListenTarget): Promise<ListensAt> {
    const at = await this.clients.listen(where)
    if (this.unnamed) this.settings = { ...this.settings, name: nameAt(at.port) }
    return at
  }

  update(options: ProxyOptions): void {
    this.reconfigure(settingsOf(options, this.settings.door), options.name === undefined)
  }

  /**
   * As `update`, with checked settings. Shared upstreams have been configured before, by their owner.
   * @param routes made from the settings by `routesOf`, if that has been done already
   */
  reconfigure(settings: Settings, unnamed: boolean, routes?: Routes<Route> | null): void {
    this.clients.reconfigure({ tls: settings.tls }) // the only step that may throw
    this.clients.reconfigure(this.clientSettings(settings))
    this.trust(settings)
    this.unnamed = unnamed
    const { address } = this.clients
    const name = unnamed && address !== null ? nameAt(address.port) : settings.name
    if (this.ownsUpstreams) this.upstreams.configure(upstreamSettings(settings), settings.groups)
    this.routes = routes === undefined ? this.compile(settings) : routes
    this.rate = this.limited(this.rate, settings.requestRate)
    this.failedLogins = this.limited(this.failedLogins, settings.failedLoginRate)
    settings.users?.succeed(this.settings.users)
    this.settings = { ...settings, name, clock: this.settings.clock }
  }

  /** Checks each address once: most of thousands of clients come from the same few addresses. */
  private trust({ trusted }: Settings): void {
    const known = new Map<string, boolean>()
    for (const client of this.clients.connections) {
      const { address } = client
      const is = known.get(address) ?? trusted.has(address)
      known.set(address, is)
      client.trusted = is
    }
  }

  close(how: { graceMs?: number } = {}): Promise<void> {
    this.closing ??= this.drain(how.graceMs ?? this.settings.deadlines.drainMs)
    return this.closing
  }

  private async drain(graceMs: number): Promise<void> {
    const emptied = this.clients.drain()
    if (this.ownsUpstreams) this.upstreams.drain()
    const timer = graceMs === 0 ? null : this.settings.clock.after(graceMs, () => this.destroy())
    await emptied
    timer?.cancel()
    this.upstreams.own.delete(this.clients)
    if (this.ownsUpstreams) this.upstreams.destroy('draining')
  }

  announce(): void {
    this.clients.announcing = true
  }

  destroy(): void {
    this.clients.destroy('shutdown')
    this.upstreams.own.delete(this.clients)
    if (this.ownsUpstreams) this.upstreams.destroy('shutdown')
  }

  on<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this {
    this.events.on(event, listener)
    this.recorded = this.events.listenerCount('exchange') > 0
    return this
  }

  off<E extends keyof ProxyEvents>(event: E, listener: (what: ProxyEvents[E]) => void): this {
    this.events.off(event, listener)
    this.recorded = this.events.listenerCount('exchange') > 0
    return this
  }

  emit<E extends keyof ProxyEvents>(event: E, what: ProxyEvents[E]): void {
    try {
      this.events.emit(event, what)
    } catch (fault) {
      if (event !== 'warning') this.fault(fault) // an error in a listener must not end an exchange
    }
  }

  // ---- Engine ----

  /** The pool of the origin in an absolute-form target, or of the parent proxy. */
  poolFor(head: RequestHead, { parent }: Settings, admitted: boolean): OriginPool {
    const { pools } = this.upstreams
    if (parent !== null) return pools.of(parent.origin)
    const { host, port } = readAuthority(head.host)!
    const origin = originOf(head.scheme === 'https' ? 'https' : 'http', host, port)
    return admitted ? pools.of(origin) : pools.unlisted(origin)
  }

  fault(fault: unknown): void {
    const message = fault instanceof Error ? fault.message : String(fault)
    this.emit('warning', {
      code: 'fault',
      message: `an internal error of this proxy ended one connection: ${message}`,
      cause: fault,
    })
  }

  warn(code: string, message: string): void {
    this.emit('warning', { code, message })
  }

  // ---- ClientHandler, UpstreamWatcher ----

  begin(client: ClientStream): Exchange {
    return new Exchange(this, client)
  }

  refusal(why: string, status: 400 | 503): string {
    const [error, todo] =
      status === 503
        ? ['connection_limit_reached', 'Try again later.']
        : ['http_request_error', 'Use https:// in the URL.']
    const problem = { status, error, what: why, where: '', todo, method: '', accept: '' }
    return answerProblem(problem, { name: this.settings.name, date: this.date(), persist: 'close', keepAlive: '' })
  }

  opened(client: ClientConnection): void {
    client.trusted = this.settings.trusted.has(client.address)
    this.tell('client-open', client)
  }

  closed(client: ClientConnection): void {
    this.tell('client-close', client)
  }

  upstreamOpened(connection: UpstreamConnection): void {
    this.tell('upstream-open', connection)
  }

  upstreamClosed(connection: UpstreamConnection): void {
    this.tell('upstream-close', connection)
  }

  memberChanged(group: string, member: string, state: string): void {
    this.warn('member', `upstreams.${group}: ${member} is ${state}`)
  }

  private tell(
    event: 'client-open' | 'client-close' | 'upstream-open' | 'upstream-close',
    connection: ClientConnection | UpstreamConnection,
  ): void {
    if (this.events.listenerCount(event) > 0) this.emit(event, connectionRecord(connection, this.settings.clock.now()))
  }

  stats(): ProxyStats {
    const { clients, counts } = this
    return {
      client: {
        open: clients.open,
        idle: clients.idle,
        active: clients.open - clients.idle,
        accepted: clients.accepted,
        refused: clients.refused,
        requests: clients.requests,
        closes: Object.fromEntries(clients.closes) as Partial<Record<CloseReason, number>>,
      },
      upstream: this.upstreams.stats(),
      lookups: this.upstreams.resolver.stats(),
      exchanges: {
        active: counts.active,
        total: counts.total,
        retries: counts.retries,
        failures: Object.fromEntries(counts.failures),
        deadlines: Object.fromEntries(counts.deadlines),
      },
    }
  }
}

/** The routes of a reverse proxy, each with its group, which must exist already; null for a forward proxy. */
export function* routesOf({ mode, routes }: Settings, { groups }: Upstreams): Steps<Routes<Route> | null> {
  if (mode === 'forward') return null
  const rows = routes.map(route => ({ match: route.match, value: { ...route, group: groups.get(route.upstream)! } }))
  return yield* Routes.made(rows)
}

/** The settings of the upstream side of a proxy. */
function upstreamSettings(settings: Settings): UpstreamsSettings {
  return {
    ...settings,
    destinations: settings.mode === 'forward' && settings.parent === null ? settings.destinations : null,
  }
}

/** `192.0.2.1:4711`, `[2001:db8::1]:4711`; `unix` for a client without an address. */
function peerOf({ address, port }: ClientConnection): string {
  return address === '' ? 'unix' : hostAndPort(address, port)
}

/** The record of a connection for events and views. */
export function connectionRecord(connection: ClientConnection | UpstreamConnection, now: number): ConnectionRecord {
  const upstream = 'entry' in connection
  return {
    id: connection.id,
    side: upstream ? 'upstream' : 'client',
    peer: upstream ? connection.pool.origin.key : peerOf(connection),
    requests: upstream ? connection.entry.served : connection.requests,
    ageMs: Math.round(now - connection.openedAt),
    ...(connection.reason === null ? {} : { reason: connection.reason }),
    ...(connection.detail === '' ? {} : { detail: connection.detail }),
  }
}
