import fc from 'fast-check'
import { test } from 'tap'
import { fieldsOf, type Lines } from '../../lib/wire/lines.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { RequestReader } from '../../lib/wire/request-reader.js'
import { type Llhttp, startLlhttp, type Understood, type Verdict } from './llhttp.js'
import { RUNS, SEED } from './property.js'

// A request that our reader accepts is accepted by Node's own parser, too, with the same meaning. Exceptions are listed with a
// reason.
const ARGUED: readonly { why: string; holds: (octets: string) => boolean; shown: string; error: string }[] = [
  {
    why: 'R128: it knows a list of methods; RFC 9110 9.1 lets anyone define more, and a proxy forwards them',
    holds: octets => octets.split('\r\n').some(line => / HTTP\/1\.\d$/.test(line) && !METHODS.has(line.split(' ')[0]!)),
    shown: 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n',
    error: 'HPE_INVALID_METHOD',
  },
  {
    why: 'R105: a higher minor version is read as 1.1 (RFC 9110 2.5)',
    holds: octets => / HTTP\/1\.[2-9]\r\n/.test(octets),
    shown: 'GET / HTTP/1.2\r\nHost: a\r\n\r\n',
    error: 'HPE_INVALID_VERSION',
  },
  {
    why: 'R62: whitespace around `;` and `=` of a chunk extension is bad, and must be read (RFC 9112 7.1.1)',
    holds: octets => /\r\n[0-9a-fA-F]+(?=[ \t]*;)[^\r\n]*([ \t][;=]|[;=][ \t])/.test(octets),
    shown: 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1 ; a = b\r\nx\r\n0\r\n\r\n',
    error: 'HPE_INVALID_CHUNK_SIZE',
  },
  {
    why: 'whitespace at the end of a chunk line is what padded sizes leave; nginx, Apache and HAProxy take it',
    holds: octets => /\r\n[0-9a-fA-F]+([ \t]*;[^\r\n]*)?[ \t]+\r\n/.test(octets),
    shown: 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1  \r\nx\r\n0\r\n\r\n',
    error: 'HPE_INVALID_CHUNK_SIZE',
  },
]

const METHODS = new Set(
  'DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE'.split(
    ' ',
  ),
)

const CORPUS = [
  'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  '\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET http://a:80/b?c=d HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET https://[::1]:80 HTTP/1.1\r\nHost: h\r\n\r\n',
  'GET /a|{}%zz"<>^`\\ HTTP/1.1\r\nHost: h\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n',
  'CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\nthe tunnel',
  'GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY: \t \r\nZ:\t a b\t \r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xff\xe9\r\n\r\n',
  "GET / HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09Az: v\r\n\r\n",
  'GET / HTTP/1.1\r\nHost: a\r\nCookie: a\r\nCookie: b\r\nX: 1\r\nx: 2\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello',
  'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 005 \r\n\r\nhello',
  'PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
  'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0a\r\n0123456789\r\n0\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tChunked \r\n\r\n1\r\n\r\r\n0000\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;a;b=c;d="e \\" f;g=\xe9"\r\nx\r\n0;z\r\nA: b\r\nC:\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nHost: b\r\nUpgrade: x\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'PUT / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 2\r\n\r\nhi',
  'PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi',
  'PUT / HTTP/1.1\r\nHost: a\r\nExpect: else\r\nContent-Length: 2\r\n\r\nhi',
  'GET / HTTP/1.1\r\nHost: a\r\nProxy-Connection: keep-alive\r\nConnection: , ,x, keep-alive,\r\n\r\n',
  'GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPUT /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
]

// pieces of requests, valid and invalid
const method = fc.constantFrom('GET', 'PUT', 'POST', 'OPTIONS', 'DELETE', 'M-SEARCH', 'BREW', 'get', 'CONNECT', 'G(T')
const target = fc.constantFrom(
  '/',
  '*',
  '/a?b',
  'http://a/',
  'http://a',
  'https://[::1]:8/x',
  'a:443',
  '/\xe9',
  '/a#b',
  '/a b',
  '//',
  'http://u@a/',
  '',
  '?',
  'http:/a',
)
const version = fc.constantFrom(
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.1',
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/2.0',
  'HTTP/0.9',
  'HTTP/1.11',
  'http/1.1',
  '',
)
const lineEnd = fc.constantFrom(...Array(30).fill('\r\n'), '\n', '\r', '\r\r\n', '\n\r\n')
const name = fc.constantFrom(
  'X',
  'X-Y',
  'Cookie',
  'Connection',
  'Upgrade',
  'Expect',
  'TE',
  'Trailer',
  'Content-Length',
  'Transfer-Encoding',
  'Host',
  'X ',
  ' X',
  '',
  'X\xe9',
  'X(',
  'Content_Length',
  'Proxy-Connection',
)
const value = fc.constantFrom(
  '',
  'a',
  '5',
  '0',
  '+5',
  '5, 5',
  '0x5',
  '5 5',
  'chunked',
  'Chunked',
  'gzip, chunked',
  'chunked, chunked',
  ', chunked',
  'chunked;a=b',
  'x\0y',
  'x\x7fy',
  'x\xffy',
  'x\ty',
  'close',
  'keep-alive',
  'upgrade',
  '100-continue',
  'a\r\n b',
  'a\rb',
  'chunked\x0b',
)
const space = fc.constantFrom('', ' ', ' ', ' ', '\t', '  ', ' \t ', '\r\n ', '\x0b', '\xa0')
const field = fc
  .tuple(name, space, value, space, lineEnd)
  .map(([of, before, is, after, end]) => `${of}:${before}${is}${after}${end}`)
const content = fc.constantFrom(
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  '5\r\nhello\r\n0\r\nA: b\r\n\r\n',
  '05;a=b\r\nhello\r\n0\r\n\r\n',
  '5 \r\nhello\r\n0\r\n\r\n',
  '5\nhello\r\n0\r\n\r\n',
  '5\r\nhello\n0\r\n\r\n',
  '5;\r\nhello\r\n0\r\n\r\n',
  '0x5\r\nhello\r\n0\r\n\r\n',
  '+5\r\nhello\r\n0\r\n\r\n',
  'fffffffffffffffff\r\nhello',
  '5;a="b\\"c"\r\nhello\r\n0\r\n\r\n',
  '5;a="b\n"\r\nhello\r\n0\r\n\r\n',
  '5 ; a\r\nhello\r\n0\r\n\r\n',
  '5;a=\x01\r\nhello\r\n0\r\n\r\n',
  '5;a="\xe9\t"\r\nhello\r\n0\r\n\r\n',
  '5;a=;b\r\nhello\r\n0\r\n\r\n',
  '5;=b\r\nhello\r\n0\r\n\r\n',
  '5\r\nhelloX\r\n0\r\n\r\n',
  '0\r\nA : b\r\n\r\n',
  '0\r\n A: b\r\n\r\n',
  '0\r\nA: b\r\n c\r\n\r\n',
  '0\r\nA\r\n\r\n',
  '0\r\nA: b\n\r\n',
  '0\r\n\n',
  '-1\r\n\r\n',
)
const framing = fc.constantFrom(
  '',
  '',
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: chunked\r\n',
  'transfer-encoding:CHUNKED\r\n',
)
const request = fc
  .tuple(
    method,
    target,
    version,
    lineEnd,
    fc.constantFrom('Host: a\r\n', 'Host: a\r\n', ''),
    fc.array(field, { maxLength: 2 }),
    framing,
    lineEnd,
    content,
  )
  .map(
    ([m, ta, v, end, host, fields, frame, blank, c]) =>
      `${m} ${ta} ${v}${end}${host}${fields.join('')}${frame}${blank}${c}`,
  )
const good = fc.constantFrom(...CORPUS)
const mutation = fc.tuple(
  fc.nat(),
  fc.constantFrom('insert', 'delete', 'replace'),
  fc.constantFrom(
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    '\0',
    ':',
    ';',
    ',',
    '"',
    'a',
    '0',
    '5',
    '\x0b',
    '\x7f',
    '\x80',
    '\xff',
    'HTTP/1.1',
    '\r\n\r\n',
  ),
)
const mutated = fc
  .tuple(fc.oneof(good, request), fc.array(mutation, { minLength: 1, maxLength: 2 }))
  .map(([octets, mutations]) =>
    mutations.reduce((text, [at, how, what]) => {
      const i = at % (text.length + 1)
      return text.slice(0, i) + (how === 'delete' ? '' : what) + text.slice(how === 'insert' ? i : i + 1)
    }, octets),
  )

test('differential: what ours accepts, llhttp accepts with equal meaning', async t => {
  const llhttp = await startLlhttp()
  t.teardown(() => llhttp.close())
  const count = RUNS * 3
  t.comment(`HOPWISE_SEED=${SEED}, ${count} inputs`)
  for (const octets of CORPUS) {
    const ours = readAll(octets)
    t.equal(ours.error, '', JSON.stringify(octets))
    t.ok(ours.requests.length > 0)
  }
  let accepted = 0
  let argued = 0
  for (const octets of [...CORPUS, ...fc.sample(fc.oneof(request, mutated, good), { seed: SEED, numRuns: count })]) {
    const ours = readAll(octets)
    if (ours.requests.length === 0) continue
    accepted++
    const difference = compare(ours, await llhttp.read(octets))
    if (difference === '') continue
    if (ARGUED.some(({ holds }) => holds(octets))) argued++
    else t.fail(`HOPWISE_SEED=${SEED}: ${JSON.stringify(octets)}: ${difference}`)
  }
  t.comment(`${accepted} accepted by ours, ${argued} of them refused by llhttp and argued`)
  t.ok(accepted > count / 10, 'most of it is not for nothing')
})

for (const { why, holds, shown, error } of ARGUED) {
  test(`${why} (differential, argued)`, async t => {
    const llhttp: Llhttp = await startLlhttp()
    t.teardown(() => llhttp.close())
    t.equal(readAll(shown).error, '')
    t.equal(holds(shown), true)
    t.equal((await llhttp.read(shown)).error, error, 'llhttp still refuses it')
  })
}

/** '' or how llhttp's verdict differs from what ours accepted. */
function compare(ours: Read, theirs: Verdict): string {
  for (const [i, request] of ours.requests.entries()) {
    const mine = JSON.stringify(request)
    const other = theirs.requests[i]
    if (other === undefined) return `refused: ${theirs.error}, ours read ${mine}`
    if (JSON.stringify(other) !== mine) return `read ${JSON.stringify(other)}, ours ${mine}`
    if (endsConnection(request, ours.minors[i]!)) return '' // llhttp reads nothing after it: that is policy here
  }
  return ''
}

function endsConnection({ method: of, fields, trailers }: Understood, minor: number): boolean {
  const all = [...fields, ...trailers]
  const connection = all.filter((_, i) => i % 2 === 1 && /^(proxy-)?connection$/i.test(all[i - 1]!)).join()
  return of === 'CONNECT' || minor === 0 || /close|upgrade/i.test(connection)
}

/** Our reader, one connection: the complete requests, and how it ended. */
function readAll(octets: string): Read {
  const verdict: Read = { requests: [], error: '', minors: [] }
  const reader = new RequestReader()
  const bytes = Buffer.from(octets, 'latin1')
  let current: Understood = { method: '', target: '', fields: [], content: '', trailers: [] }
  const flat = (lines: Lines) => fieldsOf(lines).flatMap(field => [field.name, field.value])
  try {
    reader.consume(bytes, 0, bytes.length, {
      onRequestHead(head) {
        current = { method: head.method, target: head.target, fields: flat(head.lines), content: '', trailers: [] }
        verdict.minors.push(head.minor)
      },
      onRequestContent(part, from, to) {
        current.content += part.toString('latin1', from, to)
      },
      onRequestEnd(trailers) {
        if (trailers !== null) current.trailers = flat(trailers)
        verdict.requests.push(current)
        if (current.method !== 'CONNECT') reader.next()
      },
    })
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    verdict.error = error.message
  }
  return verdict
}

interface Read extends Verdict {
  minors: number[]
}
