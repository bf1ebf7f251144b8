import type { GroupTotals } from '../admin/source.js'

/**
 * Whether the groups that readiness needs (`admin.readyNeeds`) have a server that is up according to health checks. Health
 * checks continue while no requests come, so a daemon that is not ready can become ready again, and `healthyAfter` and
 * `unhealthyAfter` keep it from flapping. Failed requests and ejection do not count: without requests they would never be over.
 */
export class NeededGroups {
  /** Groups of which a server was once found to be up: from then on an unchecked server counts, as it does for requests. */
  readonly #proven = new Set<string>()

  /** Why not ready, in one sentence; '' when each group has a server that is up. @param groups null: nothing is known yet */
  missing(needed: readonly string[], groups: readonly GroupTotals[] | null): string {
    for (const name of needed) {
      const servers = groups?.find(group => group.name === name)?.members.filter(({ weight }) => weight > 0) ?? []
      const up = servers.filter(({ state }) => state !== 'down')
      if (up.some(({ checked }) => checked)) this.#proven.add(name)
      else if (up.length === 0 && servers.length > 0) return `all servers of upstreams.${name} are down`
      else if (servers.length === 0) return `upstreams.${name} has no server`
      else if (!this.#proven.has(name)) return `no server of upstreams.${name} has been checked yet`
    }
    return ''
  }
}
