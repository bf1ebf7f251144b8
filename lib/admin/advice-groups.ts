import { IDLE_MARGIN_MS } from '../link/idle-lesson.js'
import { RETRIES } from '../proxy/options/group-options.js'
import type { Facts, Found, GroupFacts } from './facts.js'
import { inWords, orNever } from './facts.js'

/** A rate is judged only after this many requests. */
const ENOUGH = 100
/** Compression is judged only after this many long texts. */
const PLAIN_ENOUGH = 3
/** A dead server that goes unnoticed for longer than this loses too many requests. */
const UNNOTICED_MS = 30_000

type Rule = (group: GroupFacts) => Found | null

const forEach =
  (rule: Rule) =>
  ({ groups }: Facts): readonly Found[] =>
    groups.flatMap(group => rule(group) ?? [])

const share = (part: number, all: number): number => (all < ENOUGH ? 0 : part / all)
const percent = (part: number, all: number): string => `${Math.round((100 * part) / all)} %`

/**
 * The upstream's own idle limit as it was learned, and in words when it strikes. A limit that it announces needs no advice: each
 * response announces it again, and every connection is closed a second earlier.
 */
function upstreamIdle({ seen: { learnedIdleMs } }: GroupFacts): { ms: number; when: string } | null {
  if (learnedIdleMs === null) return null
  const ms = learnedIdleMs + IDLE_MARGIN_MS
  // Less than the margin was learned: the upstream may close at any time within it, or with each response.
  return { ms, when: learnedIdleMs === 0 ? `within ${inWords(ms)}` : `after ${inWords(ms)}` }
}

/**
 * An interval that notices a dead server in time. No check may last longer than the interval, so a slow one has to get faster.
 */
function shorterInterval(timeoutMs: number, unhealthyAfter: number): string {
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
            sentence: `The certificates of ${name} are not verified: anyone on the network path can impersonate ${name}.`,
            change: 'remove it, and name the authority that signed the certificates in tls.ca',
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
        sentence: `${name} has been seen to close idle connections ${theirs.when}, and hopwise keeps them at least as long (upstreamIdleMs: ${inWords(deadlines.upstreamIdleMs)}): after each start, until hopwise has learned this again, a request may meet the FIN and be lost.`,
        change: `set it to ${Math.max(0, theirs.ms - IDLE_MARGIN_MS) || 'less than that'}${theirs.ms > IDLE_MARGIN_MS ? ' or less' : ''}, or raise the idle limit of ${name}`,
      }
    }),
  },
  'connections-few': {
    severity: 'warning',
    find: forEach(({ name, path, servers, serversPath, limits, seen: { queued, refused, requests } }) => {
      if (refused === 0 && share(queued, requests) < 0.01) return null
      const got = refused === 0 ? '' : `, and ${refused} got none`
      const own = servers.findIndex(({ connectionsMax }) => connectionsMax !== undefined)
      return {
        path: own < 0 ? [...path, 'limits', 'upstreamConnectionsMax'] : [...serversPath, own, 'connectionsMax'],
        sentence: `${queued} of ${requests} requests waited for one of the ${servers[own]?.connectionsMax ?? limits.upstreamConnectionsMax} connections to ${own < 0 ? name : `a server of ${name}`}${got}.`,
        change: `raise it if ${name} can serve more requests at once; otherwise add servers`,
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
        sentence: `${surplus} connections to ${name} were closed because only ${limits.upstreamIdleMax} idle connections are kept, and new ones were dialled soon after.`,
        change: 'raise it above the usual number of concurrent requests',
      }
    }),
  },
  'requests-few': {
    severity: 'note',
    find: forEach(({ name, path, limits: { upstreamRequestsMax } }) =>
      upstreamRequestsMax > 0 && upstreamRequestsMax < 100
        ? {
            path: [...path, 'limits', 'upstreamRequestsMax'],
            sentence: `A connection to ${name} carries at most ${upstreamRequestsMax} requests, so one request in ${upstreamRequestsMax} pays for a new connection.`,
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
        sentence: `${name} closed the connection after ${percent(closed, requests)} of its responses: keep-alive is off there, so most requests pay for a new connection.`,
        change: `nothing here: turn keep-alive on in ${name}`,
      }
    }),
  },
  'upstream-uncompressed': {
    severity: 'note',
    find: forEach(({ name, viaPath, seen: { compressed, plain } }) =>
      viaPath !== null && compressed === 0 && plain >= PLAIN_ENOUGH
        ? {
            path: viaPath,
            sentence: `${name} sent long texts uncompressed to clients that accept gzip (${plain} of the responses that were sampled), and compressed none: many servers do not compress when the request carries Via (nginx: gzip_proxied off, its default).`,
            change: `nothing here if ${name} can be told to compress (nginx: gzip_proxied any); otherwise set it to off, and no Via is sent`,
          }
        : null,
    ),
  },
  'retry-alone': {
    severity: 'note',
    // The default number of retries is not worth advice: every group has it.
    find: forEach(({ name, path, servers, retries }) =>
      retries > RETRIES && servers.length === 1 && servers[0]!.literal
        ? {
            path: [...path, 'retries'],
            sentence: `${name} has only one server, so its ${retries} retries have no other server to go to.`,
            change: 'add a server, or remove this setting',
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
        sentence: `A dead server of ${name} may be sent requests for up to ${inWords(unnoticed)} before health checks take it out of service (${unhealthyAfter} failures, one check every ${inWords(intervalMs)}).`,
        change: shorterInterval(timeoutMs, unhealthyAfter),
      }
    }),
  },
} as const
