import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { type Clock, systemClock, type Timer } from '../net/clock.js'
import { inSlices } from '../net/slices.js'
import { fromPieces } from './pieces.js'
import type { GatewayPlan } from './plan.js'
import { type PlanQuestion, type PlanRead, readPlan } from './plan-reading.js'

/** Built, or as it is written: whichever this file is. */
const THREAD = new URL(`plan-thread${extname(import.meta.url)}`, import.meta.url)
/** It takes a while to start, and who changes a file often changes it again; but it has some 50 MB for itself. */
const KEPT_MS = 10_000

/** What the thread answers: the plan in pieces, as it is too much to be taken at once. */
export type PlanAnswer = PlanRead<readonly string[]>

/**
 * Reads plans in a thread of its own: what this process serves meanwhile goes on. The thread is started when it is needed, and kept for a
 * moment. Where there can be none (no memory for it, or not permitted) the file is read here.
 */
export class PlanReader {
  #thread: Worker | null = null
  #kept: Timer | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(private readonly clock: Clock = systemClock) {}

  /** There is a thread. */
  get running(): boolean {
    return this.#thread !== null
  }

  /** As `readPlan`. One question at a time: who asks meanwhile waits. */
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

  /** null: it cannot answer. */
  #ask(question: PlanQuestion): Promise<PlanAnswer | null> {
    return new Promise(resolve => {
      try {
        const thread = this.#start()
        const settle = (answer: PlanAnswer | null) => {
          thread.off('message', settle).off('exit', gone)
          thread.unref() // what waits for nothing else may end
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
    // Of an error its end follows, which tells who waits.
    return thread.on('error', forget).on('exit', forget)
  }
}
