import type { CloseReason } from '../policy/close-reason.js'
import type { ConnectionOptions } from '../policy/connection-options.js'
import type { ResponseHead } from '../wire/response-head.js'
import { copyOf, NAMES_NOTHING } from './asked.js'

/** What is remembered of an upstream's final response once its head, which is a scratch, is gone. */
export class Answered {
  headOctets = 0
  /** Kept while somebody watches: the head without its faults ('': not kept), and whether the client's connection was to stay. */
  text = ''
  verdict: 'keep' | CloseReason = 'keep'
  /** Kept while somebody watches: an answer of our own, from its head on; ''. */
  own = ''
  /** What its Connection names, as far as trailers may be named by it. */
  names: ConnectionOptions = NAMES_NOTHING

  /** For those who watch, at the moment at which the head is passed on. */
  keep({ lines }: ResponseHead, verdict: 'keep' | CloseReason): void {
    this.text = lines.text
    this.verdict = verdict
  }

  note(head: ResponseHead, options: ConnectionOptions): void {
    this.headOctets = head.lines.text.length
    if (options.any && head.framing === 'chunked') this.names = copyOf(head.lines, 502)
  }
}
