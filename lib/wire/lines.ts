import { latin1 } from './latin1.js'
import { readLength } from './length.js'
import { NAMES } from './names.js'
import { SP, TCHAR } from './octets.js'

export interface Field {
  name: string
  value: string
}

/**
 * The field lines of one head or trailer section: the received text and a table of offsets into it, with no object per field.
 * The object is reused for the next message: it is valid until the synchronous call that delivered it returns.
 * A caller that needs the fields later keeps `text` and reads it again.
 */
export class Lines {
  /** The section: `octets[base, base + size)`. */
  private octets: Buffer = NO_OCTETS
  private base = 0
  private size = 0
  /** The number of bytes of content directly after the section that become text together with it. */
  private contentSize = 0
  private made = false
  private sectionText = ''
  /** The text of that content, once `text` was read. */
  contentText = ''
  /** The number of field lines. */
  count = 0
  /** The offset of the first field line in `text`. */
  fieldsAt = 0
  /** The number of repairs in a response: bare LF, obs-fold, space before a colon, collapsed Content-Length, and others. */
  repairs = 0
  /** One bit for each known name: a line with it is present. */
  private readonly present = new Int32Array((NAMES.length >>> 5) + 1)
  private table: Int32Array

  constructor(capacity = 64) {
    this.table = new Int32Array(capacity * WIDTH)
  }

  /** The id of the name (see `NAMES`), or 0 for a name that is not known. The name was compared, not only its hash. */
  id(i: number): number {
    return this.table[i * WIDTH + IDENTITY]!
  }
  /** The hash of the name (see `hashOf`). */
  hash(i: number): number {
    return this.table[i * WIDTH + HASH]!
  }
  /** The start of the line, which is the start of its name. */
  from(i: number): number {
    return this.table[i * WIDTH]!
  }
  /** The end of the line, after its CRLF. */
  to(i: number): number {
    return this.table[i * WIDTH + TO]!
  }
  nameEnd(i: number): number {
    return this.table[i * WIDTH + NAME_END]!
  }
  /** The value without OWS around it (RFC 9112 5.1): `text.slice(valueFrom, valueTo)`. */
  valueFrom(i: number): number {
    return this.table[i * WIDTH + VALUE_FROM]!
  }
  valueTo(i: number): number {
    return this.table[i * WIDTH + VALUE_TO]!
  }
  /** The name as received. */
  name(i: number): string {
    return this.text.slice(this.from(i), this.nameEnd(i))
  }
  /** The value as received, without the OWS around it. */
  value(i: number): string {
    return this.text.slice(this.valueFrom(i), this.valueTo(i))
  }

  /** Whether the value of line `i` equals these bytes. */
  says(i: number, value: Uint8Array): boolean {
    const { octets } = this
    const from = this.base + this.valueFrom(i)
    if (this.valueTo(i) - this.valueFrom(i) !== value.length) return false
    for (let k = 0; k < value.length; k++) if (octets[from + k] !== value[k]) return false
    return true
  }

  octet(at: number): number {
    return this.octets[this.base + at]!
  }

  /** Whether the section starts with these bytes. */
  starts(octets: Uint8Array): boolean {
    for (let k = 0; k < octets.length; k++) if (this.octets[this.base + k] !== octets[k]) return false
    return true
  }

  /** Whether the value of line `i` contains this byte. */
  contains(i: number, octet: number): boolean {
    const to = this.base + this.valueTo(i)
    for (let at = this.base + this.valueFrom(i); at < to; at++) if (this.octets[at] === octet) return true
    return false
  }

  /** The value of line `i` as a length (see `readLength`). */
  length(i: number): number {
    return readLength(this.octets, this.base + this.valueFrom(i), this.base + this.valueTo(i))
  }

  /** Whether line `i` is tight, as this proxy writes lines: at most one space after the colon, nothing after the value. */
  isTight(i: number): boolean {
    const from = this.nameEnd(i) + 1
    const valueFrom = this.valueFrom(i)
    if (this.valueTo(i) + 2 !== this.to(i)) return false
    return valueFrom === from || (valueFrom === from + 1 && this.octets[this.base + from] === SP)
  }

  /** Whether the value of line `i` is a length in its shortest form, in a line that `isTight`. */
  isCanonicalLength(i: number): boolean {
    const from = this.base + this.valueFrom(i)
    const to = this.base + this.valueTo(i)
    if (this.octets[from] === ZERO && to - from > 1) return false
    for (let at = from; at < to; at++) if (this.octets[at]! < ZERO || this.octets[at]! > NINE) return false
    return this.isTight(i)
  }

  /**
   * The next line with this known id after line `after`, or -1. Most lookups are for names that are absent: these cost next to
   * nothing.
   */
  find(id: number, after = -1): number {
    if ((this.present[id >>> 5]! & (1 << (id & 31))) === 0) return -1
    for (let i = after + 1; i < this.count; i++) if (this.table[i * WIDTH + IDENTITY] === id) return i
    return -1
  }

  /** Whether line `i` has this name, given in lower case with its `hashOf`. */
  isNamed(i: number, lowerName: string, hash: number): boolean {
    if (this.hash(i) !== hash) return false
    const from = this.from(i)
    if (this.nameEnd(i) - from !== lowerName.length) return false
    for (let k = 0; k < lowerName.length; k++) {
      if (TCHAR[this.text.charCodeAt(from + k)] !== lowerName.charCodeAt(k)) return false
    }
    return true
  }

  /**
   * The section as clean latin1 text: from the start line (trailers: the first field) to the empty line, included. Made on first
   * use.
   */
  get text(): string {
    if (!this.made) this.makeText()
    return this.sectionText
  }

  private makeText(): void {
    const { octets, base, size, contentSize } = this
    const text = latin1(octets, base, base + size + contentSize)
    this.sectionText = contentSize === 0 ? text : text.slice(0, size)
    this.contentText = contentSize === 0 ? '' : text.slice(size)
    this.made = true
  }

  /** For the readers only: the section is `bytes[from, to)`. */
  hold(bytes: Buffer, from: number, to: number): void {
    this.octets = bytes
    this.base = from
    this.size = to - from
    this.contentSize = 0
    this.made = false
  }

  /** For the readers only: `size` bytes of content directly after the section in `bytes` become text together with it. */
  joinContent(bytes: Buffer, size: number): void {
    if (bytes === this.octets && !this.made) this.contentSize = size
  }

  /** For the readers only: the bytes are no longer ours. */
  release(): void {
    this.octets = NO_OCTETS
  }

  /** For the readers only: starts an empty section. */
  clear(): void {
    this.sectionText = this.contentText = ''
    this.made = true
    this.count = 0
    this.fieldsAt = 0
    this.repairs = 0
    for (let i = 0; i < this.present.length; i++) this.present[i] = 0
  }

  /** For the readers only: appends a line. Offsets count in `text`. */
  add(from: number, nameEnd: number, valueFrom: number, valueTo: number, to: number, hash: number, id: number): void {
    const at = this.count * WIDTH
    if (at === this.table.length) this.grow()
    const table = this.table
    table[at] = from
    table[at + NAME_END] = nameEnd
    table[at + VALUE_FROM] = valueFrom
    table[at + VALUE_TO] = valueTo
    table[at + TO] = to
    table[at + HASH] = hash
    table[at + IDENTITY] = id
    this.present[id >>> 5]! |= 1 << (id & 31)
    this.count++
  }

  private grow(): void {
    const wider = new Int32Array(Math.max(this.table.length * 2, 8 * WIDTH))
    wider.set(this.table)
    this.table = wider
  }
}

const NO_OCTETS = Buffer.alloc(0)
const ZERO = 0x30
const NINE = 0x39

// The columns of the table.
const NAME_END = 1
const VALUE_FROM = 2
const VALUE_TO = 3
const TO = 4
const HASH = 5
const IDENTITY = 6
const WIDTH = 8

/** The lines as a list of objects: for the ledger, the log and tests; never on the hot path. */
export function fieldsOf(lines: Lines): Field[] {
  return Array.from({ length: lines.count }, (_, i) => ({ name: lines.name(i), value: lines.value(i) }))
}

/** The lines of a head that was not read yet. */
export const NO_LINES = new Lines(0)
