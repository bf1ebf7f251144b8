import { IDLE_MARGIN_MS } from '../link/idle-lesson.js'
import type { Facts, Found, GroupFacts } from './facts.js'
import { inWords, orNever } from './facts.js'

/** So many requests before anything is said of how often something happens. */
const ENOUGH = 100
/** A second between the two limits is what a FIN may need to arrive. */
const NEAR = 0.8
/** A server that is dead for so long before anybody notices loses more than it should. */
const UNNOTICED_MS = 30_000

type Rule = (group: GroupFacts) => Found | null

const forEach =
  (rule: Rule) =>
  ({ groups }: Facts): readonly Found[] =>
    groups.flatMap(group => rule(group) ?? [])

const share = (part: number, all: number): number => (all < ENOUGH ? 0 : part / all)
const percent = (part: number, all: number): string => `${Math.round((100 * part) / all)} %`

/** The upstream's own idle limit, as far as it was announced or learned, how we know, and when that is in words. */
function upstreamIdle({ seen }: GroupFacts): { ms: number; how: string; when: string } | null {
  const learned = seen.learnedIdleMs === null ? null : seen.learnedIdleMs + IDLE_MARGIN_MS
  if (seen.announcedIdleMs !== null && (learned === null || seen.announcedIdleMs <= learned))
    return { ms: seen.announcedIdleMs, how: 'says', when: `after ${inWords(seen.announcedIdleMs)}` }
  if (learned === null) return null
  // Less than the margin was learned: it may be any time in it, or with each response.
  const when = learned === IDLE_MARGIN_MS ? `within ${inWords(IDLE_MARGIN_MS)}` : `after ${inWords(learned)}`
  return { ms: learned, how: 'has shown', when }
}

export const GROUP_RULES = {
  'insecure-tls': {
    severity: 'serious',
    find: forEach(({ name, insecure, path }) =>
      insecure
        ? {
            path: [...path, 'tls', 'insecure'],
            sentence: `The certificates of ${name} are not verified: anybody on the way can be ${name}.`,
            change: 'take it away, and name the authority that signed them with tls.ca',
          }
        : null,
    ),
  },
  'upstream-idle-order': {
    severity: 'warning',
    find: forEach(group => {
      const { name, path, deadlines } = group
      const theirs = upstreamIdle(group)
      if (theirs === null || orNever(deadlines.upstreamIdleMs) < theirs.ms) return null
      return {
        path: [...path, 'deadlines', 'upstreamIdleMs'],
        sentence: `${name} ${theirs.how} that it closes idle connections ${theirs.when}, and we keep them for ${inWords(deadlines.upstreamIdleMs)}: until that is learned anew after each start, a request may meet its FIN and be lost.`,
        change: `set it to ${Math.max(0, theirs.ms - IDLE_MARGIN_MS) || 'less than that'}${theirs.ms > IDLE_MARGIN_MS ? ' or less' : ''}, or raise the idle limit of ${name}`,
      }
    }),
  },
  'upstream-idle-near': {
    severity: 'note',
    find: forEach(group => {
      const { name, path, deadlines } = group
      const theirs = upstreamIdle(group)
      const ours = orNever(deadlines.upstreamIdleMs)
      if (theirs === null || ours >= theirs.ms || ours < theirs.ms * NEAR) return null
      return {
        path: [...path, 'deadlines', 'upstreamIdleMs'],
        sentence: `We let go of connections to ${name} after ${inWords(ours)}, hardly before it does itself (${inWords(theirs.ms)}): a late timer or a slow line loses requests.`,
        change: `set it to ${Math.floor(theirs.ms * NEAR)} or less, or raise the idle limit of ${name}`,
      }
    }),
  },
  'connections-few': {
    severity: 'warning',
    find: forEach(({ name, path, limits, seen: { queued, refused, requests } }) => {
      if (refused === 0 && share(queued, requests) < 0.01) return null
      const got = refused === 0 ? '' : ` and ${refused} got none`
      return {
        path: [...path, 'limits', 'upstreamConnectionsMax'],
        sentence: `${queued} of ${requests} requests had to wait for one of the ${limits.upstreamConnectionsMax} connections to ${name}${got}.`,
        change: `raise it if ${name} can serve more at once; otherwise it needs more servers`,
      }
    }),
  },
  'idle-few': {
    severity: 'note',
    find: forEach(({ name, path, limits, seen: { closes, requests } }) => {
      const surplus = closes['surplus-idle'] ?? 0
      if (share(surplus, requests) < 0.01) return null
      return {
        path: [...path, 'limits', 'upstreamIdleMax'],
        sentence: `${surplus} connections to ${name} were closed because only ${limits.upstreamIdleMax} idle ones are kept, and dialled again soon after.`,
        change: 'raise it above the usual number of requests under way',
      }
    }),
  },
  'requests-few': {
    severity: 'note',
    find: forEach(({ name, path, limits: { upstreamRequestsMax } }) =>
      upstreamRequestsMax > 0 && upstreamRequestsMax < 100
        ? {
            path: [...path, 'limits', 'upstreamRequestsMax'],
            sentence: `A connection to ${name} carries ${upstreamRequestsMax} requests only, so one in ${upstreamRequestsMax} pays for a new one.`,
            change: 'set it to 1000, or to 0 for no limit',
          }
        : null,
    ),
  },
  'upstream-closes': {
    severity: 'warning',
    find: forEach(({ name, path, seen: { closes, requests } }) => {
      const closed = (closes['upstream-close'] ?? 0) + (closes['upstream-http10'] ?? 0)
      if (share(closed, requests) < 0.5) return null
      return {
        path: [...path, 'servers'],
        sentence: `${name} closed after ${percent(closed, requests)} of its responses: it has keep-alive switched off, so nearly every request pays for a connection.`,
        change: `nothing here: switch keep-alive on in ${name}`,
      }
    }),
  },
  'retry-alone': {
    severity: 'note',
    find: forEach(({ name, path, servers, retries }) =>
      retries > 0 && servers.length === 1 && servers[0]!.literal
        ? {
            path: [...path, 'retries'],
            sentence: `${name} has one server, so there is no other one to try ${retries === 1 ? 'once' : `${retries} times`} more.`,
            change: 'add a server, or take it away',
          }
        : null,
    ),
  },
  'only-backups': {
    severity: 'warning',
    find: forEach(({ name, path, servers }) =>
      servers.length > 0 && servers.every(({ backup }) => backup)
        ? {
            path: [...path, 'servers'],
            sentence: `Every server of ${name} is a backup: there is nothing that they stand in for.`,
            change: 'take backup away from those that should serve',
          }
        : null,
    ),
  },
  'health-check-overlaps': {
    severity: 'note',
    find: forEach(({ name, path, healthCheck }) =>
      healthCheck !== null && healthCheck.timeoutMs > healthCheck.intervalMs
        ? {
            path: [...path, 'healthCheck', 'timeoutMs'],
            sentence: `A health check of ${name} may take ${inWords(healthCheck.timeoutMs)} and the next one is due after ${inWords(healthCheck.intervalMs)}.`,
            change: `set it to less than ${healthCheck.intervalMs}`,
          }
        : null,
    ),
  },
  'health-check-slow': {
    severity: 'note',
    find: forEach(({ name, path, healthCheck }) => {
      if (healthCheck === null) return null
      const { intervalMs, timeoutMs, unhealthyAfter } = healthCheck
      const unnoticed = intervalMs * unhealthyAfter + timeoutMs
      if (unnoticed <= UNNOTICED_MS) return null
      return {
        path: [...path, 'healthCheck', 'intervalMs'],
        sentence: `A server of ${name} that dies may get requests for up to ${inWords(unnoticed)} before its health checks take it out (${unhealthyAfter} failures, one each ${inWords(intervalMs)}).`,
        change: `set it to ${Math.max(1000, Math.floor((UNNOTICED_MS - timeoutMs) / unhealthyAfter))} or less`,
      }
    }),
  },
} as const
