import type { ConnectionOptions } from '../policy/connection-options.js'
import type { ResponseHead } from '../wire/response-head.js'
import { copyOf, NAMES_NOTHING } from './asked.js'

/** What is remembered of an upstream's final response once its head, which is a scratch, is gone. */
export class Answered {
  headOctets = 0
  /** What its Connection names, as far as trailers may be named by it. */
  names: ConnectionOptions = NAMES_NOTHING

  note(head: ResponseHead, options: ConnectionOptions): void {
    this.headOctets = head.lines.text.length
    if (options.any && head.framing === 'chunked') this.names = copyOf(head.lines, 502)
  }
}
