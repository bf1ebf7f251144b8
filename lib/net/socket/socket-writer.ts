import type * as net from 'node:net'
import { type DirectWriter, handleOf, type Parts, type StreamHandle, spareSocket, writeDirect } from './handle.js'
import { loseLease, returnLease } from './read-buffers.js'
import { writeError } from './socket-errors.js'

/** The owner of a writer. */
export interface WriterOwner {
  readonly closed: boolean
  readonly cannotSend: boolean
  /** The kernel has taken everything that was written, after `pressured` was true. Must not throw. */
  onTaken(): void
  /** A write that had been handed on has failed. Must not throw. */
  onWriteFailed(error: NodeJS.ErrnoException): void
}

/**
 * Writes to the kernel: bypassing the socket's stream where Node allows it (see handle.ts) and no earlier write is waiting,
 * otherwise through the stream. Knows whether the kernel has taken everything.
 */
export class SocketWriter implements DirectWriter {
  /** Some written data has not yet been taken by the kernel. */
  pressured = false
  /** The handle of a socket whose stream is bypassed; getting it from Node is expensive. */
  private handle: StreamHandle | null = null
  /** Leases that a pending write still points into. */
  private borrowed: Buffer[] | null = null
  /** The callback of all writes to the stream; created with the first. */
  private streamed: ((error?: Error | null) => void) | null = null
  /** The untaken bytes when `tookSome` was last called: in total, and of the pending write. */
  private unsent = 0
  private unsentNow = 0

  /** @param mayBypass whether it may bypass the stream */
  constructor(
    private readonly socket: net.Socket,
    private readonly mayBypass: boolean,
    private readonly owner: WriterOwner,
  ) {}

  /**
   * Writes the data, in one system call if possible. Afterwards `pressured` says whether the kernel took all of it.
   * @returns the error of a write that failed at once, of which the kernel has taken nothing; otherwise null
   */
  write(data: string | Parts): NodeJS.ErrnoException | null {
    // All earlier data has left, so this may bypass the stream, which would double the cost.
    if (this.mayBypass && !this.pressured) this.handle ??= handleOf(this.socket)
    const left = this.handle === null || this.pressured ? null : writeDirect(this.handle, data, this)
    if (left === null) this.stream(data)
    else if (left > 0) this.press()
    else if (left < 0) return writeError(left)
    return null
  }

  /** Writes through the stream. */
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

  /** A write's callback is called when everything before it has left; an empty write costs nothing on the wire. */
  private tellWhenEmpty(): void {
    this.socket.write('', 'latin1', error => {
      if (error) this.streamFailed(error)
      else this.taken()
    })
  }

  /** The callback of a write: Node is about to destroy the socket for this error, with all data that could still be read. */
  private streamFailed(error: NodeJS.ErrnoException | null | undefined): void {
    if (error && !this.socket.destroyed && spareSocket(this.socket)) this.owner.onWriteFailed(error)
  }

  /** Called for `writeDirect`: the kernel has taken the rest, or never will. */
  onWritten(status: number): void {
    if (this.owner.closed) return
    if (status < 0) this.owner.onWriteFailed(writeError(status))
    else this.taken()
  }

  private press(): void {
    this.pressured = true
    this.tookSome()
  }

  private taken(): void {
    if (this.owner.closed || this.owner.cannotSend) return
    if (this.socket.writableLength !== 0) {
      this.tellWhenEmpty()
      return
    }
    this.pressured = false
    if (this.borrowed !== null) {
      for (const lease of this.borrowed) returnLease(lease)
      this.borrowed = null
    }
    this.owner.onTaken()
  }

  /** While `pressured`: whether the kernel has taken anything since the last call or the beginning. Slow is not stalled. */
  tookSome(): boolean {
    const unsent = this.socket.writableLength
    const unsentNow = handleOf(this.socket)?.writeQueueSize ?? 0
    const some = unsent < this.unsent || unsentNow < this.unsentNow
    this.unsent = unsent
    this.unsentNow = unsentNow
    return some
  }

  /** Takes a buffer that a pending write points into: it is returned when that write is over. */
  borrow(lease: Buffer): void {
    this.borrowed ??= []
    this.borrowed.push(lease)
  }

  /** The socket is closed: Node may still read the buffers of pending writes. */
  lose(): void {
    this.pressured = false
    for (const lease of this.borrowed ?? []) loseLease(lease)
    this.borrowed = null
  }
}
