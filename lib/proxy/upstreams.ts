import { BlockList } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import { ProxyError } from '../link/proxy-error.js'
import type { Clock } from '../net/clock.js'
import { DeadlineWheel } from '../net/deadline-wheel.js'
import { type Lookup, lookupWith, Resolver, type ResolverLimits } from '../net/names/resolver.js'
import { siteOf } from '../net/site-of.js'
import type { Destinations } from '../net/upstream/destinations.js'
import type { DialSettings } from '../net/upstream/dial.js'
import type { GroupSpec } from '../net/upstream/group-spec.js'
import type { GroupSurroundings } from '../net/upstream/group-surroundings.js'
import type { UpstreamConnection } from '../net/upstream/upstream-connection.js'
import { UpstreamGroup } from '../net/upstream/upstream-group.js'
import { UpstreamPool } from '../net/upstream/upstream-pool.js'
import type { Locate, UpstreamHandler } from '../net/upstream/upstream-shared.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { Steps } from '../policy/steps.js'
import type { GrammarLimits } from '../wire/limits.js'
import type { ProxyStats } from './events.js'

export interface UpstreamsSettings {
  readonly mode: 'reverse' | 'forward'
  readonly clock: Clock
  readonly dial: DialSettings
  readonly limits: Limits
  readonly deadlines: Deadlines
  readonly grammar: GrammarLimits
  readonly strictUpstream: boolean
  /** Forward mode: the permitted destinations; null: upstreams come from the configuration and are not checked. */
  readonly destinations: Destinations | null
  /** Name servers to query; null: the resolver of the system. */
  readonly nameservers: readonly string[] | null
}

/** Is notified of what happens on the upstream side. */
export interface UpstreamWatcher {
  upstreamOpened(connection: UpstreamConnection): void
  upstreamClosed(connection: UpstreamConnection): void
  /** A member of a group came up, went down or was ejected. */
  memberChanged(group: string, member: string, state: string): void
  fault(fault: unknown): void
  warn(code: string, message: string): void
}

/** The address of a listener of ours: no request may be forwarded to it. */
export interface OwnAddress {
  readonly address: { readonly address: string; readonly port: number } | null
}

/** The upstream side of one proxy, or of several that share it: names, pools, groups, and their common clock. */
export class Upstreams implements UpstreamHandler, GroupSurroundings {
  readonly clock: Clock
  readonly wheel: DeadlineWheel
  readonly resolver: Resolver
  readonly pools: UpstreamPool
  readonly groups = new Map<string, UpstreamGroup>()
  /** Our own listeners, which must not be connected to. */
  readonly own = new Set<OwnAddress>()
  private mode: UpstreamsSettings['mode']
  private destinations: Destinations | null
  /** As text, to detect changes. */
  private nameservers: string
  /** The settings that all pools share, as text, to detect changes. */
  private configuredAs = ''

  constructor(
    settings: UpstreamsSettings,
    private readonly watcher: UpstreamWatcher,
  ) {
    const { clock } = settings
    this.clock = clock
    this.mode = settings.mode
    this.destinations = settings.destinations
    this.wheel = new DeadlineWheel(clock, { onError: fault => this.fault(fault) })
    this.nameservers = namesOf(settings)
    this.resolver = new Resolver({ clock, ...lookupLimits(settings), lookup: lookupWith(settings.nameservers) })
    this.pools = new UpstreamPool({ handler: this, wheel: this.wheel, ...sharedOf(settings) })
  }

  /**
   * Applies other settings from now on. Groups that are specified again keep their members; all others end. If a specification is
   * the same object as before, its group has not changed.
   */
  configure(settings: UpstreamsSettings, groups: readonly GroupSpec[]): void {
    this.mode = settings.mode
    this.destinations = settings.destinations
    this.resolver.configure(lookupLimits(settings), this.otherLookup(settings))
    const otherwise = this.isOther(settings)
    if (otherwise)
      this.pools.reconfigure({ handler: this, wheel: this.wheel, ...sharedOf({ ...settings, clock: this.clock }) })
    this.recheck()
    const wanted = new Set(groups.map(({ name }) => name))
    for (const [name, group] of this.groups) {
      if (wanted.has(name)) continue
      group.end()
      this.groups.delete(name)
    }
    for (const spec of groups) {
      const group = this.groups.get(spec.name)
      if (group === undefined) this.groups.set(spec.name, new UpstreamGroup(this, spec))
      else if (otherwise || group.spec !== spec) group.configure(spec)
    }
  }

  /** undefined: the name servers have not changed, so their answers remain valid. */
  private otherLookup(settings: UpstreamsSettings): Lookup | undefined {
    const nameservers = namesOf(settings)
    if (nameservers === this.nameservers) return undefined
    this.nameservers = nameservers
    return lookupWith(settings.nameservers)
  }

  /** Adds groups that do not exist yet, before any route refers to them. */
  *add(groups: readonly GroupSpec[]): Steps<void> {
    for (const spec of groups) {
      if (this.groups.has(spec.name)) continue
      this.groups.set(spec.name, new UpstreamGroup(this, spec))
      yield
    }
  }

  /** Whether the settings that all pools share have changed. */
  private isOther({ dial, limits, deadlines, grammar, strictUpstream }: UpstreamsSettings): boolean {
    const before = this.configuredAs
    this.configuredAs = JSON.stringify({ dial, limits, deadlines, grammar, strictUpstream })
    return before !== this.configuredAs
  }

  /** Stops keeping connections to destinations that a forward proxy may no longer connect to. */
  private recheck(): void {
    const { destinations, pools } = this
    if (destinations === null) return
    const looked = new Set<string>()
    for (const { pool, address } of pools.connections) {
      const where = `${address} ${pool.key}`
      if (pool.isMember || pool.retired || looked.has(where)) continue
      looked.add(where)
      const places = [{ address, family: address.includes(':') ? 6 : 4 } as const]
      if (destinations.check(pool.origin.host, places) instanceof ProxyError) pools.retire(pool)
    }
  }

  /** Stops watching names and members, and ends idle connections; the others end with their exchange. */
  drain(): void {
    for (const group of this.groups.values()) group.quiet()
    this.pools.drain()
  }

  destroy(reason: 'draining' | 'shutdown'): void {
    for (const group of this.groups.values()) group.quiet()
    this.pools.destroy(reason)
  }

  random(): number {
    return Math.random()
  }

  readonly locate: Locate = (host, port, done, clientAddress) => {
    const { destinations } = this
    const refused = destinations === null ? null : destinations.refuseHost(host)
    if (refused !== null) {
      done(refused, [])
      return null
    }
    // The names of a gateway come from its configuration: only where clients choose names are lookups limited per client.
    const client = destinations === null || clientAddress === '' ? '' : siteOf(clientAddress)
    return this.resolver.resolve(
      host,
      (error, addresses) => {
        const failure = error === null || this.mode === 'reverse' ? error : foundByClient(error)
        const allowed = failure ?? (destinations === null ? addresses : destinations.check(host, addresses))
        try {
          if (allowed instanceof ProxyError) done(allowed, [])
          else if (allowed.some(({ address }) => this.isSelf(address, port))) {
            const what = `${host}:${port} is this proxy itself`
            done(new ProxyError('proxy_loop_detected', what, { stage: 'route', side: 'proxy' }), [])
          } else done(null, allowed)
        } catch (fault) {
          this.fault(fault)
        }
      },
      client,
    )
  }

  private isSelf(address: string, port: number): boolean {
    for (const { address: own } of this.own)
      if (own !== null && own.port === port && reaches(address, own.address)) return true
    return false
  }

  stats(): ProxyStats['upstream'] {
    const now = this.clock.now()
    const { pools } = this
    const origins = [...pools.origins.values()].map(({ origin, book }) => {
      const learned = book.lesson.limitMs(now)
      const { open, idle, busy, reserved, dialing, waiting } = book
      const stats = { origin: origin.key, open, idle, busy, reserved, dialing, waiting }
      return Number.isFinite(learned) ? { ...stats, learnedIdleMs: learned } : stats
    })
    const sum = (of: 'open' | 'idle' | 'busy' | 'reserved' | 'dialing' | 'waiting'): number =>
      origins.reduce((total, origin) => total + origin[of], 0)
    return {
      open: sum('open'),
      idle: sum('idle'),
      busy: sum('busy'),
      reserved: sum('reserved'),
      dialing: sum('dialing'),
      waiting: sum('waiting'),
      dialed: pools.dialed,
      reused: pools.reused,
      closes: Object.fromEntries(pools.closes) as Partial<Record<CloseReason, number>>,
      origins,
    }
  }

  opened(connection: UpstreamConnection): void {
    this.watcher.upstreamOpened(connection)
  }

  closed(connection: UpstreamConnection): void {
    this.watcher.upstreamClosed(connection)
  }

  changed(group: string, member: string, state: string): void {
    this.watcher.memberChanged(group, member, state)
  }

  fault(fault: unknown): void {
    this.watcher.fault(fault)
  }

  warn(code: string, message: string): void {
    this.watcher.warn(code, message)
  }
}

/**
 * `destination_not_found` is for gateways, whose upstream is configured (RFC 9209 2.3.3). For a forward proxy the request names the
 * destination, so a name that does not exist is a DNS error (2.3.2).
 */
function foundByClient(error: ProxyError): ProxyError {
  if (error.type !== 'destination_not_found') return error
  const { message, stage, side, cause } = error
  return new ProxyError('dns_error', message, { stage, side, cause })
}

function lookupLimits({ deadlines, limits }: UpstreamsSettings): ResolverLimits {
  const { originsMax: namesMax, lookupsMax, lookupsPerAddressMax } = limits
  return { resolveMs: deadlines.resolveMs, namesMax, lookupsMax, lookupsPerAddressMax }
}

const namesOf = ({ nameservers }: UpstreamsSettings): string => nameservers?.join() ?? ''

function sharedOf({ dial, limits, deadlines, grammar, strictUpstream, clock }: UpstreamsSettings) {
  return { dial, limits, deadlines, grammar, strict: strictUpstream, clock, proxyProtocol: 'off' as const }
}

/** Whether a connection to `address`, in whatever notation, reaches a listener on `own`. */
function reaches(address: string, own: string): boolean {
  const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  const family = familyOf(bare)
  if (UNSPECIFIED.check(bare, family)) return true // the kernel treats it as loopback
  const everywhere = own === '0.0.0.0' || own === '::'
  if (everywhere && LOOPBACK.check(bare, family)) return true
  const mine = everywhere ? Object.values(networkInterfaces()).flatMap(list => list ?? []) : [{ address: own }]
  const list = new BlockList()
  for (const one of mine) list.addAddress(one.address, familyOf(one.address))
  return list.check(bare, family)
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4')

const UNSPECIFIED = new BlockList()
UNSPECIFIED.addAddress('0.0.0.0', 'ipv4')
UNSPECIFIED.addAddress('::', 'ipv6')
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')
