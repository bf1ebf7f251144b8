/** The bytes of a section that arrived in pieces, in one growing buffer. */
export class HeldOctets {
  bytes: Buffer = Buffer.allocUnsafe(FIRST_SIZE)
  length = 0

  append(bytes: Buffer, from: number, to: number): void {
    this.reserve(to - from)
    bytes.copy(this.bytes, this.length, from, to)
    this.length += to - from
  }

  push(octet: number): void {
    this.reserve(1)
    this.bytes[this.length++] = octet
  }

  private reserve(more: number): void {
    const need = this.length + more
    if (need <= this.bytes.length) return
    const wider = Buffer.allocUnsafe(Math.max(need, this.bytes.length * 2)) // doubled, so the work stays linear
    this.bytes.copy(wider, 0, 0, this.length)
    this.bytes = wider
  }
}

const FIRST_SIZE = 1024
