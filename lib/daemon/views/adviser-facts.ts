import type { Facts, GroupFacts, GroupSeen, ListenerFacts } from '../../admin/facts.js'
import type { GroupTotals, MemberTotals, Totals } from '../../admin/source.js'
import type { GatewayPlan, ListenerPlan } from '../../config/plan.js'
import { DEADLINES } from '../../link/deadlines.js'
import { readListenAddress } from '../../net/listen-address.js'
import { readLiteral } from '../../net/names/resolver.js'
import type { CloseReason } from '../../policy/close-reason.js'
import { type GroupOptions, RETRIES } from '../../proxy/options/group-options.js'
import { filesAllowed } from '../file-limit.js'

/** The facts for the adviser. @param totals null: nothing was observed yet */
export function adviserFacts(plan: GatewayPlan, totals: Totals | null): Facts {
  const { listeners, upstreams, admin, deadlines, limits } = plan
  const seen = new Map(totals?.groups.map(group => [group.name, group]))
  return {
    listeners: listeners.map(listenerFacts),
    groups: Object.entries(upstreams).map(([name, group]) => groupFacts(name, group, plan, seen.get(name))),
    admin: admin === null ? null : { loopback: isNear(admin.address) },
    deadlines,
    limits,
    filesMax: filesAllowed(),
    stopGraceMs: stopGraceMs(),
    races: { lost: totals?.racesLost ?? 0, reused: totals?.upstream.reused ?? 0 },
  }
}

/** How long after SIGTERM the service manager kills this process; null: not known. */
function stopGraceMs(environment = process.env): number | null {
  if (environment.KUBERNETES_SERVICE_HOST !== undefined) return 30_000
  if (environment.INVOCATION_ID !== undefined) return 90_000 // systemd
  return process.pid === 1 ? 10_000 : null
}

function listenerFacts({ name, address, mode, options, users }: ListenerPlan, nth: number): ListenerFacts {
  const { tls, trust = [], proxyProtocol, clients, deadlines } = options
  return {
    path: ['listeners', nth],
    name,
    mode,
    loopback: isNear(address),
    tls: tls !== undefined,
    trust,
    proxyProtocol: proxyProtocol !== undefined,
    users: users !== null,
    restricted: clients?.allow !== undefined || tls?.clientCertificates?.required === true,
    deadlines: { ...DEADLINES, ...deadlines },
  }
}

function groupFacts(name: string, group: GroupOptions, plan: GatewayPlan, totals: GroupTotals | undefined): GroupFacts {
  const servers = group.servers.map(server => (typeof server === 'string' ? { url: server } : server))
  const { healthCheck } = group
  const place = placeOf(name, plan)
  return {
    ...place,
    name,
    viaPath: viaPath(name, plan),
    servers: servers.map(({ url, backup = false, connectionsMax }) => ({
      backup,
      literal: isLiteral(url),
      ...(connectionsMax === undefined ? {} : { connectionsMax }),
    })),
    retries: group.retries ?? RETRIES,
    insecure: group.tls?.insecure === true,
    deadlines: { ...plan.deadlines, ...group.deadlines },
    limits: { ...plan.limits, ...group.limits },
    healthCheck:
      healthCheck == null
        ? null
        : {
            intervalMs: healthCheck.intervalMs ?? 0,
            timeoutMs: healthCheck.timeoutMs ?? 0,
            unhealthyAfter: healthCheck.unhealthyAfter ?? 0,
          },
    seen: seenOf(totals),
  }
}

/** A route may name a server directly (no group name looks like one): then the settings of the file apply. */
function placeOf(name: string, { listeners }: GatewayPlan): Pick<GroupFacts, 'path' | 'serversPath'> {
  if (!name.includes(':')) return { path: ['upstreams', name], serversPath: ['upstreams', name, 'servers'] }
  for (const [nth, { options }] of listeners.entries()) {
    const route = options.routes?.findIndex(({ upstream }) => upstream === name) ?? -1
    if (route >= 0) return { path: [], serversPath: ['listeners', nth, 'routes', route, 'upstream'] }
  }
  return { path: [], serversPath: [] }
}

/** The first listener that routes to the group and adds Via to requests, which is the default. */
function viaPath(name: string, { listeners }: GatewayPlan): GroupFacts['viaPath'] {
  const leads = ({ options }: ListenerPlan) =>
    options.via !== 'off' && options.routes?.some(({ upstream }) => upstream === name) === true
  const nth = listeners.findIndex(leads)
  return nth < 0 ? null : ['listeners', nth, 'via']
}

function seenOf(totals: GroupTotals | undefined): GroupSeen {
  const members = totals?.members ?? []
  const learned = members.flatMap(({ learnedIdleMs }) => (learnedIdleMs === undefined ? [] : [learnedIdleMs]))
  return {
    requests: members.reduce((sum, { requests }) => sum + requests, 0),
    queued: members.reduce((sum, { queued }) => sum + queued, 0),
    refused: members.reduce((sum, { refused }) => sum + refused, 0),
    compressed: members.reduce((sum, { compressedSeen }) => sum + compressedSeen, 0),
    plain: members.reduce((sum, { plainSeen }) => sum + plainSeen, 0),
    closes: closesOf(members),
    learnedIdleMs: learned.length === 0 ? null : least(learned),
  }
}

/** The minimum of at least one value. There may be more servers than a call can take arguments. */
const least = (values: readonly number[]): number => values.reduce((less, value) => Math.min(less, value))

function closesOf(members: readonly MemberTotals[]): GroupSeen['closes'] {
  const sums: Partial<Record<CloseReason, number>> = {}
  for (const { closes } of members) {
    for (const [reason, count] of Object.entries(closes) as [CloseReason, number][])
      sums[reason] = (sums[reason] ?? 0) + count
  }
  return sums
}

/** Whether only this machine can reach it. */
function isNear(address: string): boolean {
  const where = readListenAddress(address)
  // Unix sockets, and sockets that hopwise inherits, are protected where they are created.
  if (where.kind !== 'tcp') return true
  return /^127\./.test(where.host) || where.host === '::1' || where.host === 'localhost'
}

function isLiteral(url: string): boolean {
  if (url.startsWith('unix:')) return true
  const host = /^[a-z+]+:\/\/(\[[^\]]*\]|[^:/]*)/i.exec(url)?.[1] ?? ''
  return readLiteral(host) !== null
}
