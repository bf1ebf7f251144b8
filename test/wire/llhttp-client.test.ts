import fc from 'fast-check'
import { test } from 'tap'
import { fieldsOf, type Lines } from '../../lib/wire/lines.js'
import { ResponseReader } from '../../lib/wire/response-reader.js'
import { CHUNK_END, chunkHeader, fieldLine, lastChunk, statusLine } from '../../lib/wire/writer.js'
import { askLlhttp, type Response } from './llhttp-client.js'
import { RUNS, SEED } from './property.js'

// Leniency differs on purpose; a well-formed message must mean the same to both.

const value = fc.constantFrom('', 'a', 'a b\tc', '\xe9\xff', 'x, y', '"q;r"')
const fields = fc.array(
  fc.tuple(fc.constantFrom('X', 'Set-Cookie', 'set-cookie', 'Link', 'ETag', 'Connection'), value),
  { maxLength: 5 },
)
const content = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map(code => String.fromCharCode(code)),
  maxLength: 40,
})
const inLines = (list: [string, string][]) => list.map(([name, of]) => fieldLine(name, of)).join('')

const framed = fc.oneof(
  content.map(text => `${fieldLine('Content-Length', `${text.length}`)}\r\n${text}`),
  content.map(text => `\r\n${text}`),
  fc.tuple(fc.array(content.filter(text => text !== '')), fields).map(([chunks, trailers]) => {
    const written = chunks.map(text => chunkHeader(text.length) + text + CHUNK_END).join('')
    return `${fieldLine('Transfer-Encoding', 'chunked')}\r\n${written}${lastChunk(inLines(trailers.filter(([name]) => name !== 'Connection')))}`
  }),
)
const status = fc.constantFrom(200, 201, 205, 206, 299, 301, 404, 407, 500, 599, 999)
const interim = fc.array(
  fc.constantFrom('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n'),
  { maxLength: 2 },
)
const response = fc
  .tuple(
    interim,
    status,
    value.filter(reason => !reason.includes('\t')),
    fields,
    framed,
  )
  .map(([before, code, reason, list, rest]) => before.join('') + statusLine(code, reason) + inLines(list) + rest)

test('differential: a well-formed response means the same to Node', async t => {
  t.comment(`HOPWISE_SEED=${SEED}`)
  for (const octets of fc.sample(response, { seed: SEED, numRuns: RUNS / 2 })) {
    const mine = read(octets, 'GET')
    const theirs = await askLlhttp(octets)
    if (JSON.stringify(theirs) !== JSON.stringify(mine)) {
      t.strictSame(theirs, mine, `HOPWISE_SEED=${SEED}: ${JSON.stringify(octets)}`)
    }
  }
})

test('R47: responses without content mean the same to Node', async t => {
  for (const [octets, method] of [
    ['HTTP/1.1 204 No Content\r\nA: b\r\n\r\n', 'GET'],
    ['HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 'GET'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', 'HEAD'],
    ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', 'HEAD'],
  ] as const) {
    t.strictSame(await askLlhttp(octets, method), read(octets, method), JSON.stringify(octets))
  }
})

test('differential: a truncated response is complete for neither', async t => {
  for (const octets of [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    'HTTP/1.1 200 OK\r\nA: b\r\n',
  ]) {
    t.throws(() => read(octets, 'GET'), { name: 'ProtocolError' })
    t.equal(await askLlhttp(octets), undefined, JSON.stringify(octets))
  }
})

function read(octets: string, method: string): Response {
  const told: Response = { interim: [], status: 0, reason: '', fields: [], content: '', trailers: [] }
  const flat = (lines: Lines) => fieldsOf(lines).flatMap(field => [field.name, field.value])
  const reader = new ResponseReader()
  reader.expect(method)
  const bytes = Buffer.from(octets, 'latin1')
  const sink = {
    onResponseHead(head: import('../../lib/wire/response-head.js').ResponseHead) {
      if (head.status < 200) {
        told.interim.push(head.status)
        return
      }
      told.status = head.status
      told.reason = head.reason
      told.fields = flat(head.lines)
    },
    onResponseContent(part: Buffer, from: number, to: number) {
      told.content += part.toString('latin1', from, to)
    },
    onResponseEnd(trailers: Lines | null) {
      if (trailers !== null) told.trailers = flat(trailers)
    },
  }
  reader.consume(bytes, 0, bytes.length, sink)
  reader.end(sink)
  return told
}
