import { stateNow } from '../../admin/member-state.js'
import { type GroupTotals, type MemberTotals, PHASES, type Phase } from '../../admin/source.js'
import type { MemberStatus } from '../../link/balancer.js'
import { Histogram, type HistogramSnapshot } from '../../link/histogram.js'
import type { OriginPool } from '../../net/upstream/origin-pool.js'
import { atOnce, type Steps } from '../../policy/steps.js'
import type { HopwiseProxy } from '../../proxy/proxy.js'
import type { Upstreams } from '../../proxy/upstreams.js'
import type { GatewayStats } from '../gateway-types.js'
import { summedStats } from '../workers/summed-stats.js'

/**
 * What one process has counted: each of its listeners, and each upstream side once. In steps, for a process that serves meanwhile:
 * with thousands of servers it takes a while.
 * @param upstreams the side that listeners share; null: there is none
 */
export function* gatewayStatsSteps(
  proxies: readonly HopwiseProxy[],
  upstreams: Upstreams | null,
  about: { readonly version: string; readonly startedAt: number },
): Steps<GatewayStats> {
  const nothing = { ...nothingCounted(), ...about, name: proxies[0]?.settings.name ?? '' }
  const sides = new Set(proxies.map(proxy => proxy.upstreams))
  if (upstreams !== null) sides.add(upstreams)
  const counted: GatewayStats[] = [nothing, ...proxies.map(proxy => ({ ...nothing, ...ofClients(proxy) }))]
  const lists: GatewayStats[] = []
  for (const side of sides) {
    const ofSide = { ...nothing, ...(yield* ofUpstreams(side)) }
    // Its lists have one entry per server: they are not copied again and again only to be added to nothing.
    if (ofSide.groups.length + ofSide.upstream.origins.length > 0) lists.push(ofSide)
    counted.push({ ...ofSide, groups: [], upstream: { ...ofSide.upstream, origins: [] } })
  }
  const sum = summedStats(counted)
  const [only] = lists
  if (only === undefined) return sum
  const { groups, upstream } = lists.length === 1 ? only : summedStats(lists)
  return { ...sum, groups, upstream: { ...sum.upstream, origins: upstream.origins } }
}

/** What one listener has counted, without an upstream side that it shares with others. */
export function listenerStats(
  proxy: HopwiseProxy,
  about: { readonly version: string; readonly startedAt: number; readonly name: string },
): GatewayStats {
  const nothing = { ...nothingCounted(), ...about }
  const counted = { ...nothing, ...ofClients(proxy) }
  return proxy.ownsUpstreams ? summedStats([counted, { ...nothing, ...atOnce(ofUpstreams(proxy.upstreams)) }]) : counted
}

function nothingCounted(): Omit<GatewayStats, 'name' | 'version' | 'startedAt'> {
  return {
    client: { open: 0, idle: 0, active: 0, accepted: 0, refused: 0, requests: 0, closes: {} },
    upstream: {
      open: 0,
      idle: 0,
      busy: 0,
      reserved: 0,
      dialing: 0,
      waiting: 0,
      dialed: 0,
      reused: 0,
      closes: {},
      origins: [],
    },
    lookups: { pending: 0, asked: 0, refused: { lookupsMax: 0, lookupsPerAddressMax: 0 } },
    exchanges: { active: 0, total: 0, retries: 0, failures: {}, deadlines: {} },
    phases: phasesOf(() => NO_TIMES),
    statuses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 0 },
    racesLost: 0,
    guards: {},
    groups: [],
  }
}

const NO_TIMES = new Histogram()

function phasesOf(histogram: (phase: Phase) => Histogram): Record<Phase, HistogramSnapshot> {
  const entries = PHASES.map(phase => [phase, histogram(phase).snapshot()] as const)
  return Object.fromEntries(entries) as Record<Phase, HistogramSnapshot>
}

// Listeners ----------------------------------------------------------------------------------------------------------

function ofClients(proxy: HopwiseProxy): Partial<GatewayStats> {
  const { phases, counts } = proxy
  const { client, exchanges } = proxy.stats()
  const { allow, deny, connections } = proxy.clients.guarded
  const guards = {
    allow,
    deny,
    connectionsPerSecond: connections,
    requestsPerSecond: counts.refusedByRate,
    requestsPerAddressMax: counts.refusedAsTooMany,
    uploadBytesPerSecondMin: counts.refusedAsTooSlow,
    failedLoginsPerMinute: counts.refusedByFailures,
  }
  if (phases === null) return { client, exchanges, guards }
  const [, informational = 0, ok = 0, redirects = 0, clientErrors = 0, serverErrors = 0, other = 0] = phases.statuses
  return {
    client,
    exchanges,
    guards,
    phases: phasesOf(phase => phases[phase]),
    statuses: { '1xx': informational, '2xx': ok, '3xx': redirects, '4xx': clientErrors, '5xx': serverErrors, other },
  }
}

// Upstreams ----------------------------------------------------------------------------------------------------------

function* ofUpstreams(
  upstreams: Upstreams,
): Steps<Pick<GatewayStats, 'upstream' | 'lookups' | 'racesLost' | 'groups'>> {
  const now = upstreams.clock.now()
  const wallMs = upstreams.clock.wallMs()
  const upstream = upstreams.stats()
  const groups: GroupTotals[] = []
  for (const group of upstreams.groups.values()) {
    const members: MemberTotals[] = []
    for (const status of group.states(now)) {
      members.push(memberTotals(status, now, wallMs))
      yield
    }
    groups.push({ name: group.name, members })
  }
  // A connection ends as stale when it was reused and its upstream had closed it as the next request was sent.
  return { upstream, lookups: upstreams.resolver.stats(), racesLost: upstream.closes.stale ?? 0, groups }
}

function memberTotals(status: MemberStatus<OriginPool>, now: number, wallMs: number): MemberTotals {
  const { member, state, weight, backup, checked } = status
  const { place, book } = member
  const { requests, failures, ejections, failuresInRow, answeredAt, lastFailure, compressedSeen, plainSeen } =
    member.record
  const { idle, busy, reserved, dialing, waiting } = book
  const { queued, refused, announcedMs } = book
  const counts = { idle, busy, reserved, dialing, waiting, requests, failures, ejections, queued, refused }
  const learnedIdleMs = book.lesson.limitMs(now)
  return {
    name: place.name,
    state: stateNow(state, failuresInRow),
    weight,
    backup,
    ...counts,
    checked,
    failuresInRow,
    compressedSeen,
    plainSeen,
    ...(Number.isFinite(answeredAt) ? { lastAnswerAt: Math.round(wallMs - (now - answeredAt)) } : {}),
    ...(lastFailure === null ? {} : { lastFailure }),
    closes: Object.fromEntries(member.closes),
    ...(Number.isFinite(learnedIdleMs) ? { learnedIdleMs } : {}),
    ...(Number.isFinite(announcedMs) ? { announcedIdleMs: announcedMs } : {}),
  }
}
