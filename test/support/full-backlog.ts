import { once } from 'node:events'
import * as net from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { settled } from './turns.js'

// It listens, then its thread blocks forever, so nothing accepts.
const LISTENER = `
  const net = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const server = net.createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`

/** A listening port whose queue of connections is full: dialling it gets no answer. */
export async function fullBacklog(t: Test): Promise<{ port: number; url: string }> {
  const worker = new Worker(LISTENER, { eval: true, execArgv: [] })
  const [port] = (await once(worker, 'message')) as [number]
  const fillers: net.Socket[] = []
  t.teardown(async () => {
    for (const filler of fillers) filler.destroy()
    await worker.terminate()
  })
  // One connection after another, until one is no longer accepted: of several at once, later ones might be.
  for (let full = false; !full; ) {
    const filler = net.connect(port, '127.0.0.1').on('error', () => {})
    fillers.push(filler)
    await settled()
    full = filler.connecting
    if (fillers.length > 20) throw new Error('the queue of the listener does not fill up on this machine')
  }
  return { port, url: `http://127.0.0.1:${port}` }
}
