import { OTHER_FILES } from '../link/limits.js'
import type { Facts, Found } from './facts.js'
import { inWords } from './facts.js'

/** What a process needs after its drain, for the last lines of its log. */
const LAST_MS = 2_000
/** One request in so many may meet a dead connection before anything is said. */
const RACES_ENOUGH = 1_000

export const PROCESS_RULES = {
  'files-few': {
    severity: 'warning',
    find: ({ filesMax, limits: { clientConnectionsMax, upstreamConnectionsTotalMax } }: Facts): readonly Found[] => {
      const wanted = clientConnectionsMax + upstreamConnectionsTotalMax + OTHER_FILES
      if (filesMax === null || filesMax >= wanted) return []
      return [
        {
          path: ['limits', 'clientConnectionsMax'],
          sentence: `This process may open ${filesMax} files (ulimit -n), and ${clientConnectionsMax} clients with ${upstreamConnectionsTotalMax} upstream connections need ${wanted}: what comes beyond is dropped without an answer.`,
          change: `raise ulimit -n to ${wanted} (LimitNOFILE= in a systemd unit), or lower this limit`,
        },
      ]
    },
  },
  'drain-longer-than-grace': {
    severity: 'warning',
    find: ({ deadlines: { drainMs, announceMs = 0 }, stopGraceMs }: Facts): readonly Found[] => {
      const whole = drainMs === 0 ? Number.POSITIVE_INFINITY : drainMs + announceMs
      if (stopGraceMs === null || whole < stopGraceMs) return []
      const takes = drainMs === 0 ? 'has no limit' : `may take ${inWords(whole)}`
      const left = stopGraceMs - announceMs - LAST_MS
      return [
        {
          // 0 would be no limit: where nothing is left for it, it is what comes before that takes too long.
          path: ['deadlines', left > 0 ? 'drainMs' : 'announceMs'],
          sentence: `Draining ${takes}, and whoever stops this process kills it after ${inWords(stopGraceMs)}: requests still under way are cut off then.`,
          change: `${left > 0 ? `set it to ${left} or less` : 'lower it'}, or raise the grace period`,
        },
      ]
    },
  },
  'races-lost': {
    severity: 'warning',
    find: ({ races: { lost, reused } }: Facts): readonly Found[] =>
      lost === 0 || lost * RACES_ENOUGH < reused
        ? []
        : [
            {
              path: ['deadlines', 'upstreamIdleMs'],
              sentence: `${lost} of ${reused} requests on reused connections met one that the upstream had just closed; those that must not be sent twice got 502.`,
              change: 'lower it below the idle limit of the upstreams',
            },
          ],
  },
  'admin-open': {
    severity: 'note',
    find: ({ admin }: Facts): readonly Found[] =>
      admin === null || admin.loopback
        ? []
        : [
            {
              path: ['admin', 'address'],
              sentence:
                'The admin listener can be reached from other machines: whoever reaches it sees addresses, hosts, paths and fields of requests.',
              change: 'listen on 127.0.0.1, or let only your monitoring reach it',
            },
          ],
  },
} as const
