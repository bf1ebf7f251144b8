import { describeOctet } from './octets.js'
import { type Breach, ProtocolError } from './protocol-error.js'

export type SectionKind = 'request' | 'response' | 'request-trailers' | 'response-trailers'

/**
 * The faults that a scan can find, one row each. `status` is the answer to a request with that fault; a response with any fault
 * is 502. `repairable`: real origins send it, so a response head with it is repaired and read.
 */
export const FAULTS = {
  bareLf: { what: 'bare', section: 'RFC 9112 2.2', status: 400, repairable: true },
  bareCr: { what: 'bare', section: 'RFC 9112 2.2', status: 400, repairable: false },
  method: { what: 'not allowed in a method:', section: 'RFC 9112 3.1', status: 400, repairable: false },
  target: { what: 'not allowed in a request-target:', section: 'RFC 9112 3.2', status: 400, repairable: false },
  noVersion: { what: 'request line without an HTTP-version:', section: 'RFC 9112 3', status: 400, repairable: false },
  version: { what: 'malformed HTTP-version:', section: 'RFC 9112 2.3', status: 400, repairable: false },
  major: { what: 'HTTP version other than 1.x:', section: 'RFC 9110 15.6.6', status: 505, repairable: false },
  status: { what: 'invalid status code (must be 100 to 999):', section: 'RFC 9110 15', status: 400, repairable: false },
  reasonSpace: { what: 'no space after the status code:', section: 'RFC 9112 4', status: 400, repairable: true },
  reason: { what: 'not allowed in a reason phrase:', section: 'RFC 9112 4', status: 400, repairable: false },
  leadingSpace: { what: 'whitespace before the first field:', section: 'RFC 9112 2.2', status: 400, repairable: false },
  fold: { what: 'folded line (obs-fold):', section: 'RFC 9112 5.2', status: 400, repairable: true },
  spaceBeforeColon: { what: 'whitespace before the colon:', section: 'RFC 9112 5.1', status: 400, repairable: true },
  emptyName: { what: 'empty field name:', section: 'RFC 9112 5.1', status: 400, repairable: false },
  name: { what: 'not allowed in a field name:', section: 'RFC 9110 5.1', status: 400, repairable: false },
  noColon: { what: 'field line without a colon:', section: 'RFC 9112 5', status: 400, repairable: false },
  value: { what: 'not allowed in a field value:', section: 'RFC 9110 5.5', status: 400, repairable: false },
  lineLong: { what: 'start line exceeds the limit:', section: 'RFC 9112 3', status: 414, repairable: false },
  sectionLong: { what: 'field section exceeds the limit:', section: 'RFC 6585 5', status: 431, repairable: false },
  fieldsMany: { what: 'more field lines than the limit:', section: 'RFC 6585 5', status: 431, repairable: false },
} as const satisfies Record<string, { what: string; section: string; status: number; repairable: boolean }>

export type FaultName = keyof typeof FAULTS

const SECTIONS: Record<SectionKind, string> = {
  request: 'the request head',
  response: 'the response head',
  'request-trailers': 'the trailer section of the request',
  'response-trailers': 'the trailer section of the response',
}

/** The error for a fault: `octet` is the byte at `offset` of the section, in `element` (`the value of field "Host"`). */
export function faultError(
  fault: FaultName,
  kind: SectionKind,
  octet: number,
  offset: number,
  element: string,
): ProtocolError {
  const { what, section, status } = FAULTS[fault]
  const where = `at byte ${offset} of ${SECTIONS[kind]}, in ${element}`
  const ofRequest = kind === 'request' || kind === 'request-trailers'
  const message = `${what} ${describeOctet(octet)} ${where}`
  return new ProtocolError(ofRequest ? status : 502, message, section, offset, breachOf(fault, kind))
}

function breachOf(fault: FaultName, kind: SectionKind): Breach {
  const ofTrailers = kind === 'request-trailers' || kind === 'response-trailers'
  const tooLarge = ofTrailers ? 'trailers-size' : 'head-size'
  if (fault === 'lineLong') return { limits: ['requestLineBytesMax'] }
  if (fault === 'sectionLong') return { kind: tooLarge, limits: [ofTrailers ? 'trailerBytesMax' : 'headBytesMax'] }
  return fault === 'fieldsMany' ? { kind: tooLarge, limits: ['fieldsMax'] } : {}
}
