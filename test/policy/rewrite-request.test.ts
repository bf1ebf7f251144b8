import { test } from 'tap'
import type { RequestContext } from '../../lib/policy/request-context.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { caught, crlf, GATEWAY, QUIET, request } from './heads.js'
import {
  CHUNKED,
  FORWARD,
  GET,
  HOST,
  LENGTH,
  OURS,
  PUT,
  type Row,
  TRUSTED,
  testRows,
  WANTED,
  WS,
} from './request-rows.js'

const kept: [title: string, ...fields: string[]][] = [
  ['R110: unknown fields', 'X-New: 1', 'Sec-Odd: 2'],
  ['R111: names in their case', 'x-nEW: 1', 'X-OLD: 2'],
  ['R112: lines of one name are not joined', 'A: 1', 'a: 2'],
  ['R113: values of one name keep their order', 'A: 2', 'B: 3', 'A: 1'],
  ['R114: Cookie lines are not joined', 'Cookie: a', 'Cookie: b'],
  ['R1: bytes beyond ASCII', 'A: caf\u00e9'],
  ['R149: no-transform and content fields', 'Cache-Control: no-transform', 'Content-Type: a/b'],
  ['R174: Referer', 'Referer: http://a.example/x'],
  ['R175: Authorization', 'Authorization: Basic eA=='],
  ['R178: preconditions and ranges', 'If-None-Match: "x"', 'Range: odd=1-2'],
  ['R199: Cache-Control, understood or not', 'Cache-Control: odd=1'],
  ['R207: Sec-WebSocket-* without an upgrade', 'Sec-WebSocket-Key: x'],
  ['a value without and with much whitespace', 'A:1', 'B: \t2 \t'],
]

const startLine: Row[] = [
  ['R128: an unknown method', ['BREW /pot HTTP/1.1', HOST], { target: '/pot' }, ['BREW /pot HTTP/1.1', HOST]],
  ['R10: our own version, whatever was received', ['GET / HTTP/1.0', HOST], {}, [GET, HOST]],
  ['R20, R148: the chosen path, unchanged', ['GET http://a.example HTTP/1.1', HOST], FORWARD, [GET, HOST]],
  [
    'R148: no dot segment, no percent, no slash is touched',
    ['GET /a//../%7e?q=%zz HTTP/1.1', HOST],
    { target: '/a//../%7e?q=%zz' },
    ['GET /a//../%7e?q=%zz HTTP/1.1', HOST],
  ],
  [
    'R21: absolute-form for a next proxy',
    ['GET http://a.example/x HTTP/1.1', HOST],
    { ...FORWARD, target: 'http://a.example/x' },
    ['GET http://a.example/x HTTP/1.1', HOST],
  ],
  [
    'R25, R168: OPTIONS for the server itself',
    ['OPTIONS http://a.example HTTP/1.1', HOST],
    { ...FORWARD, target: '*' },
    ['OPTIONS * HTTP/1.1', HOST],
  ],
]

const host: Row[] = [
  ['R125: an unchanged Host stays in its place', [GET, 'A: 1', HOST, 'B: 2'], {}, [GET, 'A: 1', HOST, 'B: 2']],
  ['R125: a changed Host goes first', [GET, 'A: 1', 'Host: b.example'], {}, [GET, HOST, 'A: 1']],
  ['R18: HTTP/1.0 without a Host gets one', ['GET / HTTP/1.0', 'A: 1'], {}, [GET, HOST, 'A: 1']],
  [
    'R18: an empty Host where there is no authority',
    ['GET / HTTP/1.0', 'A: 1'],
    { authority: '' },
    [GET, 'Host: ', 'A: 1'],
  ],
  [
    'R22: absolute-form takes precedence over Host',
    ['GET http://a.example/ HTTP/1.1', 'Host: b.example'],
    FORWARD,
    [GET, HOST],
  ],
  [
    'R147: the host in its own spelling',
    ['GET http://A.Example./ HTTP/1.1', 'Host: b'],
    { ...FORWARD, authority: 'A.Example.' },
    [GET, 'Host: A.Example.'],
  ],
]

const hop: Row[] = [
  ['R129, R133: Connection itself', [GET, HOST, 'Connection: close'], {}, [GET, HOST]],
  [
    'R132: what Connection names, in any case',
    [GET, HOST, 'Connection: X-A, x-b', 'x-a: 1', 'X-B: 2', 'X-C: 3'],
    {},
    [GET, HOST, 'X-C: 3'],
  ],
  [
    'R132: on any number of lines',
    [GET, 'Connection: x-a', HOST, 'X-A: 1', 'X-B: 2', 'connection: x-b'],
    {},
    [GET, HOST],
  ],
  ['R132: every line of that name', [GET, HOST, 'X-A: 1', 'Connection: x-a', 'X-A: 2'], {}, [GET, HOST]],
  [
    'R118: empty members name nothing',
    [GET, HOST, 'Connection: , ,x-a,', 'X-A: 1', 'X-B: 2'],
    {},
    [GET, HOST, 'X-B: 2'],
  ],
  ['R134: Keep-Alive, named or not', [GET, HOST, 'Keep-Alive: timeout=5'], {}, [GET, HOST]],
  [
    'R134, R212: Proxy-Connection, which names nothing',
    [GET, HOST, 'Proxy-Connection: x-a', 'X-A: 1'],
    {},
    [GET, HOST, 'X-A: 1'],
  ],
  ['R135: the reserved name Close', [GET, HOST, 'Close: 1'], {}, [GET, HOST]],
  ['R135, R208: HTTP2-Settings', [GET, HOST, 'HTTP2-Settings: AAMAAABk'], {}, [GET, HOST]],
  ['R135: ALPN without CONNECT', [GET, HOST, 'ALPN: h2'], {}, [GET, HOST]],
  [
    'R135: ALPN with CONNECT, to a next proxy',
    ['CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443', 'ALPN: h2'],
    { ...FORWARD, target: 'a.example:443', authority: 'a.example:443' },
    ['CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443', 'ALPN: h2'],
  ],
  [
    'R177: Proxy-Authorization is consumed by a forward proxy',
    [GET, HOST, 'Proxy-Authorization: Basic eA=='],
    FORWARD,
    [GET, HOST],
  ],
  [
    'R177: Proxy-Authorization never reaches an origin',
    [GET, HOST, 'Proxy-Authorization: Basic eA=='],
    {},
    [GET, HOST],
  ],
  [
    'R176: challenges do not belong in a request',
    [GET, HOST, 'Proxy-Authenticate: Basic', 'Proxy-Authentication-Info: a'],
    {},
    [GET, HOST],
  ],
  [
    'R132, R136: Expect named by Connection',
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 1', 'Connection: expect', 'Expect: 100-continue'],
    LENGTH,
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 1'],
  ],
]

testRows(...kept.map(([title, ...fields]): Row => [title, [GET, HOST, ...fields], {}, [GET, HOST, ...fields]]))
testRows(...startLine, ...host, ...hop)

type Refusal = [title: string, inbound: string[], context: Partial<RequestContext>, error: object]
const named = (name: string): string[] => [GET, HOST, `Connection: close, ${name}`]
const refused: Refusal[] = [
  [
    'R136: naming Host',
    named('host'),
    {},
    { status: 400, section: 'RFC 9110 7.6.1', message: /frames or routes.*: Connection: close, host/ },
  ],
  ['R136: naming Content-Length, there or not', named('Content-Length'), {}, { status: 400 }],
  ['R136: naming Transfer-Encoding', named('transfer-encoding'), FORWARD, { status: 400 }],
  ...['X-Forwarded-For', 'x-forwarded-prefix', 'X_Real-IP', 'Forwarded', 'Via'].map(
    (name): Refusal => [
      `R204: a trusted peer that names ${name}`,
      named(name),
      TRUSTED,
      { status: 400, message: /trusted peer/ },
    ],
  ),
  [
    'R204: a trusted peer of a forward proxy that names Forwarded',
    named('Forwarded'),
    { ...TRUSTED, ...FORWARD },
    { status: 400 },
  ],
  [
    'R136: an end-to-end field, by option',
    [...named('cookie'), 'Cookie: a'],
    { nominatedEndToEnd: 'reject' },
    { status: 400, message: /end-to-end/ },
  ],
  ['R171: another expectation', [...PUT, 'Expect: tea'], LENGTH, { status: 417, section: 'RFC 9110 10.1.1' }],
  ['R171: another expectation with the known one', [...PUT, 'Expect: 100-continue, tea'], LENGTH, { status: 417 }],
  [
    'R222: TRACE with content',
    ['TRACE / HTTP/1.1', HOST, 'Content-Length: 1'],
    LENGTH,
    { status: 400, section: 'RFC 9110 9.3.8' },
  ],
  ...[['x'], [''], ['1, 1'], ['1', '1'], ['+1']].flatMap(values =>
    ['TRACE', 'OPTIONS'].map(
      (method): Refusal => [
        `R139: ${method} with Max-Forwards ${JSON.stringify(values)}`,
        [`${method} / HTTP/1.1`, HOST, ...values.map(value => `Max-Forwards: ${value}`)],
        {},
        { status: 400, section: 'RFC 9110 7.6.2', message: /^Max-Forwards is not a single number/ },
      ],
    ),
  ),
  ['R222: TRACE with chunks', ['TRACE / HTTP/1.1', HOST, 'Transfer-Encoding: chunked'], CHUNKED, { status: 400 }],
]

for (const [title, inbound, context, error] of refused) {
  test(`${title} is refused`, async t => {
    const { head, options } = request(...inbound)
    const thrown = caught(() => rewriteRequest(head, options, { ...QUIET, ...context }))
    t.type(thrown, ProtocolError)
    t.match(thrown, error)
  })
}

test('R137: naming an absent field is not a reason to refuse', async t => {
  const { head, options } = request(...named('cookie'))
  t.equal(rewriteRequest(head, options, { ...QUIET, nominatedEndToEnd: 'reject' }).text(), crlf(GET, HOST))
})

test('R136: known end-to-end fields that are dropped for being named are counted; private ones are what naming is for', async t => {
  const { head, options } = request(
    GET,
    HOST,
    'Connection: cookie, x-a, te, trailer',
    'Cookie: a',
    'Cookie: b',
    'X-A: 1',
    'TE: x',
    'Trailer: y',
  )
  t.equal(rewriteRequest(head, options, { ...QUIET, framing: 'chunked' }).nominated, 2)
  t.match(
    rewriteRequest(
      request(GET, HOST, 'Connection: x-a', 'X-A: 1').head,
      request(GET, HOST, 'Connection: x-a', 'X-A: 1').options,
      { ...QUIET, nominatedEndToEnd: 'reject' },
    ).text(),
    /^GET/,
  )
})

test('R136: Trailer used to be hop-by-hop: removed, not counted', async t => {
  const { head, options } = request(
    'PUT / HTTP/1.1',
    HOST,
    'Transfer-Encoding: chunked',
    'Connection: trailer',
    'Trailer: y',
  )
  const outbound = rewriteRequest(head, options, { ...QUIET, framing: 'chunked', nominatedEndToEnd: 'reject' })
  t.equal(outbound.text(), crlf('PUT / HTTP/1.1', HOST, 'Transfer-Encoding: chunked'))
  t.equal(outbound.nominated, 0)
})

test('further facts about the outbound request', async t => {
  const plain = { upgrade: '', expectContinue: false, nominated: 0, refusedUpgrade: '' }
  const rows: [inbound: string[], context: Partial<RequestContext>, told: object][] = [
    [[GET, HOST], {}, plain],
    [[...PUT, 'Expect: 100-continue'], LENGTH, { ...plain, expectContinue: true }],
    [[...PUT, 'Expect: ,'], LENGTH, plain],
    [[...PUT, 'Expect: 100-continue', 'Connection: expect'], LENGTH, { ...plain, expectContinue: true, nominated: 1 }],
    [[GET, HOST, 'Expect: 100-continue'], {}, plain],
    [WANTED, {}, plain],
    [[GET, HOST, ...WS], {}, { ...plain, upgrade: 'websocket' }],
    [
      [GET, HOST, 'Upgrade: h2c, websocket, TLS/1.0', 'Connection: upgrade'],
      {},
      { ...plain, upgrade: 'websocket', refusedUpgrade: 'h2c, TLS/1.0' },
    ],
    [[GET, HOST, 'Upgrade: websocket'], {}, { ...plain, refusedUpgrade: 'websocket' }],
  ]
  for (const [inbound, context, told] of rows) {
    const { head, options } = request(...inbound)
    const { upgrade, expectContinue, nominated, refusedUpgrade } = rewriteRequest(head, options, {
      ...QUIET,
      ...context,
    })
    t.same({ upgrade, expectContinue, nominated, refusedUpgrade }, told, inbound.join(' | '))
  }
})

test('a head as browsers send it, at a gateway', async t => {
  const fields = [
    'Host: a.example',
    'User-Agent: x',
    'Accept: */*',
    'Accept-Encoding: gzip',
    'Connection: keep-alive',
    'Cookie: a=1',
  ]
  const { head, options } = request('GET /app.js?v=1 HTTP/1.1', ...fields)
  const text = rewriteRequest(head, options, { ...GATEWAY, target: '/app.js?v=1' }).text()
  t.equal(
    text,
    crlf('GET /app.js?v=1 HTTP/1.1', ...fields.filter(line => !line.startsWith('Conn')), ...OURS, 'Via: 1.1 edge-7'),
  )
})
