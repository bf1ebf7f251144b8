import type { ConnectionOptions } from '../policy/connection-options.js'
import type { ResponseHead } from '../wire/response-head.js'
import { copyOf, NAMES_NOTHING } from './asked.js'

/** What is remembered of an upstream's final response after its head, a scratch object, has been reused. */
export class Answered {
  headBytes = 0
  /** The options of its Connection field, kept only if they may name trailers. */
  names: ConnectionOptions = NAMES_NOTHING

  note(head: ResponseHead, options: ConnectionOptions): void {
    this.headBytes = head.lines.text.length
    if (options.any && head.framing === 'chunked') this.names = copyOf(head.lines, 502)
  }
}
