import cluster from 'node:cluster'
import { lstatSync, rmSync } from 'node:fs'
import * as net from 'node:net'
import { type ListenTarget, listenText } from '../listen-address.js'

/** Connections that the kernel keeps for us until we accept them; it takes no more than `net.core.somaxconn` (4096 as well). */
const BACKLOG = 4096

/** Where somebody listens: an address and its port, or for a unix socket its path (if it is known) and port 0. */
export interface ListensAt {
  readonly address: string
  readonly port: number
  /** `127.0.0.1:80`, `[::]:80`, `unix:/run/hopwise.sock`, `fd:3` */
  readonly text: string
}

/**
 * Has the server listen. A socket file that is in the way is removed when nobody listens there any more; in a worker of a cluster
 * it is not, since it may be that of another worker: let the primary call `removeStale` before.
 *
 * Rejects with Node's error (`EADDRINUSE`, `EACCES`, …), or when the server is closed meanwhile; then nothing is left behind.
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
    const closed = () => failed(new Error(`${listenText(target)}: the server was closed before it listened`))
    server.on('error', failed).on('listening', listens).on('close', closed)
    server.listen({ backlog: BACKLOG, ...target })
  })
}

function isInUse(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
}

/** Removes a socket file behind which nobody listens any more: who did has crashed. True when the path is free now. */
export async function removeStale(path: string): Promise<boolean> {
  const file = lstatSync(path, { throwIfNoEntry: false })
  if (file === undefined) return true
  // Connecting to a file of any other kind is refused as well, and such a file is somebody's.
  if (!file.isSocket() || (await knock(path)) !== 'ECONNREFUSED') return false
  rmSync(path, { force: true })
  return true
}

/** What connecting to a socket file gives: '', or the code of an error. */
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
