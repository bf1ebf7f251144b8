import { test } from 'tap'
import { GRAMMAR_LIMITS, type GrammarLimits } from '../../lib/wire/limits.js'
import { fieldsOf, type Lines } from '../../lib/wire/lines.js'
import { RequestReader, type RequestSink, readHeadAgain } from '../../lib/wire/request-reader.js'
import { readTrailersAgain } from '../../lib/wire/section-reader.js'
import { cpuMs } from '../support/cpu.js'
import { everyWay, type RequestOptions, readRequests } from './reading.js'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n'

// the input, what the sink receives
const READ: readonly (readonly [name: string, octets: string, events: readonly string[], options?: RequestOptions])[] =
  [
    ['a request without content', `${GET}\r\n`, ['GET / 1.1 none 0', 'origin |a|/', 'Host: a', 'end']],
    [
      'R1, R117: bytes 0x80 to 0xff in a value stay as they are',
      `${GET}X: \x80é\xff\r\n\r\n`,
      ['GET / 1.1 none 0', 'origin |a|/', 'Host: a', 'X: \x80é\xff', 'end'],
    ],
    [
      'R5: empty lines before the request line',
      `\r\n\r\n${GET}\r\n`,
      ['GET / 1.1 none 0', 'origin |a|/', 'Host: a', 'end'],
    ],
    [
      'R31, R117: whitespace around a value is not part of it',
      'GET / HTTP/1.1\r\nHost:\t a \t \r\nX:\r\nY: \r\nZ: a\t b\r\n\r\n',
      ['GET / 1.1 none 0', 'origin |a|/', 'Host: a', 'X: ', 'Y: ', 'Z: a\t b', 'end'],
    ],
    [
      'R111: names are found in any case and kept as received',
      'GET / HTTP/1.1\r\nhOST: a\r\ncontent-LENGTH: 1\r\n\r\nx',
      ['GET / 1.1 length 1', 'origin |a|/', 'hOST: a', 'content-LENGTH: 1', 'content "x"', 'end'],
    ],
    [
      'R113: order and duplicates are kept',
      `${GET}A: 1\r\nB: 2\r\na: 3\r\n\r\n`,
      ['GET / 1.1 none 0', 'origin |a|/', 'Host: a', 'A: 1', 'B: 2', 'a: 3', 'end'],
    ],
    [
      'R35: content with any method',
      'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
      ['GET / 1.1 length 5', 'origin |a|/', 'Host: a', 'Content-Length: 5', 'content "hello"', 'end'],
    ],
    [
      'R55: neither field: no content',
      `POST / HTTP/1.1\r\nHost: a\r\n\r\n`,
      ['POST / 1.1 none 0', 'origin |a|/', 'Host: a', 'end'],
    ],
    [
      'Content-Length: 0',
      `PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`,
      ['PUT / 1.1 length 0', 'origin |a|/', 'Host: a', 'Content-Length: 0', 'end'],
    ],
    [
      'R36: chunked',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\n, w\r\n0\r\n\r\n`,
      ['POST / 1.1 chunked -1', 'origin |a|/', 'Host: a', 'Transfer-Encoding: chunked', 'content "hello, w"', 'end'],
    ],
    [
      'R66: the coding in any case',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ChunKED\r\n\r\n0\r\n\r\n`,
      ['POST / 1.1 chunked -1', 'origin |a|/', 'Host: a', 'Transfer-Encoding: ChunKED', 'end'],
    ],
    [
      'trailers',
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nA: 1\r\nHost: b\r\n\r\n`,
      [
        'POST / 1.1 chunked -1',
        'origin |a|/',
        'Host: a',
        'Transfer-Encoding: chunked',
        'content "x"',
        'end',
        'trailers',
        'A: 1',
        'Host: b',
      ],
    ],
    [
      'R105: HTTP/1.2 to 1.9 are read as 1.1',
      'GET / HTTP/1.9\r\nHost: a\r\n\r\n',
      ['GET / 1.1 none 0', 'origin |a|/', 'Host: a', 'end'],
    ],
    ['HTTP/1.0 needs no Host', 'GET / HTTP/1.0\r\n\r\n', ['GET / 1.0 none 0', 'origin ||/', 'end']],
    ['an unknown method', 'bre!w /pot HTTP/1.0\r\n\r\n', ['bre!w /pot 1.0 none 0', 'origin ||/pot', 'end']],
    [
      'pipelined requests',
      `GET /1 HTTP/1.0\r\n\r\nPUT /2 HTTP/1.0\r\nContent-Length: 1\r\n\r\nx\r\nGET /3 HTTP/1.0\r\n\r\n`,
      [
        'GET /1 1.0 none 0',
        'origin ||/1',
        'end',
        'PUT /2 1.0 length 1',
        'origin ||/2',
        'Content-Length: 1',
        'content "x"',
        'end',
        'GET /3 1.0 none 0',
        'origin ||/3',
        'end',
      ],
    ],
    [
      'R54: truncated content is not complete',
      `PUT / HTTP/1.0\r\nContent-Length: 5\r\n\r\nhell`,
      ['PUT / 1.0 length 5', 'origin ||/', 'Content-Length: 5', 'content "hell"'],
    ],
    ['R223: nothing is delivered before the whole head was received', `${GET}X: y\r\n`, []],
    [
      'R180: a Content-Length of 2^53-1',
      `PUT / HTTP/1.0\r\nContent-Length: 9007199254740991\r\n\r\nx`,
      ['PUT / 1.0 length 9007199254740991', 'origin ||/', 'Content-Length: 9007199254740991', 'content "x"'],
    ],
  ]

for (const [name, octets, events, options] of READ) {
  test(name, async t => {
    const told = everyWay(octets, (input, cuts) => readRequests(input, cuts, options))
    t.strictSame(told, { events, error: '', consumed: octets.length })
    if (!events.includes('end')) return
    for (const more of ['x', '\r\n', 'GET / HTTP/1.1\r\n\r\n']) {
      const first = readRequests(octets, [], { ...options, once: true })
      const followed = everyWay(octets + more, (input, cuts) => readRequests(input, cuts, { ...options, once: true }))
      t.strictSame(followed, first, `followed by ${JSON.stringify(more)}`)
    }
  })
}

const many = (count: number) => Array.from({ length: count }, (_, i) => `N${i}: v\r\n`).join('')
const SMALL = { requestLineBytesMax: 20, headBytesMax: 40, fieldsMax: 3, trailerBytesMax: 20, emptyLinesMax: 1 }

// the input, the error: status, section, byte, and the beginning of the message
// biome-ignore format: one row each
const REFUSED: readonly (readonly [name: string, octets: string, error: string, options?: RequestOptions])[] = [
  ['bare LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', '400 RFC 9112 2.2 @14 bare LF (0x0a) at byte 14 of the request head, in the request line'],
  ['bare LF after a field', 'GET / HTTP/1.1\r\nHost: a\n\r\n', '400 RFC 9112 2.2 @23 bare LF (0x0a) at byte 23 of the request head, in the value of field "Host"'],
  ['bare LF as the empty line', `${GET}\n`, '400 RFC 9112 2.2 @25 bare LF (0x0a) at byte 25 of the request head, in the name of field 2'],
  ['bare LF in a name', 'GET / HTTP/1.1\r\nHo\nst: a\r\n\r\n', '400 RFC 9112 2.2 @18 bare LF'],
  ['bare LF in a method', 'GE\nT / HTTP/1.1\r\n\r\n', '400 RFC 9112 2.2 @2 bare LF'],
  ['bare LF in a target', 'GET /\n HTTP/1.1\r\n\r\n', '400 RFC 9112 2.2 @5 bare LF'],
  ['bare LF before the request line', '\nGET / HTTP/1.1\r\n\r\n', '400 RFC 9112 2.2 @0 bare LF'],
  ['R3: bare CR in a value', `${GET}X: a\rb\r\n\r\n`, '400 RFC 9112 2.2 @29 bare CR (0x0d) at byte 29 of the request head, in the value of field "X"'],
  ['R3: bare CR after the request line', 'GET / HTTP/1.1\r\rHost: a\r\n\r\n', '400 RFC 9112 2.2 @14 bare CR'],
  ['R3: bare CR as the empty line', `${GET}\rX\n`, '400 RFC 9112 2.2 @25 bare CR (0x0d) at byte 25 of the request head, in the empty line at its end'],
  ['R3: bare CR before the request line', '\rGET / HTTP/1.1\r\n\r\n', '400 RFC 9112 2.2 @-1 bare CR before the request line: "G" (0x47)'],
  ['R116: NUL in a value', `${GET}X: a\0\r\n\r\n`, '400 RFC 9110 5.5 @29 not allowed in a field value: NUL (0x00)'],
  ['R116: DEL in a value', `${GET}X: \x7f\r\n\r\n`, '400 RFC 9110 5.5 @28 not allowed in a field value: control character (0x7f)'],
  ['R116: every other control character in a value', `${GET}X: \x1b\r\n\r\n`, '400 RFC 9110 5.5 @28'],
  ['R8: whitespace before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n', '400 RFC 9112 2.2 @16 whitespace before the first field: space (0x20)'],
  ['R33: obs-fold', `${GET}X: a\r\n b\r\n\r\n`, '400 RFC 9112 5.2 @31 folded line (obs-fold): space (0x20)'],
  ['R33: obs-fold with a tab', `${GET}\tb\r\n\r\n`, '400 RFC 9112 5.2 @25 folded line (obs-fold): tab (0x09)'],
  ['R29: space before the colon', 'GET / HTTP/1.1\r\nHost : a\r\n\r\n', '400 RFC 9112 5.1 @20 whitespace before the colon: space (0x20) at byte 20 of the request head, in the name of field 1'],
  ['R29: tab before the colon', 'GET / HTTP/1.1\r\nHost\t: a\r\n\r\n', '400 RFC 9112 5.1 @20'],
  ['an empty name', `${GET}: x\r\n\r\n`, '400 RFC 9112 5.1 @25 empty field name: ":" (0x3a)'],
  ['a name that is no token', `${GET}X(: x\r\n\r\n`, '400 RFC 9110 5.1 @26 not allowed in a field name: "(" (0x28)'],
  ['a name that starts with no token', `${GET}(: x\r\n\r\n`, '400 RFC 9110 5.1 @25'],
  ['a name with an octet of 0x80 and up', `${GET}é: x\r\n\r\n`, '400 RFC 9110 5.1 @25 not allowed in a field name: non-ASCII byte (0xe9)'],
  ['no colon', `${GET}X\r\n\r\n`, '400 RFC 9112 5 @26 field line without a colon: CR (0x0d)'],
  ['R9: not HTTP at all', '\x16\x03\x01\x02\0', '400 RFC 9112 3.1 @0 not allowed in a method: control character (0x16)'],
  ['R106: the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '505 RFC 9110 15.6.6 @11 HTTP version other than 1.x: "2" (0x32)'],
  ['R16: a method that is not a token', 'G{T / HTTP/1.1\r\n\r\n', '400 RFC 9112 3.1 @1'],
  ['no method', ' / HTTP/1.1\r\n\r\n', '400 RFC 9112 3.1 @0 not allowed in a method: space'],
  ['R16: a method alone', 'GET\r\n\r\n', '400 RFC 9112 3 @3 request line without an HTTP-version: CR (0x0d)'],
  ['R12, R16: two spaces after the method', 'GET  / HTTP/1.1\r\n\r\n', '400 RFC 9112 3.2 @4 not allowed in a request-target: space'],
  ['R12, R16: a tab instead of a space', 'GET\t/ HTTP/1.1\r\n\r\n', '400 RFC 9112 3.1 @3'],
  ['R12, R16: two spaces before the version', 'GET /  HTTP/1.1\r\n\r\n', '400 RFC 9112 2.3 @6 malformed HTTP-version: space'],
  ['R17: a space in the target', 'GET /a b HTTP/1.1\r\n\r\n', '400 RFC 9112 2.3 @7 malformed HTTP-version: "b"'],
  ['R16: a fragment in the target', 'GET /a#b HTTP/1.1\r\n\r\n', '400 RFC 9112 3.2 @6 not allowed in a request-target: "#" (0x23)'],
  ['R16: a byte of 0x80 and up in the target', 'GET /é HTTP/1.1\r\n\r\n', '400 RFC 9112 3.2 @5'],
  ['R16: a control character in the target', 'GET /\x7f HTTP/1.1\r\n\r\n', '400 RFC 9112 3.2 @5'],
  ['no version', 'GET /\r\n\r\n', '400 RFC 9112 3 @5 request line without an HTTP-version: CR (0x0d)'],
  ['an empty version', 'GET / \r\n\r\n', '400 RFC 9112 2.3 @6'],
  ['a version in lower case', 'GET / http/1.1\r\n\r\n', '400 RFC 9112 2.3 @6'],
  ['a version of two digits', 'GET / HTTP/1.10\r\n\r\n', '400 RFC 9112 2.3 @14'],
  ['a version without minor', 'GET / HTTP/1\r\n\r\n', '400 RFC 9112 2.3 @12'],
  ['a version that is no number', 'GET / HTTP/1.x\r\n\r\n', '400 RFC 9112 2.3 @13'],
  ['a space after the version', 'GET / HTTP/1.1 \r\n\r\n', '400 RFC 9112 2.3 @14'],
  ['R106: HTTP/2.0', 'GET / HTTP/2.0\r\n\r\n', '505 RFC 9110 15.6.6 @11'],
  ['R106: HTTP/0.9', 'GET / HTTP/0.9\r\n\r\n', '505 RFC 9110 15.6.6 @11'],
  ['R5: more empty lines than the limit', '\r\n\r\nGET / HTTP/1.0\r\n\r\n', '400 RFC 9112 2.2 @-1 too many empty lines', { limits: SMALL }],
  ['R14: a request line beyond the limit', 'GET /aaaaaaa HTTP/1.1\r\n\r\n', '414 RFC 9112 3 @20 start line exceeds the limit: "1"', { limits: SMALL }],
  ['R14: a target beyond the limit, no line end yet', 'GET /aaaaaaaaaaaaaaaaaaaaa', '414 RFC 9112 3 @20', { limits: SMALL }],
  ['R14: a method beyond the limit', 'GETGETGETGETGETGETGETGET', '414 RFC 9112 3 @20', { limits: SMALL }],
  ['R115: a field section beyond the limit', 'GET / HTTP/1.0\r\nX: 4567890123456789012345678901234567\r\n\r\n', '431 RFC 6585 5 @56 field section exceeds the limit: LF (0x0a) at byte 56 of the request head, in the empty line at its end', { limits: { ...SMALL, headBytesMax: 40 } }],
  ['R115: a value beyond the limit, no line end yet', 'GET / HTTP/1.0\r\nX: 4567890123456789012345678901234567890123456789', '431 RFC 6585 5 @56', { limits: SMALL }],
  ['R115: a name beyond the limit', 'GET / HTTP/1.0\r\n0123456789012345678901234567890123456789:', '431 RFC 6585 5 @56', { limits: SMALL }],
  ['R115: whitespace beyond the limit', 'GET / HTTP/1.0\r\nX:                                                  ', '431 RFC 6585 5 @56', { limits: SMALL }],
  ['R115: more fields than the limit', `GET / HTTP/1.0\r\n${many(4)}\r\n`, '431 RFC 6585 5 @37 more field lines than the limit: "N"', { limits: SMALL }],
  ['R115: trailers beyond the limit', `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: 45678901234567\r\n\r\n`, '431 RFC 6585 5 @20 field section exceeds the limit: LF (0x0a) at byte 20 of the trailer section of the request', { limits: { trailerBytesMax: 20 } }],
  ['R115: more trailer fields than the limit', `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n${many(3)}\r\n`, '431 RFC 6585 5 @14', { limits: { fieldsMax: 2 } }],
  ['a bare LF in the trailers', `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n`, '400 RFC 9112 2.2 @4 bare LF (0x0a) at byte 4 of the trailer section of the request, in the value of field "A"'],
  ['R121: Content-Length in the trailers', `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\ncontent-length: 1\r\n\r\n`, '400 RFC 9110 6.5.1 @6 content-length in the trailer section'],
  ['R121: Transfer-Encoding in the trailers', `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: x\r\n\r\n`, '400 RFC 9110 6.5.1 @0'],
  ['whitespace before the first trailer', `PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n A: b\r\n\r\n`, '400 RFC 9112 2.2 @0'],
]

for (const [name, octets, error, options] of REFUSED) {
  test(`refused: ${name}`, async t => {
    const told = everyWay(octets, (input, cuts) => readRequests(input, cuts, options))
    t.equal(told.error.slice(0, error.length), error, told.error)
    const followed = everyWay(`${octets}xyz\r\n\r\n`, (input, cuts) => readRequests(input, cuts, options))
    t.strictSame(followed, told, 'the same error whatever follows')
  })
}

test('R15, R104: request lines of 8,000 bytes are read, with the default limits', async t => {
  const target = `/${'a'.repeat(8000)}`
  t.match(readRequests(`GET ${target} HTTP/1.0\r\n\r\n`).events[0], target)
})

test('limits are met exactly: one byte or field fewer is read', async t => {
  const read = (octets: string, limits: Partial<GrammarLimits>) =>
    everyWay(octets, (input, cuts) => readRequests(input, cuts, { limits })).error
  t.equal(read('GET /aaaaaa HTTP/1.1\r\nHost: a\r\n\r\n', { requestLineBytesMax: 20 }), '')
  t.equal(read('GET / HTTP/1.0\r\nX: 45678901234567890123456789012345\r\n\r\n', { headBytesMax: 39 }), '')
  t.match(read('GET / HTTP/1.0\r\nX: 45678901234567890123456789012345\r\n\r\n', { headBytesMax: 38 }), /^431/)
  t.equal(read(`GET / HTTP/1.0\r\n${many(3)}\r\n`, { fieldsMax: 3 }), '')
  t.equal(read('\r\nGET / HTTP/1.0\r\n\r\n', { emptyLinesMax: 1 }), '')
  t.match(read('\r\nGET / HTTP/1.0\r\n\r\n', { emptyLinesMax: 0 }), /^400/)
})

test('200 fields are read, 201 are refused, with the default limits', async t => {
  t.equal(readRequests(`GET / HTTP/1.0\r\n${many(200)}\r\n`).events.length, 203)
  t.match(readRequests(`GET / HTTP/1.0\r\n${many(201)}\r\n`).error, /^431/)
})

test('a field name in a message is bounded', async t => {
  const { error } = readRequests(`GET / HTTP/1.0\r\n${'n'.repeat(500)}: a\0\r\n\r\n`)
  t.match(error, /in the value of field "n{64}"$/)
})

const SILENT: RequestSink = { onRequestHead() {}, onRequestContent() {}, onRequestEnd() {} }

test('the state of the reader, at each step', async t => {
  const reader = new RequestReader()
  const states: string[] = []
  const state = () =>
    `${reader.done ? 'done' : ''}${reader.started ? 'started' : ''}${reader.inContent ? ' content' : ''} ${reader.contentLeft}`
  const sink: RequestSink = {
    onRequestHead: () => states.push(`head: ${state()}`),
    onRequestContent: () => states.push(`content: ${state()}`),
    onRequestEnd: () => states.push(`end: ${state()}`),
  }
  const feed = (text: string) => {
    reader.consume(Buffer.from(text), 0, text.length, sink)
    states.push(state())
  }
  states.push(state())
  feed('\r\n')
  feed('P')
  feed('UT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n')
  feed('a')
  feed('bc')
  reader.next()
  reader.next()
  feed('PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n')
  feed('2\r\na')
  feed('b\r\n0\r\nA')
  feed(': b\r\n\r\n')
  reader.next()
  feed('GET / HTTP/1.0\r\n\r\n')
  t.strictSame(states, [
    ' 0',
    ' 0',
    'started 0',
    'head: started content 3',
    'started content 3',
    'content: started content 2',
    'started content 2',
    'content: started content 0',
    'end: done 0',
    'done 0',
    'head: started content -1',
    'started content -1',
    'content: started content -1',
    'started content -1',
    'content: started content -1',
    'started content -1',
    'end: done 0',
    'done 0',
    'head: started 0',
    'end: done 0',
    'done 0',
  ])
})

test('a reader that is done consumes nothing, and next() within a message throws', async t => {
  const reader = new RequestReader()
  const bytes = Buffer.from('GET / HTTP/1.0\r\n\r\nGET')
  t.equal(reader.consume(bytes, 0, bytes.length, SILENT), 18)
  t.equal(reader.consume(bytes, 18, bytes.length, SILENT), 18)
  reader.next()
  t.equal(reader.consume(bytes, 18, bytes.length, SILENT), 21)
  t.throws(() => reader.next(), /not complete/)
})

test('after a throw the reader has failed and refuses to continue; exceptions of the sink pass through', async t => {
  const refusing = new RequestReader()
  t.throws(() => refusing.consume(Buffer.from('\n'), 0, 1, SILENT), { name: 'ProtocolError', status: 400 })
  t.equal(refusing.failed, true)
  t.throws(() => refusing.consume(Buffer.from('G'), 0, 1, SILENT), /must not be used again/)

  const thrown = new Error('from the sink')
  const broken = new RequestReader()
  const sink: RequestSink = {
    ...SILENT,
    onRequestHead() {
      throw thrown
    },
  }
  const bytes = Buffer.from('GET / HTTP/1.0\r\n\r\n')
  t.throws(() => broken.consume(bytes, 0, bytes.length, sink), thrown)
  t.equal(broken.failed, true)
})

test('a sink may read another message within its call: the lines it was given stay valid', async t => {
  const reader = new RequestReader()
  const other = Buffer.from('PUT /other HTTP/1.0\r\nOther: 1\r\n\r\n')
  const seen: string[] = []
  const bytes = Buffer.from('GET / HTTP/1.0\r\nMine: 1\r\n\r\n')
  reader.consume(bytes, 0, bytes.length, {
    ...SILENT,
    onRequestHead(head) {
      new RequestReader().consume(other, 0, other.length, {
        ...SILENT,
        onRequestHead: inner => seen.push(inner.lines.name(0)),
      })
      seen.push(head.lines.name(0))
    },
  })
  t.strictSame(seen, ['Other', 'Mine'])
})

test('content is a slice of what was given, never a copy', async t => {
  const reader = new RequestReader()
  const bytes = Buffer.from('PUT / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc')
  reader.consume(bytes, 0, bytes.length, {
    ...SILENT,
    onRequestContent(given, from, to) {
      t.equal(given, bytes)
      t.strictSame([from, to], [bytes.length - 3, bytes.length])
    },
  })
})

test('the largest head, one byte at a time, is linear work', async t => {
  const head = `GET /${'a'.repeat(16000)} HTTP/1.0\r\nX: ${' '.repeat(30_000)}y${' '.repeat(30_000)}\r\n\r\n`
  const bytes = Buffer.from(head)
  const reader = new RequestReader(GRAMMAR_LIMITS)
  const took = await cpuMs(() => {
    for (let i = 0; i < bytes.length; i++) reader.consume(bytes, i, i + 1, SILENT)
  })
  t.equal(reader.done, true)
  t.ok(took < 1_000, `${took} ms`) // quadratic work would be 3 * 10^9 steps
})

test('R5: empty lines can be read alone, up to where a request or an error begins', async t => {
  const skip = (octets: string, ...before: string[]): number => {
    const reader = new RequestReader({ ...GRAMMAR_LIMITS, emptyLinesMax: 2 })
    for (const earlier of before) reader.skipEmptyLines(Buffer.from(earlier), 0, earlier.length)
    return reader.skipEmptyLines(Buffer.from(octets), 0, octets.length)
  }
  t.equal(skip('\r\n\r\nGET'), 4)
  t.equal(skip('GET'), 0)
  t.equal(skip('\n'), 0, 'a bare LF')
  t.equal(skip('\rG'), 1, 'a bare CR')
  t.equal(skip('\r\n\r\n\r\n'), 4, 'one too many')
  t.equal(skip('\nG', '\r'), 1, 'split')
  const reader = new RequestReader()
  const half = Buffer.from('GE\r')
  reader.consume(half, 0, 2, SILENT)
  t.equal(reader.skipEmptyLines(half, 2, 3), 2, 'not within a request')
})

test('a head that was read reads again from its text, unchanged', async t => {
  const text = 'PUT /a?b HTTP/1.1\r\nhost: a.example\r\nX:\t\x80 \r\nTransfer-Encoding: chunked\r\n\r\n'
  const told: string[] = []
  readHeadAgain(text, head => told.push(head.method, head.target, head.host, head.framing, head.lines.text))
  t.same(told, ['PUT', '/a?b', 'a.example', 'chunked', text])
  const long = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(GRAMMAR_LIMITS.headBytesMax)}\r\n\r\n`
  readHeadAgain(long, head => told.push(head.lines.text))
  t.equal(told.at(-1), long, 'what smaller limits would refuse today has been accepted')
})

test('a trailer section that was read reads again from its text, unchanged', async t => {
  const told: string[][] = []
  const use = (lines: Lines): number => told.push(fieldsOf(lines).map(({ name, value }) => `${name}=${value}`))
  readTrailersAgain('X-Sum:1\r\nx-sum:  \x80\x1b 2 \r\n\r\n', use)
  t.same(told, [['X-Sum=1', 'x-sum=\x80\x1b 2']], 'also what only a response may have')
  readTrailersAgain(`X: ${'x'.repeat(GRAMMAR_LIMITS.trailerBytesMax)}\r\n\r\n`, use)
  t.equal(told[1]?.[0]?.length, 2 + GRAMMAR_LIMITS.trailerBytesMax, 'what smaller limits would refuse was accepted')
})
