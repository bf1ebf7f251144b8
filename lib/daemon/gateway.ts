import type { Ledger, Snapshot } from '../admin/source.js'
import type { GatewayPlan } from '../config/plan.js'
import { followTicketKeys } from '../net/client/ticket-keys.js'
import { systemClock, type Timer } from '../net/clock.js'
import { inSlices } from '../net/slices.js'
import type { UpstreamConnection } from '../net/upstream/upstream-connection.js'
import type { Routes } from '../policy/routes.js'
import type { Route } from '../proxy/options/route-options.js'
import { type HopwiseProxy, routesOf } from '../proxy/proxy.js'
import type { Tracer } from '../proxy/tracer.js'
import { Upstreams, type UpstreamWatcher } from '../proxy/upstreams.js'
import { DumbListener } from './dumb-listener.js'
import {
  type BoundAddress,
  type Gateway,
  type GatewayStats,
  type Listener,
  RefusedError,
  type ReloadSummary,
} from './gateway-types.js'
import { Leaving } from './leaving.js'
import type { Log } from './logs/log.js'
import { compared, type Prepared, prepare, prepareSteps } from './prepared.js'
import { ProxyListener } from './proxy-listener.js'
import { openTelemetryTracer } from './spans/tracing.js'
import { gatewayStatsSteps } from './views/gateway-stats.js'
import { Watching } from './views/watching.js'
import { summedStats } from './workers/summed-stats.js'

type RoutesByAddress = ReadonlyMap<string, Routes<Route> | null>

/** The routes of all listeners. Their groups exist already, and stay until the change. */
async function routesFor({ listeners }: Prepared, upstreams: Upstreams): Promise<RoutesByAddress> {
  const all = new Map<string, Routes<Route> | null>()
  for (const [address, { settings }] of listeners)
    if (settings !== null) all.set(address, await inSlices(routesOf(settings, upstreams)))
  return all
}

/** One process of the daemon: listeners, and the upstream side that they share. */
export class HopwiseGateway implements Gateway<GatewayPlan>, UpstreamWatcher {
  private upstreams: Upstreams | null = null
  private current: Prepared | null = null
  private readonly listeners = new Map<string, Listener>()
  private readonly leaving: Leaving
  private ending = false
  private readonly watching = new Watching()
  private ticketKeys: Buffer | null = null
  private turning: Timer | null = null
  private tracer: Tracer | null = null

  constructor(
    private readonly log: Log,
    private readonly version: string,
    private readonly startedAt: number = Date.now(),
  ) {
    this.leaving = new Leaving(systemClock, { version, startedAt }, fault => this.fault(fault))
  }

  async start(plan: GatewayPlan): Promise<readonly BoundAddress[]> {
    const prepared = prepare(plan, await this.tracerFor(plan))
    this.upstreams = new Upstreams(prepared.upstreams, this)
    this.upstreams.configure(prepared.upstreams, prepared.groups)
    this.turning = followTicketKeys(systemClock, plan.ticketSecret, keys => this.turnKeys(keys))
    try {
      for (const address of prepared.listeners.keys()) await this.open(prepared, address)
    } catch (error) {
      this.destroy()
      throw error
    }
    this.current = prepared
    return this.bound()
  }

  /** Made once: an OpenTelemetry SDK is there when the process starts, or never. */
  private async tracerFor({ openTelemetry }: GatewayPlan): Promise<Tracer | null> {
    if (!openTelemetry) return null
    const warn = (message: string, cause?: unknown) => this.log.logger.warn({ err: cause }, message)
    // If no SDK takes the spans, that is so in every worker, and the first one starts before the others.
    const isFirst = (this.log.worker ?? 1) === 1
    this.tracer ??= await openTelemetryTracer({ version: this.version, warn, isFirst })
    return this.tracer
  }

  private turnKeys(keys: Buffer): void {
    this.ticketKeys = keys
    for (const { clients } of this.proxies) clients.useTicketKeys(keys)
  }

  async update(plan: GatewayPlan): Promise<ReloadSummary> {
    const tracer = await this.tracerFor(plan)
    const before = this.current
    const upstreams = this.upstreams
    if (before === null || upstreams === null) throw new Error('it has not been started')
    // Clients must not notice any of this: long work is done in slices, and the change itself is short.
    const next = await inSlices(prepareSteps(plan, tracer, before))
    if (this.ending) throw new RefusedError(['hopwise is stopping'])
    this.refuseOtherModes(next)
    const added = [...next.listeners.keys()].filter(address => !this.listeners.has(address))
    const { opened, routes } = await this.openAll(upstreams, before, next, added)
    upstreams.configure(next.upstreams, next.groups)
    const left: Promise<void>[] = []
    for (const [address, listener] of this.listeners) {
      const wanted = next.listeners.get(address)
      if (wanted === undefined) {
        this.listeners.delete(address)
        left.push(this.leaving.add(listener))
      } else if (listener instanceof ProxyListener && wanted.settings !== null)
        listener.update(wanted.plan, wanted.settings, routes.get(address))
    }
    for (const listener of opened) this.listeners.set(listener.plan.address, listener)
    this.current = next
    await Promise.all(left)
    return this.summary(before, next, added)
  }

  /** Opens new listeners before anything else changes; the groups that they need are added first, and removed if that fails. */
  private async openAll(
    upstreams: Upstreams,
    before: Prepared,
    next: Prepared,
    added: readonly string[],
  ): Promise<{ opened: Listener[]; routes: RoutesByAddress }> {
    const opened: Listener[] = []
    try {
      await inSlices(upstreams.add(next.groups))
      const routes = await routesFor(next, upstreams)
      for (const address of added) {
        const listener = this.listenerFor(next, address, routes)
        opened.push(listener)
        await listener.listen()
      }
      // An end that began meanwhile does not know these listeners.
      if (this.ending) throw new RefusedError(['hopwise is stopping'])
      return { opened, routes }
    } catch (error) {
      for (const listener of opened) listener.destroy()
      upstreams.configure(before.upstreams, before.groups)
      throw error
    }
  }

  /**
   * A listener keeps running under its address, but its upstream side depends on its mode: with a guard of destinations, or
   * without.
   */
  private refuseOtherModes({ listeners }: Prepared): void {
    const reasons = [...listeners.values()].flatMap(({ plan: { address, name, mode } }) => {
      const before = this.listeners.get(address)?.plan.mode ?? mode
      return before === mode
        ? []
        : `listener ${name}: its mode cannot change from ${before} to ${mode} while it listens; give it another address, or restart hopwise`
    })
    if (reasons.length > 0) throw new RefusedError(reasons)
  }

  private async open(prepared: Prepared, address: string): Promise<void> {
    const listener = this.listenerFor(prepared, address)
    this.listeners.set(address, listener)
    await listener.listen()
  }

  private listenerFor({ listeners }: Prepared, address: string, routes?: RoutesByAddress): Listener {
    const { plan, settings } = listeners.get(address)!
    if (settings === null) return new DumbListener(plan)
    const shared = plan.mode === 'reverse' ? this.upstreams : null
    const listener = new ProxyListener(plan, settings, shared, this.log, this.watching, routes?.get(address))
    if (this.ticketKeys !== null) listener.proxy.clients.useTicketKeys(this.ticketKeys)
    return listener
  }

  private summary(before: Prepared, next: Prepared, added: readonly string[]): ReloadSummary {
    const gone = [...before.listeners.keys()].filter(address => !next.listeners.has(address)).length
    return {
      changes: {
        listeners: { total: next.listeners.size, added: added.length, removed: gone },
        groups: compared(before.madeOf, next.madeOf),
      },
      bound: this.bound(),
    }
  }

  private bound(): BoundAddress[] {
    return [...this.listeners.values()].flatMap(({ bound }) => (bound === null ? [] : [bound]))
  }

  announce(): void {
    this.ending = true
    for (const listener of this.listeners.values()) listener.announce()
  }

  async drain(graceMs: number): Promise<void> {
    this.ending = true
    const all = [...this.listeners.values(), ...this.leaving]
    this.upstreams?.drain()
    await Promise.all(all.map(listener => listener.close(graceMs)))
    this.upstreams?.destroy('draining')
    this.turning?.cancel()
  }

  destroy(): void {
    for (const listener of [...this.listeners.values(), ...this.leaving]) listener.destroy()
    this.upstreams?.destroy('shutdown')
    this.turning?.cancel()
  }

  /** The proxies of those listeners that have one. */
  private get proxies(): HopwiseProxy[] {
    const all = [...this.listeners.values(), ...this.leaving]
    return all.flatMap(listener => (listener instanceof ProxyListener ? [listener.proxy] : []))
  }

  async stats(): Promise<GatewayStats> {
    const { version, startedAt } = this
    const now = await inSlices(gatewayStatsSteps(this.proxies, this.upstreams, { version, startedAt }))
    return summedStats([now, ...this.leaving.stats()])
  }

  snapshot(max: number): Snapshot {
    const listeners = [...this.listeners.values(), ...this.leaving]
    return this.watching.snapshot(
      listeners.flatMap(listener => (listener instanceof ProxyListener ? [listener] : [])),
      this.upstreams,
      max,
    )
  }

  ledger(exchange: string): Ledger | null {
    return this.watching.ledger(exchange)
  }

  watched(on: boolean): void {
    this.watching.on = on
  }

  // ---- UpstreamWatcher, for the shared upstream side ----

  upstreamOpened(connection: UpstreamConnection): void {
    if (this.log.logger.isLevelEnabled('debug'))
      this.log.logger.debug({ id: connection.id, origin: connection.pool.origin.key }, 'upstream connection opened')
  }

  upstreamClosed(connection: UpstreamConnection): void {
    this.watching.upstreamClosed(connection)
    const { id, reason, detail, pool } = connection
    if (this.log.logger.isLevelEnabled('debug'))
      this.log.logger.debug({ id, reason, detail, origin: pool.origin.key }, 'upstream connection closed')
  }

  memberChanged(group: string, member: string, state: string): void {
    this.log.logger.warn({ code: 'member', group, member, state }, `upstreams.${group}: ${member} is ${state}`)
  }

  fault(fault: unknown): void {
    this.log.logger.warn({ code: 'fault', err: fault }, 'an internal error of hopwise ended one connection')
  }

  warn(code: string, message: string): void {
    this.log.logger.warn({ code }, message)
  }
}
