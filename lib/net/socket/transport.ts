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

/** Notified of what happens on a transport. Calls are synchronous; `bytes` is valid until `onBytes` returns. */
export interface TransportOwner {
  onBytes(bytes: Buffer, from: number, to: number): void
  /** The peer's FIN: it sends no more, but may still read. */
  onFin(): void
  /** The kernel has taken everything that was written, after `pressured` was true. */
  onFlushed(): void
  /**
   * A write has failed, so nothing more can be sent. What the peer sent before is still read and delivered, then the transport
   * closes; false: it closes at once, since nothing that the peer may have sent is useful. Must do nothing else.
   */
  readsOn?(): boolean
  /** The last call: the transport is closed. `error` is what ended it, or null. */
  onClosed(error: NodeJS.ErrnoException | null): void
  /** One of the calls above threw, which is a defect of the proxy: end only this connection. */
  onFault(fault: unknown): void
}

/** From this size on, a `'data'` event may be one of several for what is in the kernel: Node reads 64 KiB at once. */
const DATA_BYTES = 64 * 1024

const TRANSPORT: unique symbol = Symbol('transport')
type OwnedSocket = net.Socket & { [TRANSPORT]?: Transport }

/**
 * One socket as the rest of the proxy sees it: bytes in through `onBytes`; text and content out, gathered until `flush` and then
 * written at once; backpressure as a state (`pressured`) and an event (`onFlushed`).
 *
 * Memory: data that is written but not yet taken by the kernel is bounded by the reader on the other side, which pauses while
 * this side is `pressured`.
 */
export class Transport implements OnReader, LeaseReader, WriterOwner {
  owner: TransportOwner
  /** The peer's FIN was received. */
  finSeen = false
  /** We have sent, or are about to send, our FIN. */
  finSent = false
  closed = false
  /** Its owner makes sure that it ends gracefully, and soon. */
  leaving = false
  bytesIn = 0
  readonly socket: net.Socket
  /** The buffer that it reads into. In mode `data`, Node decides. */
  readonly lease: ReadLease
  private readonly mode: ReadMode
  private isSecured = false
  private readonly queue = new WriteQueue()
  private readonly writer: SocketWriter
  private paused = false
  /** The last read filled its buffer, or was possibly one of several TLS records: there may be more data behind it. */
  filled = false
  private failure: NodeJS.ErrnoException | null = null
  /** A write has failed: nothing more is sent, and the transport ends when reading does. */
  cannotSend = false
  /** The socket options that are still to be set, see `persist`. */
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
   * Takes over a socket that a server accepted (with `pauseOnConnect`). Where this Node version allows it, the socket's handle
   * moves to a new socket that reads into our buffers; the old one is destroyed at once, so the server no longer counts it.
   */
  static accepted(socket: net.Socket, owner: TransportOwner, mode: ReadMode): Transport {
    const handle = mode === 'onread' ? takeHandle(socket) : null
    if (handle !== null) return Transport.overHandle(handle, owner)
    const transport = new Transport(owner, 'data', socket)
    socket.resume()
    return transport
  }

  /** A transport over the handle of an accepted connection. `unset`: the options for `persist` to set. */
  static overHandle(handle: StreamHandle, owner: TransportOwner, unset: AcceptSettings | null = null): Transport {
    const onread = new OnRead()
    const options = { handle, allowHalfOpen: true, onread: onread.options }
    const transport = new Transport(owner, 'onread', new net.Socket(options as net.SocketConstructorOpts))
    onread.reader = transport
    transport.unset = unset
    return transport
  }

  /** A transport over a socket that `connect` creates and connects, given the options that make it read into our buffers. */
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

  /** The peer's address as text, '' if it is already gone. */
  get remoteAddress(): string {
    return this.socket.remoteAddress ?? ''
  }

  get remotePort(): number {
    return this.socket.remotePort ?? 0
  }

  /** Some written data has not yet been taken by the kernel. */
  get pressured(): boolean {
    return this.writer.pressured
  }

  /** Bytes that can no longer be taken back. */
  get bytesOut(): number {
    return this.queue.bytesOut
  }

  /** How many bytes this transport was given so far: the position of the next ones, for `takeBack`. */
  get queuedTo(): number {
    return this.queue.to
  }

  /** Takes back what was queued from there on. False: part of it was already handed on; then nothing is taken back. */
  takeBack(queuedTo: number): boolean {
    return this.queue.takeBack(queuedTo)
  }

  /**
   * The connection persists: sets `TCP_NODELAY` and TCP keep-alive, unless they are set. Neither matters to a connection that
   * carries only one write, and together they cost six system calls; so they wait for the second write, or for a caller that
   * knows that the connection stays open.
   */
  persist(): void {
    const { unset } = this
    if (unset === null) return
    this.unset = null
    if (unset.noDelay) this.socket.setNoDelay(true)
    if (unset.tcpKeepAliveMs > 0) this.socket.setKeepAlive(true, unset.tcpKeepAliveMs)
  }

  /** Stops reading for good: from now on TLS reads the socket. The owner is still notified of its end. */
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
   * copied into the text (`text`: the same bytes as text, if the caller has it); large content is written in place if it is in
   * a lease (`stable`), otherwise copied.
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

  /** Writes everything queued to the kernel, in one system call if possible. Afterwards `pressured` says whether it took all. */
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
   * A failed write says nothing about what the peer sent before: the kernel still has it. So that is read to its end, and then
   * the connection ends.
   */
  onWriteFailed(error: NodeJS.ErrnoException): void {
    if (this.closed || this.cannotSend || this.socket.destroyed) return // destroyed by us: it says nothing about the peer
    this.failure ??= error
    this.cannotSend = true
    this.writer.pressured = false
    this.queue.forget()
    if (this.finSeen || this.owner.readsOn?.() === false) this.socket.destroy()
    else this.endWhenRead()
  }

  /** Nothing new arrives on a broken connection: if a whole turn of the event loop reads nothing, there is nothing left. */
  private endWhenRead(): void {
    const before = this.bytesIn
    setImmediate(() =>
      setImmediate(() => {
        if (this.closed || this.paused) return // `resume` continues
        if (this.bytesIn > before) this.endWhenRead()
        else this.socket.destroy()
      }),
    )
  }

  /** Takes a buffer that a pending write points into: it is returned when that write is over. */
  borrow(lease: Buffer): void {
    this.writer.borrow(lease)
  }

  /** While `pressured`: whether the kernel has taken anything since the last call or the beginning. Slow is not stalled. */
  tookSome(): boolean {
    return this.writer.tookSome()
  }

  /** Whether `bytes` of `onBytes` may be written in place: they are in a lease, or Node allocated them for us. */
  isStable(bytes: Buffer): boolean {
    return this.mode === 'data' || this.lease.holds(bytes)
  }

  /** Stops reading. While paused, neither a FIN nor a reset of the peer is seen. */
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

  /** Sends what is queued, then a FIN. Reading continues. */
  end(): void {
    if (this.closed || this.finSent) return
    this.flush()
    this.finSent = true
    if (!this.cannotSend) this.socket.end()
  }

  /** Ends both directions at once; bytes in the kernel are still delivered, unless the peer sent data that we did not read. */
  destroy(): void {
    if (this.closed) return
    this.queue.forget()
    this.socket.destroy()
  }

  /** Ends both directions with a reset, so that the peer cannot take partial data for complete data. */
  reset(): void {
    if (this.closed) return
    this.queue.forget()
    // Over TLS a missing close_notify means the same as a reset; unix sockets have no resets, and Node throws when asked for one.
    if (this.socket.connecting || this.isSecured || !handleOf(this.socket)?.reset) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }

  /** `received`, `fin`, `failed` and `gone` are called only by the socket: by `OnRead` or the listeners below. */
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
    // A message that ends with its connection is complete only if that ends without an error (RFC 9112 8). TLS has its own end.
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

  /** Runs a notification of the owner that has no method above; what it throws is a fault. */
  tell(what: () => void): void {
    if (this.closed) return
    try {
      what()
    } catch (fault) {
      this.fault(fault)
    }
  }

  /** An owner that throws even while it handles a fault loses its socket; it has already reported the fault itself. */
  private fault(fault: unknown): void {
    try {
      this.owner.onFault(fault)
    } catch {
      this.socket.destroy()
    }
  }

  failed(error: NodeJS.ErrnoException): void {
    if (this.cannotSend && error === this.failure && spareSocket(this.socket)) return // already known and being handled
    this.failure ??= error
    this.cannotSend = true
    if (this.mode === 'data') this.receiveRest()
    this.socket.destroy() // Node does this itself, except for non-TLS bytes in the middle of a TLS connection
  }

  /** While reading is paused, Node reads on for some time, and would lose that data with the error that it then meets. */
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

// One function for all sockets instead of a closure for each: an idle connection should cost little memory.
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
