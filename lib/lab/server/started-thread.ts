import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Clock, Timer } from '../../net/clock.js'
import type { LabEvent } from '../events.js'
import { LeftBehind, type OwnedTold } from '../left-behind.js'
import { brokenOff } from '../run.js'
import { plain, type Said, said } from '../said.js'
import { type ThreadOrder, type ThreadTask, type ThreadTold, WHY } from './thread-task.js'

export interface ThreadSettings {
  readonly clock: Clock
  /** Real ms in which its run must begin, on a machine that is busy. */
  readonly startMs: number
  /** It is told to cancel its run so many real ms after its first event. */
  readonly runMs: number
  /** …and terminated so many ms later. */
  readonly stopMs: number
  /** An event, as JSON. @param last it is the verdict */
  line(line: string, last: boolean): void
  /** The verdict was reported; called exactly once. */
  verdict(): void
  /** The thread is gone; called exactly once, after the verdict. */
  gone(): void
  warn(message: string, cause: unknown): void
}

/** The built or the source file, whichever this file is. */
const THREAD = new URL(`run-thread${extname(import.meta.url)}`, import.meta.url)
/** The memory of an experiment, including Node's own. */
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 }

/** A thread for one run. However it ends, there is a verdict, and then the thread is gone. */
export class StartedThread {
  private readonly worker: Worker
  private readonly began: number
  /** Runs until the run begins, then until its time is over, then until it has obeyed. */
  private timer: Timer
  private begun = false
  private judged = false
  private order: ThreadOrder | null = null
  private readonly left = new LeftBehind()

  constructor(
    task: ThreadTask,
    private readonly settings: ThreadSettings,
  ) {
    const { clock, startMs } = settings
    this.began = clock.now()
    this.timer = clock.after(startMs, () => this.stop('time-over'))
    this.worker = new Worker(THREAD, { workerData: task, resourceLimits: MEMORY })
    this.worker.on('message', (told: ThreadTold | OwnedTold) => {
      if ('owned' in told) this.left.note(told)
      else this.hear(told)
    })
    this.worker.on('error', fault => this.fail(fault))
    this.worker.on('exit', () => this.leave())
  }

  /** Lets the run close what it opened, and terminates it if it does not; at once if the run has not begun. */
  stop(order: ThreadOrder): void {
    if (this.order !== null || this.judged) return
    this.order = order
    if (!this.begun) {
      void this.worker.terminate()
      return
    }
    this.worker.postMessage(order)
    this.wait(this.settings.stopMs, () => void this.worker.terminate())
  }

  private hear({ line, last }: ThreadTold): void {
    if (this.judged) return
    if (!this.begun) this.wait(this.settings.runMs, () => this.stop('time-over'))
    this.begun = true
    this.settings.line(line, last)
    if (!last) return
    this.judge()
    // The run has closed everything by now; what it left behind ends with the thread.
    void this.worker.terminate()
  }

  private fail(fault: unknown): void {
    this.settings.warn('a run of the laboratory failed', fault)
    this.verdictInstead(plain(fault instanceof Error ? fault.message : String(fault)))
  }

  private leave(): void {
    this.left.tidy()
    const why = this.order === null ? VANISHED : WHY[this.order]
    this.verdictInstead(this.order !== null && this.begun ? forced(why) : why)
    this.timer.cancel()
    this.settings.gone()
  }

  /** A verdict for a run that can no longer report one itself. */
  private verdictInstead(why: Said): void {
    if (this.judged) return
    const at = Math.round((this.settings.clock.now() - this.began) * 1000) / 1000
    const event: LabEvent = { at, kind: 'verdict', outcome: 'not-observed', text: brokenOff(why) }
    this.settings.line(JSON.stringify(event), true)
    this.judge()
  }

  private judge(): void {
    this.judged = true
    this.settings.verdict()
  }

  private wait(ms: number, then: () => void): void {
    this.timer.cancel()
    this.timer = this.settings.clock.after(ms, then)
  }
}

const VANISHED = said('its thread ended without a message.', '스레드가 아무 말 없이 끝났다.')

function forced({ en, ko }: Said): Said {
  return said(`${en} It had to be terminated.`, `${ko} 강제로 끝내야 했다.`)
}
