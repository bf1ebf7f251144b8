import { isAuthority } from './authority.js'
import { readTransferCoding, type TransferCoding } from './framing.js'
import { latin1 } from './latin1.js'
import { type Lines, NO_LINES } from './lines.js'
import { methodOf } from './method.js'
import { ID } from './names.js'
import { HTAB } from './octets.js'
import { ProtocolError } from './protocol-error.js'
import { quote, readTarget, type Target, type TargetForm } from './request-target.js'

export { type Authority, readAuthority } from './authority.js'
export type { ContentFraming } from './framing.js'
export type { TargetForm } from './request-target.js'

const NO_OCTETS = Buffer.alloc(0)

/** A request's head. One reused object per reader; it and its `lines` are valid until the call that delivered it returns. */
export class RequestHead implements Target {
  lines: Lines = NO_LINES
  /** As received: methods are case-sensitive, unknown ones are welcome. */
  method = ''
  /** As received. */
  target = ''
  targetForm: TargetForm = 'origin'
  /** 1.2 to 1.9 are read as 1.1 (RFC 9110 2.5). */
  minor: 0 | 1 = 1
  framing: 'none' | 'length' | 'chunked' = 'none'
  /** Octets of content; 0 when there is none, -1 when chunked. */
  contentLength = 0
  /** The Content-Length line says it in its shortest form, so it may go on as it stands. */
  canonicalLength = false
  /** The decided authority, as written: that of absolute-form or authority-form, else the Host value; '' is possible (R22, R23). */
  host = ''
  /** `host` is the value of the one Host line. */
  hostDecides = false
  /** The Host line has no other whitespace than one space in front of its value, so it may go on as it stands. */
  tightHost = false
  scheme: '' | 'http' | 'https' = ''
  path = ''

  /** The version was received as `HTTP/1.1`, so the request line reads as ours would. */
  get isHttp11(): boolean {
    return this.minor === 1 && this.lines.octet(this.lines.fieldsAt - 3) === ONE
  }

  /**
   * The Host value of this connection's requests: hardly ever another one comes, so it is neither cut out nor checked again. Kept from
   * the second request on, and not for a client that keeps changing it.
   */
  readonly known = { host: '', octets: NO_OCTETS, misses: 0 }
}

/**
 * Reads what the complete head means: target, Host, framing (RFC 9112 3.2, 6.3). `method` and `target` are the two offsets
 * of the spaces in the request line. Throws ProtocolError 400, 413 or 501.
 */
export function readRequestHead(
  head: RequestHead,
  lines: Lines,
  methodTo: number,
  targetTo: number,
  minor: 0 | 1,
): void {
  const { text } = lines
  head.lines = lines
  head.method = methodOf(lines, methodTo)
  head.target = text.slice(methodTo + 1, targetTo)
  head.minor = minor
  readTarget(head.method, head.target, head)
  let host = -1
  let length = -1
  let coding = -1
  for (let i = 0; i < lines.count; i++) {
    const id = lines.id(i)
    if (id === ID.host) {
      if (host >= 0) throw new ProtocolError(400, 'more than one Host field', 'RFC 9112 3.2', lines.from(i))
      host = i
    } else if (id === ID['content-length']) {
      if (length >= 0) throw new ProtocolError(400, 'more than one Content-Length field', 'RFC 9112 6.3', lines.from(i))
      length = i
    } else if (id === ID['transfer-encoding'] && coding < 0) {
      coding = i
    }
  }
  readHost(head, host)
  readFraming(head, length, coding)
}

/** RFC 9112 3.2: exactly one valid Host in 1.1, also beside absolute-form, which then decides. */
function readHost(head: RequestHead, line: number): void {
  const { lines, known } = head
  head.hostDecides = false
  head.tightHost = line >= 0 && lines.isTight(line)
  if (line < 0) {
    if (head.minor === 1) throw new ProtocolError(400, 'no Host field in an HTTP/1.1 request', 'RFC 9112 3.2')
    return
  }
  let { host } = known
  if (!lines.says(line, known.octets)) {
    const value = lines.value(line)
    if (value !== '' && !isAuthority(value)) {
      throw new ProtocolError(400, `invalid Host ${quote(value)}`, 'RFC 9112 3.2', lines.valueFrom(line))
    }
    host = value
    if (known.misses > 0 && known.misses < 8) {
      // Copies of their own: parts would keep the whole head in memory, or Node's pool.
      known.octets = Buffer.allocUnsafeSlow(value.length)
      known.octets.write(value, 'latin1')
      known.host = host = latin1(known.octets, 0, value.length)
    }
    known.misses++
  }
  head.hostDecides = head.targetForm === 'origin' || head.targetForm === 'asterisk'
  if (head.hostDecides) head.host = host
}

/** RFC 9112 6.3: the content's presence is told by these two fields alone, whatever the method (R35). */
function readFraming(head: RequestHead, length: number, coding: number): void {
  const { lines } = head
  head.framing = 'none'
  head.contentLength = 0
  if (length < 0 && coding < 0) return
  if (head.method === 'CONNECT') {
    throw new ProtocolError(400, 'CONNECT has no content', 'RFC 9110 9.3.6', lines.from(Math.max(length, coding)))
  }
  if (coding >= 0) {
    if (head.minor === 0) {
      throw new ProtocolError(400, 'Transfer-Encoding in an HTTP/1.0 request', 'RFC 9112 6.1', lines.from(coding))
    }
    if (length >= 0) {
      throw new ProtocolError(400, 'Content-Length beside Transfer-Encoding', 'RFC 9112 6.1', lines.from(length))
    }
    const verdict = readTransferCoding(lines, coding)
    if (verdict !== 'chunked') {
      const [status, what, section] = CODING_REFUSALS[verdict]
      throw new ProtocolError(status, `${what}: ${quote(lines.value(coding))}`, section, lines.from(coding))
    }
    refuseTabAfter(lines, coding)
    head.framing = 'chunked'
    head.contentLength = -1
    return
  }
  refuseTabAfter(lines, length)
  const octets = lines.length(length)
  if (octets < 0) {
    const value = quote(lines.value(length))
    throw new ProtocolError(400, `Content-Length is not one number: ${value}`, 'RFC 9112 6.3', lines.valueFrom(length))
  }
  if (octets === Number.POSITIVE_INFINITY) {
    throw new ProtocolError(413, 'Content-Length beyond 2^53-1', 'RFC 9110 8.6', lines.valueFrom(length))
  }
  head.framing = 'length'
  head.contentLength = octets
  head.canonicalLength = lines.isCanonicalLength(length)
}

/** A tab behind a framing value is OWS and yet refused: parsers that take it for a part of the value would frame the request in another way. */
function refuseTabAfter(lines: Lines, i: number): void {
  for (let at = lines.valueTo(i); at < lines.to(i); at++) {
    if (lines.text.charCodeAt(at) === HTAB)
      throw new ProtocolError(400, `tab after the value of ${lines.name(i)}`, 'RFC 9112 6.3', at)
  }
}

/** RFC 9110 6.5.1: framing has no place in a trailer section. Other parsers read it there, so it is refused, not dropped. Throws ProtocolError 400. */
export function checkRequestTrailers(lines: Lines): void {
  for (let i = 0; i < lines.count; i++) {
    const id = lines.id(i)
    if (id === ID['content-length'] || id === ID['transfer-encoding']) {
      throw new ProtocolError(400, `${lines.name(i)} in the trailer section`, 'RFC 9110 6.5.1', lines.from(i))
    }
  }
}

const CODING_REFUSALS: Record<Exclude<TransferCoding, 'chunked'>, readonly [400 | 501, string, string]> = {
  twice: [400, 'chunked applied twice', 'RFC 9112 7.1'],
  parameters: [400, 'parameters on chunked', 'RFC 9112 7.1'],
  'not-final': [400, 'the final transfer coding is not chunked', 'RFC 9112 6.3'],
  none: [400, 'the final transfer coding is not chunked', 'RFC 9112 6.3'],
  identity: [400, 'the final transfer coding is not chunked', 'RFC 9112 6.3'],
  'before-chunked': [501, 'a transfer coding that is not known here', 'RFC 9112 6.1'],
  'empty-member': [400, 'Transfer-Encoding is not chunked alone', 'RFC 9112 6.1'],
}

const ONE = 0x31
