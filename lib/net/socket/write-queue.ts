import { latin1 } from '../../wire/latin1.js'
import type { Parts } from './handle.js'
import { LEASE_BYTES, returnLease, takeLease } from './read-buffers.js'
import type { LeaseReader } from './read-lease.js'

/** Content up to this size is appended to the text before it: cheaper than a write of several parts. */
export const INLINE_BYTES_MAX = 4 * 1024

/**
 * The data that the next flush of a transport hands to its writer, in order: latin1 text, and between pieces of text the content
 * that is too large to become text. It knows no socket.
 */
export class WriteQueue {
  /** Bytes that can no longer be taken back: those handed on, and content (with the text before it) that waits for the flush. */
  bytesOut = 0
  private text = ''
  /** Content that waits for the flush, with the text before it. */
  private parts: Parts | null = null
  /** Copies among the parts, in buffers that are returned after the flush. */
  private copies: Buffer[] | null = null

  get isEmpty(): boolean {
    return this.text === '' && this.parts === null
  }

  /** How many bytes this queue was given so far: the position of the next ones, for `takeBack`. */
  get to(): number {
    return this.bytesOut + this.text.length
  }

  /** Takes back what was queued from there on. False: part of it was already handed on; then nothing is taken back. */
  takeBack(to: number): boolean {
    if (to < this.bytesOut) return false
    this.text = this.text.slice(0, to - this.bytesOut)
    return true
  }

  addText(text: string): void {
    this.text += text
  }

  /** Content of at most `INLINE_BYTES_MAX`, as text. */
  addSmall(bytes: Buffer, from: number, to: number): void {
    this.text += latin1(bytes, from, to)
  }

  /** Larger content. `stable`: it may be written in place; otherwise it is copied. */
  addLarge(bytes: Buffer, from: number, to: number, stable: boolean): void {
    this.parts ??= []
    if (this.text !== '') this.parts.push(this.text)
    this.bytesOut += this.text.length + to - from
    this.text = ''
    this.parts.push(stable ? bytes.subarray(from, to) : this.copyOf(bytes, from, to))
  }

  /** A copy that stays valid until the kernel has taken it. */
  private copyOf(bytes: Buffer, from: number, to: number): Buffer {
    if (to - from > LEASE_BYTES) return Buffer.from(bytes.subarray(from, to))
    const copy = takeLease()
    this.copies ??= []
    this.copies.push(copy)
    return copy.subarray(0, bytes.copy(copy, 0, from, to))
  }

  /** Takes everything to hand it on now; must be followed by `returnCopies` or `forget`. */
  take(): string | Parts {
    const { text, parts } = this
    this.text = ''
    this.bytesOut += text.length
    if (parts === null) return text
    this.parts = null
    if (text !== '') parts.push(text)
    return parts
  }

  /** What was taken could not be handed on. */
  notSent(data: string | Parts): void {
    if (typeof data === 'string') this.bytesOut -= data.length
    else for (const part of data) this.bytesOut -= part.length
  }

  /** What was taken is now with `writer`: returns the buffers of copies as soon as it no longer needs them. */
  returnCopies(writer: Pick<LeaseReader, 'pressured' | 'borrow'>): void {
    const { copies } = this
    if (copies === null) return
    this.copies = null
    for (const copy of copies) {
      if (writer.pressured) writer.borrow(copy)
      else returnLease(copy)
    }
  }

  /** Discards what is queued. */
  forget(): void {
    this.text = ''
    this.parts = null
    for (const copy of this.copies ?? []) returnLease(copy)
    this.copies = null
  }
}
