/**
 * Follows the frames of one direction of a WebSocket (RFC 6455 5.2) as they pass: only where each ends. A close frame may be put in between
 * two frames, also between the fragments of a message (RFC 6455 5.4), whatever extensions make of the payload. Costs a few steps for a
 * frame, nothing for its payload.
 */
export class WebSocketFrames {
  /** A whole close frame has passed: nothing may follow. */
  closed = false
  /** A length that nobody can have meant: where the next frame begins is not known any more. */
  private lost = false
  private opcode = 0
  private maskOctets = 0
  private length = 0
  /** Of the frame that is passing: which part of its head comes next, octets of its long length and of all behind its head to come. */
  private part: 'first' | 'second' | 'length' = 'first'
  private lengthOctets = 0
  private left = 0

  /** A frame of ours may follow what has passed. */
  get between(): boolean {
    return this.part === 'first' && this.left === 0 && !this.closed && !this.lost
  }

  consume(bytes: Uint8Array, from: number, to: number): void {
    let at = from
    while (at < to && !this.lost) {
      if (this.left === 0) this.readHead(bytes[at++]!)
      else {
        const passing = Math.min(this.left, to - at)
        at += passing
        this.left -= passing
        if (this.left === 0) this.ended()
      }
    }
  }

  private readHead(octet: number): void {
    if (this.part === 'first') {
      this.opcode = octet & 0x0f
      this.part = 'second'
    } else if (this.part === 'second') {
      this.maskOctets = octet >= 0x80 ? 4 : 0
      const length = octet & 0x7f
      if (length < 126) this.begin(length)
      else {
        this.part = 'length'
        this.lengthOctets = length === 126 ? 2 : 8
        this.length = 0
      }
    } else {
      this.length = this.length * 256 + octet
      if (--this.lengthOctets === 0) this.begin(this.length)
    }
  }

  private begin(length: number): void {
    this.part = 'first'
    this.left = length + this.maskOctets
    this.lost = !Number.isSafeInteger(this.left)
    if (this.left === 0) this.ended()
  }

  private ended(): void {
    if (this.opcode === CLOSE) this.closed = true
  }
}

/**
 * A close frame with this code and no words, latin1 (RFC 6455 5.5.1).
 * @param mask four octets that nobody can guess, for what a client sends; null for a server (RFC 6455 5.3)
 */
export function closeFrame(code: number, mask: Uint8Array | null): string {
  const payload = [code >> 8, code & 0xff]
  if (mask === null) return String.fromCharCode(0x80 | CLOSE, payload.length, ...payload)
  const masked = payload.map((octet, i) => octet ^ mask[i]!)
  return String.fromCharCode(0x80 | CLOSE, 0x80 | payload.length, ...mask, ...masked)
}

/** RFC 6455 7.4.1: an endpoint goes away, such as a server that is stopped. */
export const GOING_AWAY = 1001

const CLOSE = 8
