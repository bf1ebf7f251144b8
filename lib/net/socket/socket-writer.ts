import type * as net from 'node:net'
import { type DirectWriter, handleOf, type Parts, type StreamHandle, spareSocket, writeDirect } from './handle.js'
import { loseLease, returnLease } from './read-buffers.js'
import { writeError } from './socket-errors.js'

/** Whose writes they are. */
export interface WriterOwner {
  readonly closed: boolean
  readonly cannotSend: boolean
  /** The kernel has taken everything that was written, after `pressured` had been true. Must not throw. */
  onTaken(): void
  /** A write has failed that had been handed on. Must not throw. */
  onWriteFailed(error: NodeJS.ErrnoException): void
}

/**
 * Hands what is to be written to the kernel: past the socket's stream where Node allows it (see handle.ts) and nothing waits that was
 * written before, else through the stream. Knows whether the kernel has taken it all.
 */
export class SocketWriter implements DirectWriter {
  /** Something written has not been taken by the kernel yet. */
  pressured = false
  /** Of a socket that is written to past its stream; asking Node for it is expensive. */
  private handle: StreamHandle | null = null
  /** Leases into which a write of ours still points. */
  private borrowed: Buffer[] | null = null
  /** The callback of all writes to the stream; made with the first. */
  private streamed: ((error?: Error | null) => void) | null = null
  /** What was not taken when `tookSome` was asked last: all of it, and of the write under way. */
  private unsent = 0
  private unsentNow = 0

  /** @param mayBypass it may write past the stream */
  constructor(
    private readonly socket: net.Socket,
    private readonly mayBypass: boolean,
    private readonly owner: WriterOwner,
  ) {}

  /**
   * Hands this on, in one system call where it fits. Afterwards `pressured` tells whether the kernel took all.
   * @returns the error of a write that failed at once: the kernel has taken nothing of it; else null
   */
  write(data: string | Parts): NodeJS.ErrnoException | null {
    // Everything before it has left, so it may go past the stream, which costs as much again.
    if (this.mayBypass && !this.pressured) this.handle ??= handleOf(this.socket)
    const left = this.handle === null || this.pressured ? null : writeDirect(this.handle, data, this)
    if (left === null) this.stream(data)
    else if (left > 0) this.press()
    else if (left < 0) return writeError(left)
    return null
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
      else this.taken()
    })
  }

  /** The callback of a write: Node is about to destroy the socket for this error, with all that could still be read. */
  private streamFailed(error: NodeJS.ErrnoException | null | undefined): void {
    if (error && !this.socket.destroyed && spareSocket(this.socket)) this.owner.onWriteFailed(error)
  }

  /** For `writeDirect`: the kernel has taken the rest, or never will. */
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

  /** While `pressured`: has the kernel taken anything since this was asked last, or since it began? Slow is not stalled. */
  tookSome(): boolean {
    const unsent = this.socket.writableLength
    const unsentNow = handleOf(this.socket)?.writeQueueSize ?? 0
    const some = unsent < this.unsent || unsentNow < this.unsentNow
    this.unsent = unsent
    this.unsentNow = unsentNow
    return some
  }

  /** A buffer into which a write of ours points: it goes back when that is over. */
  borrow(lease: Buffer): void {
    this.borrowed ??= []
    this.borrowed.push(lease)
  }

  /** The socket is gone: what is under way may still be read from, by Node. */
  lose(): void {
    this.pressured = false
    for (const lease of this.borrowed ?? []) loseLease(lease)
    this.borrowed = null
  }
}
