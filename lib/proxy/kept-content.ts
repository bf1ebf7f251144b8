import { CHUNK_END, chunkHeader } from '../wire/writer.js'

/**
 * The content of a request in the form in which it goes out, for as long as it may have to be sent, or sent again: until
 * there is a connection to send it on, and, on a reused connection, until the response begins. Bounded; what does not fit
 * cannot be sent again.
 */
export class KeptContent {
  /** Latin1, framed as it goes out. null: not kept any more. */
  text: string | null = ''

  /** Keeps these octets of content too; `chunked` as a chunk. */
  add(bytes: Buffer, from: number, to: number, chunked: boolean): void {
    if (this.text === null) return
    const content = bytes.toString('latin1', from, to)
    this.text += chunked ? chunkHeader(to - from) + content + CHUNK_END : content
  }

  /** What is kept as it is goes out as a chunk after all. */
  frame(): void {
    if (this.text !== null) this.text = chunkHeader(this.text.length) + this.text + CHUNK_END
  }

  /** Keeps what ends the content. */
  end(text: string): void {
    if (this.text !== null) this.text += text
  }

  get octets(): number {
    return this.text === null ? 0 : this.text.length
  }

  drop(): void {
    this.text = null
  }
}
