import { test } from 'tap'
import { FieldEdits } from '../../lib/policy/field-edits.js'
import { explainResponse } from '../../lib/policy/ledger.js'
import { rewriteResponse } from '../../lib/policy/rewrite-response.js'
import { ruleOf } from '../../lib/policy/rules.js'
import { ruleOfBack, valueBack, wayBack } from '../../lib/policy/way-back.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { crlf, fieldLines, response, TO_CLIENT, WAY } from './heads.js'

const DATED = 'Date: Sun, 06 Nov 1994 08:49:37 GMT'
const BACK = { ...TO_CLIENT, way: WAY }
const FIELDS = [
  'Set-Cookie: a=b; Path=/v1',
  'location:http://up.example:3000/v1/x\t',
  'Set-Cookie: c=d, e=f; Path=/v1/y',
  DATED,
  'CONTENT-LOCATION:  /v1/z',
  'Set-Cookie: g=h',
  'Refresh: 5; url=/v1/r',
  'X-Location: /v1',
  'Link: </v1>',
]
const CHANGED = [
  'Set-Cookie: a=b; Path=/api',
  'location:/api/x\t',
  'Set-Cookie: c=d, e=f; Path=/api/y',
  DATED,
  'CONTENT-LOCATION:  /api/z',
  'Set-Cookie: g=h',
  'Refresh: 5; url=/api/r',
  'X-Location: /v1',
  'Link: </v1>',
]

for (const start of ['HTTP/1.1 201 Created', 'HTTP/1.1 302 Found', 'HTTP/1.1 200 OK'])
  test(`${start}: each line on its own, in its place; nothing else changes`, async t => {
    const { head, options } = response('GET', start, ...FIELDS)
    t.equal(rewriteResponse(head, options, BACK), crlf(start, ...CHANGED))
    t.equal(rewriteResponse(head, options, TO_CLIENT), crlf(start, ...FIELDS), 'not asked for')
  })

test('a response of HTTP/1.0, and one half of it', async t => {
  const { head, options } = response(
    'GET',
    'HTTP/1.0 302 Found',
    'Connection: x',
    'X: 1',
    'Location: /v1',
    'Set-Cookie: a=b; Path=/v1',
    DATED,
  )
  const outbound = (location: string, path: string) =>
    crlf('HTTP/1.1 302 Found', `Location: ${location}`, `Set-Cookie: a=b; Path=${path}`, DATED)
  t.equal(rewriteResponse(head, options, { ...BACK, way: { ...WAY, cookies: false } }), outbound('/api', '/v1'))
  t.equal(rewriteResponse(head, options, { ...BACK, way: { ...WAY, locations: false } }), outbound('/v1', '/api'))
})

test('cookies are rewritten in a 101, too, but not in other interim responses', async t => {
  const upgrade = ['Upgrade: websocket', 'Connection: upgrade', 'Set-Cookie: a=b; Path=/v1']
  const switching = response('GET', 'HTTP/1.1 101 Switching', ...upgrade)
  t.match(rewriteResponse(switching.head, switching.options, { ...BACK, upgrade: 'websocket' }), 'Path=/api\r\n')
  const early = response('GET', 'HTTP/1.1 103 Early Hints', 'Location: /v1')
  t.match(rewriteResponse(early.head, early.options, BACK), 'Location: /v1\r\n')
})

test('the rules of the hop and the edits of the route come first; what names an end-to-end field is counted', async t => {
  const { head, options } = response(
    'GET',
    'HTTP/1.1 302 Found',
    'Connection: location, close',
    'Location: /v1',
    'Refresh: 1;url=/v1',
    DATED,
  )
  const edits = new FieldEdits('response', { set: { Refresh: 'never' } })
  t.equal(rewriteResponse(head, options, { ...BACK, edits }), crlf('HTTP/1.1 302 Found', DATED, 'Refresh: never'))
  t.equal(options.nominated, 1)
  const wrong = response('GET', 'HTTP/1.1 101 Switching', 'Upgrade: h2c', 'Connection: upgrade')
  t.throws(() => rewriteResponse(wrong.head, wrong.options, { ...BACK, upgrade: 'websocket' }), ProtocolError)
})

const REFRESHES: [value: string, back: string | null][] = [
  ['5; url=/v1/r', '5; url=/api/r'],
  ['0.5,URL = "/v1"', '0.5,URL = "/api"'],
  ["5;url='http://up.example:3000/v1/' ", "5;url='/api/' "],
  ['5; url="/v1', null],
  ['5; url=/other', null],
  ['5', null],
  ['5; /v1', null],
  ['', null],
]
for (const [value, back] of REFRESHES)
  test(`Refresh: ${value}`, async t => {
    // What follows a value is no part of it.
    t.equal(valueBack(fieldLines(`Refresh: ${value}`), 0, WAY), back?.trimEnd() ?? null)
  })

test('before, after and reason: rows of the ledger, in their place', async t => {
  const { head, options } = response(
    'GET',
    'HTTP/1.1 201 Created',
    'Location: /v1',
    'X-A: 1',
    'Set-Cookie: a=b; Domain=up.example',
    DATED,
  )
  const rows = explainResponse(head, options, BACK)
  t.same(
    rows.map(({ field, value, verdict, reason, section }) => `${verdict} ${field}: ${value} (${reason}; ${section})`),
    [
      'replace Location: /v1 (points to the upstream, which the client reaches under another URL; RFC 9110 10.2.2)',
      'add Location: /api (as the client reaches it through the route; RFC 9110 10.2.2)',
      'keep X-A: 1 (end to end; RFC 9110 7.6)',
      'replace Set-Cookie: a=b; Domain=up.example (scoped to the upstream, which the client reaches under another path or name; RFC 6265 5.2)',
      'add Set-Cookie: a=b (as the client reaches it through the route; RFC 6265 5.2)',
      `keep ${DATED} (end to end; RFC 9110 7.6)`,
    ],
  )
  t.equal(ruleOf(ruleOfBack(fieldLines('Refresh: x'), 0)).section, 'RFC 9110 10.2.2')
})

test('ends that cannot be parsed match nothing', async t => {
  const ends = { outer: '', inner: '', asked: '/', sent: '/', client: { scheme: 'gopher', authority: '' } }
  const way = wayBack(
    { locations: true, cookies: false },
    { ...ends, upstream: { scheme: 'http', authorities: ['', 'UP'] } },
  )
  t.match(way, { own: [{ host: 'up', port: 80 }], ownHosts: ['up'], client: null, askedHost: '', locations: true })
})
