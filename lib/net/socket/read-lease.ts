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

/** A lease ends after more short reads than these. */
const SHORT_READS_MAX = 4

/** Who was given octets of a lease to write. */
export interface LeaseReader {
  /** The kernel has not taken all of them yet. */
  readonly pressured: boolean
  readonly closed: boolean
  /** Has the buffer given back when the kernel has taken them. */
  borrow(lease: Buffer): void
}

/**
 * Where one socket reads to: the buffer that all share, or a lease of its own while it relays content.
 *
 * Node asks for a buffer after each read and not before, and then reads there whatever is decided meanwhile. So a lease is
 * taken, ended and exchanged in `next` alone; everything else says what is to become of it.
 */
export class ReadLease {
  private lease: Buffer | null = null
  /** It goes back before the next read; octets of it were written to `reader`. */
  private ends = false
  private reader: LeaseReader | null = null
  /** A long one takes its place. */
  private grows = false
  private lastRead = 0
  /** Reads since the last one that was longer than the shared buffer. */
  private shortReads = 0

  /** `mayLease` false: Node reads into buffers that it makes itself. */
  constructor(private readonly mayLease: boolean) {}

  /** The buffer for the next read; asked by Node after each one. */
  next(): Buffer {
    if (this.ends) this.giveBack()
    if (this.grows) {
      this.grows = false
      this.lease = takeLongLease() ?? takeLease()
    }
    return this.lease ?? SHARED
  }

  /** When the reader still holds octets of it, the buffer comes back after its flush. */
  private giveBack(): void {
    const { lease, reader } = this
    this.lease = null
    this.ends = false
    this.reader = null
    if (lease === null) return
    if (reader?.closed)
      loseLease(lease) // who died with a write in flight leaves its buffer to the collector
    else if (reader?.pressured) reader.borrow(lease)
    else returnLease(lease)
  }

  /** So many octets were read. */
  came(octets: number): void {
    this.lastRead = octets
    this.shortReads = octets > SHARED_BYTES ? 0 : this.shortReads + 1
    // What was decided since the last read came too late for this one, which stands in the lease.
    this.ends = this.grows = false
  }

  /** `bytes` are a read into the lease: they may be written in place. */
  holds(bytes: Buffer): boolean {
    return bytes === this.lease
  }

  /** From the next read on, octets arrive in a buffer of this socket's own. */
  take(): void {
    if (!this.mayLease) return
    if (this.lease === null) {
      this.lease = takeLease()
      this.shortReads = 0
    } else if (!this.grows && !this.reader?.pressured) this.ends = false
  }

  /**
   * While relaying to `reader`: a lease as long as much comes with each read, none for a trickle, so that a stream of small
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
   * A message whose octets were written to `reader` is over, or its octets trickle. The lease stays where it has been of use just
   * now, because the next message will probably be as long: its head and content then come with one read.
   */
  rest(reader: LeaseReader): void {
    if (this.lease === null) return
    if (this.shortReads > SHORT_READS_MAX || reader.pressured || !mayKeep(this.lease)) this.end(reader)
  }

  /** Ends the lease, whose octets were written to `reader`. */
  end(reader: LeaseReader | null): void {
    this.grows = false
    if (this.lease === null || this.ends) return
    this.ends = true
    this.reader = reader
  }

  /** The socket is gone. */
  lose(): void {
    if (this.lease !== null) loseLease(this.lease)
    this.lease = null
  }
}
