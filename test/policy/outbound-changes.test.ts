import { test } from 'tap'
import { withClose, withLength, withoutExpect } from '../../lib/policy/outbound-changes.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { QUIET, request } from './heads.js'

// What is done to a head after its rewrite is what the rewrite does when it is told: so the ledger, which tells it, says what was sent.

const LINES = [
  'Host: a.example',
  'Transfer-Encoding: chunked',
  'Trailer: X-Sum',
  'A: 1',
  'trailer:X-B',
  'Expect: 100-continue',
]

test('R42: a length in the place of our chunked, and no Trailer any more', async t => {
  const { head, options } = request('PUT / HTTP/1.1', ...LINES)
  const chunked = rewriteRequest(head, options, { ...QUIET, framing: 'chunked' }).text
  const told = rewriteRequest(head, options, { ...QUIET, framing: 'length', contentLength: 7 }).text
  t.equal(withLength(chunked, 7), told)
  t.match(told, /\r\nContent-Length: 7\r\n/)
  t.notMatch(told, /trailer|transfer-encoding/i)
})

test('R171: Expect goes when it was met here', async t => {
  const { head, options } = request('PUT / HTTP/1.1', ...LINES)
  const asked = rewriteRequest(head, options, { ...QUIET, framing: 'chunked' }).text
  const told = rewriteRequest(head, options, { ...QUIET, framing: 'chunked', expectMet: true }).text
  t.equal(withoutExpect(asked), told)
  t.notMatch(told, /expect/i)
})

for (const [what, lines, context] of [
  ['alone', [], {}],
  ['before TE', ['TE: trailers', 'Connection: TE'], {}],
  ['before upgrade', ['Upgrade: websocket', 'Connection: upgrade'], { upgrades: new Set(['websocket']) }],
  ['behind credentials for the proxy behind us', [], { proxyAuthorization: 'Basic eDp5' }],
] as const) {
  test(`R72: close is said in our one Connection line: ${what}`, async t => {
    const { head, options } = request('GET / HTTP/1.1', 'Host: a.example', ...lines)
    const open = rewriteRequest(head, options, { ...QUIET, ...context }).text
    const told = rewriteRequest(head, options, { ...QUIET, ...context, close: true }).text
    t.equal(withClose(open, ''), told)
    t.match(told, /\r\nConnection: (.*, )?close\r\n/)
    t.equal(told.match(/\r\nconnection:/gi)?.length, 1)
  })
}

test('R72: … and in front of what the route sets', async t => {
  const set = 'X-Team: blue\r\n'
  t.equal(withClose(`GET / HTTP/1.1\r\n${set}\r\n`, set), `GET / HTTP/1.1\r\nConnection: close\r\n${set}\r\n`)
})
