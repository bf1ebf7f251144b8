import type { Advice } from '../../admin/adviser.js'
import { advise } from '../../admin/adviser.js'
import type { AdminSource, Totals } from '../../admin/source.js'
import type { GatewayPlan } from '../../config/plan.js'
import type { Daemon } from '../daemon.js'
import { NeededGroups } from '../needed-groups.js'
import { adviserFacts } from './adviser-facts.js'

/** The data of a daemon's admin listener. Advice is based on the totals that were last requested: it may be one scrape behind. */
export function adminSource(daemon: Daemon<GatewayPlan>): AdminSource {
  let last: Totals | null = null
  let advice: readonly Advice[] | null = null
  const groups = new NeededGroups()
  const needed = () => daemon.configuration.admin?.readyNeeds ?? []
  const stats = async () => {
    last = await daemon.stats()
    advice = null
    return last
  }
  const reasonNotReady = () => daemon.reasonNotReady() || groups.missing(needed(), last?.groups ?? null)
  return {
    stats,
    ready: () => reasonNotReady() === '',
    reasonNotReady,
    lookForReadiness: async () => {
      if (needed().length > 0) await stats()
    },
    advice: () => {
      advice ??= advise(adviserFacts(daemon.configuration, last))
      return advice
    },
    snapshot: max => daemon.snapshot(max),
    ledger: exchange => daemon.ledger(exchange),
    watched: on => daemon.watched(on),
  }
}
