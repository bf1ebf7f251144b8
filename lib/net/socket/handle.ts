import { readSync } from 'node:fs'
import type * as net from 'node:net'
import { constants } from 'node:os'
import type * as tls from 'node:tls'

// Everything that relies on undocumented parts of Node is here: the handle behind a socket. Each use first checks whether this
// Node version has what it needs; if not, it falls back to the documented way, which costs more.

/** The peer of an accepted connection. */
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
  /** Its file descriptor; -1 or undefined if there is none (Windows) or the connection is closed. */
  readonly fd?: number
  /** Bytes of pending writes that the kernel has not taken. */
  readonly writeQueueSize?: number
  /** Returns 0 or a negative errno; or, given null, Node's own record of a write that the kernel did not take at once. */
  writeLatin1String?: (request: WriteRequest | null, text: string) => number | WriteRequest
  writeBuffer?: (request: WriteRequest | null, bytes: Uint8Array) => number | WriteRequest
  /** `chunks`: each part followed by its encoding. */
  writev?: (request: WriteRequest | null, chunks: unknown[], allBuffers: boolean) => number | WriteRequest
}

/** The data of one write: latin1 text and bytes, mixed. */
export type Parts = (string | Uint8Array)[]

/** Node's record of one write. Only a write that the kernel did not take at once uses it up. */
interface WriteRequest {
  /** Not `NOT_IN_USE` while a write with it is pending. */
  getAsyncId(): number
  oncomplete?: (this: WriteRequest, status: number) => void
  writer?: DirectWriter
  /** The status of a write that completed before a callback could be set. */
  writeStatus?: number | null
  /** Data that must stay alive as long as the write. */
  data?: string | Parts
}

/** Notified of the end of a write that the kernel did not take at once. */
export interface DirectWriter {
  /** `status` is 0 or a negative errno. Must not throw. */
  onWritten(status: number): void
}

type WithHandle<T> = T & { _handle?: StreamHandle | null }

/** The handle of a socket; null: it has none. */
export function handleOf(socket: net.Socket): StreamHandle | null {
  return (socket as WithHandle<net.Socket>)._handle ?? null
}

/** Takes the handle out of a socket, which is then useless and destroyed; null if the handle cannot read into our buffers. */
export function takeHandle(socket: net.Socket): StreamHandle | null {
  const handle = handleOf(socket)
  if (typeof handle?.useUserBuffer !== 'function') return null
  ;(socket as WithHandle<net.Socket>)._handle = null
  socket.destroy()
  return handle
}

/** The socket under a TLS socket; null if this Node version does not expose it. */
export function rawSocketOf(secured: tls.TLSSocket): net.Socket | null {
  return (secured as tls.TLSSocket & { _parent?: net.Socket })._parent ?? null
}

/** What the kernel has for us to read. `unknown`: this system or this Node version cannot be asked. */
export type Unread = 'nothing' | 'bytes' | 'fin' | 'reset' | 'unknown'

const ONE_BYTE = Buffer.alloc(1)

/**
 * Asks the kernel what would be read next, now, without a turn of the event loop: a non-blocking read of one byte. A byte that
 * was there is lost, so use it only where any data means the end of the connection. Takes about 3 microseconds, since Node
 * throws an exception for "nothing".
 */
export function unreadOf(socket: net.Socket): Unread {
  const fd = handleOf(socket)?.fd
  if (fd === undefined || fd < 0) return 'unknown'
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0 // the stack trace is not used, and capturing it is most of the cost
  try {
    return readSync(fd, ONE_BYTE, 0, 1, null) === 0 ? 'fin' : 'bytes'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EAGAIN' ? 'nothing' : 'reset'
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}

/**
 * Whether this TCP connection was reset although Node reports an ordinary end, as it does when the reset arrives together with
 * the last bytes. A reset after a FIN does not count: all data came before it. False if this Node version cannot tell, or if
 * our own FIN was sent before: an ordinary end then looks the same.
 */
export function wasReset(socket: net.Socket): boolean {
  const handle = handleOf(socket)
  if (socket.writableEnded || typeof handle?.getpeername !== 'function') return false
  return handle.getpeername({}) === -constants.errno.ENOTCONN && unreadOf(socket) !== 'fin'
}

/**
 * Whether the reset that made this write fail came after a FIN, so that the peer's data is complete. For the first write that
 * fails, Linux then reports EPIPE, otherwise ECONNRESET. False if the system makes no distinction.
 */
export function cameAfterFin(writeError: NodeJS.ErrnoException): boolean {
  return process.platform === 'linux' && writeError.code === 'EPIPE'
}

/**
 * Prevents Node from destroying this socket for the error that it is reporting (in the callback of a write or an end): what the
 * peer sent before can still be read. False if this Node version does not allow that.
 */
export function spareSocket(socket: net.Socket): boolean {
  const { _readableState: reads, _writableState: writes } = socket as SocketStates
  if (reads?.autoDestroy === undefined || writes?.autoDestroy === undefined) return false
  reads.autoDestroy = writes.autoDestroy = false
  reads.errored = null // an errored stream accepts no more data, and one that has emitted the error delivers none
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
 * From `listening` on, calls `accept` with the handle of each accepted TCP connection, before the server makes a socket of it.
 * A connection without such a handle goes the ordinary way, to `'connection'`.
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
        handle.close() // reset before we read its address
      else accept(handle, peer as Peer)
    }
  })
}

function isAdoptable(handle: StreamHandle | undefined): handle is Required<StreamHandle> {
  const needed = [handle?.useUserBuffer, handle?.getpeername, handle?.close]
  return needed.every(method => typeof method === 'function')
}

// Writes that bypass the stream ---------------------------------------------------------------------------------------

/**
 * How this Node version writes: with a record made by the caller (20 to 24), or with null, making a record itself when it needs
 * one (26). Learned from one of Node's own writes, within a few attempts (a socket may end instead of writing); 'ordinary' if
 * nothing can be learned.
 */
let way: 'unknown' | 'ordinary' | 'record given' | 'record made' = 'unknown'
let Request: (new () => WriteRequest) | null = null
let lessons = 0
const LESSONS_MAX = 8
const NOT_IN_USE = -1
/** One record is reused for all writes that the kernel takes at once, which is nearly all of them. */
let spare: WriteRequest | null = null

/**
 * Writes to the socket of this handle, bypassing its stream: no chunk, no callback, no tick. Only allowed while no earlier
 * write to the socket waits for the kernel; later writes, by either way, keep their order.
 *
 * @returns 0: the kernel has taken everything. 1: not everything; `writer.onWritten` will be called at the end. Negative: the
 *   errno, also when the handle is closed. null: nothing was written, use the ordinary way.
 */
export function writeDirect(handle: StreamHandle, data: string | Parts, writer: DirectWriter): number | null {
  if (way === 'unknown' && typeof data === 'string') learn(handle)
  if (way === 'unknown' || way === 'ordinary') return null
  const given = way === 'record given' ? (spare ?? new Request!()) : null
  const result = typeof data === 'string' ? handle.writeLatin1String!(given, data) : writeParts(handle, given, data)
  const request = typeof result === 'object' ? result : given
  // An empty queue does not mean that the write is over: its end is still to be reported, and its record is in use.
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

/** Intercepts the next write of text that Node makes on this handle. */
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
