import { parentPort, workerData } from 'node:worker_threads'
import { toPieces } from './pieces.js'
import type { PlanAnswer } from './plan-apart.js'
import { type PlanQuestion, readPlan } from './plan-reading.js'

// Reads one plan. The first module of a thread; it is imported nowhere.

const read = readPlan(workerData as PlanQuestion)
const answer: PlanAnswer =
  'findings' in read ? read : { files: read.files, configuration: toPieces(read.configuration) }
parentPort!.postMessage(answer)
