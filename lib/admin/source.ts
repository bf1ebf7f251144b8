import type { ClientState } from '../link/connection-state.js'
import type { HistogramSnapshot } from '../link/histogram.js'
import type { ProxyStatusError } from '../link/proxy-error.js'
import type { MemberStatus } from '../link/standing.js'
import type { CloseReason } from '../policy/close-reason.js'
import type { LedgerRow } from '../policy/ledger.js'
import type { Outcome, ProxyStats } from '../proxy/events.js'
import type { Advice } from './adviser.js'

/** Where the admin listener gets everything that it shows. It asks when someone looks, never because of a proxied request. */
export interface AdminSource {
  /** All workers and listeners together. */
  stats(): Totals | Promise<Totals>
  /** As of the last call of `stats` or `lookForReadiness`. */
  ready(): boolean
  /** One sentence, '' when it is ready. */
  reasonNotReady(): string
  /** Where readiness depends on more than this process knows at all times: refreshes it. */
  lookForReadiness?(): void | Promise<void>
  advice(): readonly Advice[]
  /** The busiest `max` connections on each side and the exchanges between them; everything is a copy. */
  snapshot(max: number): Snapshot | Promise<Snapshot>
  /** What became of the fields of one exchange; null when it is not known, or no longer. */
  ledger(exchange: string): Ledger | null | Promise<Ledger | null>
  /** A live page is open (or the last one was closed): heads are kept for `ledger` only while one is. */
  watched(on: boolean): void
}

export interface Totals extends ProxyStats {
  /** As in `Via`. */
  readonly name: string
  readonly version: string
  /** Milliseconds since 1970. */
  readonly startedAt: number
  readonly workers: { readonly wanted: number; readonly running: number; readonly restarts: number }
  readonly reloads: { readonly accepted: number; readonly refused: number }
  readonly phases: Readonly<Record<Phase, HistogramSnapshot>>
  /** Final responses sent to clients. */
  readonly statuses: Readonly<Record<StatusClass, number>>
  /** Reused connections that the upstream had closed just as a request was sent: lost idle races. */
  readonly racesLost: number
  /** Requests and connections that a guard refused, by the guard's key in the file (`allow`, `requestsPerSecond`, …). */
  readonly guards: Readonly<Record<string, number>>
  readonly groups: readonly GroupTotals[]
}

/** The phases of an exchange; the keys of `ExchangeRecord.ms`. */
export const PHASES = ['head', 'wait', 'firstByte', 'total'] as const
export type Phase = (typeof PHASES)[number]

/** By the first digit; `other`: 600 to 999, which no class covers and origins send anyway (RFC 9110 15). */
export const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'other'] as const
export type StatusClass = (typeof STATUS_CLASSES)[number]

export interface GroupTotals {
  readonly name: string
  readonly members: readonly MemberTotals[]
}

/**
 * The balancer's states, from best to worst; and `failing`: the last request failed, and neither a health check nor ejection
 * keeps requests away from the server.
 */
export const MEMBER_STATES = [
  'up',
  'slow-start',
  'failing',
  'trial',
  'ejected',
  'down',
] as const satisfies MemberState[]
export type MemberState = MemberStatus<unknown>['state'] | 'failing'

/** One server of a group; for a server given by name, one of its addresses. */
export interface MemberTotals {
  /** Written as the origins of `ProxyStats`, with the address where there are several. Unique in its group. */
  readonly name: string
  readonly state: MemberState
  readonly weight: number
  readonly backup: boolean
  readonly idle: number
  readonly busy: number
  /** Idle ones that are kept for one client connection each. */
  readonly reserved: number
  readonly dialing: number
  readonly waiting: number
  readonly requests: number
  readonly failures: number
  readonly ejections: number
  /** A health check has reported on it; without one, `up` only means that nothing is known against it. */
  readonly checked: boolean
  /** Requests that failed through its fault since its last answer. */
  readonly failuresInRow: number
  /** Milliseconds since 1970: when a response last began, or a health check last succeeded. Absent: never. */
  readonly lastAnswerAt?: number
  readonly lastFailure?: LastFailure
  /** Requests that had to wait for a connection, and those that found the queue full. */
  readonly queued: number
  readonly refused: number
  /** Of the sampled responses (every thirteenth): compressed ones, and long texts that could have been but were not. */
  readonly compressedSeen: number
  readonly plainSeen: number
  readonly closes: Partial<Record<CloseReason, number>>
  /** The shortest idle limit that it announced in Keep-Alive. */
  readonly announcedIdleMs?: number
  readonly learnedIdleMs?: number
}

/** The last failure of a server. */
export interface LastFailure {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly error: ProxyStatusError
  /** As in the log. */
  readonly message: string
}

/** All connections at one moment. */
export interface Snapshot {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly clients: Shown<ClientView>
  readonly upstreams: Shown<UpstreamView>
  /** Those in progress, and those that ended a moment ago: most begin and end between two looks. */
  readonly exchanges: Shown<ExchangeView>
  /** Newest first, a few dozen. */
  readonly closed: readonly ClosedView[]
}

export interface Shown<T> {
  readonly list: readonly T[]
  /** How many there are in all. */
  readonly total: number
}

interface ConnectionView {
  /** Unique among all workers: `c12`, `w2.c12`. */
  readonly id: string
  readonly ageMs: number
  readonly requests: number
  /** The idle clock, while it runs. */
  readonly idle?: IdleClock
}

export interface IdleClock {
  readonly leftMs: number
  readonly limitMs: number
  /** The reason with which the connection will be closed. */
  readonly reason: CloseReason
}

export interface ClientView extends ConnectionView {
  /** Address and port. */
  readonly peer: string
  readonly listener: string
  readonly state: ClientState
}

export interface UpstreamView extends ConnectionView {
  readonly origin: string
  /** '' while it is being dialled. */
  readonly address: string
  /** '' in forward mode. */
  readonly group: string
  readonly state: 'dialing' | 'busy' | 'idle' | 'reserved' | 'tunnelling'
}

/** How far an exchange has come. */
export type ExchangeStage = 'reading' | 'waiting' | 'sent' | 'responding' | 'tunnelling' | 'over'

export interface ExchangeView {
  readonly id: string
  /** The id of the client's connection. */
  readonly client: string
  /** The id of the upstream's connection, '' while (or because) it has none. */
  readonly upstream: string
  readonly origin: string
  readonly method: string
  /** As received; secrets in it are removed before it is shown. */
  readonly target: string
  readonly host: string
  /** 0 until there is one. */
  readonly status: number
  readonly stage: ExchangeStage
  /** Since its first byte; when it is over, how long it took. */
  readonly ageMs: number
  readonly retries: number
  /** Present when it is over. */
  readonly outcome?: Outcome
}

export interface ClosedView {
  readonly id: string
  readonly side: 'client' | 'upstream'
  readonly peer: string
  readonly requests: number
  readonly ageMs: number
  readonly reason: CloseReason
  readonly detail?: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** What became of each field of one exchange. null: there is none (yet), or it was not kept. */
export interface Ledger {
  readonly exchange: string
  readonly request: LedgerSide | null
  readonly requestTrailers: LedgerTrailers | null
  /** In order, including our own 100 (Continue) and those that the client did not get. A 101 is the `response`. */
  readonly interim: readonly LedgerSide[]
  /** Further ones that were not kept. */
  readonly interimMore: number
  readonly response: LedgerSide | null
  readonly responseTrailers: LedgerTrailers | null
}

/** A head. */
export interface LedgerSide {
  /** As received; '' for a response generated by hopwise. */
  readonly startLine: string
  /** As forwarded; '' when nothing was. */
  readonly sentLine: string
  readonly rows: readonly LedgerRow[]
  /** Sentences about what a table of fields does not show. */
  readonly notes: readonly string[]
}

/** A trailer section. */
export interface LedgerTrailers {
  /** The fields with verdict "keep" were forwarded. */
  readonly sent: boolean
  readonly rows: readonly LedgerRow[]
}
