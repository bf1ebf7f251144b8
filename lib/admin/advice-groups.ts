import { IDLE_MARGIN_MS } from '../link/idle-lesson.js'
import { RETRIES } from '../proxy/options/group-options.js'
import type { Facts, Found, GroupFacts } from './facts.js'
import { inWords, orNever } from './facts.js'

/** So many requests before anything is said of how often something happens. */
const ENOUGH = 100
/** So many long texts before anything is said of compression. */
const PLAIN_ENOUGH = 3
/** A server that is dead for so long before anybody notices loses more than it should. */
const UNNOTICED_MS = 30_000

type Rule = (group: GroupFacts) => Found | null

const forEach =
  (rule: Rule) =>
  ({ groups }: Facts): readonly Found[] =>
    groups.flatMap(group => rule(group) ?? [])

const share = (part: number, all: number): number => (all < ENOUGH ? 0 : part / all)
const percent = (part: number, all: number): string => `${Math.round((100 * part) / all)} %`

/**
 * The upstream's own idle limit, as it was learned, and when that is in words. One that it announces is no reason to say anything: each
 * response brings it anew, and every connection is let go a second before.
 */
function upstreamIdle({ seen: { learnedIdleMs } }: GroupFacts): { ms: number; when: string } | null {
  if (learnedIdleMs === null) return null
  const ms = learnedIdleMs + IDLE_MARGIN_MS
  // Less than the margin was learned: it may be any time in it, or with each response.
  return { ms, when: learnedIdleMs === 0 ? `within ${inWords(ms)}` : `after ${inWords(ms)}` }
}

/** An interval with which a dead server is noticed in time. No check may take longer than it, so a slow one has to become quicker as well. */
function oftener(timeoutMs: number, unhealthyAfter: number): string {
  const alone = Math.floor((UNNOTICED_MS - timeoutMs) / unhealthyAfter)
  if (alone >= timeoutMs) return `set it to ${alone} or less`
  const both = Math.max(1, Math.floor(UNNOTICED_MS / (unhealthyAfter + 1)))
  return `set it and timeoutMs to ${both} or less, or lower unhealthyAfter`
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
        sentence: `${name} has shown that it closes idle connections ${theirs.when}, and we keep them for ${inWords(deadlines.upstreamIdleMs)}: until that is learned anew after each start, a request may meet its FIN and be lost.`,
        change: `set it to ${Math.max(0, theirs.ms - IDLE_MARGIN_MS) || 'less than that'}${theirs.ms > IDLE_MARGIN_MS ? ' or less' : ''}, or raise the idle limit of ${name}`,
      }
    }),
  },
  'connections-few': {
    severity: 'warning',
    find: forEach(({ name, path, servers, serversPath, limits, seen: { queued, refused, requests } }) => {
      if (refused === 0 && share(queued, requests) < 0.01) return null
      const got = refused === 0 ? '' : ` and ${refused} got none`
      const own = servers.findIndex(({ connectionsMax }) => connectionsMax !== undefined)
      return {
        path: own < 0 ? [...path, 'limits', 'upstreamConnectionsMax'] : [...serversPath, own, 'connectionsMax'],
        sentence: `${queued} of ${requests} requests had to wait for one of the ${servers[own]?.connectionsMax ?? limits.upstreamConnectionsMax} connections to ${own < 0 ? name : `a server of ${name}`}${got}.`,
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
    find: forEach(({ name, serversPath, seen: { closes, requests } }) => {
      const closed = (closes['upstream-close'] ?? 0) + (closes['upstream-http10'] ?? 0)
      if (share(closed, requests) < 0.5) return null
      return {
        path: serversPath,
        sentence: `${name} closed after ${percent(closed, requests)} of its responses: it has keep-alive switched off, so nearly every request pays for a connection.`,
        change: `nothing here: switch keep-alive on in ${name}`,
      }
    }),
  },
  'upstream-uncompressed': {
    severity: 'note',
    find: forEach(({ name, viaPath, seen: { compressed, plain } }) =>
      viaPath !== null && compressed === 0 && plain >= PLAIN_ENOUGH
        ? {
            path: viaPath,
            sentence: `${name} sent long texts uncompressed to clients that take gzip (${plain} of the responses that were looked at), and nothing compressed: many servers do not compress for requests with Via (nginx: gzip_proxied off, which is its default).`,
            change: `nothing here, if ${name} can be told to compress (nginx: gzip_proxied any); or set it to off, then no Via is sent`,
          }
        : null,
    ),
  },
  'retry-alone': {
    severity: 'note',
    // One more try is what every group has that says nothing of it.
    find: forEach(({ name, path, servers, retries }) =>
      retries > RETRIES && servers.length === 1 && servers[0]!.literal
        ? {
            path: [...path, 'retries'],
            sentence: `${name} has one server, so there is no other one to try ${retries} times more.`,
            change: 'add a server, or take it away',
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
        change: oftener(timeoutMs, unhealthyAfter),
      }
    }),
  },
} as const
