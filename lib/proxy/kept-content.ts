import { latin1 } from '../wire/latin1.js'
import { CHUNK_END, chunkHeader } from '../wire/writer.js'

/**
 * The content of a request in the form in which it goes out, for as long as it may have to be sent, or sent again: until
 * there is a connection to send it on, and, on a reused connection, until the response begins. Bounded; what does not fit
 * cannot be sent again.
 */
export class KeptContent {
  private whole: string | null = ''
  /** What came last. A string that grows by an octet at a time takes thirty times its size: so short pieces are made one of now and then. */
  private pieces = ''
  private count = 0

  /** Latin1, framed as it goes out. null: not kept any more. */
  get text(): string | null {
    return this.count === 0 ? this.whole : this.join()
  }

  get isKept(): boolean {
    return this.whole !== null
  }

  private join(): string {
    const { pieces } = this
    const short = pieces.length < SHORT * this.count
    this.whole += short ? latin1(Buffer.from(pieces, 'latin1'), 0, pieces.length) : pieces
    this.pieces = ''
    this.count = 0
    return this.whole!
  }

  /** Keeps these octets of content too; `chunked` as a chunk. */
  add(bytes: Buffer, from: number, to: number, chunked: boolean): void {
    if (this.whole === null) return
    const content = bytes.toString('latin1', from, to)
    this.pieces += chunked ? chunkHeader(to - from) + content + CHUNK_END : content
    if (++this.count === PIECES_MAX) this.join()
  }

  /** What is kept as it is goes out as a chunk after all. */
  frame(): void {
    const { text } = this
    if (text) this.whole = chunkHeader(text.length) + text + CHUNK_END
  }

  /** Keeps what ends the content. */
  end(text: string): void {
    if (this.whole !== null) this.whole = this.text + text
  }

  get octets(): number {
    return this.whole === null ? 0 : this.whole.length + this.pieces.length
  }

  drop(): void {
    this.whole = null
    this.pieces = ''
    this.count = 0
  }
}

const PIECES_MAX = 256
const SHORT = 64
