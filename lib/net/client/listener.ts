import cluster from 'node:cluster'
import { lstatSync, rmSync } from 'node:fs'
import * as net from 'node:net'
import { type ListenTarget, listenText } from '../listen-address.js'

/** Connections that the kernel queues until we accept them; it caps this at `net.core.somaxconn` (also 4096 by default). */
const BACKLOG = 4096

/** Where a server listens: an address and port, or for a unix socket its path (if known) and port 0. */
export interface ListensAt {
  readonly address: string
  readonly port: number
  /** `127.0.0.1:80`, `[::]:80`, `unix:/run/hopwise.sock`, `fd:3` */
  readonly text: string
}

/**
 * Makes the server listen. An existing socket file is removed if no process listens on it any more; not in a worker of a cluster,
 * since the file may belong to another worker: let the primary call `removeStale` first.
 *
 * Rejects with Node's error (`EADDRINUSE`, `EACCES`, …), or when the server is closed meanwhile; nothing is left behind then.
 */
export async function listenAt(server: net.Server, target: ListenTarget): Promise<ListensAt> {
  try {
    await listen(server, target)
  } catch (error) {
    if (cluster.isWorker || !('path' in target) || !isInUse(error) || !(await removeStale(target.path))) throw error
    await listen(server, target)
  }
  const at = server.address()
  if (at === null || typeof at === 'string') return { address: at ?? '', port: 0, text: listenText(target) }
  return { address: at.address, port: at.port, text: listenText({ host: at.address, port: at.port }) }
}

function listen(server: net.Server, target: ListenTarget): Promise<void> {
  return new Promise((resolve, reject) => {
    const forget = () => server.off('error', failed).off('listening', listens).off('close', closed)
    const failed = (error: Error) => {
      forget()
      reject(error)
    }
    const listens = () => {
      forget()
      resolve()
    }
    const closed = () => failed(new Error(`${listenText(target)}: the server was closed before it was listening`))
    server.on('error', failed).on('listening', listens).on('close', closed)
    server.listen({ backlog: BACKLOG, ...target })
  })
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
}

/** Removes a socket file that no process listens on any more: its owner has crashed. True when the path is free now. */
export async function removeStale(path: string): Promise<boolean> {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file === undefined) return true
  // Connecting to a file of any other kind is refused as well, but such a file must not be removed.
  if (!file.isSocket() || (await knock(path)) !== 'ECONNREFUSED') return false
  rmSync(path, { force: true })
  return true
}

/** The result of connecting to a socket file: '', or an error code. */
function knock(path: string): Promise<string> {
  return new Promise(resolve => {
    const socket = net.connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve('')
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
  })
}
