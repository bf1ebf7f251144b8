import type { Ledger, Snapshot, Totals } from '../admin/source.js'
import type { Clock } from '../net/clock.js'
import { type BoundAddress, type DrainPhase, type DrainTimes, reasonsOf } from './gateway-types.js'
import type { Log } from './logs/log.js'
import { type ReadConfiguration, Reload, type Reloaded } from './reload.js'
import type { ReloadRecord } from './reload-record.js'
import { tellCut, tellDrain } from './run.js'
import { runProcess } from './run-process.js'
import { type Watched, watchFiles } from './watch.js'
import type { Workforce } from './workers/workforce.js'

export interface DaemonParts<C> {
  workforce: Workforce<C>
  /** The first configuration, read and checked, and the files it was made from. */
  configuration: C
  files: readonly string[]
  /** Reads the configuration again. */
  read(): Promise<ReadConfiguration<C>>
  drainTimes(configuration: C): DrainTimes
  /** Whether changed files cause a reload without a signal. */
  watches(configuration: C): boolean
  log: Log
  clock: Clock
  facts: object
  /** For the service manager (systemd). */
  told?(state: DaemonState): void
  /** For `hopwise reload`: the outcome of a reload. */
  record?(news: Partial<ReloadRecord>): void
  /** It listens: what runs beside it (the admin listener) can start. If that fails, the start fails. */
  opened?(daemon: Daemon<C>): Promise<void>
  /** After each configuration that was accepted, including the first. */
  applied?(configuration: C): void
  /** Everything has ended; what runs beside it can end, too. */
  closed?(): Promise<void>
}

export type DaemonState = 'ready' | 'reloading' | 'stopping'

/** A daemon and its configuration: what its signals, its admin listener and its supervisor may ask of it. */
export class Daemon<C> {
  phase: DrainPhase | 'starting' = 'starting'
  bound: readonly BoundAddress[] = []
  readonly #parts: DaemonParts<C>
  readonly #reload: Reload<C>
  readonly #watched: Watched
  /** Resolves when it serves, if it ever does. */
  readonly #opening: Promise<void>
  #serves = () => {}
  #isDestroyed = false
  #configuration: C

  constructor(parts: DaemonParts<C>) {
    this.#parts = parts
    this.#opening = new Promise(serves => {
      this.#serves = serves
    })
    this.#configuration = parts.configuration
    this.#watched = watchFiles(() => void this.reload('the file changed'), parts.clock)
    this.#reload = new Reload({
      read: () => this.#reread(),
      apply: configuration => this.#apply(configuration),
      files: files => this.#watch(files),
      clock: parts.clock,
      log: parts.log.logger,
      ...(parts.record === undefined ? {} : { record: parts.record }),
    })
  }

  // ---- For all callers ----

  get configuration(): C {
    return this.#configuration
  }

  ready(): boolean {
    return this.phase === 'serving' && this.#parts.workforce.counts().running > 0
  }

  /** '' when it is ready. */
  reasonNotReady(): string {
    if (this.phase === 'starting') return 'it is starting'
    if (this.phase !== 'serving') return 'it is stopping'
    return this.ready() ? '' : 'no worker is running'
  }

  /** Never rejects. */
  async reload(why: string): Promise<Reloaded> {
    // A change made after the start read the files would otherwise go unnoticed until the next change.
    if (this.phase === 'starting') await this.#opening
    if (this.phase !== 'serving')
      return { accepted: false, reasons: [`hopwise cannot reload now: ${this.reasonNotReady()}.`] }
    const reloaded = await this.#reload.request(why)
    if (this.phase === 'serving') this.#parts.told?.('ready') // also if the old configuration stays
    return reloaded
  }

  async stats(): Promise<Totals> {
    const { accepted, refused } = this.#reload
    const stats = await this.#parts.workforce.stats()
    return { ...stats, workers: this.#parts.workforce.counts(), reloads: { accepted, refused } }
  }

  snapshot(max: number): Snapshot | Promise<Snapshot> {
    return this.#parts.workforce.snapshot(max)
  }

  ledger(exchange: string): Ledger | null | Promise<Ledger | null> {
    return this.#parts.workforce.ledger(exchange)
  }

  watched(on: boolean): void {
    this.#parts.workforce.watched(on)
  }

  // ---- For runDaemon ----

  async open(): Promise<void> {
    const { workforce, log, facts, files, opened } = this.#parts
    this.#watch(files)
    this.bound = await workforce.start(this.#configuration)
    await opened?.(this)
    this.phase = 'serving'
    const named = this.bound.length > 1
    for (const { name, address, port } of this.bound)
      log.ready({ ...(named ? { listener: name } : {}), address, port, ...facts })
    this.#parts.applied?.(this.#configuration)
    this.#parts.told?.('ready')
    this.#serves()
  }

  async drain(signal: string): Promise<void> {
    const { workforce, log, drainTimes, closed, told, record } = this.#parts
    this.phase = 'announcing'
    record?.({ stopping: true })
    this.#watched.stop()
    told?.('stopping')
    const times = drainTimes(this.#configuration)
    const before = await this.#totals()
    tellDrain(log, signal, times, before && { connections: before.client.open, exchanges: before.exchanges.active })
    await workforce.drain(times, phase => {
      this.phase = phase
    })
    const cut = (await this.#totals())?.client.closes.shutdown ?? 0
    // What a second signal cut off was not cut off by the grace time.
    if (!this.#isDestroyed) tellCut(log, times.graceMs, cut)
    await closed?.()
  }

  destroy(): void {
    this.#isDestroyed = true
    this.#watched.stop()
    this.#parts.workforce.destroy()
  }

  reopen(signal: string): void {
    const { logger } = this.#parts.log
    try {
      this.#parts.workforce.reopen()
      logger.info(`${signal}: the access log was reopened`)
    } catch (error) {
      logger.error({ err: error }, `${signal}: the access log could not be reopened; lines still go to the old file`)
    }
  }

  /** Never rejects. The supervisor logs why a worker was not replaced. */
  async replaceWorkers(signal: string): Promise<void> {
    const { log, workforce } = this.#parts
    if (workforce.roll === undefined) {
      log.logger.info(`${signal}: there are no workers to replace`)
      return
    }
    const { replaced, failed } = await workforce.roll().catch(error => ({ replaced: 0, failed: reasonsOf(error) }))
    if (failed === undefined) log.logger.info({ replaced }, `${signal}: the workers were replaced`)
    else log.logger.error({ replaced, reasons: failed }, `${signal}: not all workers were replaced`)
  }

  /** Undefined when the numbers are not available. */
  async #totals(): Promise<Totals | undefined> {
    return this.stats().catch(() => undefined)
  }

  /** For the last line. */
  async totals(): Promise<object | undefined> {
    const totals = await this.#totals()
    if (totals === undefined) return undefined
    const { client, exchanges, upstream } = totals
    const { origins: _, ...upstreams } = upstream
    return { client, upstream: upstreams, exchanges }
  }

  async #reread(): Promise<ReadConfiguration<C>> {
    this.#parts.told?.('reloading')
    return this.#parts.read()
  }

  async #apply(configuration: C) {
    const summary = await this.#parts.workforce.update(configuration)
    this.#configuration = configuration
    if (summary.bound.length > 0) this.bound = summary.bound
    this.#parts.applied?.(configuration)
    return summary
  }

  #watch(files: readonly string[]): void {
    this.#watched.watch(this.#parts.watches(this.#configuration) ? files : [])
  }
}

/** From the first configuration to the last line of the log. @returns the exit code @throws what the start throws */
export async function runDaemon<C>(parts: DaemonParts<C>): Promise<number> {
  const { log, facts } = parts
  const daemon = new Daemon(parts)
  // While all workers are gone and the next one is not due yet, nothing else would keep this process alive.
  const staying = setInterval(() => {}, 2 ** 30)
  const run = {
    facts,
    open: () => daemon.open(),
    drain: (signal: string) => daemon.drain(signal),
    destroy: () => daemon.destroy(),
    hangup: () => void daemon.reload('SIGHUP'),
    reopen: () => daemon.reopen('SIGUSR2'),
    replace: () => void daemon.replaceWorkers('SIGWINCH'),
    totals: () => daemon.totals(),
  }
  try {
    return await runProcess(run, log)
  } finally {
    daemon.destroy()
    clearInterval(staying)
  }
}
