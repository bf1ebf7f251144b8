import { latin1 } from '../../wire/latin1.js'
import type { Parts } from './handle.js'
import { LEASE_BYTES, returnLease, takeLease } from './read-buffers.js'
import type { LeaseReader } from './read-lease.js'

/** Content up to this size leaves as text joined with what stands before it: cheaper than a write of several parts. */
export const INLINE_BYTES_MAX = 4 * 1024

/**
 * What the next flush of a transport hands to its writer, in its order: latin1 text, and between its pieces content that is too large to
 * become text. It knows no socket.
 */
export class WriteQueue {
  /** Bytes that cannot be taken back: handed on, or content (with the text before it) that waits for the flush. */
  bytesOut = 0
  private text = ''
  /** Content that waits for the flush, with the text before it. */
  private parts: Parts | null = null
  /** Copies among them, in buffers that go back after the flush. */
  private copies: Buffer[] | null = null

  get isEmpty(): boolean {
    return this.text === '' && this.parts === null
  }

  /** How many bytes of text this queue was ever given: where the next ones will stand, for `takeBack`. */
  get to(): number {
    return this.bytesOut + this.text.length
  }

  /** Takes back what was queued from there on. False when some of it has been handed on already: then nothing is. */
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

  /** Content of more than that. `stable`: it may be written in place; else it is copied. */
  addLarge(bytes: Buffer, from: number, to: number, stable: boolean): void {
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

  /** Everything, to be handed on now; `returnCopies` must follow, or `forget`. */
  take(): string | Parts {
    const { text, parts } = this
    this.text = ''
    this.bytesOut += text.length
    if (parts === null) return text
    this.parts = null
    if (text !== '') parts.push(text)
    return parts
  }

  /** What was taken was not handed on. */
  notSent(data: string | Parts): void {
    if (typeof data === 'string') this.bytesOut -= data.length
    else for (const part of data) this.bytesOut -= part.length
  }

  /** What was taken is with `writer`: the buffers of copies go back, when it has no use for them any more. */
  returnCopies(writer: Pick<LeaseReader, 'pressured' | 'borrow'>): void {
    const { copies } = this
    if (copies === null) return
    this.copies = null
    for (const copy of copies) {
      if (writer.pressured) writer.borrow(copy)
      else returnLease(copy)
    }
  }

  /** What is queued will not be written. */
  forget(): void {
    this.text = ''
    this.parts = null
    for (const copy of this.copies ?? []) returnLease(copy)
    this.copies = null
  }
}
