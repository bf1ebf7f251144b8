import { Balancer, type BalanceSettings, type Membership } from '../../link/balancer.js'
import type { Deadlines } from '../../link/deadlines.js'
import { keyHash } from '../../link/key-hash.js'
import type { Limits } from '../../link/limits.js'
import { type Origin, originOf } from '../../link/origin.js'
import type { ProxyError } from '../../link/proxy-error.js'
import { RetryBudget } from '../../link/retry-budget.js'
import type { HashBy } from '../../policy/hash-key.js'
import type { Clock, Timer } from '../clock.js'
import type { DnsQuestions } from '../names/dns-answers.js'
import { askDns } from '../names/machine-names.js'
import { NameWatch, type WatchedAddress } from '../names/name-watch.js'
import { type Address, lookupBy, Resolver } from '../names/resolver.js'
import { turnsAt } from '../turns.js'
import { type DialSettings, tlsKey } from './dial.js'
import { HealthCheck, type HealthCheckSettings } from './health-check.js'
import type { OriginPool, PoolGroup, UpstreamHandler, UpstreamShared } from './origin-pool.js'
import type { UpstreamPool } from './upstream-pool.js'

/** One server of a group, as it is configured. */
export interface ServerSpec {
  /** What its members have in common; `origin.host` is what Host and TLS go by, whatever the address. */
  readonly origin: Origin
  /** How it becomes members: one as it is, or one for each address of its name, or for each target of its SRV name. */
  readonly kind: 'one' | 'name' | 'srv'
  readonly weight: number
  readonly backup: boolean
  /** Instead of the group's limits. */
  readonly connectionsMax?: number
  readonly waitingMax?: number
}

/** One group, checked, with every default in its place. */
export interface GroupSpec {
  readonly name: string
  readonly servers: readonly ServerSpec[]
  readonly balance: BalanceSettings
  /** What requests are told apart by, for `hash`. */
  readonly hash: HashBy
  /** The cookie that holds a client to a member, or ''. */
  readonly sticky: string
  /** Other servers that a request may be tried on. */
  readonly retries: number
  /** May another server have what a fresh connection lost, too? */
  readonly retryOn: 'reused' | 'any'
  readonly healthCheck: HealthCheckSettings | null
  readonly resolve: { readonly nameservers: readonly string[] | null; readonly minMs: number; readonly maxMs: number }
  readonly dial: DialSettings
  readonly proxyProtocol: 'off' | 'v1' | 'v2'
  readonly limits: Limits
  readonly deadlines: Deadlines
}

/** What the members of all groups share. */
export interface GroupSurroundings {
  readonly pools: UpstreamPool
  readonly clock: Clock
  /** A number from 0 to 1, for what must not happen everywhere at once. */
  random(): number
  warn(code: string, message: string): void
  fault(fault: unknown): void
  /** A member came up or went down, by its health check or by ejection. */
  changed(group: string, member: string, state: string): void
  /** How names are asked for; as `askDns` does unless given. */
  readonly questions?: (nameservers: readonly string[] | null) => DnsQuestions
}

/** How one member is asked to be, before it has a pool. */
interface Wanted {
  readonly key: string
  readonly server: ServerSpec
  readonly origin: Origin
  readonly at: WatchedAddress | null
  readonly weight: number
  readonly backup: boolean
}

/**
 * A group of upstream servers: its members, each with a pool of its own, and who of them gets a request. A server with a name is
 * as many members as the name has addresses, which are asked for again and again: a container that was recreated is found, and the
 * connections to where it was end when they are idle.
 */
export class UpstreamGroup implements PoolGroup {
  /** The one member there is, when there is nothing to choose and nothing to be learned from how it fares. */
  only: OriginPool | null = null
  spec: GroupSpec
  readonly retryBudget = new RetryBudget()
  private readonly balancer: Balancer<OriginPool>
  private readonly members = new Map<string, OriginPool>()
  /** The ids of the members in the sticky cookie. */
  private readonly sticky = new Map<string, OriginPool>()
  private readonly watches = new Map<string, NameWatch>()
  private readonly checks = new Map<string, HealthCheck>()
  /** The settings that these were made with, as text: what has not changed goes on asking in its own time. */
  private checkedAs = 'null'
  private ended = false
  /** Until changes of names are taken up. */
  private gathering: Timer | null = null

  constructor(
    private readonly around: GroupSurroundings,
    spec: GroupSpec,
  ) {
    this.spec = spec
    this.balancer = new Balancer(spec.balance)
    this.configure(spec)
  }

  get name(): string {
    return this.spec.name
  }

  /** Takes another specification: members that it has as well keep their pools and what is known of them. */
  configure(spec: GroupSpec): void {
    this.spec = spec
    this.watchNames()
    this.enlist(true)
  }

  /** Stops looking after its members, who go on to serve: the end is near. */
  quiet(): void {
    this.ended = true
    this.gathering?.cancel()
    for (const watch of this.watches.values()) watch.stop()
    for (const check of this.checks.values()) check.stop()
    this.watches.clear()
    this.checks.clear()
  }

  /** Nobody asks it any more: idle connections end, the others with their exchange. */
  end(): void {
    this.quiet()
    for (const pool of this.members.values()) this.around.pools.retire(pool)
    this.members.clear()
  }

  /**
   * Who gets a request. Allocates nothing.
   * @param key what the request is told apart by, '' for nothing
   * @param tried who had it already
   * @returns null: nobody is left
   */
  choose(now: number, key: string, tried: readonly OriginPool[]): OriginPool | null {
    return this.balancer.choose(now, key === '' ? -1 : keyHash(key), tried)
  }

  /** The member of which a cookie speaks, if it may be chosen now. */
  bySticky(id: string, now: number): OriginPool | null {
    const pool = this.sticky.get(id)
    return pool === undefined ? null : this.balancer.byKey(pool.key, now)
  }

  /** It is a member now. */
  holds(pool: OriginPool): boolean {
    return this.members.get(pool.key) === pool
  }

  /** Requests under way and waiting. O(members). */
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
    member.ejections++
    this.around.changed(this.name, member.place.name, 'ejected')
  }

  states(now: number): ReturnType<Balancer<OriginPool>['states']> {
    return this.balancer.states(now)
  }

  // Names ------------------------------------------------------------------------------------------------------------

  private watchNames(): void {
    const names = new Map(
      this.spec.servers.filter(({ kind }) => kind !== 'one').map(server => [nameKey(server, this.spec), server]),
    )
    for (const [key, watch] of this.watches) {
      if (names.has(key)) continue
      watch.stop()
      this.watches.delete(key)
    }
    for (const [key, server] of names) if (!this.watches.has(key)) this.watches.set(key, this.watch(server))
  }

  private watch({ origin, kind }: ServerSpec): NameWatch {
    const { resolve, name } = this.spec
    const { questions = askDns } = this.around
    const watch: NameWatch = new NameWatch({
      name: origin.host,
      kind: kind === 'srv' ? 'srv' : 'address',
      port: origin.port,
      ...resolve,
      clock: this.around.clock,
      random: () => this.around.random(),
      questions: () => questions(resolve.nameservers),
      turns: turnsAt(resolve.nameservers),
      onChange: () => this.nameChanged(),
      onFault: fault => this.around.fault(fault),
      onError: error => this.around.warn('resolve', `upstreams.${name}: ${error.told('file')}; it will be asked again`),
    })
    watch.start()
    return watch
  }

  /**
   * In a large group, changes that come together are taken up together: each costs as much as there are members, and at the start
   * all names have their first answers within a moment.
   */
  private nameChanged(): void {
    if (this.ended || this.gathering !== null) return
    if (this.watches.size <= FEW_NAMES) {
      this.enlist(false)
      return
    }
    const { clock } = this.around
    this.gathering = clock.after(GATHER_MS, () => {
      this.gathering = null
      if (!this.ended) this.enlist(false)
    })
  }

  // Members ----------------------------------------------------------------------------------------------------------

  /** Makes the members that are wanted now, and retires the others. */
  private enlist(reconfigured: boolean): void {
    const { pools, clock } = this.around
    const wanted = new Map(this.wanted().map(member => [member.key, member]))
    for (const [key, pool] of this.members) {
      if (wanted.has(key)) continue
      this.members.delete(key)
      pools.retire(pool)
    }
    const memberships: Membership<OriginPool>[] = []
    for (const member of wanted.values()) {
      memberships.push({ member: this.poolOf(member, reconfigured), weight: member.weight, backup: member.backup })
    }
    // A member that is alone is never ejected, so nothing needs to be learned of it.
    const balance = wanted.size === 1 ? { ...this.spec.balance, ejection: null } : this.spec.balance
    this.balancer.replace(memberships, balance, clock.now())
    this.only = this.balancer.only
    for (const pool of this.members.values()) pool.group = this.only === null ? this : null
    this.sticky.clear()
    if (this.spec.sticky !== '') for (const pool of this.members.values()) this.sticky.set(idOf(pool.key), pool)
    this.checkHealth(wanted)
  }

  private wanted(): Wanted[] {
    return this.spec.servers.flatMap((server): Wanted[] => {
      const { origin, kind, weight, backup } = server
      const common = `${this.name} ${origin.key} ${tlsKey(this.spec.dial.tls)} ${this.spec.proxyProtocol}`
      const addresses: readonly WatchedAddress[] | null =
        kind === 'one' ? null : (this.watches.get(nameKey(server, this.spec))?.current ?? [])
      // A name that has no answer yet is asked for when a connection is made, and the request waits for that.
      if (addresses === null || (addresses.length === 0 && kind === 'name'))
        return [{ key: common, server, origin, at: null, weight, backup }]
      return addresses.map(at => ({
        key: `${common} ${at.address} ${at.port}`,
        server,
        origin: at.port === origin.port ? origin : originOf(origin.scheme, origin.host, at.port),
        at,
        weight: kind === 'srv' ? at.weight * weight : weight,
        backup: backup || at.backup,
      }))
    })
  }

  private poolOf(member: Wanted, reconfigured: boolean): OriginPool {
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

  private sharedFor({ server, at }: Wanted): UpstreamShared {
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

  /** How a server without an address is located: by the group's own name servers, where it has some. */
  private locating(handler: UpstreamHandler, { kind }: ServerSpec): UpstreamHandler {
    const { clock, questions = askDns } = this.around
    const { resolve, deadlines } = this.spec
    if (kind === 'one' || resolve.nameservers === null) return handler
    const lookup = lookupBy(() => questions(resolve.nameservers))
    return asking(handler, new Resolver({ clock, resolveMs: deadlines.resolveMs, lookup }))
  }

  // Health -----------------------------------------------------------------------------------------------------------

  private checkHealth(wanted: ReadonlyMap<string, Wanted>): void {
    const { healthCheck } = this.spec
    const settings = JSON.stringify(healthCheck)
    for (const [key, check] of this.checks) {
      if (wanted.has(key) && settings === this.checkedAs) continue
      check.stop()
      this.checks.delete(key)
    }
    this.checkedAs = settings
    if (healthCheck === null) return
    for (const [key, member] of wanted) {
      if (this.checks.has(key)) continue
      const check = this.healthCheck(healthCheck, this.members.get(key)!, member)
      this.checks.set(key, check)
      check.start()
    }
  }

  private healthCheck(settings: HealthCheckSettings, pool: OriginPool, { origin, at }: Wanted): HealthCheck {
    const { around, spec } = this
    return new HealthCheck({
      ...settings,
      origin,
      addresses: at === null ? null : [at],
      locate: (host, port, done) => pool.shared.handler.locate(host, port, done, ''),
      dial: spec.dial,
      proxyProtocol: spec.proxyProtocol,
      clock: around.clock,
      random: () => around.random(),
      onFault: fault => around.fault(fault),
      onResult: (ok, detail) => {
        if (this.members.get(pool.key) !== pool) return
        const now = around.clock.now()
        if (ok) pool.answered(now)
        const change = this.balancer.checked(pool, ok, now)
        if (change === null) return
        if (change === 'down') pool.closeIdle('health')
        around.changed(this.name, pool.place.name, `${change} (${detail})`)
      },
    })
  }
}

const FEW_NAMES = 64
const GATHER_MS = 100

/** The same handler, for a name that is to be asked for in another way. */
function asking(handler: UpstreamHandler, resolver: Resolver): UpstreamHandler {
  return {
    ...told(handler),
    locate: (host, port, done) =>
      resolver.resolve(host, (error, addresses) => {
        const allowed: Address[] = []
        let refused = error
        for (const { address } of addresses) {
          const judged = (why: ProxyError | null, found: readonly Address[]): void => {
            if (why !== null) refused = why
            for (const place of found) allowed.push(place)
          }
          handler.locate(address, port, judged, '') // at once, as it is no name
        }
        done(allowed.length > 0 ? null : refused, allowed)
      }),
  }
}

/** The same handler, for a member whose address is decided already. */
function pinned(handler: UpstreamHandler, at: WatchedAddress): UpstreamHandler {
  return { ...told(handler), locate: (_host, port, done) => handler.locate(at.address, port, done, '') }
}

function told(handler: UpstreamHandler): Pick<UpstreamHandler, 'opened' | 'closed' | 'fault'> {
  return {
    opened: connection => handler.opened(connection),
    closed: connection => handler.closed(connection),
    fault: fault => handler.fault(fault),
  }
}

/** As the origins are written, with the address where its name may have several. */
const nameOf = ({ origin, at }: Wanted): string => (at === null ? origin.key : `${origin.key} (${at.address})`)

/** Another way to ask is another watch. */
const nameKey = ({ origin, kind }: ServerSpec, { resolve }: GroupSpec): string =>
  `${kind} ${origin.key} ${resolve.nameservers?.join() ?? ''} ${resolve.minMs} ${resolve.maxMs}`

/** Does not show the member to those who see the cookie; who guesses its address could make sure of it. */
const idOf = (key: string): string => keyHash(key).toString(36) + keyHash(key, 1).toString(36)
