import type { CloseReason } from '../policy/close-reason.js'
import type { ConnectionOptions } from '../policy/connection-options.js'
import type { ContentFraming } from '../wire/request-head.js'
import type { ResponseHead } from '../wire/response-head.js'
import { copyOf, NAMES_NOTHING } from './asked.js'

/** What is remembered of an upstream's final response once its head, which is a scratch, is gone. */
export class Answered {
  minor: 0 | 1 = 1
  framing: ContentFraming = 'none'
  /** The framing, of an interim response too, leaves in doubt what follows on the connection. */
  inDoubt = false
  /** The upstream said `Connection: close`, or `keep-alive`. */
  closes = false
  keeps = false
  /** How many more requests its Keep-Alive admits, -1 for no hint. */
  hintMax = -1
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
    this.minor = head.minor
    this.framing = head.framing
    this.inDoubt ||= head.lastOnConnection
    this.closes = options.close
    this.keeps = options.keepAlive
    this.headOctets = head.lines.text.length
    if (options.any && head.framing === 'chunked') this.names = copyOf(head.lines, 502)
  }
}
