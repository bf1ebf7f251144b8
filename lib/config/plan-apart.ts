import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'
import { inSlices } from '../net/slices.js'
import { fromPieces } from './pieces.js'
import type { GatewayPlan } from './plan.js'
import { type PlanQuestion, type PlanRead, readPlan } from './plan-reading.js'

/** Built, or as it is written: whichever this file is. */
const THREAD = new URL(`plan-thread${extname(import.meta.url)}`, import.meta.url)

/** What the thread answers: the plan in pieces, as it is too much to be taken at once. */
export type PlanAnswer = PlanRead<readonly string[]>

/**
 * As `readPlan`, in a thread of its own: what this process serves meanwhile goes on. Where there can be no thread (no memory for one, or
 * not permitted) the file is read here.
 */
export async function readPlanApart(question: PlanQuestion): Promise<PlanRead> {
  const answer = await askThread(question)
  if (answer === null) return readPlan(question)
  if ('findings' in answer) return answer
  return { ...answer, configuration: (await inSlices(fromPieces(answer.configuration))) as GatewayPlan }
}

/** null: it has not answered. */
function askThread(question: PlanQuestion): Promise<PlanAnswer | null> {
  return new Promise(resolve => {
    try {
      const thread = new Worker(THREAD, { workerData: { ...question, environment: { ...question.environment } } })
      thread.once('message', resolve)
      // An answer comes before the end, and what comes second changes nothing.
      thread.once('error', () => resolve(null))
      thread.once('exit', () => resolve(null))
    } catch {
      resolve(null)
    }
  })
}
