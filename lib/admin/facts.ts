import type { Deadlines } from '../link/deadlines.js'
import type { Limits } from '../link/limits.js'
import type { CloseReason } from '../policy/close-reason.js'

/** What the adviser judges: the configuration with its defaults, and what was observed since the start (at first nothing). */
export interface Facts {
  readonly listeners: readonly ListenerFacts[]
  readonly groups: readonly GroupFacts[]
  readonly admin: { readonly loopback: boolean } | null
  /** Those of the file as a whole. */
  readonly deadlines: Deadlines & { readonly announceMs?: number }
  readonly limits: Limits
  /** `ulimit -n`; null: not known. */
  readonly filesMax: number | null
  /** How long after SIGTERM the service manager (Docker, Kubernetes, systemd) kills this process; null: not known. */
  readonly stopGraceMs: number | null
  /** Reused upstream connections that turned out to be dead, and requests sent on reused ones. */
  readonly races: { readonly lost: number; readonly reused: number }
}

/** A place in the file: `['listeners', 0, 'tls']`. */
export type Place = readonly (string | number)[]

export interface ListenerFacts {
  readonly path: Place
  readonly name: string
  readonly mode: 'reverse' | 'forward' | 'dumb'
  /** Only this machine can reach it: a loopback address, or a Unix socket. */
  readonly loopback: boolean
  readonly tls: boolean
  readonly trust: readonly string[]
  readonly proxyProtocol: boolean
  /** Clients have to log in. */
  readonly users: boolean
  /** `clients.allow` is given, or a client certificate is required. */
  readonly restricted: boolean
  readonly deadlines: Deadlines
}

export interface GroupFacts {
  /** Where its settings are; for a server that a route names directly, those of the file as a whole. */
  readonly path: Place
  /** Where its servers are. */
  readonly serversPath: Place
  readonly name: string
  /** The `via` setting of the listener whose requests to it carry our Via; null: none. */
  readonly viaPath: Place | null
  /** As written in the file, before names are resolved. */
  readonly servers: readonly ServerFacts[]
  readonly retries: number
  readonly insecure: boolean
  readonly deadlines: Deadlines
  readonly limits: Limits
  readonly healthCheck: {
    readonly intervalMs: number
    readonly timeoutMs: number
    readonly unhealthyAfter: number
  } | null
  readonly seen: GroupSeen
}

export interface ServerFacts {
  readonly backup: boolean
  /** An address or a Unix socket: exactly one server, where a name may resolve to several. */
  readonly literal: boolean
  /** Its own limit, if it has one. */
  readonly connectionsMax?: number
}

/** What was observed of a group since the start. */
export interface GroupSeen {
  readonly requests: number
  /** Requests that had to wait for a connection, and those that got none. */
  readonly queued: number
  readonly refused: number
  /** Of the sampled responses: compressed ones, and long texts that could have been compressed. */
  readonly compressed: number
  readonly plain: number
  readonly closes: Partial<Record<CloseReason, number>>
  /** The shortest limit that a server revealed by closing, or null; the margin of a second is already subtracted. */
  readonly learnedIdleMs: number | null
}

/** What a rule found. */
export interface Found {
  readonly path: Place
  readonly sentence: string
  readonly change: string
}

/** 0 means "no limit" for every deadline. */
export const orNever = (ms: number): number => (ms === 0 ? Number.POSITIVE_INFINITY : ms)
/** A duration for a sentence. */
export const inWords = (ms: number): string => (ms === 0 ? 'no limit' : ms % 1000 === 0 ? `${ms / 1000} s` : `${ms} ms`)
