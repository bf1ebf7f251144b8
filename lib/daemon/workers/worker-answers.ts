import type { Ledger, Snapshot } from '../../admin/source.js'
import type { GatewayStats } from '../gateway-types.js'
import { ledgerFrom, mergedSnapshot } from './merged-snapshot.js'
import { Retired, summedStats } from './summed-stats.js'
import type { WorkerProcess } from './worker-process.js'

/** The caller waits for the slowest answer. */
const ANSWER_MS = 1_000

/** The combined answers of all workers. One that does not answer in time is left out; its last numbers stay in the sum. */
export class WorkerAnswers<C> {
  readonly #all: () => Iterable<WorkerProcess<C>>
  readonly #retired = new Retired()

  constructor(all: () => Iterable<WorkerProcess<C>>) {
    this.#all = all
  }

  /** @throws Error while no worker has reported anything yet */
  async stats(): Promise<GatewayStats> {
    await Promise.all(this.#serving().map(worker => this.ask(worker)))
    const living = [...this.#all()].flatMap(({ lastStats }) => lastStats ?? [])
    return living.length === 0 ? summedStats(this.#retired.stats()) : this.#retired.addedTo(summedStats(living))
  }

  async ask(worker: WorkerProcess<C>): Promise<void> {
    const answer = await worker.ask({ kind: 'stats' }, ANSWER_MS).catch(() => undefined)
    if (answer) worker.lastStats = answer as GatewayStats
  }

  /** Its counts remain. */
  gone({ lastStats }: WorkerProcess<C>): void {
    this.#retired.add(lastStats)
  }

  async snapshot(max: number, at: number): Promise<Snapshot> {
    const parts = this.#serving().map(async worker => {
      const snapshot = await worker.ask({ kind: 'snapshot', max }, ANSWER_MS).catch(() => undefined)
      return snapshot ? [{ worker: worker.number, snapshot: snapshot as Snapshot }] : []
    })
    return mergedSnapshot((await Promise.all(parts)).flat(), max, at)
  }

  async ledger(exchange: string): Promise<Ledger | null> {
    const asked = ledgerFrom(exchange)
    const worker = this.#serving().find(({ number }) => number === asked?.worker)
    if (asked === null || worker === undefined) return null
    const answer = await worker.ask({ kind: 'ledger', exchange: asked.exchange }, ANSWER_MS).catch(() => null)
    return answer === null ? null : { ...(answer as Ledger), exchange }
  }

  /** A draining worker has connections, too. */
  #serving(): WorkerProcess<C>[] {
    return [...this.#all()].filter(({ state }) => state === 'ready' || state === 'draining')
  }
}
