import type { ListenerPlan } from '../config/plan.js'
import { listenTarget, readListenAddress } from '../net/listen-address.js'
import { createDumb } from '../peers/dumb.js'
import type { Listener } from './gateway-types.js'
import { type BoundAddress, RefusedError } from './gateway-types.js'

/** The warning for every operator who runs it. */
export const DUMB_WARNING =
  'DEMONSTRATION ONLY: this proxy is wrong on purpose. It forwards Connection blindly, reads only one request per ' +
  'connection, and lets clients hang. Never send real traffic through it'

/** The dumb proxy of a configuration. It has no drain: what hangs here hangs on purpose. */
export class DumbListener implements Listener {
  bound: BoundAddress | null = null
  private readonly dumb: ReturnType<typeof createDumb>

  constructor(readonly plan: ListenerPlan) {
    this.dumb = createDumb(plan.upstream === undefined ? {} : { upstream: plan.upstream })
  }

  async listen(): Promise<BoundAddress> {
    const target = listenTarget(readListenAddress(this.plan.address))
    if (!('port' in target))
      throw new RefusedError([`listener ${this.plan.name}: the dumb proxy can only listen on host:port`])
    const { address, port } = await this.dumb.listen(target)
    this.bound = { name: this.plan.name, address, port }
    return this.bound
  }

  announce(): void {}

  async stopAccepting(): Promise<void> {
    this.dumb.destroy()
  }

  async close(): Promise<void> {
    this.dumb.destroy()
  }

  destroy(): void {
    this.dumb.destroy()
  }
}
