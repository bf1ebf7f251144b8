import type { Ledger, Snapshot } from '../../admin/source.js'
import type { Clock } from '../../net/clock.js'
import { Drain } from '../drain.js'
import type { BoundAddress, DrainPhase, DrainTimes, Gateway, GatewayStats, ReloadSummary } from '../gateway-types.js'

/** What does the work of a daemon: a gateway in this process, or a supervisor with several processes. */
export interface Workforce<C> {
  /** Resolves when all listen. @throws Node's listen errors, RefusedError */
  start(configuration: C): Promise<readonly BoundAddress[]>
  /** @throws RefusedError, or an error of the gateway: nothing has changed */
  update(configuration: C): Promise<ReloadSummary>
  /** Where there are workers: replaces them, one after the other. @throws RefusedError */
  roll?(): Promise<Rolled>
  /** Resolves when everything has ended. */
  drain(times: DrainTimes, entered: (phase: DrainPhase) => void): Promise<void>
  /** Ends everything now. */
  destroy(): void
  /** Reopens the access logs. @throws the error of opening one */
  reopen(): void
  stats(): GatewayStats | Promise<GatewayStats>
  snapshot(max: number): Snapshot | Promise<Snapshot>
  ledger(exchange: string): Ledger | null | Promise<Ledger | null>
  watched(on: boolean): void
  counts(): WorkforceCounts
}

/** The outcome of a rolling replacement. */
export interface Rolled {
  readonly replaced: number
  /** Why it stopped early; the remaining old workers continue. */
  readonly failed?: readonly string[]
}

export interface WorkforceCounts {
  readonly wanted: number
  readonly running: number
  /** Restarts of workers that died. */
  readonly restarts: number
}

/** One process and no primary. @param reopen reopens the log */
export function inThisProcess<C>(gateway: Gateway<C>, clock: Clock, reopen: () => void): Workforce<C> {
  let running = 0
  return {
    async start(configuration) {
      const bound = await gateway.start(configuration)
      running = 1
      return bound
    },
    update: configuration => gateway.update(configuration),
    async drain(times, entered) {
      await new Drain(gateway, clock, entered).begin(times)
      running = 0
    },
    destroy: () => gateway.destroy(),
    reopen,
    stats: () => gateway.stats(),
    snapshot: max => gateway.snapshot(max),
    ledger: exchange => gateway.ledger(exchange),
    watched: on => gateway.watched(on),
    counts: () => ({ wanted: 1, running, restarts: 0 }),
  }
}
