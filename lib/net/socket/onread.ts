import { SHARED } from './read-buffers.js'
import type { ReadLease } from './read-lease.js'

/** The reader of a socket with `OnRead`. */
export interface OnReader {
  /** Where the next read goes. */
  readonly lease: ReadLease
  /** @returns false: Node should stop reading */
  received(bytes: Buffer, from: number, to: number): boolean
}

/**
 * The `onread` option of one socket: two functions that Node calls, one for the buffer to read into and one with what was read.
 * Making the socket requires them, and the reader requires the socket: so the reader is set last.
 */
export class OnRead {
  reader: OnReader | null = null
  /** The buffer that the handle reads into, known after its first read. */
  private given: Buffer | null = null
  readonly options = {
    buffer: (): Uint8Array => {
      const buffer = this.reader?.lease.next() ?? SHARED
      if (buffer === this.given) return NO_CHANGE
      this.given = null
      return buffer
    },
    callback: (length: number, bytes: Uint8Array): boolean => {
      this.given = bytes as Buffer
      return this.reader?.received(bytes as Buffer, 0, length) ?? true
    },
  }
}

/** Tells Node to keep the last buffer. Given the same buffer again, Node would look up its memory for each read. */
const NO_CHANGE = undefined as unknown as Uint8Array
