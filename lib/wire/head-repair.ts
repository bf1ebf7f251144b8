import type { HeldOctets } from './held-octets.js'
import { CR, HTAB, LF, SP } from './octets.js'

/**
 * Turns a response head as real origins send it into a clean one, byte by byte (RFC 9112 2.2, 4, 5.1, 5.2): a bare LF becomes
 * CRLF, an obs-fold is reduced to its whitespace, whitespace before a colon is removed, and a missing space after the status code
 * is added. Everything else, including a bare CR, passes unchanged: the strict scan of the output decides about it.
 */
export class HeadRepair {
  /** The number of repairs so far. */
  count = 0
  /** The empty line was read. */
  ended = false
  private place: 'status' | 'name' | 'value' | 'between' = 'status'
  private afterStatusLine = false
  private cr = false
  private spaces = 0

  constructor(private readonly clean: HeldOctets) {}

  /** Reads `bytes[from, to)` up to the end of the head. Returns the offset of the first byte that was not read. */
  read(bytes: Buffer, from: number, to: number): number {
    let at = from
    while (at < to && !this.ended) this.readOctet(bytes[at++]!)
    return at
  }

  private readOctet(octet: number): void {
    if (octet === LF) {
      if (!this.cr) this.count++
      this.cr = false
      this.endLine()
      return
    }
    if (this.cr) {
      this.cr = false
      this.write(CR) // bare: the scan refuses it
    }
    if (octet === CR) this.cr = true
    else this.write(octet)
  }

  /** The line end is held back until the next byte shows that the line is not continued (obs-fold). */
  private endLine(): void {
    if (this.place === 'between') {
      this.writeLineEnd()
      this.writeLineEnd()
      this.ended = true
      return
    }
    this.writeSpaces()
    this.afterStatusLine = this.place === 'status'
    if (this.afterStatusLine && this.clean.length === STATUS_LINE_WITHOUT_REASON) {
      this.count++
      this.clean.push(SP)
    }
    this.place = 'between'
  }

  private write(octet: number): void {
    const isSpace = octet === SP || octet === HTAB
    if (this.place === 'between') {
      if (isSpace && !this.afterStatusLine) {
        this.count++
        this.place = 'value'
      } else {
        this.writeLineEnd()
        this.place = 'name'
        if (isSpace) {
          this.clean.push(octet) // whitespace before the first field: the scan refuses it
          return
        }
      }
    }
    if (this.place === 'name') {
      if (isSpace && this.spaces < SPACES_MAX) {
        this.spaces++
        return
      }
      if (octet === COLON) {
        if (this.spaces > 0) this.count++
        this.spaces = 0
        this.place = 'value'
      } else {
        this.writeSpaces()
      }
    }
    this.clean.push(octet)
  }

  private writeSpaces(): void {
    for (; this.spaces > 0; this.spaces--) this.clean.push(SP)
  }

  private writeLineEnd(): void {
    this.clean.push(CR)
    this.clean.push(LF)
  }
}

const COLON = 0x3a
const STATUS_LINE_WITHOUT_REASON = 'HTTP/1.1 200'.length
const SPACES_MAX = 64 // bounds the spaces that are read and dropped
