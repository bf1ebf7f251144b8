import { test } from 'tap'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { crlf, QUIET, request } from './heads.js'

// What is known only when a head is sent, and what is known only when its content is complete. A finished text is never edited.

const LINES = [
  'Host: a.example',
  'Transfer-Encoding: chunked',
  'Trailer: X-Sum',
  'A: 1',
  'trailer:X-B',
  'Expect: 100-continue',
]

test('R42: a length instead of our chunked, and no Trailer', async t => {
  const { head, options } = request('PUT / HTTP/1.1', ...LINES)
  const outbound = rewriteRequest(head, options, { ...QUIET, framing: 'length', gatheredLength: 7 })
  const sent = crlf('PUT / HTTP/1.1', 'Host: a.example', 'A: 1', 'Expect: 100-continue', 'Content-Length: 7')
  t.equal(outbound.text(), sent)
  t.match(outbound, { framing: 'length', gatheredLength: 7, expectMet: false })
})

test('R171: Expect is dropped when it was met here', async t => {
  const { head, options } = request('PUT / HTTP/1.1', ...LINES)
  const outbound = rewriteRequest(head, options, { ...QUIET, framing: 'chunked', expectMet: true })
  t.notMatch(outbound.text(), /expect/i)
  t.match(outbound.text(), /\r\nTransfer-Encoding: chunked\r\n/)
  t.match(outbound, { framing: 'chunked', gatheredLength: -1, expectMet: true, expectContinue: false })
})

for (const [what, lines, context, options] of [
  ['alone', [], {}, 'close'],
  ['behind TE', ['TE: trailers', 'Connection: TE'], {}, 'TE, close'],
  [
    'behind upgrade',
    ['Upgrade: websocket', 'Connection: upgrade'],
    { upgrades: new Set(['websocket']) },
    'upgrade, close',
  ],
  ['behind credentials for the proxy behind us', [], { proxyAuthorization: 'Basic eDp5' }, 'close'],
] as const) {
  test(`R72: close is in our only Connection line: ${what}`, async t => {
    const { head, options: read } = request('GET / HTTP/1.1', 'Host: a.example', ...lines)
    const outbound = rewriteRequest(head, read, { ...QUIET, ...context })
    const told = outbound.text(true)
    t.ok(told.endsWith(`\r\nConnection: ${options}\r\n\r\n`), told)
    t.equal(told.match(/\r\nconnection:/gi)?.length, 1)
    t.notMatch(outbound.text(), /close/, 'asked once more, the other way')
  })
}
