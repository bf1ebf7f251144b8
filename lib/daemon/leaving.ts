import type { Clock } from '../net/clock.js'
import type { HopwiseProxy } from '../proxy/proxy.js'
import type { GatewayStats, Listener } from './gateway-types.js'
import { ProxyListener } from './proxy-listener.js'
import { listenerStats } from './views/gateway-stats.js'
import { Retired } from './workers/summed-stats.js'

/**
 * Open connections close with their next response; those that stay idle for this long are ended. The same as for a worker that
 * is replaced: an idle connection that is ended at once may meet a request that is on its way.
 */
const ANNOUNCE_MS = 250

/** Listeners that are no longer in the configuration. None of their requests is lost because of it, and their counts remain. */
export class Leaving implements Iterable<Listener> {
  private readonly listeners = new Set<Listener>()
  private readonly counted = new Retired()

  constructor(
    private readonly clock: Clock,
    private readonly about: { readonly version: string; readonly startedAt: number },
    private readonly fault: (fault: unknown) => void,
  ) {}

  [Symbol.iterator](): Iterator<Listener> {
    return this.listeners[Symbol.iterator]()
  }

  /** Resolves when nothing listens at its address any more. What runs then continues for as long as it takes. */
  async add(listener: Listener): Promise<void> {
    this.listeners.add(listener)
    listener.announce()
    await listener.stopAccepting()
    this.clock.after(ANNOUNCE_MS, () => {
      listener.close(0).then(
        () => this.gone(listener),
        fault => this.fault(fault),
      )
    })
  }

  private gone(listener: Listener): void {
    this.listeners.delete(listener)
    if (listener instanceof ProxyListener) this.counted.add(this.countsOf(listener.proxy))
  }

  private countsOf(proxy: HopwiseProxy): GatewayStats {
    return listenerStats(proxy, { ...this.about, name: proxy.settings.name })
  }

  /** The counts of those that are gone: none, or one. */
  stats(): GatewayStats[] {
    return this.counted.stats()
  }
}
