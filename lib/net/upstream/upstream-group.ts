import { Balancer, type Membership } from '../../link/balancer.js'
import { keyHash } from '../../link/key-hash.js'
import { RetryBudget } from '../../link/retry-budget.js'
import { askDns } from '../names/machine-names.js'
import { lookupBy, Resolver } from '../names/resolver.js'
import { GroupChecks } from './group-checks.js'
import { GroupNames } from './group-names.js'
import type { GroupSpec, ServerSpec } from './group-spec.js'
import type { GroupSurroundings } from './group-surroundings.js'
import { asking, pinned } from './member-handler.js'
import type { OriginPool, PoolGroup } from './origin-pool.js'
import type { UpstreamHandler, UpstreamShared } from './upstream-shared.js'
import { nameOf, type WantedMember, wantedMembers } from './wanted-members.js'

/**
 * A group of upstream servers: its members, each with its own pool, and the choice of a member for each request. A server with a
 * name is one member for each address of the name, which is looked up periodically: so a recreated container is found, and the
 * connections to its former address are closed when they are idle.
 */
export class UpstreamGroup implements PoolGroup {
  /** The only member, when there is nothing to choose and nothing to learn from its outcomes; otherwise null. */
  only: OriginPool | null = null
  spec: GroupSpec
  readonly retryBudget = new RetryBudget()
  private readonly balancer: Balancer<OriginPool>
  private readonly members = new Map<string, OriginPool>()
  /** The ids of the members in the sticky cookie. */
  private readonly sticky = new Map<string, OriginPool>()
  private readonly names: GroupNames
  private readonly checks: GroupChecks

  constructor(
    private readonly around: GroupSurroundings,
    spec: GroupSpec,
  ) {
    this.spec = spec
    this.balancer = new Balancer(spec.balance)
    this.names = new GroupNames(around, () => this.enlist(false))
    this.checks = new GroupChecks(around, (member, ok, detail) => this.checked(member, ok, detail))
    this.configure(spec)
  }

  get name(): string {
    return this.spec.name
  }

  /** Applies a new specification: members that are in it, too, keep their pools and their records. */
  configure(spec: GroupSpec): void {
    this.spec = spec
    this.names.watch(spec)
    this.enlist(true)
  }

  /** Stops name lookups and health checks, before a shutdown; the members continue to serve. */
  quiet(): void {
    this.names.stop()
    this.checks.stop()
  }

  /** The group is no longer used: idle connections end now, the others with their exchange. */
  end(): void {
    this.quiet()
    for (const pool of this.members.values()) this.around.pools.retire(pool)
    this.members.clear()
  }

  /**
   * Chooses the member for a request. Allocates nothing.
   * @param key the hash key of the request, '' for none
   * @param tried members that have already had the request
   * @returns null: no member is left
   */
  choose(now: number, key: string, tried: readonly OriginPool[]): OriginPool | null {
    return this.balancer.choose(now, key === '' ? -1 : keyHash(key), tried)
  }

  /** The member that a sticky cookie names, if it may be chosen now. */
  bySticky(id: string, now: number): OriginPool | null {
    const pool = this.sticky.get(id)
    return pool === undefined ? null : this.balancer.byKey(pool.key, now)
  }

  /** Whether the pool is currently a member. */
  holds(pool: OriginPool): boolean {
    return this.members.get(pool.key) === pool
  }

  /** Requests in progress and waiting. O(members). */
  get load(): number {
    let load = 0
    for (const pool of this.members.values()) load += pool.load
    return load
  }

  stickyId(member: OriginPool): string {
    return idOf(member.key)
  }

  succeeded(member: OriginPool, now: number): void {
    this.balancer.succeeded(member, now)
  }

  failed(member: OriginPool, now: number): void {
    if (!this.balancer.failed(member, now)) return
    member.record.ejections++
    this.around.changed(this.name, member.place.name, 'ejected')
  }

  states(now: number): ReturnType<Balancer<OriginPool>['states']> {
    return this.balancer.states(now)
  }

  /** Creates the members that are wanted now, and retires the others. */
  private enlist(reconfigured: boolean): void {
    const { pools, clock } = this.around
    const { spec } = this
    const wanted = wantedMembers(spec, server => this.names.addressesOf(server, spec))
    for (const [key, pool] of this.members) {
      if (wanted.has(key)) continue
      this.members.delete(key)
      pools.retire(pool)
    }
    const memberships: Membership<OriginPool>[] = []
    for (const member of wanted.values()) {
      memberships.push({ member: this.poolOf(member, reconfigured), weight: member.weight, backup: member.backup })
    }
    // The only member is never ejected, so nothing needs to be learned about it.
    const balance = wanted.size === 1 ? { ...spec.balance, ejection: null } : spec.balance
    this.balancer.replace(memberships, balance, clock.now())
    this.only = this.balancer.only
    for (const pool of this.members.values()) pool.group = this.only === null ? this : null
    this.sticky.clear()
    if (spec.sticky !== '') for (const pool of this.members.values()) this.sticky.set(idOf(pool.key), pool)
    this.checks.check(spec, wanted, this.members)
  }

  private poolOf(member: WantedMember, reconfigured: boolean): OriginPool {
    const known = this.members.get(member.key)
    if (known === undefined) {
      const place = { group: this.name, name: nameOf(member) }
      const pool = this.around.pools.member(member.key, member.origin, this.sharedFor(member), this, place)
      this.members.set(member.key, pool)
      return pool
    }
    if (reconfigured) known.reconfigure(this.sharedFor(member), this)
    return known
  }

  private sharedFor({ server, at }: WantedMember): UpstreamShared {
    const { shared } = this.around.pools
    const { dial, limits, deadlines, proxyProtocol } = this.spec
    const { connectionsMax = limits.upstreamConnectionsMax, waitingMax = limits.upstreamWaitingMax } = server
    return {
      ...shared,
      handler: at === null ? this.locating(shared.handler, server) : pinned(shared.handler, at),
      dial,
      proxyProtocol,
      limits: { ...limits, upstreamConnectionsMax: connectionsMax, upstreamWaitingMax: waitingMax },
      deadlines,
    }
  }

  /** How a server without an address is located: by the group's own name servers, if it has any. */
  private locating(handler: UpstreamHandler, { kind }: ServerSpec): UpstreamHandler {
    const { clock, questions = askDns } = this.around
    const { resolve, deadlines } = this.spec
    if (kind === 'one' || resolve.nameservers === null) return handler
    const lookup = lookupBy(() => questions(resolve.nameservers))
    return asking(handler, new Resolver({ clock, resolveMs: deadlines.resolveMs, lookup }))
  }

  private checked(member: OriginPool, ok: boolean, detail: string): void {
    if (!this.holds(member)) return
    const now = this.around.clock.now()
    if (ok) member.record.answered(now)
    const change = this.balancer.checked(member, ok, now)
    if (change === null) return
    if (change === 'down') member.closeIdle('health')
    this.around.changed(this.name, member.place.name, `${change} (${detail})`)
  }
}

/** Hides the member's address from readers of the cookie, but cannot keep them from confirming a guess. */
const idOf = (key: string): string => keyHash(key).toString(36) + keyHash(key, 1).toString(36)
