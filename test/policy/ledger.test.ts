import fc from 'fast-check'
import { test } from 'tap'
import { FieldEdits } from '../../lib/policy/field-edits.js'
import { KeptFields } from '../../lib/policy/kept-fields.js'
import {
  explainConnect,
  explainOwn,
  explainRequest,
  explainResponse,
  explainTrailers,
  type LedgerRow,
} from '../../lib/policy/ledger.js'
import type { RequestContext } from '../../lib/policy/request-context.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { type ResponseContext, rewriteResponse } from '../../lib/policy/rewrite-response.js'
import { fieldsOf } from '../../lib/wire/lines.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { crlf, fieldLines, GATEWAY, linesOf, optionsOf, request, response, TO_CLIENT, WAY } from './heads.js'

const short = (rows: LedgerRow[]): string[] =>
  rows.map(row => `${row.verdict} ${row.field}: ${row.value} (${row.section})`)

test('R132: a request, row by row', async t => {
  const { head, options } = request(
    'GET / HTTP/1.0',
    'A: 1',
    'Connection: x-a',
    'X-A: 2',
    'X-Forwarded-For: 3',
    'TE: x',
  )
  t.same(short(explainRequest(head, options, GATEWAY)), [
    'add Host: a.example (RFC 9110 7.2)',
    'keep A: 1 (RFC 9110 7.6)',
    'drop Connection: x-a (RFC 9110 7.6.1)',
    'drop X-A: 2 (RFC 9110 7.6.1)',
    'replace X-Forwarded-For: 3 (RFC 7239 8.1)',
    'drop TE: x (RFC 9110 10.1.4)',
    'add X-Forwarded-For: 192.0.2.1 (RFC 7239 7.4)',
    'add X-Forwarded-Proto: http (RFC 7239 7.4)',
    'add Via: 1.0 edge-7 (RFC 9110 7.6.3)',
  ])
})

test('R136: a request that is refused adds nothing', async t => {
  const { head, options } = request('GET / HTTP/1.1', 'Host: a', 'Connection: host')
  t.same(short(explainRequest(head, options, GATEWAY)), [
    'replace Host: a (RFC 9110 7.2)',
    'reject Connection: host (RFC 9110 7.6.1)',
  ])
})

test('what a route edits, and what else the proxy adds', async t => {
  const edits = { set: { 'X-Team': 'blue', Via2: 'x' }, remove: ['X-Debug'] }
  const { head, options } = request('GET / HTTP/1.1', 'Host: a.example', 'x-team: red', 'X-Debug: 1', 'X-Request-Id: a')
  const context = { ...GATEWAY, xForwarded: false, edits: new FieldEdits('request', edits), requestId: 'b' }
  const told = (rows: LedgerRow[]) => rows.map(row => `${row.verdict} ${row.field}: ${row.value} (${row.reason})`)
  t.same(told(explainRequest(head, options, context)), [
    'keep Host: a.example (end to end)',
    'replace x-team: red (set by the route)',
    'drop X-Debug: 1 (removed by the route)',
    'replace X-Request-Id: a (one id for the exchange on both sides)',
    'add Via: 1.1 edge-7 (this proxy and the protocol version that it received)',
    'add X-Request-Id: b (the id of the exchange)',
    'add X-Team: blue (set by the route)',
    'add Via2: x (set by the route)',
  ])
  const answer = response('GET', 'HTTP/1.1 200 OK', 'Date: x')
  const extra = 'Set-Cookie: a=b\r\nX-Ours: c\r\n'
  t.same(
    told(
      explainResponse(answer.head, answer.options, { ...TO_CLIENT, edits: new FieldEdits('response', edits), extra }),
    ),
    [
      'keep Date: x (end to end)',
      'add Set-Cookie: a=b (binds the client to its server)',
      'add X-Ours: c (a field of this proxy)',
      'add X-Team: blue (set by the route)',
      'add Via2: x (set by the route)',
    ],
  )
})

test('R225: credentials and challenges that authenticate the connection', async t => {
  const asks = request('GET / HTTP/1.1', 'Host: a.example', 'Authorization: negotiate YII=')
  const told = (rows: LedgerRow[]) => rows.filter(({ section }) => section === 'RFC 4559 6').map(({ field }) => field)
  t.same(told(explainRequest(asks.head, asks.options, GATEWAY)), ['Authorization'])
  const challenged = response(
    'HTTP/1.1 401 Unauthorized',
    'WWW-Authenticate: Basic realm="a"',
    'www-authenticate: NTLM',
    'Proxy-Authenticate: NTLM',
    'Content-Length: 0',
  )
  t.same(told(explainResponse(challenged.head, challenged.options, TO_CLIENT)), ['www-authenticate'])
  const basic = request('GET / HTTP/1.1', 'Host: a.example', 'Authorization: Basic YTpi', 'Connection: authorization')
  t.same(told(explainRequest(basic.head, basic.options, GATEWAY)), [])
})

test('R155: a 101 that is refused', async t => {
  const wrong = response('GET', 'HTTP/1.1 101 X', 'Connection: upgrade', 'Upgrade: h2c')
  t.match(short(explainResponse(wrong.head, wrong.options, TO_CLIENT)).at(-1), /^reject Upgrade: h2c/)
  const missing = response('GET', 'HTTP/1.1 101 X', 'Connection: upgrade')
  t.match(
    short(explainResponse(missing.head, missing.options, TO_CLIENT)).at(-1),
    /^reject Upgrade: {2}\(RFC 9110 7.8\)/,
  )
})

test('R121, R132: a trailer section', async t => {
  const lines = linesOf(crlf('X-A: 1', 'Host: b', 'X-Sum: c'), false)
  const options = optionsOf(fieldLines('Connection: x-a'))
  t.same(short(explainTrailers(lines, options, null, true)), [
    'drop X-A: 1 (RFC 9110 7.6.1)',
    'drop Host: b (RFC 9110 6.5.1)',
    'keep X-Sum: c (RFC 9110 7.6)',
  ])
  t.same(short(explainTrailers(lines, options, null, false)), [
    'drop X-A: 1 (RFC 9110 7.6.1)',
    'drop Host: b (RFC 9110 6.5.1)',
    'drop X-Sum: c (RFC 9112 7.1.2)',
  ])
})

test('a CONNECT: nothing of it is forwarded, and what the next proxy gets instead', async t => {
  const { lines } = request('CONNECT a:443 HTTP/1.1', 'Host: a:443', 'Connection: host', 'X: 1').head
  const dropped = ['Host: a:443', 'Connection: host', 'X: 1'].map(line => `drop ${line} (RFC 9110 9.3.6)`)
  t.same(short(explainConnect(lines, '')), dropped)
  const sent = crlf('CONNECT a:443 HTTP/1.1', 'Host: a:443', 'Via: 1.1 edge')
  t.same(short(explainConnect(lines, sent)), [
    ...dropped,
    'add Host: a:443 (RFC 9110 7.2)',
    'add Via: 1.1 edge (RFC 9110 7.6.3)',
  ])
})

test('an answer of the proxy: each of its fields, with its reason', async t => {
  const head = crlf('HTTP/1.1 429 Too Many Requests', 'Date: x', 'Retry-After: 1', 'X-Own: y')
  t.match(explainOwn(`${head}content`), [
    { field: 'Date', value: 'x', verdict: 'add', reason: 'when the answer was made' },
    { field: 'Retry-After', value: '1', verdict: 'add', reason: 'when to try again' },
    { field: 'X-Own', value: 'y', verdict: 'add', reason: 'a field of this proxy' },
  ])
})

// For any head: named fields and hop fields are dropped, ours survive, and the ledger reports exactly what was done.

const HOP = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'upgrade',
  'transfer-encoding',
  'http2-settings',
  'close',
]
const SOMETIMES_OURS = new Set(['connection', 'keep-alive', 'te', 'upgrade', 'transfer-encoding'])
const NAME = fc.oneof(
  fc.constantFrom(
    'X-A',
    'x-b',
    'Cookie',
    'Accept',
    'Date',
    'Trailer',
    'Via',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
  ),
  fc.constantFrom(
    'X_Forwarded_For',
    'X-Real-IP',
    'Proxy',
    'Max-Forwards',
    'Proxy-Authorization',
    'ALPN',
    'Expect',
    'Set-Cookie',
    'Location',
    'Content-Location',
    'Refresh',
  ),
  fc.constantFrom(...HOP.filter(name => name !== 'connection' && name !== 'transfer-encoding')),
  fc
    .stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/)
    .filter(name => !/^(host|content-length|transfer-encoding)$/i.test(name)),
)
const OPTION = fc.oneof(NAME, fc.constantFrom('close', 'Keep-Alive', 'upgrade', 'TE', ' ', 'host'))
const VALUE = fc.oneof(
  fc.constantFrom('/v1/x', 'http://up.example:3000/v1', '0; url=/v1', 'a=b; Path=/v1; Domain=up.example', 'x'),
  fc.constantFrom('1', 'trailers', 'websocket', 'h2c, websocket', '100-continue', '5', '', 'a, b'),
  fc.stringMatching(/^[!-~]([ -~]{0,9}[!-~])?$/),
)
const FIELD = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(NAME, VALUE) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom('Connection', 'connection'), fc.array(OPTION, { maxLength: 4 }).map(String)),
  },
)
const FIELDS = fc.array(FIELD, { maxLength: 12 }).map(fields => fields.map(([name, value]) => `${name}: ${value}`))

/** The edits of a route, with what must not remain. */
const EDITED = new Map(
  (['request', 'response'] as const).flatMap(kind => [
    [new FieldEdits(kind, { set: { 'X-A': 'ours', Cookie: 'ours' } }), /^(x[-_]a|cookie)$/i] as const,
    [
      new FieldEdits(kind, { set: { 'x-forwarded-for': 'ours' }, remove: ['Forwarded', 'X-Request-Id'] }),
      /^(x[-_]forwarded[-_]for|forwarded|x[-_]request[-_]id)$/i,
    ] as const,
    [
      new FieldEdits(kind, { remove: ['X-B', 'Accept', 'x_forwarded_host'] }),
      /^(x[-_]b|accept|x[-_]forwarded[-_]host)$/i,
    ] as const,
  ]),
)
const ROUTE_EDITS = fc.constantFrom(null, ...EDITED.keys())
const REQUEST_ID = fc.constantFrom('', 'r-1')

/** No received field that the route edits remains, and the fields that it sets are at the end. */
function isEdited(text: string, edits: FieldEdits | null, sets: boolean): void {
  const names = edits === null ? undefined : EDITED.get(edits)
  if (edits === null || names === undefined) return
  const left = fieldsOf(linesOf(text, true)).filter(({ name, value }) => names.test(name) && value !== 'ours')
  same(left, [], 'received fields that are edited')
  if (sets && !text.endsWith(`${edits.lines}\r\n`)) throw new Error('what the route sets is not at the end')
}

const REQUEST_CONTEXT: fc.Arbitrary<Omit<RequestContext, 'framing'> & { closes: boolean }> = fc.record({
  mode: fc.constantFrom('reverse', 'forward'),
  keepFields: fc.constantFrom(null, new KeptFields(['X-Real-IP', 'X_Real_IP'])),
  via: fc.constantFrom('edge-7', ''),
  viaRequest: fc.boolean(),
  authority: fc.constantFrom('a.example', 'b.example:81'),
  target: fc.constant('/x'),
  clientAddress: fc.constantFrom('192.0.2.1', '2001:db8::1', ''),
  more: fc.constantFrom(
    null,
    { forwardedPort: true, forwardedPrefix: true, realIp: true, certificate: [], isTrusted: () => false },
    {
      forwardedPort: true,
      forwardedPrefix: false,
      realIp: false,
      certificate: ['subject', 'certificate'],
      isTrusted: () => true,
    },
  ),
  prefix: fc.constantFrom('', '/p'),
  certificate: fc.constantFrom(null, {
    about: { subject: 'CN=a', issuer: '', serial: '1', fingerprint: 'f' },
    der: 'AA==',
  }),
  about: fc.constant(null),
  generation: fc.constant(0),
  edits: ROUTE_EDITS,
  requestId: REQUEST_ID,
  trace: fc.constantFrom('', 'traceparent: 00-ours\r\n', 'traceparent: 00-ours\r\ntracestate: ours\r\n'),
  clientPort: fc.constantFrom(0, 5000),
  scheme: fc.constantFrom('http', 'https'),
  trustedPeer: fc.boolean(),
  xForwarded: fc.boolean(),
  forwarded: fc.boolean(),
  upgrades: fc.constantFrom(new Set(['websocket']), new Set<string>()),
  nominatedEndToEnd: fc.constantFrom('remove', 'reject'),
  closes: fc.boolean(),
})
const RESPONSE_CONTEXT: fc.Arbitrary<ResponseContext> = fc.record({
  clientMinor: fc.constantFrom(0, 1),
  method: fc.constantFrom('GET', 'HEAD', 'CONNECT'),
  framing: fc.constantFrom('none', 'length', 'chunked', 'close'),
  via: fc.constantFrom('edge-7', ''),
  now: fc.constant(() => 'Sun, 06 Nov 1994 08:49:37 GMT'),
  persist: fc.constantFrom('', 'close', 'keep-alive'),
  keepAlive: fc.constantFrom('', 'timeout=5, max=9'),
  upgrade: fc.constantFrom('', 'websocket'),
  trailers: fc.boolean(),
  edits: ROUTE_EDITS,
  way: fc.constantFrom(null, WAY, { ...WAY, cookies: false }, { ...WAY, locations: false }),
  requestId: REQUEST_ID,
  extra: fc.constantFrom('', 'Set-Cookie: ours=1\r\n', 'X-Ours: 1\r\n'),
})

const seed = Date.now() % 2 ** 31
const RUN = { seed, numRuns: 1500 }

/** What must hold between a received head, what went out, and the rows that explain it. */
function holds(
  text: string,
  rows: LedgerRow[],
  inbound: { name: string; value: string }[],
  named: readonly string[],
): void {
  const out = fieldsOf(linesOf(text, true))
  const told = rows.filter(row => row.verdict === 'keep' || row.verdict === 'add')
  same(
    out,
    told.map(({ field: name, value }) => ({ name, value })),
    'the rows rebuild what went out',
  )
  same(
    rows.filter(row => row.verdict !== 'add').map(({ field: name, value }) => ({ name, value })),
    inbound,
    'every received field has its row',
  )
  for (const { field, verdict } of rows) {
    const name = field.toLowerCase()
    if (verdict !== 'keep') continue
    if (named.includes(name)) throw new Error(`${field} is named and was kept`)
    if (HOP.includes(name)) throw new Error(`${field} is for one hop and was kept`)
  }
  for (const { name } of out) {
    const lower = name.toLowerCase()
    if (HOP.includes(lower) && !SOMETIMES_OURS.has(lower)) throw new Error(`${name} went out`)
  }
}

function same(is: unknown, wanted: unknown, what: string): void {
  if (JSON.stringify(is) !== JSON.stringify(wanted))
    throw new Error(`${what}: ${JSON.stringify(is)} / ${JSON.stringify(wanted)}`)
}

test(`R132, R134, R141, R204: any request (seed ${seed})`, async t => {
  const start = fc.constantFrom('GET / HTTP/1.1', 'GET / HTTP/1.0', 'OPTIONS / HTTP/1.1', 'TRACE / HTTP/1.1')
  const framed = fc.constantFrom(
    ['none', ''],
    ['length', 'Content-Length: 5'],
    ['chunked', 'Transfer-Encoding: chunked'],
  )
  const property = fc.property(start, framed, FIELDS, REQUEST_CONTEXT, (line, [kind, framing], fields, rest) => {
    const framingLine = framing === '' || (kind === 'chunked' && line.endsWith('1.0')) ? [] : [framing!]
    const { head, options } = request(line, 'Host: a.example', ...framingLine, ...fields)
    const { closes, ...facts } = rest
    const context: RequestContext = { ...facts, framing: head.framing }
    const inbound = fieldsOf(head.lines)
    const rows = explainRequest(head, options, context, closes)
    let text = ''
    try {
      text = rewriteRequest(head, options, context).text(closes)
    } catch (error) {
      if (error instanceof ProtocolError && rows.some(row => row.verdict === 'reject')) return
      throw error
    }
    if (rows.some(row => row.verdict === 'reject')) throw new Error('the ledger rejects what the rewrite lets pass')
    holds(
      text,
      rows,
      inbound,
      options.names.filter(name => name !== 'host'),
    )
    const has = (field: string): boolean => text.includes(`\r\n${field}\r\n`)
    if (context.viaRequest && context.via !== '' && !has(`Via: 1.${head.minor} edge-7`))
      throw new Error('our Via is gone')
    const address = context.clientAddress === '' ? 'unknown' : context.clientAddress
    isEdited(text, context.edits, true)
    if (context.requestId !== '' && context.edits === null && !has('X-Request-Id: r-1'))
      throw new Error('our id is gone')
    if (context.edits === null && context.trace && !text.includes(`\r\n${context.trace}`))
      throw new Error('our trace is gone')
    if (context.edits !== null) return
    if (context.xForwarded && !new RegExp(`\r\nX-Forwarded-For: (.*, )?${address}\r\n`).test(text))
      throw new Error('no address')
    if (context.more?.realIp && !context.trustedPeer && context.clientAddress !== '' && !has(`X-Real-IP: ${address}`))
      throw new Error('no real address')
    if (context.xForwarded && !context.trustedPeer && !has('X-Forwarded-Host: a.example'))
      throw new Error('no authority')
    if (context.forwarded && !/\r\nForwarded: for=/.test(text)) throw new Error('our Forwarded is gone')
  })
  t.doesNotThrow(() => fc.assert(property, RUN))
})

test(`R132, R134, R123: any response (seed ${seed})`, async t => {
  const start = fc
    .constantFrom('200 OK', '204 X', '304 X', '101 X', '103 X', '426 X', '200 OK')
    .map(rest => `HTTP/1.1 ${rest}`)
  const property = fc.property(start, FIELDS, RESPONSE_CONTEXT, (line, fields, context) => {
    const { head, options } = response(context.method, line, ...fields)
    const inbound = fieldsOf(head.lines)
    const rows = explainResponse(head, options, context)
    let text = ''
    try {
      text = rewriteResponse(head, options, context)
    } catch (error) {
      if (error instanceof ProtocolError && rows.at(-1)?.verdict === 'reject') return
      if (error instanceof ProtocolError && rows.some(row => row.verdict === 'reject')) return
      throw error
    }
    if (text === '' && head.status < 200 && context.clientMinor === 0) return
    holds(
      text,
      rows,
      inbound,
      options.names.filter(name => name !== 'host'),
    )
    if (context.via !== '' && !text.includes('\r\nVia: 1.1 edge-7\r\n')) throw new Error('our Via is gone')
    if (head.status >= 200 && !/\r\nDate: /i.test(text)) throw new Error('no Date')
    const gets = head.status >= 200 || head.status === 101
    isEdited(text.replace(context.extra, ''), context.edits, gets)
    if (gets && !text.includes(context.extra)) throw new Error('a line of ours is gone')
    if (context.clientMinor === 0 && /\r\nTransfer-Encoding:/i.test(text)) throw new Error('chunked to HTTP/1.0')
  })
  t.doesNotThrow(() => fc.assert(property, RUN))
})
