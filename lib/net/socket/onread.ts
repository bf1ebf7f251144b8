import { SHARED } from './read-buffers.js'
import type { ReadLease } from './read-lease.js'

/** Who reads a socket by `OnRead`. */
export interface OnReader {
  /** Where the next read goes. */
  readonly lease: ReadLease
  /** @returns false: Node is to stop reading */
  received(bytes: Buffer, from: number, to: number): boolean
}

/**
 * The option `onread` of one socket: the two functions that Node asks, where to read to, and what to do with what was read. They are
 * needed to make the socket, and the reader needs the socket: so the reader comes last.
 */
export class OnRead {
  reader: OnReader | null = null
  /** Where the handle reads to, once it has read. */
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

/** For Node: go on reading to where you read to last. It would find the same buffer's memory anew for each read. */
const NO_CHANGE = undefined as unknown as Uint8Array
