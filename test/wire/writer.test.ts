import fc from 'fast-check'
import { test } from 'tap'
import {
  CHUNK_END,
  chunkHeader,
  fieldLine,
  LAST_CHUNK,
  lastChunk,
  requestLine,
  statusLine,
} from '../../lib/wire/writer.js'
import { checked } from './property.js'
import { readRequests, readResponses } from './reading.js'

const token = fc.string({ unit: fc.constantFrom(..."!#$%&'*+-.^_`|~09azAZ"), minLength: 1, maxLength: 12 })
const latin1 = (from: number, to: number) => fc.integer({ min: from, max: to }).map(code => String.fromCharCode(code))
const text = fc.string({ unit: fc.oneof(latin1(0x20, 0x7e), latin1(0x80, 0xff), fc.constant('\t')), maxLength: 30 })
const value = text.map(string => string.replace(/^[ \t]+|[ \t]+$/g, ''))
const target = fc.string({ unit: latin1(0x21, 0x7e).filter(char => char !== '#') }).map(path => `/${path}`)
const meaningless = token.filter(name => !/^(host|content-length|transfer-encoding)$/i.test(name))
const fields = fc.array(fc.tuple(meaningless, value), { maxLength: 10 })
const inWords = (list: [string, string][]) => list.map(([name, of]) => `${name}: ${of}`)
const inLines = (list: [string, string][]) => list.map(([name, of]) => fieldLine(name, of)).join('')

checked(
  'a written request reads back equal',
  fc.property(
    token.filter(method => method !== 'CONNECT'),
    target,
    fields,
    fields,
    fc.string({ unit: latin1(0, 255), minLength: 1 }),
    (method, path, list, trailers, content) => {
      const head = requestLine(method, path) + fieldLine('Host', 'a') + inLines(list)
      const chunks = `${chunkHeader(content.length)}${content}${CHUNK_END}${lastChunk(inLines(trailers))}`
      const { events, error } = readRequests(`${head}${fieldLine('Transfer-Encoding', 'chunked')}\r\n${chunks}`)
      return (
        error === '' &&
        JSON.stringify(events) ===
          JSON.stringify([
            `${method} ${path} 1.1 chunked -1`,
            `origin |a|${path}`,
            'Host: a',
            ...inWords(list),
            'Transfer-Encoding: chunked',
            `content ${JSON.stringify(content)}`,
            'end',
            ...(trailers.length > 0 ? ['trailers', ...inWords(trailers)] : []),
          ])
      )
    },
  ),
)

checked(
  'a written response reads back equal',
  fc.property(
    fc.integer({ min: 200, max: 599 }).filter(status => status !== 204 && status !== 304),
    text,
    fields,
    (status, reason, list) => {
      const { events, error } = readResponses(
        `${statusLine(status, reason)}${inLines(list)}${fieldLine('Transfer-Encoding', 'chunked')}\r\n${LAST_CHUNK}`,
      )
      const expected = [
        `${status} ${JSON.stringify(reason)} 1.1 chunked -1`,
        ...inWords(list),
        'Transfer-Encoding: chunked',
        'end',
      ]
      return error === '' && JSON.stringify(events) === JSON.stringify(expected)
    },
  ),
)

test('R107: what is written, in HTTP/1.1', async t => {
  t.equal(requestLine('GET', '/'), 'GET / HTTP/1.1\r\n')
  t.equal(statusLine(200, 'OK'), 'HTTP/1.1 200 OK\r\n')
  t.equal(statusLine(299, ''), 'HTTP/1.1 299 \r\n', 'R28: the space stands without a reason too')
  t.equal(fieldLine('X', ''), 'X: \r\n')
  t.equal(chunkHeader(255), 'ff\r\n')
  t.equal(lastChunk(''), LAST_CHUNK)
})

test('R4, R32, R103: nothing is written that breaks the grammar', async t => {
  for (const bad of ['', 'a b', 'a\r', 'é', 'Ā', 'a:']) {
    t.throws(() => requestLine(bad, '/'), TypeError)
    t.throws(() => fieldLine(bad, 'v'), TypeError)
  }
  for (const bad of ['', '/a b', '/#', '/\r\n', '/é', '/Ā', '/\0']) t.throws(() => requestLine('GET', bad), TypeError)
  for (const bad of ['\r', 'a\nb', '\0', 'Ā', '\x7f', ' a', 'a\t']) t.throws(() => fieldLine('X', bad), TypeError)
  for (const bad of ['\r', 'Ā']) t.throws(() => statusLine(200, bad), TypeError)
  for (const bad of [99, 1000, 200.5, Number.NaN]) t.throws(() => statusLine(bad, ''), TypeError)
  for (const bad of [0, -1, 1.5, 2 ** 53]) t.throws(() => chunkHeader(bad), TypeError)
})
