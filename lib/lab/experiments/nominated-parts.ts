import { RequestReader } from '../../wire/request-reader.js'
import { fieldOf, request } from '../client.js'
import type { OriginAnswer, OriginRequest } from '../origin.js'
import { optionsOf } from './proxies-parts.js'

/** Fields that the lists of the first request name, and one that is not named. */
export const NAMED = ['Meter', 'X-Color', 'X-Hop-Note'] as const
export const UNNAMED = 'X-Traveller'
/** The same for the response. */
export const ANSWER_NAMED = 'X-Answer-Note'
export const ANSWER_UNNAMED = 'X-Answer-Traveller'
/** The forged address that the client sends: reserved for documentation (RFC 5737). */
export const FORGED = '203.0.113.9'
/** Content that looks like a request to a receiver that has lost its length. */
const HIDDEN = 'GET /hidden HTTP/1.1\r\nHost: origin\r\n\r\n'

export type FramingField = 'content-length' | 'transfer-encoding' | 'host' | 'cookie'

/** Several lines, mixed case, empty members, a private token without a field, and `close`. */
export const LISTS = request('GET /lists HTTP/1.1', {
  Host: 'origin',
  Connection: 'Meter',
  CONNECTION: 'x-color , , private-token',
  connection: 'X-Hop-Note, close',
  Meter: 'max-uses=3',
  'X-Color': 'blue',
  'X-Hop-Note': 'for the next hop',
  [UNNAMED]: 'for everybody',
})

/** Names the field that tells the next hop who the client is. */
export const IDENTITY = request('GET /identity HTTP/1.1', {
  Host: 'origin',
  Connection: 'X-Forwarded-For, close',
  'X-Forwarded-For': FORGED,
})

/** Names a field that has nothing to do with the connection. */
export function framingRequest(field: FramingField): string {
  const fields = { Host: 'origin', Connection: `${field}, close` }
  if (field === 'content-length')
    return request('POST /framing HTTP/1.1', { ...fields, 'Content-Length': String(HIDDEN.length) }) + HIDDEN
  if (field === 'transfer-encoding')
    return request('POST /framing HTTP/1.1', { ...fields, 'Transfer-Encoding': 'chunked' }) + chunked(HIDDEN)
  return request('GET /framing HTTP/1.1', field === 'cookie' ? { ...fields, Cookie: 'session=1' } : fields)
}

/** An answer that names one of its own fields, and says close if the request did. */
export function answerNaming({ head }: OriginRequest): OriginAnswer {
  const closes = optionsOf(head, 'connection').includes('close')
  return {
    fields: {
      Connection: closes ? `${ANSWER_NAMED}, close` : ANSWER_NAMED,
      [ANSWER_NAMED]: 'for the next hop',
      [ANSWER_UNNAMED]: 'for everybody',
    },
  }
}

/** Which of these fields are in a head. */
export function present(head: string, names: readonly string[]): string[] {
  return names.filter(name => fieldOf(head, name) !== '')
}

/** Does Connection still name the field, so that the next hop must delete it? */
export function isNamed(head: string, field: string): boolean {
  return optionsOf(head, 'connection').includes(field.toLowerCase())
}

/**
 * The number of bytes that a next hop would take for the beginning of another request if it deleted the fields that Connection
 * names before it determined the end of this one.
 */
export function misread({ head, content }: Pick<OriginRequest, 'head' | 'content'>): number {
  const sent =
    fieldOf(head, 'transfer-encoding') === '' ? content.toString('latin1') : chunked(content.toString('latin1'))
  const named = new Set(optionsOf(head, 'connection'))
  const lines = head.split('\r\n').filter(line => !named.has(line.slice(0, line.indexOf(':')).toLowerCase()))
  const octets = Buffer.from(lines.join('\r\n') + sent, 'latin1')
  try {
    const reader = new RequestReader()
    return (
      octets.length -
      reader.consume(octets, 0, octets.length, { onRequestHead() {}, onRequestContent() {}, onRequestEnd() {} })
    )
  } catch {
    return 0 // without Host it is not a valid request
  }
}

function chunked(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`
}
