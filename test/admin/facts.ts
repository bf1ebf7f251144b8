import type { Facts, GroupFacts, GroupSeen, ListenerFacts } from '../../lib/admin/facts.js'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'

/** Facts on which there is no advice, with the changes of a test. */
export function factsOf(changes: Partial<Facts> = {}): Facts {
  return {
    listeners: [],
    groups: [],
    admin: { loopback: true },
    deadlines: DEADLINES,
    limits: LIMITS,
    filesMax: 1_048_576,
    stopGraceMs: 30_000,
    races: { lost: 0, reused: 0 },
    ...changes,
  }
}

type Changed<T, K extends keyof T> = Partial<Omit<T, K>> & { [Key in K]?: Partial<T[Key]> }

export function withListener(changes: Changed<ListenerFacts, 'deadlines'> = {}): Facts {
  const listener = {
    path: ['listeners', 0],
    name: 'web',
    mode: 'reverse',
    loopback: false,
    tls: false,
    trust: [],
    proxyProtocol: false,
    users: false,
    restricted: false,
    ...changes,
    deadlines: { ...DEADLINES, ...changes.deadlines },
  } as const
  return factsOf({ listeners: [listener] })
}

export function withGroup(changes: Changed<GroupFacts, 'deadlines' | 'limits' | 'seen'> = {}): Facts {
  const nothing: GroupSeen = {
    requests: 0,
    queued: 0,
    refused: 0,
    compressed: 0,
    plain: 0,
    closes: {},
    learnedIdleMs: null,
  }
  const group = {
    path: ['upstreams', 'app'],
    viaPath: ['listeners', 0, 'via'],
    serversPath: ['upstreams', 'app', 'servers'],
    name: 'app',
    servers: [
      { backup: false, literal: true },
      { backup: false, literal: true },
    ],
    retries: 0,
    insecure: false,
    healthCheck: null,
    ...changes,
    deadlines: { ...DEADLINES, ...changes.deadlines },
    limits: { ...LIMITS, ...changes.limits },
    seen: { ...nothing, ...changes.seen },
  }
  return factsOf({ groups: [group] })
}
