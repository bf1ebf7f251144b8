import { ConnectionOptions } from '../policy/connection-options.js'
import { logsIn } from '../policy/login.js'
import type { OutboundRequest } from '../policy/rewrite-request.js'
import type { Lines } from '../wire/lines.js'
import type { RequestHead } from '../wire/request-head.js'

/** The options of a head whose Connection names nothing of interest. */
export const NAMES_NOTHING = new ConnectionOptions()

/** What is remembered of a request after its head, a scratch object, has been reused. */
export class Asked {
  method = ''
  /** As received. */
  target = ''
  host = ''
  framing: 'none' | 'length' | 'chunked' = 'none'
  /** It authenticates the upstream connection that it is sent on (RFC 4559 6). */
  logsIn = false
  /** The head as received, for later uses of its fields; '' when none can come any more. */
  text = ''
  headBytes = 0
  /** The head that was sent last; null: none yet. */
  sentAs: OutboundRequest | null = null
  /** The options of its Connection field, kept only if they may name trailers. */
  names: ConnectionOptions = NAMES_NOTHING

  note(head: RequestHead): void {
    this.method = head.method
    this.target = head.target
    this.host = head.host
    this.framing = head.framing
    this.text = head.lines.text
    this.headBytes = this.text.length
    this.logsIn = logsIn(head.lines)
  }

  /**
   * The value of the first field line with this name (in lower case); '' if there is none or the head is gone. For the log only.
   */
  field(name: string): string {
    return new RegExp(`\\r\\n${name}:([^\\r\\n]*)`, 'i').exec(this.text)?.[1]?.trim() ?? ''
  }

  noteOptions(head: RequestHead, options: ConnectionOptions): void {
    if (options.any && head.framing === 'chunked') this.names = copyOf(head.lines, 400)
  }
}

/** A copy of the options of this head to keep: the scratch object will be reused before the trailers arrive. */
export function copyOf(lines: Lines, status: 400 | 502): ConnectionOptions {
  const copy = new ConnectionOptions()
  copy.read(lines, status)
  return copy
}
