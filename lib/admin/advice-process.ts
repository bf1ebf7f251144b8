import { OTHER_FILES } from '../link/limits.js'
import type { Facts, Found } from './facts.js'
import { inWords } from './facts.js'

/** Time that a process needs after its drain, to write the last lines of its log. */
const LAST_MS = 2_000
/** No advice while fewer than one request in this many meets a dead connection. */
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
          sentence: `This process may open ${filesMax} files (ulimit -n), but ${clientConnectionsMax} client connections and ${upstreamConnectionsTotalMax} upstream connections need ${wanted}: connections beyond the limit are dropped without an answer.`,
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
          // 0 would mean no limit: where no time is left for the drain, it is the announcement before it that takes too long.
          path: ['deadlines', left > 0 ? 'drainMs' : 'announceMs'],
          sentence: `Draining ${takes}, but the service manager kills this process ${inWords(stopGraceMs)} after telling it to stop: requests still in progress are then cut off.`,
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
              sentence: `${lost} of ${reused} requests on reused connections met a connection that the upstream had just closed; those that must not be sent twice got 502.`,
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
                'Other machines can reach the admin listener: anyone who does sees addresses, hosts, paths and fields of requests.',
              change: 'listen on 127.0.0.1, or let only your monitoring reach it',
            },
          ],
  },
} as const
