import { parentPort } from 'node:worker_threads'
import { toPieces } from './pieces.js'
import type { PlanAnswer } from './plan-apart.js'
import { type PlanQuestion, readPlan } from './plan-reading.js'

// Reads plans, as it is asked to. The first module of a thread; it is imported nowhere.

const port = parentPort!
port.on('message', (question: PlanQuestion) => {
  const read = readPlan(question)
  const answer: PlanAnswer =
    'findings' in read ? read : { files: read.files, configuration: toPieces(read.configuration) }
  port.postMessage(answer)
})
