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

/**
 * The head of a request. Each reader reuses one object; it and its `lines` are valid until the call that delivered it returns.
 */
export class RequestHead implements Target {
  lines: Lines = NO_LINES
  /** As received: methods are case-sensitive, and an unknown method is valid. */
  method = ''
  /** As received. */
  target = ''
  targetForm: TargetForm = 'origin'
  /** The minor version; 1.2 to 1.9 are read as 1.1 (RFC 9110 2.5). */
  minor: 0 | 1 = 1
  framing: 'none' | 'length' | 'chunked' = 'none'
  /** The size of the content in bytes; 0 when there is none, -1 when it is chunked. */
  contentLength = 0
  /** The Content-Length value is in its shortest form, in a tight line, so the line may be forwarded as received. */
  canonicalLength = false
  /**
   * The authority of the request, as written: from absolute-form or authority-form, else the Host value; may be '' (R22, R23).
   */
  host = ''
  /** `host` is the value of the only Host line. */
  hostDecides = false
  /** The Host line has at most one space before its value and no other whitespace, so it may be forwarded as received. */
  tightHost = false
  scheme: '' | 'http' | 'https' = ''
  path = ''

  /** The version was received as `HTTP/1.1`, exactly as our own request line would have it. */
  get isHttp11(): boolean {
    return this.minor === 1 && this.lines.octet(this.lines.fieldsAt - 3) === ONE
  }

  /**
   * The Host value that the requests of this connection share. It hardly ever changes, so an equal value is neither copied nor
   * validated again. Kept from the second request on, and given up for a client that keeps changing it.
   */
  readonly known = { host: '', octets: NO_OCTETS, misses: 0 }
}

/**
 * Interprets a complete head: target, Host and framing (RFC 9112 3.2, 6.3). `methodTo` and `targetTo` are the offsets of the two
 * spaces in the request line. Throws ProtocolError 400, 413 or 501.
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

/**
 * RFC 9112 3.2: an HTTP/1.1 request has exactly one valid Host, also with absolute-form, whose authority then takes precedence.
 */
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
      // Copied: a slice would keep the whole head, or Node's buffer pool, in memory.
      known.octets = Buffer.allocUnsafeSlow(value.length)
      known.octets.write(value, 'latin1')
      known.host = host = latin1(known.octets, 0, value.length)
    }
    known.misses++
  }
  head.hostDecides = head.targetForm === 'origin' || head.targetForm === 'asterisk'
  if (head.hostDecides) head.host = host
}

/** RFC 9112 6.3: these two fields alone signal the presence of content, whatever the method (R35). */
function readFraming(head: RequestHead, length: number, coding: number): void {
  const { lines } = head
  head.framing = 'none'
  head.contentLength = 0
  if (length < 0 && coding < 0) return
  if (head.method === 'CONNECT') {
    const at = lines.from(Math.max(length, coding))
    throw new ProtocolError(400, 'Content-Length or Transfer-Encoding in a CONNECT request', 'RFC 9110 9.3.6', at)
  }
  if (coding >= 0) {
    if (head.minor === 0) {
      throw new ProtocolError(400, 'Transfer-Encoding in an HTTP/1.0 request', 'RFC 9112 6.1', lines.from(coding))
    }
    if (length >= 0) {
      throw new ProtocolError(400, 'both Content-Length and Transfer-Encoding', 'RFC 9112 6.1', lines.from(length))
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
    throw new ProtocolError(
      400,
      `Content-Length is not a single number: ${value}`,
      'RFC 9112 6.3',
      lines.valueFrom(length),
    )
  }
  if (octets === Number.POSITIVE_INFINITY) {
    throw new ProtocolError(413, 'Content-Length exceeds 2^53-1', 'RFC 9110 8.6', lines.valueFrom(length))
  }
  head.framing = 'length'
  head.contentLength = octets
  head.canonicalLength = lines.isCanonicalLength(length)
}

/**
 * Refuses a tab after a framing value. It is valid OWS, but a parser that takes it for part of the value would frame the request
 * differently.
 */
function refuseTabAfter(lines: Lines, i: number): void {
  for (let at = lines.valueTo(i); at < lines.to(i); at++) {
    if (lines.text.charCodeAt(at) === HTAB)
      throw new ProtocolError(400, `tab after the value of ${lines.name(i)}`, 'RFC 9112 6.3', at)
  }
}

/**
 * RFC 9110 6.5.1: a trailer section must not contain framing fields. Some parsers honor them there, so they are refused, not
 * dropped. Throws ProtocolError 400.
 */
export function checkRequestTrailers(lines: Lines): void {
  for (let i = 0; i < lines.count; i++) {
    const id = lines.id(i)
    if (id === ID['content-length'] || id === ID['transfer-encoding']) {
      throw new ProtocolError(400, `${lines.name(i)} in the trailer section`, 'RFC 9110 6.5.1', lines.from(i))
    }
  }
}

const CODING_REFUSALS: Record<Exclude<TransferCoding, 'chunked'>, readonly [400 | 501, string, string]> = {
  twice: [400, 'the chunked coding is applied more than once', 'RFC 9112 7.1'],
  parameters: [400, 'the chunked coding has parameters', 'RFC 9112 7.1'],
  'not-final': [400, 'the final transfer coding is not chunked', 'RFC 9112 6.3'],
  none: [400, 'the final transfer coding is not chunked', 'RFC 9112 6.3'],
  identity: [400, 'the final transfer coding is not chunked', 'RFC 9112 6.3'],
  'before-chunked': [501, 'unsupported transfer coding', 'RFC 9112 6.1'],
  'empty-member': [400, 'empty list member in Transfer-Encoding', 'RFC 9112 6.1'],
}

const ONE = 0x31
