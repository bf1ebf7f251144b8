import { parentPort } from 'node:worker_threads'
import { toPieces } from './pieces.js'
import type { PlanAnswer } from './plan-apart.js'
import { type PlanQuestion, readPlan } from './plan-reading.js'

// Reads plans on request. The entry module of a thread; nothing imports it.

const port = parentPort!
port.on('message', (question: PlanQuestion) => {
  const read = readPlan(question)
  const answer: PlanAnswer =
    'findings' in read ? read : { files: read.files, configuration: toPieces(read.configuration) }
  port.postMessage(answer)
})
