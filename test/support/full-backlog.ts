import { once } from 'node:events'
import * as net from 'node:net'
import { Worker } from 'node:worker_threads'
import type { Test } from 'tap'
import { settled } from './turns.js'

// It listens and then its thread stands still for good, so nobody accepts.
const LISTENER = `
  const net = require('node:net')
  const { parentPort } = require('node:worker_threads')
  const server = net.createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })
`

/** A port that listens and whose queue of connections is full: whoever dials it hears nothing. */
export async function fullBacklog(t: Test): Promise<{ port: number; url: string }> {
  const worker = new Worker(LISTENER, { eval: true, execArgv: [] })
  const [port] = (await once(worker, 'message')) as [number]
  const fillers: net.Socket[] = []
  t.teardown(async () => {
    for (const filler of fillers) filler.destroy()
    await worker.terminate()
  })
  // One connection after another, until one is not taken any more: others that began later are.
  for (let full = false; !full; ) {
    const filler = net.connect(port, '127.0.0.1').on('error', () => {})
    fillers.push(filler)
    await settled()
    full = filler.connecting
    if (fillers.length > 20) throw new Error('the queue of a listener does not fill up here')
  }
  return { port, url: `http://127.0.0.1:${port}` }
}
