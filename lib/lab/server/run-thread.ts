import { parentPort, workerData } from 'node:worker_threads'
import type { experimentCalled } from '../catalogue.js'
import type { LabEvent } from '../events.js'
import { BrokenOff, runExperiment } from '../run.js'
import { type ThreadOrder, type ThreadTask, type ThreadTold, WHY } from './thread-task.js'

// One run in its own thread: it shares no event loop with other runs, whose times it would disturb, and no failure in it ends the
// server. This is the entry module of the thread; it is imported nowhere.

const port = parentPort!
const breaker = new AbortController()
port.on('message', (order: ThreadOrder) => breaker.abort(new BrokenOff(WHY[order])))
const told = {
  signal: breaker.signal,
  onEvent: (event: LabEvent) => tell({ line: JSON.stringify(event), last: event.kind === 'verdict' }),
}

await run(workerData as ThreadTask)

function tell(what: ThreadTold): void {
  port.postMessage(what)
}

async function run(task: ThreadTask): Promise<void> {
  const { scale } = task
  if ('workbench' in task) {
    // Loaded only when needed: a new thread has no modules yet, and a visitor is waiting for it.
    const { runWorkbench } = await import('../workbench-run.js')
    await runWorkbench(task.workbench, { ...told, scale })
    return
  }
  const catalogue: { experimentCalled: typeof experimentCalled } = await import(task.catalogue)
  const experiment = catalogue.experimentCalled(task.experiment)
  if (experiment) await runExperiment(experiment, { ...told, scale, knobs: task.knobs })
}
