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
  /** Forward mode: where one may go at all; null: wherever the configuration says. */
  readonly destinations: Destinations | null
  /** Name servers to ask; null: as the machine resolves names. */
  readonly nameservers: readonly string[] | null
}

/** Who is told what happens on the upstream side. */
export interface UpstreamWatcher {
  upstreamOpened(connection: UpstreamConnection): void
  upstreamClosed(connection: UpstreamConnection): void
  /** A member of a group came up, went down or was ejected. */
  memberChanged(group: string, member: string, state: string): void
  fault(fault: unknown): void
  warn(code: string, message: string): void
}

/** Where a listener listens: nobody is to be sent there. */
export interface OwnAddress {
  readonly address: { readonly address: string; readonly port: number } | null
}

/** The upstream side of one proxy, or of several that share it: names, pools, groups, and the time that all of them go by. */
export class Upstreams implements UpstreamHandler, GroupSurroundings {
  readonly clock: Clock
  readonly wheel: DeadlineWheel
  readonly resolver: Resolver
  readonly pools: UpstreamPool
  readonly groups = new Map<string, UpstreamGroup>()
  /** The listeners that it must not connect to. */
  readonly own = new Set<OwnAddress>()
  private mode: UpstreamsSettings['mode']
  private destinations: Destinations | null
  /** As text, to see whether they are others. */
  private nameservers: string
  /** As text: the settings that all pools share. */
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
   * Takes other settings for what comes next. Groups that are specified as well keep their members; the others end. A specification that
   * is the very same object as before says that its group has not changed.
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

  /** undefined: the name servers are the same as before, and so is what they answered. */
  private otherLookup(settings: UpstreamsSettings): Lookup | undefined {
    const nameservers = namesOf(settings)
    if (nameservers === this.nameservers) return undefined
    this.nameservers = nameservers
    return lookupWith(settings.nameservers)
  }

  /** Groups that are not there yet, before anybody is led to them. */
  *add(groups: readonly GroupSpec[]): Steps<void> {
    for (const spec of groups) {
      if (this.groups.has(spec.name)) continue
      this.groups.set(spec.name, new UpstreamGroup(this, spec))
      yield
    }
  }

  /** Does every pool have to know of these settings? */
  private isOther({ dial, limits, deadlines, grammar, strictUpstream }: UpstreamsSettings): boolean {
    const before = this.configuredAs
    this.configuredAs = JSON.stringify({ dial, limits, deadlines, grammar, strictUpstream })
    return before !== this.configuredAs
  }

  /** Where a forward proxy may not go any more, connections are not kept either. */
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
    // The names of a gateway are its operator's, whoever asks for them: only where clients choose them has each its share.
    const client = destinations === null || clientAddress === '' ? '' : siteOf(clientAddress)
    return this.resolver.resolve(
      host,
      (error, addresses) => {
        const failure = error === null || this.mode === 'reverse' ? error : foundByClient(error)
        const allowed = failure ?? (destinations === null ? addresses : destinations.check(host, addresses))
        try {
          if (allowed instanceof ProxyError) done(allowed, [])
          else if (allowed.some(({ address }) => this.isSelf(address, port))) {
            const what = `${host}:${port} is this very proxy`
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
 * `destination_not_found` is for gateways, which have to be told where their upstream is (RFC 9209 2.3.3). A forward proxy is told by
 * the request, so that there is no such name is an error of DNS (2.3.2).
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

/** Does who connects to `address` come to a listener on `own`? However the address is written. */
function reaches(address: string, own: string): boolean {
  const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
  const family = familyOf(bare)
  if (UNSPECIFIED.check(bare, family)) return true // the kernel takes it for loopback
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
