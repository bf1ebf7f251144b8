import type * as net from 'node:net'

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
  /** Octets of the writes under way that the kernel has not taken. */
  readonly writeQueueSize?: number
  /** Returns 0 or a negative error number. */
  writeLatin1String?: (request: WriteRequest, text: string) => number
  writeBuffer?: (request: WriteRequest, octets: Uint8Array) => number
  /** `chunks`: each part and behind it its encoding. */
  writev?: (request: WriteRequest, chunks: unknown[], allBuffers: boolean) => number
}

/** What one write carries: latin1 text and octets in turn. */
export type Parts = (string | Uint8Array)[]

/** Node's record of one write. Used up only by a write that the kernel did not take at once. */
interface WriteRequest {
  oncomplete?: (this: WriteRequest, status: number) => void
  writer?: DirectWriter
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

/** How Node makes its record of a write: learned from a write of its own; null until then, or where it cannot be learned. */
let Request: (new () => WriteRequest) | null = null
let learning = false
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
  if (Request === null) {
    if (!learning) learn(handle)
    return null
  }
  const request = spare ?? new Request()
  const error = typeof data === 'string' ? handle.writeLatin1String!(request, data) : writeParts(handle, request, data)
  if (error === 0 && handle.writeQueueSize! > 0) {
    request.data = data
    request.writer = writer
    request.oncomplete = onComplete
    spare = null
    return 1
  }
  spare = request
  return error
}

function writeParts(handle: StreamHandle, request: WriteRequest, parts: Parts): number {
  const [first] = parts
  if (parts.length === 1 && typeof first === 'object') return handle.writeBuffer!(request, first)
  const chunks: unknown[] = []
  for (const part of parts) chunks.push(part, typeof part === 'string' ? 'latin1' : 'buffer')
  return handle.writev!(request, chunks, false)
}

function onComplete(this: WriteRequest, status: number): void {
  this.writer?.onWritten(status)
}

/** Listens to the next write that Node makes on this handle by itself. */
function learn(handle: StreamHandle): void {
  learning = true // once in the life of the process
  const { writeLatin1String, writeBuffer, writev, writeQueueSize } = handle
  if (typeof writeBuffer !== 'function' || typeof writev !== 'function') return
  if (typeof writeLatin1String !== 'function' || typeof writeQueueSize !== 'number') return
  handle.writeLatin1String = (request, text) => {
    delete handle.writeLatin1String
    const made = request.constructor as new () => WriteRequest
    if (made !== Object) Request = made
    return writeLatin1String.call(handle, request, text)
  }
}
