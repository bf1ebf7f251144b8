import * as net from 'node:net'
import type * as tls from 'node:tls'
import type { AcceptSettings } from './accept-settings.js'
import { cameAfterFin, handleOf, type StreamHandle, spareSocket, takeHandle, wasReset } from './handle.js'
import { OnRead, type OnReader } from './onread.js'
import { type LeaseReader, ReadLease } from './read-lease.js'
import type { ReadMode } from './read-mode.js'
import { resetError } from './socket-errors.js'
import { SocketWriter, type WriterOwner } from './socket-writer.js'
import { INLINE_BYTES_MAX, WriteQueue } from './write-queue.js'

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

/** From this size on a `'data'` event may be one of several for what lies in the kernel: Node reads 64 KiB at once. */
const DATA_BYTES = 64 * 1024

const TRANSPORT: unique symbol = Symbol('transport')
type OwnedSocket = net.Socket & { [TRANSPORT]?: Transport }

/**
 * One socket as the rest of the house sees it: octets in through `onBytes`, text and content out, gathered until `flush`
 * and then written at once; backpressure as a fact (`pressured`) and an event (`onFlushed`).
 *
 * Memory: what is written and not yet taken by the kernel is bounded by the one who reads on the other side, who pauses
 * while this side is `pressured`.
 */
export class Transport implements OnReader, LeaseReader, WriterOwner {
  owner: TransportOwner
  /** The peer's FIN was seen. */
  finSeen = false
  /** We have sent, or are about to send, our FIN. */
  finSent = false
  closed = false
  /** Its owner sees to it that it ends in order, and soon. */
  leaving = false
  bytesIn = 0
  readonly socket: net.Socket
  /** Where it reads to. With `data` Node decides that. */
  readonly lease: ReadLease
  private readonly mode: ReadMode
  private isSecured = false
  private readonly queue = new WriteQueue()
  private readonly writer: SocketWriter
  private paused = false
  /** The last read filled its buffer, or was one TLS record of perhaps several: there may be more behind it. */
  filled = false
  private failure: NodeJS.ErrnoException | null = null
  /** A write has failed: nothing is sent any more, and the end of reading is the end. */
  cannotSend = false
  /** The socket options that still have to be set, see `persist`. */
  private unset: AcceptSettings | null = null

  private constructor(owner: TransportOwner, mode: ReadMode, socket: net.Socket) {
    this.owner = owner
    this.mode = mode
    this.lease = new ReadLease(mode === 'onread')
    this.socket = socket
    this.writer = new SocketWriter(socket, mode === 'onread', this)
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
    const onread = new OnRead()
    const options = { handle, allowHalfOpen: true, onread: onread.options }
    const transport = new Transport(owner, 'onread', new net.Socket(options as net.SocketConstructorOpts))
    onread.reader = transport
    transport.unset = unset
    return transport
  }

  /** A transport over a socket that `connect` makes and starts; `connect` is given the options that make it read our way. */
  static dialed(
    owner: TransportOwner,
    mode: ReadMode,
    connect: (onread: { onread?: net.OnReadOpts }) => net.Socket,
  ): Transport {
    if (mode === 'data') return new Transport(owner, mode, connect({}))
    const onread = new OnRead()
    const transport = new Transport(owner, mode, connect({ onread: onread.options }))
    onread.reader = transport
    return transport
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

  /** Something written has not been taken by the kernel yet. */
  get pressured(): boolean {
    return this.writer.pressured
  }

  /** Bytes that cannot be taken back any more. */
  get bytesOut(): number {
    return this.queue.bytesOut
  }

  /** How many bytes of text this transport was ever given: where the next ones will stand, for `takeBack`. */
  get queuedTo(): number {
    return this.queue.to
  }

  /** Takes back what was queued from there on. False when some of it has been handed on already: then nothing is. */
  takeBack(queuedTo: number): boolean {
    return this.queue.takeBack(queuedTo)
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
    this.queue.addText(text)
  }

  /**
   * Queues content for the next `flush`, which must come before the call that delivered `bytes` returns. Small content is
   * copied into the text (`text`: the same octets, where somebody has made text of them); large content is written in place when it
   * stands in a lease (`stable`), else copied.
   */
  writeContent(bytes: Buffer, from: number, to: number, stable: boolean, text = ''): void {
    if (to - from > INLINE_BYTES_MAX) {
      if (this.maySend) this.queue.addLarge(bytes, from, to, stable)
    } else if (text === '') this.queue.addSmall(bytes, from, to)
    else this.queue.addText(text)
  }

  private get maySend(): boolean {
    return !this.closed && !this.finSent && !this.cannotSend
  }

  /** Hands everything queued to the kernel, in one system call where it fits. Afterwards `pressured` tells whether it took all. */
  flush(): void {
    const { queue, writer } = this
    if (queue.isEmpty) return
    if (!this.maySend) {
      queue.forget()
      return
    }
    if (this.unset !== null && queue.bytesOut > 0) this.persist()
    const data = queue.take()
    const error = writer.write(data)
    if (error !== null) {
      queue.notSent(data)
      this.onWriteFailed(error)
    }
    queue.returnCopies(writer)
  }

  /** For the writer. */
  onTaken(): void {
    try {
      this.owner.onFlushed()
    } catch (fault) {
      this.fault(fault)
    }
  }

  /**
   * That a write failed says nothing of what the peer sent before: the kernel still has it. So it is read to its end, which is the end
   * of the connection then.
   */
  onWriteFailed(error: NodeJS.ErrnoException): void {
    if (this.closed || this.cannotSend || this.socket.destroyed) return // by us: then it says nothing of the peer
    this.failure ??= error
    this.cannotSend = true
    this.writer.pressured = false
    this.queue.forget()
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

  /** A buffer into which a write of ours points: it goes back when that is over. */
  borrow(lease: Buffer): void {
    this.writer.borrow(lease)
  }

  /** While `pressured`: has the kernel taken anything since this was asked last, or since it began? Slow is not stalled. */
  tookSome(): boolean {
    return this.writer.tookSome()
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
    this.queue.forget()
    this.socket.destroy()
  }

  /** Ends both directions with a reset, so that the peer cannot take what it has for the whole. */
  reset(): void {
    if (this.closed) return
    this.queue.forget()
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
    this.queue.forget()
    this.lease.lose()
    this.writer.lose()
    try {
      this.owner.onClosed(this.failure)
    } catch (fault) {
      this.fault(fault)
    }
  }
}

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
