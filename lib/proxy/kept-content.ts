import { latin1 } from '../wire/latin1.js'

/**
 * The content of a request, kept for as long as it may have to be sent, or sent again: until there is a connection to send it
 * on, and, on a reused connection, until the response begins. Bounded; content that does not fit cannot be sent again.
 */
export class KeptContent {
  private whole: string | null = ''
  /**
   * The latest pieces. A string that grows a byte at a time takes thirty times its size, so short pieces are merged now and then.
   */
  private pieces = ''
  private count = 0

  /** Latin1, without its framing. null: no longer kept. */
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

  /** Keeps these bytes of content too. */
  add(bytes: Buffer, from: number, to: number): void {
    if (this.whole === null) return
    this.pieces += bytes.toString('latin1', from, to)
    if (++this.count === PIECES_MAX) this.join()
  }

  get bytes(): number {
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
