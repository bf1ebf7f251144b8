import type { ListenerPlan } from '../config/plan.js'
import { listenTarget, readListenAddress } from '../net/listen-address.js'
import type { Routes } from '../policy/routes.js'
import type { ConnectionRecord } from '../proxy/events.js'
import type { Route } from '../proxy/options/route-options.js'
import type { Settings } from '../proxy/options/settings.js'
import { Phases } from '../proxy/phases.js'
import { HopwiseProxy } from '../proxy/proxy.js'
import type { Upstreams } from '../proxy/upstreams.js'
import type { BoundAddress, Listener } from './gateway-types.js'
import { explainListenError } from './listen-error.js'
import { accessWriter } from './logs/access-format.js'
import type { Log } from './logs/log.js'
import { quietAccept } from './quiet-accept.js'
import type { Watching } from './views/watching.js'

/** A listener that is a proxy: its events go to the log and to the live page. */
export class ProxyListener implements Listener {
  readonly proxy: HopwiseProxy
  bound: BoundAddress | null = null

  /** @param shared null: an upstream side of its own */
  constructor(
    public plan: ListenerPlan,
    settings: Settings,
    shared: Upstreams | null,
    private readonly log: Log,
    private readonly watching: Watching,
    routes?: Routes<Route> | null,
  ) {
    const { options, name } = plan
    this.proxy = new HopwiseProxy(settings, options.name === undefined, shared, new Phases(), routes)
    const { access, accessFormat, worker, logger } = log
    this.proxy.on('warning', ({ message, code, cause }) =>
      logger.warn(cause === undefined ? { code, listener: name } : { code, listener: name, err: cause }, message),
    )
    if (access !== undefined) {
      const line = accessWriter(accessFormat, worker === undefined ? { listener: name } : { listener: name, worker })
      this.proxy.on('exchange', record => access(line(record)))
    }
    watching.add(this)
    if (logger.isLevelEnabled('debug')) this.tellOfConnections()
  }

  private tellOfConnections(): void {
    const { name } = this.plan
    const say = (message: string) => (record: ConnectionRecord) =>
      this.log.logger.debug({ ...record, listener: name }, message)
    this.proxy.on('client-open', say('client connection opened')).on('client-close', say('client connection closed'))
  }

  /** @param routes made from the settings in advance */
  update(plan: ListenerPlan, settings: Settings, routes: Routes<Route> | null | undefined): void {
    this.proxy.reconfigure(settings, plan.options.name === undefined, routes)
    this.plan = plan
  }

  async listen(): Promise<BoundAddress> {
    const { name, address: written } = this.plan
    try {
      const { address, port } = await this.proxy.listen(listenTarget(readListenAddress(written)))
      this.bound = { name, address, port }
      return this.bound
    } catch (error) {
      throw explainListenError(error, written)
    }
  }

  announce(): void {
    this.proxy.announce()
  }

  async stopAccepting(): Promise<void> {
    await quietAccept(this.proxy.clients)
    this.proxy.clients.stopListening()
  }

  async close(graceMs: number): Promise<void> {
    await quietAccept(this.proxy.clients)
    await this.proxy.close({ graceMs })
    this.watching.remove(this)
  }

  destroy(): void {
    this.proxy.destroy()
    this.watching.remove(this)
  }
}
