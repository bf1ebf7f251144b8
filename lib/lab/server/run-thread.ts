import { parentPort, workerData } from 'node:worker_threads'
import type { experimentCalled } from '../catalogue.js'
import type { LabEvent } from '../events.js'
import { BrokenOff, runExperiment } from '../run.js'
import { type ThreadOrder, type ThreadTask, type ThreadTold, WHY } from './thread-task.js'

// One run in a thread of its own: it shares no event loop with the runs of others, whose times it would spoil, and nothing that happens
// in it ends the server. The first module of that thread; it is imported nowhere.

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
    // Only where it is wanted: a thread has nothing loaded, and somebody waits for it.
    const { runWorkbench } = await import('../workbench-run.js')
    await runWorkbench(task.workbench, { ...told, scale })
    return
  }
  const catalogue: { experimentCalled: typeof experimentCalled } = await import(task.catalogue)
  const experiment = catalogue.experimentCalled(task.experiment)
  if (experiment) await runExperiment(experiment, { ...told, scale, knobs: task.knobs })
}
