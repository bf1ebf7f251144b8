import { ConnectionOptions } from '../policy/connection-options.js'
import { logsIn } from '../policy/login.js'
import type { OutboundRequest } from '../policy/rewrite-request.js'
import type { Lines } from '../wire/lines.js'
import type { RequestHead } from '../wire/request-head.js'

/** What a head without options of interest names: nothing. */
export const NAMES_NOTHING = new ConnectionOptions()

/** What is remembered of a request once its head, which is a scratch, is gone. */
export class Asked {
  method = ''
  /** As received. */
  target = ''
  host = ''
  framing: 'none' | 'length' | 'chunked' = 'none'
  /** It logs in the upstream connection that it is sent on (RFC 4559 6). */
  logsIn = false
  /** The head as received, for those who want its fields later; '' once nobody can. */
  text = ''
  headOctets = 0
  /** The head that was sent last; null: none was. */
  sentAs: OutboundRequest | null = null
  /** What its Connection names, as far as trailers may be named by it. */
  names: ConnectionOptions = NAMES_NOTHING

  note(head: RequestHead): void {
    this.method = head.method
    this.target = head.target
    this.host = head.host
    this.framing = head.framing
    this.text = head.lines.text
    this.headOctets = this.text.length
    this.logsIn = logsIn(head.lines)
  }

  /** The value of the first line with this name (in lower case); '' for none, and once the head is gone. For the log alone. */
  field(name: string): string {
    return new RegExp(`\\r\\n${name}:([^\\r\\n]*)`, 'i').exec(this.text)?.[1]?.trim() ?? ''
  }

  noteOptions(head: RequestHead, options: ConnectionOptions): void {
    if (options.any && head.framing === 'chunked') this.names = copyOf(head.lines, 400)
  }
}

/** The options of this head once more, to keep: the scratch will be read again before the trailers come. */
export function copyOf(lines: Lines, status: 400 | 502): ConnectionOptions {
  const copy = new ConnectionOptions()
  copy.read(lines, status)
  return copy
}
