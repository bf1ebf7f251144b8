import type { GrammarLimits } from './limits.js'
import { CR, describeOctet, FIELD_OCTET, HTAB, LF, SP, TCHAR } from './octets.js'
import { ProtocolError } from './protocol-error.js'

/**
 * Reads the framing of chunked content (RFC 9112 7.1): chunk sizes, extensions (checked and dropped) and line ends.
 * It never reads the chunk data itself: the reader that owns it counts `left` down to 0 and then calls `read` again.
 */
export class ChunkFraming {
  /** The bytes of the current chunk that are still to come. */
  left = 0
  /** The line of the last chunk (size 0) was read: the trailer section follows. */
  last = false
  private place: Place = 'first-digit'
  private digits = 0
  private size = 0
  /** A row of STEPS. */
  private extension = SIZE
  private lineOctets = 0
  private allOctets = 0

  /** `status`: the status of the errors, 400 for a request, 502 for a response. */
  constructor(
    private readonly limits: GrammarLimits,
    private readonly status: 400 | 502,
  ) {}

  /** Prepares for the chunked content of another message. */
  start(): void {
    this.left = 0
    this.last = false
    this.place = 'first-digit'
    this.allOctets = 0
  } /**
   * Reads framing in `bytes[from, to)` until chunk data begins or the line of the last chunk ends. Returns the offset of the
   * first byte that was not read. Throws ProtocolError.
   */
  read(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && this.left === 0 && !this.last) this.readOctet(bytes[at++]!)
    return at
  }

  private readOctet(octet: number): void {
    switch (this.place) {
      case 'data-cr':
        if (octet !== CR) throw this.error('no CRLF after the chunk data', octet)
        this.place = 'data-lf'
        return
      case 'data-lf':
        if (octet !== LF) throw this.error('no CRLF after the chunk data', octet)
        this.place = 'first-digit'
        return
      case 'first-digit':
        if (hexOf(octet) < 0) throw this.error('chunk size does not begin with a hexadecimal digit', octet)
        this.size = hexOf(octet)
        this.digits = 1
        this.place = 'digits'
        return
      case 'digits':
        this.readAfterDigit(octet)
        return
      case 'extension':
        this.readExtension(octet)
        return
      case 'line-lf':
        if (octet !== LF) throw this.error('bare CR in a chunk line', octet)
        this.left = this.size
        this.last = this.size === 0
        this.place = 'data-cr'
    }
  }

  private readAfterDigit(octet: number): void {
    const digit = hexOf(octet)
    if (digit >= 0) {
      this.size = this.size * 16 + digit
      this.digits++
      if (this.size > Number.MAX_SAFE_INTEGER || this.digits > DIGITS_MAX) {
        throw new ProtocolError(this.status, 'chunk size exceeds 2^53-1, or has more than 16 digits', 'RFC 9112 7.1')
      }
      return
    }
    this.extension = SIZE
    this.lineOctets = 0
    this.place = 'extension'
    this.readExtension(octet)
  }

  private readExtension(octet: number): void {
    const next = STEPS[this.extension]![CLASS_OF[octet]!]!
    if (next === NO) {
      const where = this.extension === SIZE ? 'chunk size' : 'chunk extension'
      throw this.error(octet === LF ? 'bare LF in a chunk line' : `not allowed in a ${where}`, octet)
    }
    if (next === END) {
      this.place = 'line-lf'
      return
    }
    this.extension = next
    this.lineOctets++
    this.allOctets++
    if (this.lineOctets > this.limits.chunkExtensionBytesMax || this.allOctets > this.limits.chunkExtensionsBytesMax) {
      const status = this.status === 400 ? 413 : 502
      throw new ProtocolError(status, 'chunk extensions exceed the limit', 'RFC 9112 7.1.1', -1, {
        limits: ['chunkExtensionBytesMax', 'chunkExtensionsBytesMax'],
      })
    }
  }

  private error(what: string, octet: number): ProtocolError {
    return new ProtocolError(this.status, `${what}: ${describeOctet(octet)}`, 'RFC 9112 7.1')
  }
}

type Place = 'first-digit' | 'digits' | 'extension' | 'line-lf' | 'data-cr' | 'data-lf'

const DIGITS_MAX = 16 // including leading zeros; known senders pad to at most 8

function hexOf(octet: number): number {
  return HEX[octet]!
}

const HEX = new Int8Array(256).fill(-1)
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

// chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] ), a value is a token or a quoted-string (RFC 9112 7.1.1).
// Whitespace at the end of the line is not in that grammar, but servers that pad their sizes send it, and every peer accepts it.
// The state machine is a table: the row is what was read last, the column is the class of the byte, the cell is the next row.
const SIZE = 0
const NO = 254 // refused
const END = 255 // the line ends
// biome-ignore format: a table
const STEPS = [
  //            0 space  1 tchar  2 ;  3 =  4 "  5 \  6 CR  7 other text  8 anything else
  /* 0 size  */ [1,      NO,      2,   NO,  NO,  NO,  END,  NO,           NO],
  /* 1 space */ [1,      NO,      2,   NO,  NO,  NO,  END,  NO,           NO],
  /* 2 ;     */ [2,      3,       NO,  NO,  NO,  NO,  NO,   NO,           NO],
  /* 3 name  */ [4,      3,       2,   5,   NO,  NO,  END,  NO,           NO],
  /* 4 space */ [4,      NO,      2,   5,   NO,  NO,  END,  NO,           NO],
  /* 5 =     */ [5,      6,       NO,  NO,  7,   NO,  NO,   NO,           NO],
  /* 6 token */ [1,      6,       2,   NO,  NO,  NO,  END,  NO,           NO],
  /* 7 "...  */ [7,      7,       7,   7,   9,   8,   NO,   7,            NO],
  /* 8 ..\   */ [7,      7,       7,   7,   7,   7,   NO,   7,            NO],
  /* 9 ..."  */ [1,      NO,      2,   NO,  NO,  NO,  END,  NO,           NO],
] as const

const CLASS_OF = Uint8Array.from({ length: 256 }, (_, octet) => {
  if (octet === SP || octet === HTAB) return 0
  if (TCHAR[octet] !== 0) return 1
  const special = ';="\\\r'.indexOf(String.fromCharCode(octet))
  if (special >= 0) return special + 2
  return FIELD_OCTET[octet] === 1 ? 7 : 8
})
