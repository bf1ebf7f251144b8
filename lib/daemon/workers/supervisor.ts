import type { Ledger, Snapshot } from '../../admin/source.js'
import type { Clock, Timer } from '../../net/clock.js'
import {
  type BoundAddress,
  type DrainPhase,
  type DrainTimes,
  type GatewayStats,
  RefusedError,
  type ReloadSummary,
  reasonsOf,
} from '../gateway-types.js'
import { RestartDelay } from './restart-delay.js'
import { WorkerAnswers } from './worker-answers.js'
import { type Fork, WorkerFailure, WorkerProcess } from './worker-process.js'
import type { Rolled, Workforce, WorkforceCounts } from './workforce.js'

/**
 * From the fork to "ready", and from a new configuration to its acceptance. A process starts in a fraction of a second; with a
 * tenth of a core, or thousands of certificates, in more than ten seconds. A worker killed for being slow only starts again,
 * just as slowly: these limits are for those that hang.
 */
const READY_MS = 120_000
const RELOAD_MS = 120_000
/**
 * A worker that is replaced announces its end for at least this long, whatever `announceMs` says for the end of the daemon: its
 * busy connections close with their next response, and only connections that have been idle for a while are ended.
 */
const LEAST_ANNOUNCE_MS = 250
/** After the end of its drain, for the last lines of its log. */
const LAST_MS = 2_000

export interface SupervisorParts<C> {
  fork: Fork
  clock: Clock
  /** How many workers a configuration asks for. */
  count(configuration: C): number
  /** The drain times of a worker that is replaced. */
  drain(configuration: C): DrainTimes
  /** What only a primary can do before its workers listen; `before` is null at the start. */
  prepare?(next: C, before: C | null): Promise<void>
  log: SupervisorLog
}

/** The methods of the daemon's log. */
export type SupervisorLog = Record<'info' | 'warn' | 'error', (fields: object, message: string) => void>

/**
 * Keeps as many workers as the configuration asks for. One that dies is replaced, with a growing delay; one that is to go is
 * replaced before it goes. All changes (a new configuration, a replacement) happen one after the other; a stop takes effect at
 * once.
 */
export class Supervisor<C> implements Workforce<C> {
  readonly #parts: SupervisorParts<C>
  readonly #workers = new Set<WorkerProcess<C>>()
  readonly #delay = new RestartDelay()
  readonly #answers = new WorkerAnswers(() => this.#workers)
  readonly #planned = new Set<Timer>()
  #configuration!: C
  #wanted = 0
  #forked = 0
  #restarts = 0
  #watched = false
  #stopping = false
  #last: Promise<unknown> = Promise.resolve()

  constructor(parts: SupervisorParts<C>) {
    this.#parts = parts
  }

  counts(): WorkforceCounts {
    return { wanted: this.#wanted, running: this.#in('ready').length, restarts: this.#restarts }
  }

  /**
   * Resolves when all are ready. The first one starts alone, so that a problem with an address is reported only once.
   * @throws RefusedError, WorkerFailure
   */
  async start(configuration: C): Promise<readonly BoundAddress[]> {
    this.#configuration = configuration
    try {
      await this.#parts.prepare?.(configuration, null)
      const bound = await this.#spawn({ isExtra: true }).ready
      for (const worker of this.#workers) worker.isExtra = false
      this.#wanted = this.#parts.count(configuration)
      await Promise.allSettled(this.#fill())
      return bound
    } catch (error) {
      this.destroy()
      throw error
    }
  }

  /**
   * The first worker tries it; if it refuses, no worker takes it. Another worker that cannot follow is replaced.
   * @throws RefusedError: nothing has changed
   */
  update(configuration: C): Promise<ReloadSummary> {
    return this.#inTurn(async () => {
      const summary = await this.#tried(configuration)
      this.#configuration = configuration
      this.#wanted = this.#parts.count(configuration)
      await this.#align()
      await this.#resize()
      return summary
    })
  }

  async #tried(configuration: C): Promise<ReloadSummary> {
    const [first] = this.#in('ready')
    // No worker can try it: all die at their start, perhaps because of the old configuration.
    if (first === undefined) return { changes: {}, bound: [] }
    try {
      await this.#parts.prepare?.(configuration, this.#configuration)
      return await first.reload(configuration, RELOAD_MS)
    } catch (error) {
      if (error instanceof WorkerFailure) first.kill() // it may be between the two configurations
      throw new RefusedError(reasonsOf(error))
    }
  }

  /** Replaces all workers, one after the other: the new one is ready before the old one is told to end. */
  roll(): Promise<Rolled> {
    return this.#inTurn(() => this.#replace(this.#in('ready')))
  }

  /** Resolves when all are gone. */
  async stop(times: DrainTimes): Promise<void> {
    this.#stopping = true
    for (const timer of this.#planned) timer.cancel()
    for (const worker of this.#in('starting')) worker.kill({ isWanted: true })
    // Workers that are already draining may have been given more time than is left now.
    for (const worker of this.#in('ready', 'draining')) void this.#retire(worker, times)
    await Promise.all([...this.#workers].map(({ exited }) => exited))
  }

  /** `stop`, reported as the phases of a drain. */
  async drain(times: DrainTimes, entered: (phase: DrainPhase) => void): Promise<void> {
    const stopped = this.stop(times)
    entered('announcing')
    const timer = this.#parts.clock.after(times.announceMs, () => entered('draining'))
    await stopped
    timer.cancel()
    entered('over')
  }

  destroy(): void {
    this.#stopping = true
    for (const timer of this.#planned) timer.cancel()
    for (const worker of this.#workers) worker.kill({ isWanted: true })
  }

  // ---- Requests to all workers ----

  stats(): Promise<GatewayStats> {
    return this.#answers.stats()
  }

  snapshot(max: number): Promise<Snapshot> {
    return this.#answers.snapshot(max, this.#parts.clock.wallMs())
  }

  ledger(exchange: string): Promise<Ledger | null> {
    return this.#answers.ledger(exchange)
  }

  watched(on: boolean): void {
    this.#watched = on
    for (const worker of this.#in('ready')) worker.tell({ kind: 'watched', on })
  }

  reopen(): void {
    for (const worker of this.#in('ready', 'draining')) worker.tell({ kind: 'reopen' })
  }

  // ---- One worker and the next ----

  #in(...states: WorkerProcess<C>['state'][]): WorkerProcess<C>[] {
    return [...this.#workers].filter(({ state }) => states.includes(state))
  }

  /** Workers that serve, or will; an extra one counts once the one that it replaces goes. */
  #serving(): number {
    return [...this.#workers].filter(({ isExtra, isLeaving, state }) => !isExtra && !isLeaving && state !== 'over')
      .length
  }

  #spawn({ isExtra = false } = {}): { worker: WorkerProcess<C>; ready: Promise<readonly BoundAddress[]> } {
    const { fork, clock } = this.#parts
    const worker = new WorkerProcess<C>(++this.#forked, fork, clock)
    worker.isExtra = isExtra
    this.#workers.add(worker)
    worker.exited.then(how => this.#gone(worker, how))
    return { worker, ready: this.#begin(worker) }
  }

  async #begin(worker: WorkerProcess<C>): Promise<readonly BoundAddress[]> {
    try {
      const bound = await worker.start(this.#configuration, READY_MS)
      this.#parts.log.info({ worker: worker.number, workerPid: worker.pid }, 'a worker is ready')
      void this.#answers.ask(worker) // so that its counts are known, however soon it dies
      if (this.#watched) worker.tell({ kind: 'watched', on: true })
      if (this.#stopping) worker.kill({ isWanted: true })
      return bound
    } catch (error) {
      if (!this.#stopping && !worker.isExtra)
        this.#parts.log.error({ worker: worker.number, reasons: reasonsOf(error) }, 'a worker did not become ready')
      worker.kill()
      throw error
    }
  }

  #gone(worker: WorkerProcess<C>, how: string): void {
    this.#workers.delete(worker)
    this.#answers.gone(worker)
    if (worker.isLeaving || worker.isExtra || this.#stopping) return
    const againInMs = this.#delay.next(this.#parts.clock.now())
    this.#parts.log.error({ worker: worker.number, how, againInMs }, 'a worker died: its connections are lost')
    const timer = this.#parts.clock.after(againInMs, () => {
      this.#planned.delete(timer)
      if (this.#stopping || this.#serving() >= this.#wanted) return
      this.#restarts += 1
      void this.#attended(this.#spawn().ready)
    })
    this.#planned.add(timer)
  }

  /**
   * A worker that replaces a dead one may have started with a configuration that is old by now. Failures are reported
   * elsewhere.
   */
  async #attended(ready: Promise<unknown>): Promise<void> {
    await ready.then(() => this.#inTurn(() => this.#align())).catch(() => {})
  }

  /** Starts the missing workers. */
  #fill(): Promise<unknown>[] {
    const missing = Math.max(0, this.#wanted - this.#serving() - this.#planned.size)
    return Array.from({ length: missing }, () => this.#spawn().ready)
  }

  async #resize(): Promise<void> {
    await Promise.allSettled(this.#fill())
    this.#trim()
  }

  /** Tells surplus workers to end, without waiting for them: their exchanges may take long. */
  #trim(): void {
    const tooMany = this.#in('ready').slice(0, Math.max(0, this.#serving() - this.#wanted))
    for (const worker of tooMany) void this.#retire(worker, this.#leave())
  }

  /** Brings all workers to the current configuration; one that cannot follow is replaced. */
  async #align(): Promise<void> {
    const configuration = this.#configuration
    const behind = this.#in('ready').filter(worker => worker.configuration !== configuration)
    const lost = await Promise.all(
      behind.map(async worker => {
        try {
          await worker.reload(configuration, RELOAD_MS)
          return []
        } catch (error) {
          const fields = { worker: worker.number, reasons: reasonsOf(error) }
          this.#parts.log.warn(fields, 'a worker did not accept the new configuration: replacing it')
          return [worker]
        }
      }),
    )
    await this.#replace(lost.flat())
  }

  async #replace(old: readonly WorkerProcess<C>[]): Promise<Rolled> {
    let replaced = 0
    for (const before of old) {
      if (this.#stopping) return { replaced, failed: ['hopwise is stopping'] }
      const { worker, ready } = this.#spawn({ isExtra: true })
      try {
        await ready
      } catch (error) {
        this.#parts.log.error(
          { replaced, reasons: reasonsOf(error) },
          'stopped replacing workers: the new one did not start',
        )
        return { replaced, failed: reasonsOf(error) }
      }
      worker.isExtra = false
      if (before.state === 'ready') await this.#retire(before, this.#leave())
      replaced += 1
    }
    this.#trim() // one that died meanwhile has been replaced twice
    return { replaced }
  }

  /** The drain times of one worker while the others stay. */
  #leave(): DrainTimes {
    const { announceMs, graceMs } = this.#parts.drain(this.#configuration)
    return { announceMs: Math.max(announceMs, LEAST_ANNOUNCE_MS), graceMs }
  }

  /** Resolves when the worker is gone; at once if there is no limit on its drain. */
  async #retire(worker: WorkerProcess<C>, times: DrainTimes): Promise<void> {
    const { announceMs, graceMs } = times
    worker.drain(times)
    if (graceMs === 0) return
    const timer = this.#parts.clock.after(announceMs + graceMs + LAST_MS, () => {
      this.#parts.log.warn({ worker: worker.number }, 'a worker did not end in time: killing it')
      worker.kill()
    })
    await worker.exited
    timer.cancel()
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(() => {
      if (this.#stopping) throw new RefusedError(['hopwise is stopping'])
      return change()
    })
    this.#last = turn.catch(() => {})
    return turn
  }
}
