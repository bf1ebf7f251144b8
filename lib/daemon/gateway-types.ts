import type { Ledger, Snapshot, Totals } from '../admin/source.js'
import { hostAndPort } from '../wire/authority.js'

/**
 * What one process of a daemon runs, as those see it who start, change and end it. `C` is the configuration, checked and
 * resolved: with the texts of the certificates and not their paths, and plain data, since it travels between processes as JSON.
 */
export interface Gateway<C> {
  /** Listens on everything, or throws having closed all again. */
  start(configuration: C): Promise<readonly BoundAddress[]>
  /** All or nothing: new listeners are opened first. Throws (a `RefusedError`, or Node's listen error) with nothing changed. */
  update(configuration: C): Promise<ReloadSummary>
  /** Responses say `Connection: close` from now on. */
  announce(): void
  /** Accepts no more and ends idle connections; resolves when the last one is gone. 0: it may take as long as it takes. */
  drain(graceMs: number): Promise<void>
  /** Ends everything now; a drain under way resolves. */
  destroy(): void
  stats(): GatewayStats | Promise<GatewayStats>
  snapshot(max: number): Snapshot
  /** null: not known, or not any more. */
  ledger(exchange: string): Ledger | null
  /** Somebody looks at the live page, or nobody does any more. */
  watched(on: boolean): void
}

/** Where a listener really listens: port 0 has become a port. A Unix socket has port 0 and its path as address. */
export interface BoundAddress {
  readonly name: string
  readonly address: string
  readonly port: number
}

/** `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/hopwise.sock` */
export function writeBound({ address, port }: BoundAddress): string {
  return port === 0 ? `unix:${address}` : hostAndPort(address, port)
}

/** What a new configuration has changed. */
export interface ReloadSummary {
  /** By what is counted, in the plural, in the order in which it is told: `listeners`, `groups`, … */
  readonly changes: Readonly<Record<string, Counted>>
  readonly bound: readonly BoundAddress[]
}

export interface Counted {
  readonly total: number
  readonly added?: number
  readonly removed?: number
  readonly changed?: number
}

/** What one process counts; the rest of the totals only the daemon knows. */
export type GatewayStats = Omit<Totals, 'workers' | 'reloads'>

/** A configuration that cannot be taken, with all reasons: whole sentences. What was before goes on. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'

  constructor(readonly reasons: readonly string[]) {
    super(reasons.join(' '))
  }
}

/** Every error as reasons for people. */
export function reasonsOf(error: unknown): readonly string[] {
  if (error instanceof RefusedError) return error.reasons
  return [error instanceof Error ? error.message : String(error)]
}

/** How a daemon, or one of its processes, comes to its end. */
export interface DrainTimes {
  /** Still accepting meanwhile, and telling everybody that the end is near. */
  readonly announceMs: number
  /** After that, for what runs; 0: as long as it takes. */
  readonly graceMs: number
}

/** `announcing`: not ready any more, but accepting. `draining`: no new connections. `over`: nothing runs any more. */
export type DrainPhase = 'serving' | 'announcing' | 'draining' | 'over'
