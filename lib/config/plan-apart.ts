import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock, type Timer } from '../net/clock.js'
import { inSlices } from '../net/slices.js'
import { fromPieces } from './pieces.js'
import type { GatewayPlan } from './plan.js'
import { type PlanQuestion, type PlanRead, readPlan } from './plan-reading.js'

/** The compiled module or the source, whichever this file is. */
const THREAD = new URL(`plan-thread${extname(import.meta.url)}`, import.meta.url)
/** The thread takes a while to start, and a changed file is often changed again soon; but it uses some 50 MB. */
const KEPT_MS = 10_000

/** The answer of the thread: the plan in pieces, since it is too large to be taken at once. */
export type PlanAnswer = PlanRead<readonly string[]>

/**
 * Reads plans in a separate thread, so that this process goes on serving meanwhile. The thread is started when needed,
 * and kept for a moment. If it cannot run (no memory for it, or not permitted), the file is read in this thread.
 */
export class PlanReader {
  #thread: Worker | null = null
  #kept: Timer | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(private readonly clock: Clock = systemClock) {}

  /** Whether there is a thread. */
  get running(): boolean {
    return this.#thread !== null
  }

  /** As `readPlan`. One question at a time: a second caller waits. */
  read(question: PlanQuestion): Promise<PlanRead> {
    const read = this.#last.then(() => this.#read(question))
    this.#last = read.catch(() => {})
    return read
  }

  async #read(question: PlanQuestion): Promise<PlanRead> {
    this.#kept?.cancel()
    const answer = await this.#ask(question)
    this.#kept = this.clock.after(KEPT_MS, () => this.#stop())
    if (answer === null) return readPlan(question)
    if ('findings' in answer) return answer
    return { ...answer, configuration: (await inSlices(fromPieces(answer.configuration))) as GatewayPlan }
  }

  /** null: the thread cannot answer. */
  #ask(question: PlanQuestion): Promise<PlanAnswer | null> {
    return new Promise(resolve => {
      try {
        const thread = this.#start()
        const settle = (answer: PlanAnswer | null) => {
          thread.off('message', settle).off('exit', gone)
          thread.unref() // so that a process with nothing else to do may exit
          resolve(answer)
        }
        const gone = () => settle(null)
        thread.ref()
        thread.on('message', settle).on('exit', gone)
        thread.postMessage({ ...question, environment: { ...question.environment } })
      } catch {
        resolve(null)
      }
    })
  }

  #stop(): void {
    void this.#thread?.terminate()
    this.#thread = null
  }

  #start(): Worker {
    if (this.#thread !== null) return this.#thread
    const thread = new Worker(THREAD)
    this.#thread = thread
    const forget = () => {
      if (this.#thread === thread) this.#thread = null
    }
    // After an error the thread exits, and that resolves a pending question.
    return thread.on('error', forget).on('exit', forget)
  }
}
