import { createHash, randomBytes } from 'node:crypto'

// The part of RFC 6455 that the lab needs: the proof of a handshake, and frames without extensions.

const OPCODES = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
export type Opcode = keyof typeof OPCODES

export interface Frame {
  readonly opcode: Opcode
  /** The last frame of its message. */
  readonly fin: boolean
  /** A client must mask its frames, a server must not (RFC 6455 5.1). */
  readonly masked: boolean
  /** The payload, unmasked. */
  readonly payload: Buffer
}

/** Longer payloads are refused: no party of the lab sends any. */
export const PAYLOAD_BYTES_MAX = 1_048_576
/** Control frames: RFC 6455 5.5. */
const CONTROL_BYTES_MAX = 125
/** RFC 6455 1.3 */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** A `Sec-WebSocket-Key`: 16 random bytes (RFC 6455 4.1). */
export function newKey(): string {
  return randomBytes(16).toString('base64')
}

/** The `Sec-WebSocket-Accept` that proves that the key was read and understood (RFC 6455 4.2.2). */
export function acceptFor(key: string): string {
  return createHash('sha1').update(`${key}${MAGIC}`).digest('base64')
}

/**
 * One frame (RFC 6455 5.2).
 * @param mask four bytes, random for each frame of a client; null for a server
 * @throws RangeError for a control frame that is too long or not the last
 */
export function frame(opcode: Opcode, payload: Buffer, mask: Buffer | null, fin = true): Buffer {
  const code = OPCODES[opcode]
  if (code >= 8 && (payload.length > CONTROL_BYTES_MAX || !fin))
    throw new RangeError(`a ${opcode} frame has at most ${CONTROL_BYTES_MAX} bytes and is not fragmented`)
  const head = [(fin ? 0x80 : 0) | code]
  const maskBit = mask === null ? 0 : 0x80
  if (payload.length < 126) head.push(maskBit | payload.length)
  else if (payload.length < 65_536) head.push(maskBit | 126, payload.length >> 8, payload.length & 0xff)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(payload.length))
    head.push(maskBit | 127, ...length)
  }
  if (mask === null) return Buffer.concat([Buffer.from(head), payload])
  return Buffer.concat([Buffer.from(head), mask, xor(payload, mask)])
}

/** A mask for one frame: it must be unpredictable (RFC 6455 5.3). */
export function newMask(): Buffer {
  return randomBytes(4)
}

/** Reads frames from bytes, however these are split. */
export class FrameReader {
  private pending: Buffer = Buffer.alloc(0)

  /** @throws RangeError for bytes that are not a known frame */
  read(octets: Buffer): Frame[] {
    this.pending = Buffer.concat([this.pending, octets])
    const frames: Frame[] = []
    for (let next = frameAt(this.pending); next !== null; next = frameAt(this.pending)) {
      frames.push(next.frame)
      this.pending = this.pending.subarray(next.to)
    }
    return frames
  }
}

/** Null: more bytes are needed. */
function frameAt(octets: Buffer): { frame: Frame; to: number } | null {
  const [first, second] = octets
  if (first === undefined || second === undefined) return null
  if ((first & 0x70) !== 0) throw new RangeError('a reserved bit is set although no extension was negotiated')
  const opcode = opcodeOf(first & 0x0f)
  const fin = (first & 0x80) !== 0
  const masked = (second & 0x80) !== 0
  const short = second & 0x7f
  if (OPCODES[opcode] >= 8 && (short > CONTROL_BYTES_MAX || !fin)) throw new RangeError(`a ${opcode} frame is cut`)
  const at = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0)
  if (octets.length < at) return null
  const length = short === 126 ? octets.readUInt16BE(2) : short === 127 ? Number(octets.readBigUInt64BE(2)) : short
  if (length > PAYLOAD_BYTES_MAX) throw new RangeError(`a frame of ${length} bytes`)
  const from = at + (masked ? 4 : 0)
  const to = from + length
  if (octets.length < to) return null
  const sent = octets.subarray(from, to)
  return {
    frame: { opcode, fin, masked, payload: masked ? xor(sent, octets.subarray(at, from)) : Buffer.from(sent) },
    to,
  }
}

function opcodeOf(code: number): Opcode {
  for (const [name, known] of Object.entries(OPCODES)) if (known === code) return name as Opcode
  throw new RangeError(`there is no opcode ${code}`)
}

/** Masking twice with the same mask gives the original bytes (RFC 6455 5.3). */
function xor(octets: Buffer, mask: Buffer): Buffer {
  return Buffer.from(octets.map((octet, i) => octet ^ (mask[i % 4] ?? 0)))
}
