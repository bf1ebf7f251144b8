import type { Advice } from '../admin/adviser.js'
import { advise } from '../admin/adviser.js'
import type { AdminSource, Totals } from '../admin/source.js'
import type { GatewayPlan } from '../config/plan.js'
import { adviserFacts } from './adviser-facts.js'
import type { Daemon } from './daemon.js'

/** What the admin listener of a daemon shows. Advice goes by the last totals that were asked for: it may be a scrape behind. */
export function adminSource(daemon: Daemon<GatewayPlan>): AdminSource {
  let last: Totals | null = null
  let advice: readonly Advice[] | null = null
  return {
    async stats() {
      last = await daemon.stats()
      advice = null
      return last
    },
    ready: () => daemon.ready(),
    reasonNotReady: () => daemon.reasonNotReady(),
    advice: () => {
      advice ??= advise(adviserFacts(daemon.configuration, last))
      return advice
    },
    snapshot: max => daemon.snapshot(max),
    ledger: exchange => daemon.ledger(exchange),
    watched: on => daemon.watched(on),
  }
}
