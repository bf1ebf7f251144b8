import {
  LEASE_BYTES,
  loseLease,
  mayKeep,
  returnLease,
  SHARED,
  SHARED_BYTES,
  takeLease,
  takeLongLease,
} from './read-buffers.js'

/** A lease ends after more short reads than this. */
const SHORT_READS_MAX = 4

/** A writer that was given bytes of a lease to write. */
export interface LeaseReader {
  /** The kernel has not yet taken all of them. */
  readonly pressured: boolean
  readonly closed: boolean
  /** Returns the buffer when the kernel has taken them. */
  borrow(lease: Buffer): void
}

/**
 * The buffer that one socket reads into: the shared one, or its own lease while it relays content.
 *
 * Node asks for a buffer after each read, not before the next one, and then reads into it whatever is decided meanwhile. So a
 * lease takes effect, ends and is exchanged only in `next`; all other methods only state what should happen there.
 */
export class ReadLease {
  private lease: Buffer | null = null
  /** The lease is returned before the next read; bytes of it were written to `reader`. */
  private ends = false
  private reader: LeaseReader | null = null
  /** A long lease replaces it. */
  private grows = false
  private lastRead = 0
  /** Reads since the last read that was longer than the shared buffer. */
  private shortReads = 0

  /** `mayLease` false: Node reads into buffers that it allocates itself. */
  constructor(private readonly mayLease: boolean) {}

  /** The buffer for the next read; Node asks for it after each read. */
  next(): Buffer {
    if (this.ends) this.giveBack()
    if (this.grows) {
      this.grows = false
      this.lease = takeLongLease() ?? takeLease()
    }
    return this.lease ?? SHARED
  }

  /** If the reader still holds bytes of it, the buffer is returned after the reader's flush. */
  private giveBack(): void {
    const { lease, reader } = this
    this.lease = null
    this.ends = false
    this.reader = null
    if (lease === null) return
    if (reader?.closed)
      loseLease(lease) // it closed with a write in flight: the buffer is left to the garbage collector
    else if (reader?.pressured) reader.borrow(lease)
    else returnLease(lease)
  }

  /** Notes a read of this many bytes. */
  came(bytes: number): void {
    this.lastRead = bytes
    this.shortReads = bytes > SHARED_BYTES ? 0 : this.shortReads + 1
    // Decisions since the last read came too late for this one, which is in the lease.
    this.ends = this.grows = false
  }

  /** Whether `bytes` were read into the lease: they may be written in place. */
  holds(bytes: Buffer): boolean {
    return bytes === this.lease
  }

  /** From the next read on, bytes arrive in a buffer that belongs to this socket. */
  take(): void {
    if (!this.mayLease) return
    if (this.lease === null) {
      this.lease = takeLease()
      this.shortReads = 0
    } else if (!this.grows && !this.reader?.pressured) this.ends = false
  }

  /**
   * While relaying to `reader`: uses a lease as long as each read is large, and none for a trickle, so that a stream of small
   * events or an idle tunnel costs no buffer.
   */
  suit(reader: LeaseReader): void {
    if (this.lastRead < SHARED_BYTES) {
      this.rest(reader)
      return
    }
    this.take()
    if (this.lastRead === LEASE_BYTES && this.lease?.length === LEASE_BYTES) {
      this.end(reader)
      this.grows = true
    }
  }

  /**
   * A message whose bytes were written to `reader` is over, or its bytes trickle. A lease that was useful just now is kept,
   * because the next message will probably be as long: its head and content then arrive in one read.
   */
  rest(reader: LeaseReader): void {
    if (this.lease === null) return
    if (this.shortReads > SHORT_READS_MAX || reader.pressured || !mayKeep(this.lease)) this.end(reader)
  }

  /** Ends the lease, whose bytes were written to `reader`. */
  end(reader: LeaseReader | null): void {
    this.grows = false
    if (this.lease === null || this.ends) return
    this.ends = true
    this.reader = reader
  }

  /** The socket is closed. */
  lose(): void {
    if (this.lease !== null) loseLease(this.lease)
    this.lease = null
  }
}
