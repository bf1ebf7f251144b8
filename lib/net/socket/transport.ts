import * as net from 'node:net'
import { constants } from 'node:os'
import type * as tls from 'node:tls'
import { getSystemErrorName } from 'node:util'
import { latin1 } from '../../wire/latin1.js'
import {
  cameAfterFin,
  type DirectWriter,
  handleOf,
  type Parts,
  type StreamHandle,
  spareSocket,
  takeHandle,
  wasReset,
  writeDirect,
} from './handle.js'
import { LEASE_BYTES, loseLease, returnLease, SHARED, takeLease } from './read-buffers.js'
import { type LeaseReader, ReadLease } from './read-lease.js'

/** Who is told what happens on a transport. Calls are synchronous; `bytes` is valid until `onBytes` returns. */
export interface TransportOwner {
  onBytes(bytes: Buffer, from: number, to: number): void
  /** The peer's FIN: it sends no more, and may still read. */
  onFin(): void
  /** The kernel has taken everything that was written, after `pressured` had been true. */
  onFlushed(): void
  /**
   * A write has failed, so nothing can be sent any more. What the peer had sent before is still read and told, then the transport
   * closes; false: at once, as nothing that it can have sent is of use. Must do nothing else.
   */
  readsOn?(): boolean
  /** The last call: the transport is gone. `error` is what ended it, or null. */
  onClosed(error: NodeJS.ErrnoException | null): void
  /** One of the calls above threw, which is a defect of ours: end this connection and nothing else. */
  onFault(fault: unknown): void
}

/**
 * How octets reach us and leave: `onread`, out of buffers of our own (see read-buffers.ts) and past the stream where Node allows it
 * (see handle.ts); or `data`, by the ordinary events and writes.
 */
export const READ_MODES = ['onread', 'data'] as const
export type ReadMode = (typeof READ_MODES)[number]

/** Content up to this size leaves as text joined with what stands before it: cheaper than a write of several parts. */
const INLINE_BYTES_MAX = 4 * 1024

/** From this size on a `'data'` event may be one of several for what lies in the kernel: Node reads 64 KiB at once. */
const DATA_BYTES = 64 * 1024

/** How accepted connections are set up. */
export interface AcceptSettings {
  readonly readMode: ReadMode
  readonly noDelay: boolean
  /** 0 turns TCP keep-alive off. */
  readonly tcpKeepAliveMs: number
}

const TRANSPORT: unique symbol = Symbol('transport')
type OwnedSocket = net.Socket & { [TRANSPORT]?: Transport }

/**
 * One socket as the rest of the house sees it: octets in through `onBytes`, text and content out, gathered until `flush`
 * and then written at once; backpressure as a fact (`pressured`) and an event (`onFlushed`).
 *
 * Memory: what is written and not yet taken by the kernel is bounded by the one who reads on the other side, who pauses
 * while this side is `pressured`.
 */
export class Transport implements DirectWriter, LeaseReader {
  owner: TransportOwner
  /** The peer's FIN was seen. */
  finSeen = false
  /** We have sent, or are about to send, our FIN. */
  finSent = false
  closed = false
  /** Its owner sees to it that it ends in order, and soon. */
  leaving = false
  /** Something written has not been taken by the kernel yet. */
  pressured = false
  bytesIn = 0
  bytesOut = 0
  readonly socket: net.Socket
  /** Where it reads to. With `data` Node decides that. */
  readonly lease: ReadLease
  private readonly mode: ReadMode
  private isSecured = false
  /** Of a socket that is written to past its stream; asking Node for it is dear. */
  private handle: StreamHandle | null = null
  private text = ''
  /** Content that waits for the flush, with the text before it. */
  private parts: Parts | null = null
  /** Copies among them, in buffers that go back after the flush. */
  private copies: Buffer[] | null = null
  private paused = false
  /** The last read filled its buffer, or was one TLS record of perhaps several: there may be more behind it. */
  filled = false
  /** Leases of other transports into which a write of ours still points. */
  private borrowed: Buffer[] | null = null
  private failure: NodeJS.ErrnoException | null = null
  /** A write has failed: nothing is sent any more, and the end of reading is the end. */
  cannotSend = false
  /** The callback of all writes to the stream; made with the first. */
  private streamed: ((error?: Error | null) => void) | null = null
  /** The socket options that still have to be set, see `persist`. */
  private unset: AcceptSettings | null = null
  /** What was not taken when `tookSome` was asked last: all of it, and of the write under way. */
  private unsent = 0
  private unsentNow = 0

  private constructor(owner: TransportOwner, mode: ReadMode, socket: net.Socket) {
    this.owner = owner
    this.mode = mode
    this.lease = new ReadLease(mode === 'onread')
    this.socket = socket
    ;(socket as OwnedSocket)[TRANSPORT] = this
    socket.on('end', onEnd)
    socket.on('error', onError)
    socket.on('close', onClose)
    if (mode === 'data') socket.on('data', onData)
  }

  /**
   * Takes over a socket that a server accepted (with `pauseOnConnect`). Where this Node allows it, the socket's handle moves
   * into a new socket that reads into our buffers; the emptied one is destroyed at once, so the server no longer counts it.
   */
  static accepted(socket: net.Socket, owner: TransportOwner, mode: ReadMode): Transport {
    const handle = mode === 'onread' ? takeHandle(socket) : null
    if (handle !== null) return Transport.overHandle(handle, owner)
    const transport = new Transport(owner, 'data', socket)
    socket.resume()
    return transport
  }

  /** A transport over the handle of a connection that was accepted. `unset`: what `persist` is to set. */
  static overHandle(handle: StreamHandle, owner: TransportOwner, unset: AcceptSettings | null = null): Transport {
    const reading = new Reading()
    const options = { handle, allowHalfOpen: true, onread: reading.options }
    reading.transport = new Transport(owner, 'onread', new net.Socket(options as net.SocketConstructorOpts))
    reading.transport.unset = unset
    return reading.transport
  }

  /** A transport over a socket that `connect` makes and starts; `connect` is given the options that make it read our way. */
  static dialed(
    owner: TransportOwner,
    mode: ReadMode,
    connect: (onread: { onread?: net.OnReadOpts }) => net.Socket,
  ): Transport {
    if (mode === 'data') return new Transport(owner, mode, connect({}))
    const reading = new Reading()
    reading.transport = new Transport(owner, mode, connect({ onread: reading.options }))
    return reading.transport
  }

  /** A transport over a TLS socket, which can only be read by `'data'` events. */
  static secured(owner: TransportOwner, socket: tls.TLSSocket): Transport {
    const transport = new Transport(owner, 'data', socket)
    transport.isSecured = true
    return transport
  }

  /** The peer's address as text, '' when it is gone already. */
  get remoteAddress(): string {
    return this.socket.remoteAddress ?? ''
  }

  get remotePort(): number {
    return this.socket.remotePort ?? 0
  }

  /** How many octets of text this transport was ever given: where the next ones will stand, for `takeBack`. */
  get queuedTo(): number {
    return this.bytesOut + this.text.length
  }

  /** Takes back what was queued from there on. False when some of it has been handed on already: then nothing is. */
  takeBack(queuedTo: number): boolean {
    if (queuedTo < this.bytesOut) return false
    this.text = this.text.slice(0, queuedTo - this.bytesOut)
    return true
  }

  /**
   * The connection is to live on: sets `TCP_NODELAY` and TCP keep-alive, unless they are set. Neither means anything to a
   * connection that carries one write, and together they are six system calls; so they wait for the second write, or for
   * somebody who knows that the connection stays.
   */
  persist(): void {
    const { unset } = this
    if (unset === null) return
    this.unset = null
    if (unset.noDelay) this.socket.setNoDelay(true)
    if (unset.tcpKeepAliveMs > 0) this.socket.setKeepAlive(true, unset.tcpKeepAliveMs)
  }

  /** Stops reading, for good: from here on somebody else reads the socket (TLS). What ends it is still told to the owner. */
  lend(): net.Socket {
    this.socket.off('data', onData).off('end', onEnd).pause()
    return this.socket
  }

  /** Queues latin1 text for the next `flush`. */
  write(text: string): void {
    this.text += text
  }

  /**
   * Queues content for the next `flush`, which must come before the call that delivered `bytes` returns. Small content is
   * copied into the text (`text`: the same octets, where somebody has made text of them); large content is written in place when it
   * stands in a lease (`stable`), else copied.
   */
  writeContent(bytes: Buffer, from: number, to: number, stable: boolean, text = ''): void {
    if (to - from <= INLINE_BYTES_MAX) {
      this.text += text === '' ? latin1(bytes, from, to) : text
      return
    }
    if (this.closed || this.finSent || this.cannotSend) return
    this.parts ??= []
    if (this.text !== '') this.parts.push(this.text)
    this.bytesOut += this.text.length + to - from
    this.text = ''
    this.parts.push(stable ? bytes.subarray(from, to) : this.copyOf(bytes, from, to))
  }

  /** A copy that lives until the kernel has taken it. */
  private copyOf(bytes: Buffer, from: number, to: number): Buffer {
    if (to - from > LEASE_BYTES) return Buffer.from(bytes.subarray(from, to))
    const copy = takeLease()
    this.copies ??= []
    this.copies.push(copy)
    return copy.subarray(0, bytes.copy(copy, 0, from, to))
  }

  /** Hands everything queued to the kernel, in one system call where it fits. Afterwards `pressured` tells whether it took all. */
  flush(): void {
    const { text, parts } = this
    if (text === '' && parts === null) return
    if (this.closed || this.finSent || this.cannotSend) {
      this.forget()
      return
    }
    if (this.unset !== null && this.bytesOut > 0) this.persist()
    this.text = ''
    this.bytesOut += text.length
    if (parts === null) this.handOn(text)
    else {
      this.parts = null
      if (text !== '') parts.push(text)
      this.handOn(parts)
      this.giveCopiesBack()
    }
  }

  private handOn(data: string | Parts): void {
    // Everything before it has left, so it may go past the stream, which costs as much again.
    if (this.mode === 'onread' && !this.pressured) this.handle ??= handleOf(this.socket)
    const left = this.handle === null || this.pressured ? null : writeDirect(this.handle, data, this)
    if (left === null) this.stream(data)
    else if (left > 0) this.press()
    else if (left < 0) {
      this.bytesOut -= octetsOf(data) // the kernel has taken none
      this.sendFailed(writeError(left))
    }
  }

  /** The ordinary way. */
  private stream(data: string | Parts): void {
    const { socket } = this
    this.streamed ??= error => this.streamFailed(error)
    if (typeof data === 'string') socket.write(data, 'latin1', this.streamed)
    else {
      socket.cork()
      for (const part of data) {
        if (typeof part === 'string') socket.write(part, 'latin1', this.streamed)
        else socket.write(part, this.streamed)
      }
      socket.uncork()
    }
    if (this.pressured || socket.writableLength === 0) return
    this.press()
    this.tellWhenEmpty()
  }

  /** A write's callback comes when everything before it is gone; an empty one costs nothing on the wire. */
  private tellWhenEmpty(): void {
    this.socket.write('', 'latin1', error => {
      if (error) this.streamFailed(error)
      else this.flushed()
    })
  }

  /** The callback of a write: Node is about to destroy the socket for this error, with all that could still be read. */
  private streamFailed(error: NodeJS.ErrnoException | null | undefined): void {
    if (error && !this.socket.destroyed && spareSocket(this.socket)) this.sendFailed(error)
  }

  /**
   * That a write failed says nothing of what the peer sent before: the kernel still has it. So it is read to its end, which is the end
   * of the connection then.
   */
  private sendFailed(error: NodeJS.ErrnoException): void {
    if (this.closed || this.cannotSend || this.socket.destroyed) return // by us: then it says nothing of the peer
    this.failure ??= error
    this.cannotSend = true
    this.pressured = false
    this.forget()
    if (this.finSeen || this.owner.readsOn?.() === false) this.socket.destroy()
    else this.endWhenRead()
  }

  /** Nothing comes any more on a connection that is broken: what a whole turn of the event loop does not read is not there. */
  private endWhenRead(): void {
    const before = this.bytesIn
    setImmediate(() =>
      setImmediate(() => {
        if (this.closed || this.paused) return // `resume` goes on
        if (this.bytesIn > before) this.endWhenRead()
        else this.socket.destroy()
      }),
    )
  }

  /** What is queued will not be written. */
  private forget(): void {
    this.text = ''
    this.parts = null
    for (const copy of this.copies ?? []) returnLease(copy)
    this.copies = null
  }

  private giveCopiesBack(): void {
    const { copies } = this
    if (copies === null) return
    this.copies = null
    for (const copy of copies) {
      if (this.pressured) this.borrow(copy)
      else returnLease(copy)
    }
  }

  /** A buffer into which a write of ours points: it goes back when that is over. */
  borrow(lease: Buffer): void {
    this.borrowed ??= []
    this.borrowed.push(lease)
  }

  /** While `pressured`: has the kernel taken anything since this was asked last, or since it began? Slow is not stalled. */
  tookSome(): boolean {
    const unsent = this.socket.writableLength
    const unsentNow = handleOf(this.socket)?.writeQueueSize ?? 0
    const some = unsent < this.unsent || unsentNow < this.unsentNow
    this.unsent = unsent
    this.unsentNow = unsentNow
    return some
  }

  /** For `writeDirect`: the kernel has taken the rest, or never will. */
  onWritten(status: number): void {
    if (this.closed) return
    if (status < 0) this.sendFailed(writeError(status))
    else this.flushed()
  }

  private press(): void {
    this.pressured = true
    this.tookSome()
  }

  private flushed(): void {
    if (this.closed || this.cannotSend) return
    if (this.socket.writableLength !== 0) {
      this.tellWhenEmpty()
      return
    }
    this.pressured = false
    if (this.borrowed !== null) {
      for (const lease of this.borrowed) returnLease(lease)
      this.borrowed = null
    }
    try {
      this.owner.onFlushed()
    } catch (fault) {
      this.fault(fault)
    }
  }

  /** True when `bytes` of `onBytes` may be written in place: they stand in a lease, or Node allocated them for us. */
  isStable(bytes: Buffer): boolean {
    return this.mode === 'data' || this.lease.holds(bytes)
  }

  /** Stops reading. While it lasts neither a FIN nor a reset of the peer is seen. */
  pause(): void {
    if (this.paused || this.closed) return
    this.paused = true
    this.socket.pause()
  }

  resume(): void {
    if (!this.paused || this.closed) return
    this.paused = false
    this.socket.resume()
    if (this.cannotSend) this.endWhenRead()
  }

  get isPaused(): boolean {
    return this.paused
  }

  /** Sends what is queued and then FIN. Reading goes on. */
  end(): void {
    if (this.closed || this.finSent) return
    this.flush()
    this.finSent = true
    if (!this.cannotSend) this.socket.end()
  }

  /** Ends both directions at once; octets that the kernel has taken are still delivered, unless the peer sent what we did not read. */
  destroy(): void {
    if (this.closed) return
    this.forget()
    this.socket.destroy()
  }

  /** Ends both directions with a reset, so that the peer cannot take what it has for the whole. */
  reset(): void {
    if (this.closed) return
    this.forget()
    // Over TLS the missing close_notify says what a reset says without it, unix sockets know none, and Node throws when it is asked for one.
    if (this.socket.connecting || this.isSecured || !handleOf(this.socket)?.reset) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** From here on: what the socket's listeners below call, and nobody else. */
  received(bytes: Buffer, from: number, to: number): boolean {
    if (this.closed) return false
    this.filled = this.isSecured || to - from >= (this.mode === 'data' ? DATA_BYTES : bytes.length)
    this.bytesIn += to - from
    this.lease.came(to - from)
    try {
      this.owner.onBytes(bytes, from, to)
    } catch (fault) {
      this.fault(fault)
    }
    return !this.paused
  }

  fin(): void {
    if (this.closed || this.finSeen) return
    // What ends with its connection is whole only when the connection reports no error (RFC 9112 8). TLS has an end of its own.
    const wasBroken = this.cannotSend ? !cameAfterFin(this.failure!) : !this.isSecured && wasReset(this.socket)
    if (wasBroken) {
      this.failed(resetError())
      return
    }
    this.finSeen = true
    try {
      this.owner.onFin()
    } catch (fault) {
      this.fault(fault)
    }
    if (this.cannotSend) this.socket.destroy()
  }

  /** Tells the owner something of a socket's life that has no call of its own above. */
  tell(what: () => void): void {
    if (this.closed) return
    try {
      what()
    } catch (fault) {
      this.fault(fault)
    }
  }

  /** What throws even while it deals with a fault loses its socket; the fault itself it has reported. */
  private fault(fault: unknown): void {
    try {
      this.owner.onFault(fault)
    } catch {
      this.socket.destroy()
    }
  }

  failed(error: NodeJS.ErrnoException): void {
    if (this.cannotSend && error === this.failure && spareSocket(this.socket)) return // it is known, and being dealt with
    this.failure ??= error
    this.cannotSend = true
    if (this.mode === 'data') this.receiveRest()
    this.socket.destroy() // Node does so itself, but not for what is no TLS in the middle of a TLS connection
  }

  /** While reading is stopped Node reads on for some time, and would lose that with the error that it reads then. */
  private receiveRest(): void {
    for (let left = this.socket.read(); left !== null && !this.closed; left = this.socket.read()) {
      this.received(left, 0, left.length)
    }
  }

  gone(): void {
    if (this.closed) return
    this.closed = true
    this.pressured = false
    this.forget()
    this.lease.lose()
    for (const lease of this.borrowed ?? []) loseLease(lease)
    this.borrowed = null
    try {
      this.owner.onClosed(this.failure)
    } catch (fault) {
      this.fault(fault)
    }
  }
}

function resetError(): NodeJS.ErrnoException {
  const errno = -constants.errno.ECONNRESET
  return Object.assign(new Error('read ECONNRESET'), { errno, code: 'ECONNRESET', syscall: 'read' })
}

function octetsOf(data: string | Parts): number {
  if (typeof data === 'string') return data.length
  let octets = 0
  for (const part of data) octets += part.length
  return octets
}

function writeError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(errno)
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: 'write' })
}

/** The two functions that Node asks: where to read to, and what to do with what was read. */
class Reading {
  transport: Transport | null = null
  /** Where the handle reads to, once it has read. */
  private given: Buffer | null = null
  readonly options = {
    buffer: (): Uint8Array => {
      const buffer = this.transport?.lease.next() ?? SHARED
      if (buffer === this.given) return NO_CHANGE
      this.given = null
      return buffer
    },
    callback: (length: number, bytes: Uint8Array): boolean => {
      this.given = bytes as Buffer
      return this.transport?.received(bytes as Buffer, 0, length) ?? true
    },
  }
}

/** For Node: go on reading to where you read to last. It would find the same buffer's memory anew for each read. */
const NO_CHANGE = undefined as unknown as Uint8Array

// One function for all sockets instead of a closure for each: an idle connection is to cost little memory.
function onEnd(this: OwnedSocket): void {
  this[TRANSPORT]?.fin()
}
function onError(this: OwnedSocket, error: NodeJS.ErrnoException): void {
  this[TRANSPORT]?.failed(error)
}
function onClose(this: OwnedSocket): void {
  this[TRANSPORT]?.gone()
}
function onData(this: OwnedSocket, bytes: Buffer): void {
  this[TRANSPORT]?.received(bytes, 0, bytes.length)
}
