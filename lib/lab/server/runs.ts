import { RateLimit } from '../../link/rate-limit.js'
import type { Clock, Timer } from '../../net/clock.js'
import { said } from '../said.js'
import type { LabLimits } from './limits.js'
import { busy } from './problem.js'
import { RecordedRun } from './recorded-run.js'
import { StartedThread } from './started-thread.js'
import type { ThreadTask } from './thread-task.js'
import { mayBegin } from './visitors.js'

export interface RunsSettings {
  readonly limits: LabLimits
  readonly clock: Clock
  warn(message: string, cause: unknown): void
}

interface Running {
  readonly thread: StartedThread
  readonly visitor: string | null
}

/** The number of visitors whose starts are remembered. */
const VISITORS_MAX = 4_096
/** When a visitor that found no place may try again: most runs finish within some seconds. */
const RETRY_S = 5

/** All runs: the current ones, and the recordings of finished ones as long as they are kept. */
export class Runs {
  private readonly running = new Map<RecordedRun, Running>()
  private readonly found = new Map<string, RecordedRun>()
  /** Finished runs, in the order in which they ended. */
  private readonly kept = new Map<RecordedRun, Timer>()
  private readonly starts: RateLimit
  private closed: (() => void) | null = null

  constructor(private readonly settings: RunsSettings) {
    const { startsPerSecond: perSecond, startsBurst: burst } = settings.limits
    this.starts = new RateLimit({ perSecond, burst, keysMax: VISITORS_MAX })
  }

  /** The number of places in use. */
  get count(): number {
    return this.running.size
  }

  /**
   * @param experiment for the name of the file
   * @throws Problem: there is no place, or this visitor has started too many
   */
  start(task: ThreadTask, experiment: string, visitor: string | null): RecordedRun {
    this.admit(visitor)
    const { clock, limits, warn } = this.settings
    let grace: Timer | null = null
    const alone = () => {
      grace = clock.after(limits.graceMs, () => thread.stop('alone'))
    }
    const run = new RecordedRun(experiment, count => {
      grace?.cancel()
      if (count === 0) alone()
    })
    const thread = new StartedThread(task, {
      clock,
      startMs: limits.startMs,
      runMs: limits.runMs,
      stopMs: limits.stopMs,
      warn,
      line: (line, last) => this.record(run, line, last),
      verdict: () => this.keep(run),
      gone: () => {
        grace?.cancel()
        this.leave(run)
      },
    })
    this.running.set(run, { thread, visitor })
    this.found.set(run.id, run)
    alone()
    return run
  }

  find(id: string): RecordedRun | undefined {
    return this.found.get(id)
  }

  /** No effect on a finished run. */
  stop(run: RecordedRun): void {
    this.running.get(run)?.thread.stop('stop')
  }

  /** Stops all runs. */
  close(): Promise<void> {
    for (const { thread } of this.running.values()) thread.stop('stop')
    for (const run of [...this.kept.keys()]) this.forget(run)
    return new Promise(resolve => {
      this.closed = resolve
      if (this.running.size === 0) resolve()
    })
  }

  private admit(visitor: string | null): void {
    const free = this.settings.limits.runsMax - this.running.size
    if (this.closed !== null || free <= 0)
      throw busy(
        503,
        said(
          'All places are in use by other runs. Try again in a moment.',
          '지금은 빈자리가 없다. 잠시 뒤에 다시 시도하라.',
        ),
        RETRY_S,
      )
    if (visitor === null) return
    const own = [...this.running.values()].filter(each => each.visitor === visitor).length
    if (!mayBegin(own, free))
      throw busy(
        503,
        said(
          'You have as many runs as you may have now: the remaining places are for other visitors. Wait until a run is finished, or stop one.',
          '지금 실행 중인 것이 너무 많다. 남은 자리는 다른 사람의 몫이다. 하나가 끝날 때까지 기다리거나 하나를 멈추어라.',
        ),
        RETRY_S,
      )
    const waitMs = this.starts.take(visitor, this.settings.clock.now())
    if (waitMs > 0)
      throw busy(
        429,
        said(
          'You start runs too fast for this server. Wait a moment.',
          '실행을 너무 자주 시작하고 있다. 잠시 기다려라.',
        ),
        waitMs / 1_000,
      )
  }

  /** A recording that grows too large ends the run; after that only its verdict is recorded. */
  private record(run: RecordedRun, line: string, last: boolean): void {
    if (run.bytes + line.length > this.settings.limits.recordingBytesMax) run.full = true
    if (!run.full || last) run.add(line)
    else this.running.get(run)?.thread.stop('too-large')
  }

  private keep(run: RecordedRun): void {
    const { clock, limits } = this.settings
    run.end()
    if (this.closed !== null) {
      this.forget(run)
      return
    }
    this.kept.set(
      run,
      clock.after(limits.keptMs, () => this.forget(run)),
    )
    let bytes = [...this.kept.keys()].reduce((sum, each) => sum + each.bytes, 0)
    for (const oldest of [...this.kept.keys()]) {
      if (this.kept.size <= limits.keptMax && bytes <= limits.keptBytesMax) return
      bytes -= oldest.bytes
      this.forget(oldest)
    }
  }

  /** A current reader may read on. */
  private forget(run: RecordedRun): void {
    this.kept.get(run)?.cancel()
    this.kept.delete(run)
    this.found.delete(run.id)
  }

  private leave(run: RecordedRun): void {
    this.running.delete(run)
    if (this.closed !== null && this.running.size === 0) this.closed()
  }
}
