/**
 * Follows the frames of one direction of a WebSocket (RFC 6455 5.2) as they pass, to know where each one ends. A close frame may
 * be inserted between two frames, also between the fragments of a message (RFC 6455 5.4), whatever extensions do to the payload.
 * Costs a few steps per frame and nothing for its payload.
 */
export class WebSocketFrames {
  /** A complete close frame has passed: nothing may follow it. */
  closed = false
  /** A frame had an impossible length: the start of the next frame is unknown. */
  private lost = false
  private opcode = 0
  private maskOctets = 0
  private length = 0
  /**
   * Of the current frame: the next part of its head, and the bytes still to come of its extended length and of all after its
   * head.
   */
  private part: 'first' | 'second' | 'length' = 'first'
  private lengthOctets = 0
  private left = 0

  /** The bytes so far end at the end of a frame, so a frame of ours may be inserted here. */
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
 * A close frame with this code and no reason, as latin1 (RFC 6455 5.5.1).
 * @param mask four unpredictable bytes for a frame from a client; null for one from a server (RFC 6455 5.3)
 */
export function closeFrame(code: number, mask: Uint8Array | null): string {
  const payload = [code >> 8, code & 0xff]
  if (mask === null) return String.fromCharCode(0x80 | CLOSE, payload.length, ...payload)
  const masked = payload.map((octet, i) => octet ^ mask[i]!)
  return String.fromCharCode(0x80 | CLOSE, 0x80 | payload.length, ...mask, ...masked)
}

/** RFC 6455 7.4.1: an endpoint is going away, such as a server that is shutting down. */
export const GOING_AWAY = 1001

const CLOSE = 8
