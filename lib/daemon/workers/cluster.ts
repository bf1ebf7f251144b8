import cluster from 'node:cluster'
import { fromPieces, toPieces } from '../../config/pieces.js'
import { systemClock } from '../../net/clock.js'
import { inSlices } from '../../net/slices.js'
import { LineMerger } from '../logs/line-merger.js'
import { Worker, type WorkerLine, type WorkerParts } from './worker.js'
import type { Fork } from './worker-process.js'
import type { ToWorker } from './worker-protocol.js'

/** Signals that a terminal or a supervisor sends to all processes at once: only the primary acts on them. */
const FOR_THE_PRIMARY = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const

/** A worker's first message. Node drops what is sent to it before it listens (while its program is still being loaded). */
const LISTENING = 'listening to its primary'

export interface ClusterSettings {
  /** The program of a worker: a file that calls `runWorker`. */
  exec: string
  args?: readonly string[]
  /** Whole lines that workers have written to their standard output. */
  output(lines: string): void
}

/**
 * Workers of `node:cluster`. All listen on one socket, which the primary holds: when a worker closes its listener, the queue
 * of new connections stays with the others (docs/decisions/0005-workers.md).
 */
export function clusterFork({ exec, args = [], output }: ClusterSettings): Fork {
  cluster.schedulingPolicy = cluster.SCHED_NONE
  cluster.setupPrimary({ exec, args: [...args], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
  return (_worker, events) => {
    const worker = cluster.fork()
    const merger = new LineMerger(output)
    worker.process.stdout?.on('data', chunk => merger.push(chunk)).on('end', () => merger.end())
    let early: ToWorker[] | undefined = []
    worker.on('message', message => {
      if (message !== LISTENING) return events.message(message)
      const waiting = early ?? []
      early = undefined
      for (const message of waiting) worker.send(packed(message))
    })
    worker.on('error', () => {}) // a message that could not be sent: its deadline or the exit reports it
    // Not at 'exit': its last message (its counts) and its last log lines may still be in transit then.
    worker.process.once('close', (code, signal) => events.exit(signal ?? `code ${code}`))
    return {
      pid: worker.process.pid,
      send: message => {
        if (early) early.push(message)
        else if (worker.isConnected()) worker.send(packed(message))
      },
      kill: () => worker.process.kill('SIGKILL'),
    }
  }
}

/** Runs this process as a worker until its primary tells it to end, or is gone: Node ends a worker that has lost its primary. */
export function runWorker<C>(open: (configuration: C, worker: number) => WorkerParts<C>): void {
  for (const signal of FOR_THE_PRIMARY) process.on(signal, () => {})
  const line: WorkerLine = {
    send: message =>
      new Promise(done => {
        if (process.connected && process.send) process.send(message, undefined, undefined, () => done())
        else done()
      }),
    exit: code => process.exit(code),
  }
  const worker = new Worker<C>(line, open, systemClock)
  // One after the other: a message that is unpacked in slices must not be overtaken.
  let last: Promise<unknown> = Promise.resolve()
  process.on('message', message => {
    last = last.then(() => unpacked(message)).then(whole => void worker.receive(whole))
  })
  process.send?.(LISTENING)
}

/** A configuration is sent in pieces: in one piece, a large one would block a process that is serving. */
function packed(message: ToWorker): ToWorker {
  return 'configuration' in message ? { ...message, configuration: toPieces(message.configuration) } : message
}

async function unpacked(message: unknown): Promise<unknown> {
  const { configuration } = (message ?? {}) as { configuration?: unknown }
  if (!Array.isArray(configuration)) return message
  return { ...(message as object), configuration: await inSlices(fromPieces(configuration)) }
}
