import { test } from 'tap'
import {
  checkFieldEdits,
  checkFieldName,
  checkFieldValue,
  FieldEdits,
  type FieldEditsOptions,
  PROTECTED_FIELDS,
} from '../../lib/policy/field-edits.js'
import { explainTrailers } from '../../lib/policy/ledger.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { rewriteResponse } from '../../lib/policy/rewrite-response.js'
import { keepTrailers } from '../../lib/policy/trailers.js'
import { caught, crlf, fieldLines, GATEWAY, linesOf, optionsOf, QUIET, request, response, TO_CLIENT } from './heads.js'
import { GET, HOST, OURS, type Row, testRows } from './request-rows.js'

const edits = (options: FieldEditsOptions) => ({ edits: new FieldEdits('request', options) })
const BLUE = edits({ set: { 'X-Team': 'blue' } })
const REMOVE = edits({ remove: ['X-Debug'] })

const requests: Row[] = [
  ['set: at the end', [GET, HOST, 'A: 1'], BLUE, [GET, HOST, 'A: 1', 'X-Team: blue']],
  [
    'set: in place of every line of that name, in any case, and of what CGI takes for it',
    [GET, 'x-team: red', HOST, 'X-TEAM: green', 'X_Team: black', 'X-Teams: all'],
    BLUE,
    [GET, HOST, 'X-Teams: all', 'X-Team: blue'],
  ],
  [
    'R132: a client cannot name it away',
    [GET, HOST, 'Connection: x-team', 'X-Team: red'],
    BLUE,
    [GET, HOST, 'X-Team: blue'],
  ],
  ['set: a known name', [GET, HOST, 'Cookie: a'], edits({ set: { Cookie: 'b' } }), [GET, HOST, 'Cookie: b']],
  ['set: to nothing', [GET, HOST, 'X-A: b'], edits({ set: { 'X-A': '' } }), [GET, HOST, 'X-A: ']],
  ['remove', [GET, 'x-debug: 1', HOST, 'X_DEBUG: 2', 'X-Debugger: 3'], REMOVE, [GET, HOST, 'X-Debugger: 3']],
  ['remove: what is not there', [GET, HOST], REMOVE, [GET, HOST]],
  [
    'R204: the field of an untrusted client is dropped anyway, the route sets its own',
    [GET, HOST, 'X-Forwarded-Proto: gopher', 'X-Real-IP: 6.6.6.6'],
    edits({ set: { 'X-Forwarded-Proto': 'https', 'X-Real-IP': '192.0.2.1' } }),
    [GET, HOST, 'X-Forwarded-Proto: https', 'X-Real-IP: 192.0.2.1'],
  ],
  [
    'R204: in place of ours',
    [GET, HOST],
    { ...edits({ set: { 'x-forwarded-proto': 'https' }, remove: ['Forwarded'] }), xForwarded: true, forwarded: true },
    [GET, HOST, ...OURS.slice(0, 2), 'x-forwarded-proto: https'],
  ],
  [
    'ours are left out',
    [GET, HOST],
    { ...edits({ remove: ['X_Forwarded-For', 'x-forwarded-host'] }), xForwarded: true, viaRequest: true },
    [GET, HOST, 'X-Forwarded-Proto: http', 'Via: 1.1 edge-7'],
  ],
  [
    'a trusted peer is not appended to where the route decides',
    [GET, HOST, 'X-Forwarded-For: 1.1.1.1', 'X-Forwarded-For: 2.2.2.2', 'X_Forwarded_For: 3.3.3.3'],
    { ...edits({ set: { 'X-Forwarded-For': '4.4.4.4' } }), trustedPeer: true, xForwarded: true },
    [GET, HOST, 'X-Forwarded-Host: a.example', 'X-Forwarded-Proto: http', 'X-Forwarded-For: 4.4.4.4'],
  ],
  [
    'but where it says something else it is',
    [GET, HOST, 'X-Forwarded-For: 1.1.1.1'],
    { ...BLUE, trustedPeer: true, xForwarded: true },
    [GET, HOST, 'X-Forwarded-For: 1.1.1.1, 192.0.2.1', ...OURS.slice(1), 'X-Team: blue'],
  ],
]
testRows(...requests)

test('R136: naming a field that is refused is refused, even if the route removes the field', async t => {
  const { head, options } = request(GET, HOST, 'Connection: cookie', 'Cookie: a')
  const context = { ...QUIET, ...edits({ remove: ['Cookie'] }), nominatedEndToEnd: 'reject' } as const
  t.match(
    caught(() => rewriteRequest(head, options, context)),
    { status: 400 },
  )
})

test('what Connection names counts as nominated, not as edited', async t => {
  const { head, options } = request(GET, HOST, 'Connection: cookie', 'Cookie: a', 'X-Debug: 1')
  t.equal(rewriteRequest(head, options, { ...QUIET, ...edits({ remove: ['Cookie', 'X-Debug'] }) }).nominated, 1)
})

test('without edits nothing is checked: the rules are those that all requests share', async t => {
  const { head, options } = request(GET, HOST)
  const before = rewriteRequest(head, options, { ...QUIET, ...edits({}) }).text()
  t.equal(before, rewriteRequest(head, options, QUIET).text())
})

const OK = 'HTTP/1.1 200 OK'
const DATE = 'Date: Sun, 06 Nov 1994 08:49:37 GMT'
const toClient = (options: FieldEditsOptions) => ({ ...TO_CLIENT, edits: new FieldEdits('response', options) })

test('a response: set and remove, but never what the hop needs', async t => {
  const { head, options } = response(
    'GET',
    OK,
    DATE,
    'Server: x',
    'Content-Length: 3',
    'set-cookie: a',
    'Set-Cookie: b',
  )
  const context = toClient({ set: { 'Strict-Transport-Security': 'max-age=1' }, remove: ['Server', 'Set-Cookie'] })
  t.equal(
    rewriteResponse(head, options, { ...context, extra: 'Set-Cookie: ours=1\r\n', persist: 'close' }),
    crlf(
      ...[OK, DATE, 'Content-Length: 3', 'Connection: close', 'Set-Cookie: ours=1'],
      'Strict-Transport-Security: max-age=1',
    ),
    'the cookie that holds a client to its server is not removed',
  )
})

test('fields are removed from an interim response, and none set; a 101 gets them', async t => {
  const context = { ...toClient({ set: { 'X-A': 'ours' }, remove: ['Link'] }), requestId: 'id', extra: 'X-B: c\r\n' }
  const hints = response('GET', 'HTTP/1.1 103 X', 'Link: x', 'X-A: theirs', 'X-Request-Id: theirs', 'C: d')
  t.equal(rewriteResponse(hints.head, hints.options, context), crlf('HTTP/1.1 103 X', 'C: d'))
  const { head, options } = response(
    'GET',
    'HTTP/1.1 101 X',
    'Connection: upgrade',
    'Upgrade: websocket',
    'X-A: theirs',
  )
  t.equal(
    rewriteResponse(head, options, { ...context, upgrade: 'websocket' }),
    crlf(...['HTTP/1.1 101 X', 'Upgrade: websocket', 'Connection: upgrade', 'X-Request-Id: id', 'X-B: c', 'X-A: ours']),
  )
})

test('a trailer section: what the route sets or removes cannot come in that way', async t => {
  const lines = linesOf(crlf('X-Sum: 1', 'x_debug: 2', 'X-Team: red', 'X-Hop: 3'), false)
  const named = optionsOf(fieldLines('Connection: x-hop'))
  const both = new FieldEdits('response', { set: { 'X-Team': 'blue' }, remove: ['X-Debug'] })
  t.equal(keepTrailers(lines, named, both), 'X-Sum: 1\r\n')
  t.same(
    explainTrailers(lines, named, both, true).map(({ reason }) => reason),
    ['end to end', 'removed by the route', 'removed by the route', 'named by Connection'],
  )
})

test('fields that belong to the hop cannot be edited', async t => {
  for (const kind of ['request', 'response'] as const)
    for (const [name, reason] of PROTECTED_FIELDS[kind]) {
      const message = `field ${name} cannot be edited: ${reason}`
      t.throws(() => new FieldEdits(kind, { remove: [name] }), { name: 'TypeError', message })
      t.throws(() => checkFieldEdits(kind, { set: { [name]: 'x' } }), { name: 'TypeError', message })
    }
  t.throws(() => checkFieldName('request', 'CONTENT_LENGTH'), /each hop frames the content/)
  t.throws(() => checkFieldName('response', 'Date'), /caches calculate with it/)
  checkFieldName('request', 'Date')
  checkFieldName('response', 'Host')
})

test('what is not a field, and what is edited twice', async t => {
  const rows: [options: FieldEditsOptions, sentence: RegExp][] = [
    [{ remove: ['X A'] }, /^"X A" is not a field name \(RFC 9110 5\.1\)$/],
    [{ set: { '': 'x' } }, /^"" is not a field name/],
    [{ set: { 'X-A': 'x' }, remove: ['x_a'] }, /^field x_a is edited twice/],
    [{ remove: ['a', 'A'] }, /^field A is edited twice/],
    [{ set: { A: ' x' } }, /^the value of A has leading or trailing whitespace/],
    [{ set: { A: 'x\t' } }, /leading or trailing whitespace/],
    [{ set: { A: 'x\r\nB: y' } }, /^the value of A contains a control character/],
    [{ set: { A: 'x\u0000' } }, /control character/],
    [{ set: { A: 'x\u007f' } }, /control character/],
    [{ set: { A: '\u20ac' } }, /contains "\u20ac": only latin1/],
    [{ set: { A: '\ud83d\ude00' } }, /only latin1/],
  ]
  for (const [options, sentence] of rows)
    t.throws(() => new FieldEdits('response', options), { name: 'TypeError', message: sentence })
  checkFieldValue('A', '')
  checkFieldValue('A', 'caf\u00e9 \t "x"')
})

test('our lines, without those that the route edits', async t => {
  const ours = 'X-Forwarded-For: 1\r\nX-Forwarded-Host: x-forwarded-for: 2\r\nVia: 1.1 x\r\n'
  const without = (...remove: string[]) => new FieldEdits('request', { remove }).without(ours)
  t.equal(without('X-A'), ours)
  t.equal(without('x_forwarded_for'), 'X-Forwarded-Host: x-forwarded-for: 2\r\nVia: 1.1 x\r\n')
  t.equal(without('Forwarded'), ours)
  t.equal(without('X-Forwarded-For', 'X-Forwarded-Host'), 'Via: 1.1 x\r\n')
})

test('our X-Request-Id, with edits and without', async t => {
  const { head, options } = request(
    GET,
    HOST,
    'X-Request-Id: theirs',
    'x_request_id: theirs',
    'Connection: x-request-id',
  )
  const send = (more: object) => rewriteRequest(head, options, { ...QUIET, ...more }).text()
  t.equal(send({ requestId: 'ours' }), crlf(GET, HOST, 'X-Request-Id: ours'), 'Connection cannot remove it')
  t.equal(send({ requestId: 'ours', ...BLUE }), crlf(GET, HOST, 'X-Request-Id: ours', 'X-Team: blue'))
  t.equal(send({ requestId: 'ours', ...edits({ remove: ['X-Request-Id'] }) }), crlf(GET, HOST))
  t.equal(
    send({ requestId: 'ours', ...edits({ set: { 'X-Request-Id': 'x' } }) }),
    crlf(GET, HOST, 'X-Request-Id: x'),
    'the route has the last word',
  )
  const answer = response('GET', OK, DATE, 'X-Request-Id: theirs', 'Content-Length: 3')
  t.equal(
    rewriteResponse(answer.head, answer.options, { ...TO_CLIENT, requestId: 'ours' }),
    crlf(OK, DATE, 'Content-Length: 3', 'X-Request-Id: ours'),
  )
  t.equal(
    rewriteResponse(answer.head, answer.options, { ...toClient({ remove: ['X-Request-Id'] }), requestId: 'ours' }),
    crlf(OK, DATE, 'Content-Length: 3'),
  )
})

test('edits and Connection at once, for a gateway as it is', async t => {
  const { head, options } = request(GET, HOST, 'Connection: keep-alive, X-Hop', 'X-Hop: 1', 'X-Debug: 2', 'Accept: */*')
  t.equal(
    rewriteRequest(head, options, { ...GATEWAY, ...REMOVE, requestId: 'r1' }).text(),
    crlf(GET, HOST, 'Accept: */*', ...OURS, 'Via: 1.1 edge-7', 'X-Request-Id: r1'),
  )
})
