import type { Ledger, Snapshot, Totals } from '../admin/source.js'
import type { ListenerPlan } from '../config/plan.js'
import { hostAndPort } from '../wire/authority.js'

/**
 * What one process of a daemon runs, as the code sees it that starts, changes and ends it. `C` is the configuration, checked and
 * resolved: with the texts of the certificates and not their paths, and plain data, since it travels between processes as JSON.
 */
export interface Gateway<C> {
  /** Listens on all addresses, or closes those already open and throws. */
  start(configuration: C): Promise<readonly BoundAddress[]>
  /** All or nothing: new listeners are opened first. Throws (a `RefusedError`, or Node's listen error) with nothing changed. */
  update(configuration: C): Promise<ReloadSummary>
  /** Responses say `Connection: close` from now on. */
  announce(): void
  /** Stops accepting and ends idle connections; resolves when the last one is gone. 0: no time limit. */
  drain(graceMs: number): Promise<void>
  /** Ends everything now; a drain in progress resolves. */
  destroy(): void
  stats(): GatewayStats | Promise<GatewayStats>
  snapshot(max: number): Snapshot
  /** null: not known, or no longer. */
  ledger(exchange: string): Ledger | null
  /** Whether a live page is open. */
  watched(on: boolean): void
}

/**
 * Where a listener actually listens: port 0 has been replaced by a real port. A Unix socket has port 0 and its path as address.
 */
export interface BoundAddress {
  readonly name: string
  readonly address: string
  readonly port: number
}

/** `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/hopwise.sock` */
export function writeBound({ address, port }: BoundAddress): string {
  return port === 0 ? `unix:${address}` : hostAndPort(address, port)
}

/** A listener of a daemon. */
export interface Listener {
  readonly plan: ListenerPlan
  readonly bound: BoundAddress | null
  listen(): Promise<BoundAddress>
  /** Responses say `Connection: close` from now on. */
  announce(): void
  /** Stops accepting, open connections stay; resolves when nothing listens at the address any more. */
  stopAccepting(): Promise<void>
  /** Stops accepting; resolves when the last connection is gone, or after `graceMs` (0: no limit). */
  close(graceMs: number): Promise<void>
  destroy(): void
}

/** What a new configuration has changed. */
export interface ReloadSummary {
  /** By what is counted, in the plural and in the order of the log line: `listeners`, `groups`, … */
  readonly changes: Readonly<Record<string, Counted>>
  readonly bound: readonly BoundAddress[]
}

export interface Counted {
  readonly total: number
  readonly added?: number
  readonly removed?: number
  readonly changed?: number
}

/** What one process counts; only the daemon knows the rest of the totals. */
export type GatewayStats = Omit<Totals, 'workers' | 'reloads'>

/** A configuration that is refused, with all reasons as whole sentences. The previous one stays in effect. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'

  constructor(readonly reasons: readonly string[]) {
    super(reasons.join(' '))
  }
}

/** Any error as reasons in words. */
export function reasonsOf(error: unknown): readonly string[] {
  if (error instanceof RefusedError) return error.reasons
  return [error instanceof Error ? error.message : String(error)]
}

/** The times of the end of a daemon, or of one of its processes. */
export interface DrainTimes {
  /** Still accepting, while responses announce that their connection closes. */
  readonly announceMs: number
  /** After that, for what still runs; 0: as long as it takes. */
  readonly graceMs: number
}

/** `announcing`: no longer ready, but accepting. `draining`: no new connections. `over`: nothing runs. */
export type DrainPhase = 'serving' | 'announcing' | 'draining' | 'over'
