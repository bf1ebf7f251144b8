import fc from 'fast-check'
import { checked, RUNS } from './property.js'
import { readRequests, readResponses, type Told } from './reading.js'

// The readers throw nothing but ProtocolError, whatever comes (`reading.ts` passes anything else on), and splitting changes
// nothing.

// biome-ignore format: a list
const PIECES = [
  'GET', 'PUT', 'CONNECT', 'OPTIONS', ' ', ' /', ' *', ' http://a', ' a:1', ' HTTP/1.1', ' HTTP/1.0', 'HTTP/1.1 ', 'HTTP/1.0 ', '200', '100', '101', '204', '304', ' OK',
  '\r\n', '\r\n', '\r\n', '\r\n\r\n', '\n', '\r', ':', ' :', '\t', '\0', '\xff', ';', ',', '"', '\\', '=', 'a', '0', '1', '5', 'f', '0\r\n\r\n', '1\r\nx\r\n',
  'Host: a\r\n', 'Content-Length: 5\r\n', 'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n', 'Connection: close\r\n', 'X: y\r\n', ' folded\r\n', 'hello',
]

const REQUESTS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  '\r\nPUT http://a/ HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET / HTTP/1.0\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.0\r\n\r\n',
]

const RESPONSES = [
  'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n',
  'HTTP/1.1 100 \n\nHTTP/1.0 200\nA : b\r\n c\r\nContent-Length: 1, 1\r\n\r\nx',
  'HTTP/1.1 200 OK\nTransfer-Encoding : chunked\r\n\r\n5;a="b"\r\nhello\r\n0\r\nA: b\r\n\r\n',
]

const octet = fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code))
const noise = fc.string({ unit: octet, maxLength: 60 })
const soup = fc.array(fc.constantFrom(...PIECES), { maxLength: 30 }).map(pieces => pieces.join(''))
const mutation = fc.tuple(fc.nat(), fc.boolean(), fc.oneof(octet, fc.constantFrom(...PIECES)))

function mutated(of: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(...of), fc.array(mutation, { maxLength: 4 })).map(([octets, mutations]) =>
    mutations.reduce((text, [at, inserts, what]) => {
      const i = at % (text.length + 1)
      return text.slice(0, i) + what + text.slice(inserts ? i : i + 1)
    }, octets),
  )
}

const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 6 })
const SMALL = {
  requestLineBytesMax: 16,
  headBytesMax: 40,
  fieldsMax: 2,
  trailerBytesMax: 8,
  chunkExtensionBytesMax: 3,
  chunkExtensionsBytesMax: 5,
  emptyLinesMax: 1,
}
const limits = fc.constantFrom({}, SMALL)
const methods = fc.array(fc.constantFrom('GET', 'HEAD', 'CONNECT'), { minLength: 1, maxLength: 3 })

/** Whole, in a few pieces, and one byte at a time: the same. */
function same(octets: string, at: readonly number[], read: (cuts: readonly number[]) => Told): boolean {
  const whole = JSON.stringify(read([]))
  const pieces = at.filter(cut => cut <= octets.length).sort((a, b) => a - b)
  return [pieces, Array.from(octets, (_, i) => i)].every(way => JSON.stringify(read(way)) === whole)
}

checked(
  'requests: only ProtocolError escapes, and splitting changes nothing',
  fc.property(fc.oneof(noise, soup, mutated(REQUESTS)), cuts, limits, (octets, at, limit) =>
    same(octets, at, way => readRequests(octets, way, { limits: limit })),
  ),
  RUNS * 10,
)

const anyResponse = fc.oneof(
  noise,
  soup.map(text => `HTTP/1.1 200 OK\r\n${text}`),
  soup,
  mutated(RESPONSES),
)

checked(
  'responses: only ProtocolError escapes, and splitting changes nothing',
  fc.property(anyResponse, cuts, limits, methods, fc.boolean(), fc.boolean(), (octets, at, limit, to, strict, ends) =>
    same(octets, at, way => readResponses(octets, way, { limits: limit, to, strict, ends })),
  ),
  RUNS * 10,
)

checked(
  'responses: what the sink receives of a head, repaired or not, has no line end and no NUL in it',
  fc.property(mutated(RESPONSES), octets => {
    const { events } = readResponses(octets, [], { to: ['GET', 'GET'] })
    return events.every(event => !/[\r\n\0]/.test(event))
  }),
  RUNS * 3,
)
