import { readSync } from 'node:fs'
import type * as net from 'node:net'
import { constants } from 'node:os'
import type * as tls from 'node:tls'

// Everything that leans on what Node does not document stands here: the handle behind a socket. Each use asks first whether
// this Node has what it needs; where it has not, the documented way is taken, and costs more.

/** Who connected. */
export interface Peer {
  readonly address: string
  readonly port: number
}

/** The stream handle of a socket, as far as we use it. */
export interface StreamHandle {
  useUserBuffer?: (buffer: Uint8Array) => void
  getpeername?: (out: Partial<Peer>) => number
  close?: () => void
  /** TCP only. */
  reset?: unknown
  /** Its number among the open files of this process; -1 or undefined where a connection has none (Windows) or is closed. */
  readonly fd?: number
  /** Octets of the writes under way that the kernel has not taken. */
  readonly writeQueueSize?: number
  /** Returns 0 or a negative error number; or, given null, its own record of a write that the kernel did not take at once. */
  writeLatin1String?: (request: WriteRequest | null, text: string) => number | WriteRequest
  writeBuffer?: (request: WriteRequest | null, octets: Uint8Array) => number | WriteRequest
  /** `chunks`: each part and behind it its encoding. */
  writev?: (request: WriteRequest | null, chunks: unknown[], allBuffers: boolean) => number | WriteRequest
}

/** What one write carries: latin1 text and octets in turn. */
export type Parts = (string | Uint8Array)[]

/** Node's record of one write. Used up only by a write that the kernel did not take at once. */
interface WriteRequest {
  /** Not `NOT_IN_USE` while a write is under way with it. */
  getAsyncId(): number
  oncomplete?: (this: WriteRequest, status: number) => void
  writer?: DirectWriter
  /** The end of a write that ended before anybody could be told. */
  writeStatus?: number | null
  /** What must live as long as the write. */
  data?: string | Parts
}

/** Who is told the end of a write that the kernel did not take at once. */
export interface DirectWriter {
  /** `status` is 0, or the negative number of an error. Must not throw. */
  onWritten(status: number): void
}

type WithHandle<T> = T & { _handle?: StreamHandle | null }

/** The handle of a socket that has one. */
export function handleOf(socket: net.Socket): StreamHandle | null {
  return (socket as WithHandle<net.Socket>)._handle ?? null
}

/** Takes the handle out of a socket that is then of no use any more, and is destroyed; null where it could not be read our way. */
export function takeHandle(socket: net.Socket): StreamHandle | null {
  const handle = handleOf(socket)
  if (typeof handle?.useUserBuffer !== 'function') return null
  ;(socket as WithHandle<net.Socket>)._handle = null
  socket.destroy()
  return handle
}

/** The socket under a TLS socket; null where this Node does not show it. */
export function rawSocketOf(secured: tls.TLSSocket): net.Socket | null {
  return (secured as tls.TLSSocket & { _parent?: net.Socket })._parent ?? null
}

/** What lies in the kernel for us to read. `unknown`: this system, or this Node, cannot be asked. */
export type Unread = 'nothing' | 'bytes' | 'fin' | 'reset' | 'unknown'

const ONE_OCTET = Buffer.alloc(1)

/**
 * Asks the kernel what would be read next, now, without a turn of the event loop: a read of one octet that does not wait. An octet
 * that was there is lost, so ask only where that means the end of the connection. Some 3 microseconds, as "nothing" is an exception
 * to Node.
 */
export function unreadOf(socket: net.Socket): Unread {
  const fd = handleOf(socket)?.fd
  if (fd === undefined || fd < 0) return 'unknown'
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // nobody reads where the exception came from, and finding it out is most of its price
  try {
    return readSync(fd, ONE_OCTET, 0, 1, null) === 0 ? 'fin' : 'bytes'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'nothing' : 'reset'
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * Was this TCP connection reset, although Node tells an ordinary end? So it does when the reset comes together with the last octets.
 * A reset behind a FIN is none: everything was said before it. False where this Node cannot say, and when our own end was sent
 * before: an ordinary end then looks the same.
 */
export function wasReset(socket: net.Socket): boolean {
  const handle = handleOf(socket)
  if (socket.writableEnded || typeof handle?.getpeername !== 'function') return false
  return handle.getpeername({}) === -constants.errno.ENOTCONN && unreadOf(socket) !== 'fin'
}

/**
 * Did the reset that this write failed for come behind a FIN, so that everything had been said before it? Linux says EPIPE then, else
 * ECONNRESET, for the first write that fails. False where the system makes no difference.
 */
export function cameAfterFin(writeError: NodeJS.ErrnoException): boolean {
  return process.platform === 'linux' && writeError.code === 'EPIPE'
}

/**
 * Keeps Node from destroying this socket for the error that it is just telling (the callback of a write or of an end): what the peer
 * sent before can still be read. False where this Node does not let itself be kept.
 */
export function spareSocket(socket: net.Socket): boolean {
  const { _readableState: reads, _writableState: writes } = socket as SocketStates
  if (reads?.autoDestroy === undefined || writes?.autoDestroy === undefined) return false
  reads.autoDestroy = writes.autoDestroy = false
  reads.errored = null // a stream that has failed takes no more of what is read, and one that has said so gives no more
  reads.errorEmitted = false
  return !reads.autoDestroy && !writes.autoDestroy && reads.errored === null
}

interface SocketState {
  autoDestroy?: boolean
  errored?: Error | null
  errorEmitted?: boolean
}
type SocketStates = net.Socket & { _readableState?: SocketState; _writableState?: SocketState }

interface ListenHandle {
  onconnection?: (this: unknown, error: number, handle: StreamHandle | undefined) => void
}

/**
 * From `listening` on, has `accept` called with the handle of each accepted TCP connection, before the server makes a
 * socket of it. What has no such handle goes the ordinary way, to `'connection'`.
 */
export function acceptHandles(server: net.Server, accept: (handle: StreamHandle, peer: Peer) => void): void {
  server.on('listening', () => {
    const listener = (server as net.Server & { _handle?: ListenHandle | null })._handle
    const ordinary = listener?.onconnection
    if (listener == null || typeof ordinary !== 'function') return
    listener.onconnection = function (error, handle) {
      const peer: Partial<Peer> = {}
      if (error !== 0 || !isAdoptable(handle)) ordinary.call(this, error, handle)
      else if (handle.getpeername(peer) !== 0 || peer.address === undefined)
        handle.close() // reset before we looked at it
      else accept(handle, peer as Peer)
    }
  })
}

function isAdoptable(handle: StreamHandle | undefined): handle is Required<StreamHandle> {
  const needed = [handle?.useUserBuffer, handle?.getpeername, handle?.close]
  return needed.every(method => typeof method === 'function')
}

// A write past the stream ---------------------------------------------------------------------------------------------

/**
 * How this Node writes: with a record that the caller has made (20 to 24), or with null, and makes a record itself where it needs
 * one (26). Learned from a write of its own, within a few of them (a socket may end instead of writing); 'ordinary' where there is
 * nothing to be learned.
 */
let way: 'unknown' | 'ordinary' | 'record given' | 'record made' = 'unknown'
let Request: (new () => WriteRequest) | null = null
let lessons = 0
const LESSONS_MAX = 8
const NOT_IN_USE = -1
/** One record serves all writes that the kernel takes at once, which are nearly all. */
let spare: WriteRequest | null = null

/**
 * Writes to the socket of this handle without its stream: no chunk, no callback, no tick. Only while nothing that was written to
 * the socket before waits for the kernel; what is written after comes behind it, by either way.
 *
 * @returns 0: the kernel has taken it all. 1: not all; `writer.onWritten` will be told the end. Negative: the number of the
 *   error, also when the handle is closed. null: nothing was written, take the ordinary way.
 */
export function writeDirect(handle: StreamHandle, data: string | Parts, writer: DirectWriter): number | null {
  if (way === 'unknown' && typeof data === 'string') learn(handle)
  if (way === 'unknown' || way === 'ordinary') return null
  const given = way === 'record given' ? (spare ?? new Request!()) : null
  const result = typeof data === 'string' ? handle.writeLatin1String!(given, data) : writeParts(handle, given, data)
  const request = typeof result === 'object' ? result : given
  // That nothing is queued any more does not say that the write is over: its end is still to be told, and its record in use.
  const isUnderWay = request !== null && request.getAsyncId() !== NOT_IN_USE
  spare = isUnderWay ? null : given
  if (!isUnderWay) return typeof result === 'number' ? result : (result.writeStatus ?? -constants.errno.EPIPE)
  request.data = data
  request.writer = writer
  request.oncomplete = onComplete
  return 1
}

function writeParts(handle: StreamHandle, request: WriteRequest | null, parts: Parts): number | WriteRequest {
  const [first] = parts
  if (parts.length === 1 && typeof first === 'object') return handle.writeBuffer!(request, first)
  const chunks: unknown[] = []
  for (const part of parts) chunks.push(part, typeof part === 'string' ? 'latin1' : 'buffer')
  return handle.writev!(request, chunks, false)
}

function onComplete(this: WriteRequest, status: number): void {
  this.writer?.onWritten(status)
}

/** Listens to the write of text that Node is about to make on this handle by itself. */
function learn(handle: StreamHandle): void {
  if (++lessons === LESSONS_MAX) way = 'ordinary'
  const { writeLatin1String, writeBuffer, writev } = handle
  if (typeof writeLatin1String !== 'function' || typeof writeBuffer !== 'function' || typeof writev !== 'function') {
    way = 'ordinary'
    return
  }
  handle.writeLatin1String = (request, text) => {
    delete handle.writeLatin1String
    way = 'ordinary'
    const made = request?.constructor
    if (request === null) way = 'record made'
    else if (typeof made === 'function' && typeof request?.getAsyncId === 'function') {
      Request = made as new () => WriteRequest
      way = 'record given'
    }
    return writeLatin1String.call(handle, request, text)
  }
}
