import type { GrammarLimits } from './limits.js'

/** The machine-readable part of a protocol error. */
export interface Breach {
  /** The kind of error; without it, the message breaks the grammar. */
  readonly kind?: 'incomplete' | 'transfer-coding' | 'head-size' | 'trailers-size' | 'credentials'
  /** The limits that were exceeded: a larger value would allow the message. */
  readonly limits?: readonly (keyof GrammarLimits)[]
}

const GRAMMAR: Breach = {}

/**
 * A peer violated the protocol. The message is for humans: it names the byte and its position.
 *
 * `status` is the status of the answer: 400, 413, 414, 431, 501 or 505 for a request, always 502 for a response.
 * `section` is the section that was violated (`RFC 9112 2.2`). `offset` is the offset of the byte in the head or in the trailer
 * section, counted from 0, or -1 when no single byte is at fault. Programs use `breach`, never the message.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'

  constructor(
    readonly status: number,
    message: string,
    readonly section: string,
    readonly offset: number = -1,
    readonly breach: Breach = GRAMMAR,
  ) {
    super(message)
  }
}
