import type { GroupTotals } from '../admin/source.js'

/**
 * Whether the groups that readiness needs (`admin.readyNeeds`) have a server that is up, by what health checks say: they go on while no
 * requests come, so what has become not ready can become ready again, and their `healthyAfter` and `unhealthyAfter` keep it from
 * going to and fro. Failures of requests and ejection do not count: without requests they would never be over.
 */
export class NeededGroups {
  /** Of which a server was proved to be up once: from then on one that nobody has checked yet counts, as it does for requests. */
  readonly #proven = new Set<string>()

  /** Why not, in one sentence; '' when each has one. @param groups null: nothing was seen yet */
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
