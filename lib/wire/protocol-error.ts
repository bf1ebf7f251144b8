import type { GrammarLimits } from './limits.js'

/** What is broken, as far as more than the sentence depends on it. */
export interface Breach {
  /** `grammar` unless it is one of these. */
  readonly kind?: 'incomplete' | 'transfer-coding' | 'head-size' | 'trailers-size' | 'credentials'
  /** The limits that were reached: a larger one would permit it. */
  readonly limits?: readonly (keyof GrammarLimits)[]
}

const GRAMMAR: Breach = {}

/**
 * What a peer sent breaks the protocol. The message is for humans: it names the octet and where it stands.
 *
 * `status` is what to answer with: 400, 413, 414, 431, 501 or 505 for a request, always 502 for a response.
 * `section` is the paragraph that was broken (`RFC 9112 2.2`). `offset` is the octet in the head (the first one is 0)
 * or in the trailer section, or -1 when no single octet is to blame. Programs look at `breach`, never at the message.
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
