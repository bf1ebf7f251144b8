// Rows that measure memory.
import { fileURLToPath } from 'node:url'
import { said, startChild, stopChild, wait } from '../children.mjs'
import { cores, filesMax } from '../machine.mjs'
import { rssBytes } from '../proc.mjs'

const CLIENTS = fileURLToPath(new URL('clients.mjs', import.meta.url))
/** The limit for opening all connections, long enough for a proxy that is slow at it. */
const READY_SECONDS_MAX = 60

/** The memory that idle connections add to the proxy. */
export async function runIdle(row, { pid, port }) {
  const wanted = Math.min(row.connections, filesMax() - 500)
  await wait(1_000)
  const before = rssBytes(pid)
  const child = startClients('idle', port, row.path, wanted)
  const { open, failed } = await said(child, 'ready', READY_SECONDS_MAX)
  const after = rssBytes(pid)
  await stopChild(child)
  return { requests: wanted, failed, open, rssBeforeBytes: before, rssBytes: after, eachBytes: (after - before) / open }
}

/** The most memory that slow readers of large answers add to the proxy within `seconds`. */
export async function runSlow(row, { pid, port }, seconds) {
  const before = rssBytes(pid)
  const child = startClients('slow', port, row.path, row.connections)
  let most = before
  for (const until = Date.now() + seconds * 1000; Date.now() < until; await wait(50)) {
    most = Math.max(most, rssBytes(pid))
  }
  if (child.exitCode !== null) throw new Error(`the slow readers ended: ${child.output}`)
  await stopChild(child)
  return {
    requests: row.connections,
    failed: 0,
    open: row.connections,
    rssBeforeBytes: before,
    rssBytes: most,
    eachBytes: (most - before) / row.connections,
  }
}

function startClients(what, port, path, count) {
  return startChild(cores.others, process.execPath, [CLIENTS, what, port, path, count].map(String))
}
