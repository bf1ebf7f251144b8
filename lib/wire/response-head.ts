import { type ContentFraming, readTransferCoding, type TransferCoding } from './framing.js'
import { type Lines, NO_LINES } from './lines.js'
import { ID } from './names.js'
import { ProtocolError } from './protocol-error.js'
import { quote } from './request-target.js'

export type { ContentFraming } from './framing.js'

/**
 * The head of a response, interim or final. Each reader reuses one object; it and its `lines` are valid until the call that
 * delivered it returns.
 */
export class ResponseHead {
  lines: Lines = NO_LINES
  /** 100 to 999; interpreting 600 and above is left to the client (RFC 9110 15). */
  status = 0
  minor: 0 | 1 = 1
  /** 'none' for 1xx, 204, 304, to HEAD, and a 2xx to CONNECT (RFC 9112 6.3). 'length' also when the length is 0. */
  framing: ContentFraming = 'none'
  /** The size of the content in bytes; 0 when there is none, -1 when it is chunked or delimited by close. */
  contentLength = 0
  /** There is both Content-Length and Transfer-Encoding: Content-Length is overridden and must not be forwarded (R49). */
  lengthDropped = false
  /** The framing makes what follows on this connection ambiguous: nothing may be read from it after this message. */
  lastOnConnection = false

  /** The version was received as `HTTP/1.1`, exactly as our own status line would have it. */
  get isHttp11(): boolean {
    return this.minor === 1 && this.lines.octet(7) === ONE
  }

  /** The reason phrase as received; may be ''. */
  get reason(): string {
    return this.lines.text.slice(13, this.lines.fieldsAt - 2)
  }
}

/** The method of the request affects the content of the response; only these cases matter (RFC 9112 6.3). */
export type ResponseTo = 'HEAD' | 'CONNECT' | 'other'

/** Interprets a complete head as the response to a request with this method. Throws ProtocolError 502. */
export function readResponseHead(head: ResponseHead, lines: Lines, to: ResponseTo, status: number, minor: 0 | 1): void {
  head.lines = lines
  head.status = status
  head.minor = minor
  head.framing = 'none'
  head.contentLength = 0
  head.lengthDropped = false
  head.lastOnConnection = false
  if (to === 'CONNECT' && status >= 200 && status < 300) return // its framing fields are ignored (RFC 9110 9.3.6)
  const length = lines.find(ID['content-length'])
  const coding = lines.find(ID['transfer-encoding'])
  const verdict = coding < 0 ? 'identity' : readTransferCoding(lines, coding)
  const coded = verdict !== 'identity'
  const octets = length >= 0 && !coded ? lengthOf(lines, length) : -1
  head.lengthDropped = coded && length >= 0
  if (status < 200 || status === 204) {
    head.lastOnConnection = coding >= 0 || octets > 0 // it cannot have content and claims to have some (R40, R182)
    return
  }
  // Another reader on the path may determine the end of the content differently.
  head.lastOnConnection = coding >= 0 && (head.minor === 0 || length >= 0 || !isChunked(verdict))
  if (status === 304 || to === 'HEAD') return // without content, the coding does not matter
  if (coded) {
    if (!isChunked(verdict)) throw refusal(verdict, lines, coding)
    head.framing = 'chunked'
    head.contentLength = -1
  } else if (length >= 0) {
    head.framing = 'length'
    head.contentLength = octets
  } else {
    head.framing = 'close'
    head.contentLength = -1
    head.lastOnConnection = true
  }
}

/** Empty list members are ignored (RFC 9110 5.6.1). */
const isChunked = (verdict: TransferCoding): verdict is 'chunked' | 'empty-member' =>
  verdict === 'chunked' || verdict === 'empty-member'

/** This proxy never offers a transfer coding in TE, so only chunked is allowed. */
function refusal(verdict: keyof typeof CODING_FAULTS, lines: Lines, line: number): ProtocolError {
  const [what, section] = CODING_FAULTS[verdict]
  return new ProtocolError(502, `${what}: ${quote(lines.value(line))}`, section, lines.from(line), CODING)
}

const CODING = { kind: 'transfer-coding' } as const

const CODING_FAULTS: Readonly<
  Record<Exclude<TransferCoding, 'chunked' | 'identity' | 'empty-member'>, readonly [string, string]>
> = {
  twice: ['the chunked coding is applied more than once', 'RFC 9112 7.1'],
  parameters: ['the chunked coding has parameters', 'RFC 9112 7.1'],
  'before-chunked': ['a transfer coding that was not requested', 'RFC 9112 6.3'],
  'not-final': ['the final transfer coding is not chunked', 'RFC 9112 6.3'],
  none: ['Transfer-Encoding names no transfer coding', 'RFC 9112 6.3'],
}

/** Equal values were collapsed before: if there is still more than one line, the values differ. */
function lengthOf(lines: Lines, line: number): number {
  const another = lines.find(ID['content-length'], line)
  if (another >= 0) throw new ProtocolError(502, 'Content-Length values differ', 'RFC 9112 6.3', lines.from(another))
  const octets = lines.length(line)
  if (octets >= 0 && octets <= Number.MAX_SAFE_INTEGER) return octets
  throw new ProtocolError(
    502,
    `Content-Length is not a single number up to 2^53-1: ${quote(lines.value(line))}`,
    'RFC 9112 6.3',
    lines.valueFrom(line),
  )
}

const ONE = 0x31
