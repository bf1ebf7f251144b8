import { test } from 'tap'
import type { LedgerSide } from '../../lib/admin/source.js'
import { exchange, request, response } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways } from '../support/scripted-origin.js'
import { GET, OK, type Options, silent, watched } from './fixture/watched.js'

const field = (side: LedgerSide | null, name: string) => side?.rows.find(row => row.field === name)

test('the ledger: what became of each field, on both sides', async t => {
  const text = response('ok', 'Server: x', 'Keep-Alive: timeout=9', 'Connection: keep-alive, X-Hop', 'X-Hop: 1')
  const routes = [
    {
      path: '/api',
      upstream: 'app',
      stripPrefix: '/api',
      sendHost: 'upstream',
      requestFields: { set: { 'X-Team': 'blue' } },
      responseFields: { remove: ['Server'] },
    },
  ]
  const options: Options = {
    routes,
    xForwarded: true,
    forwarded: true,
    via: 'both',
    requestId: 'make',
    limits: { clientRequestsMax: 2 },
  }
  const { connect, watching, origin, clock } = await watched(t, answerAlways(text), options)
  watching.on = true
  const client = await connect()
  await exchange(client, request('GET', '/api/first'))
  clock.advance(1_000)
  const answer = await exchange(
    client,
    request('GET', '/api/a?b', 'Connection: X-Mine', 'X-Mine: 2', 'Cookie: s=1', 'TE: gzip'),
  )
  const ledger = watching.ledger('x2')!
  t.equal(ledger.exchange, 'x2')

  const { request: asked, response: answered } = ledger
  t.match(asked, { startLine: 'GET /api/a?b HTTP/1.1', sentLine: 'GET /a?b HTTP/1.1' })
  t.match(field(asked, 'X-Mine'), { value: '2', verdict: 'drop', section: 'RFC 9110 7.6.1' })
  t.match(field(asked, 'Cookie'), { verdict: 'keep' })
  t.match(asked?.notes, [/route: \/api -> app/, /\/api\/a\?b becomes \/a\?b/])
  // The head that was sent is the one that the rows speak of.
  const said = (asked?.rows ?? []).filter(({ verdict }) => verdict === 'keep' || verdict === 'add')
  const sent = String(origin.connections[0]!.received).split('\r\n\r\n')[1]!.split('\r\n').slice(1)
  t.strictSame(
    said.map(row => `${row.field}: ${row.value}`),
    sent,
  )

  t.match(answered, { startLine: 'HTTP/1.1 200 OK', sentLine: 'HTTP/1.1 200 OK' })
  for (const name of ['X-Hop', 'Keep-Alive', 'Connection', 'Server'])
    t.match(field(answered, name), { verdict: 'drop' }, name)
  const passed = (answered?.rows ?? []).filter(({ verdict }) => verdict === 'keep' || verdict === 'add')
  t.strictSame(
    passed.map(row => `${row.field}: ${row.value}`),
    answer.fields.map(([name, value]) => `${name}: ${value}`),
  )
  t.match(answered?.notes, [/closes after this response: client-requests-max/])
  t.strictSame(JSON.parse(JSON.stringify(ledger)), ledger, 'plain data')
  t.equal(watching.ledger('x3'), null)
})

test('what leads back through the route: before, after and why', async t => {
  const text = response('ok', 'Location: /x', 'Set-Cookie: a=b; Path=/')
  const routes = [{ stripPrefix: '/api', upstream: 'app', rewriteLocation: true, rewriteCookies: true }]
  const { connect, watching } = await watched(t, answerAlways(text), { routes, xForwardedPrefix: true })
  watching.on = true
  const answer = await exchange(await connect(), request('GET', '/api/a'))
  const { request: asked, response: answered } = watching.ledger('x1')!
  t.match(field(asked, 'X-Forwarded-Prefix'), { value: '/api', verdict: 'add' })
  t.match(
    answered?.rows.filter(row => row.field === 'Location' || row.field === 'Set-Cookie'),
    [
      { value: '/x', verdict: 'replace', section: 'RFC 9110 10.2.2' },
      { value: '/api/x', verdict: 'add', reason: /through the route/ },
      { value: 'a=b; Path=/', verdict: 'replace', section: 'RFC 6265 5.2' },
      { value: 'a=b; Path=/api', verdict: 'add' },
    ],
  )
  const passed = (answered?.rows ?? []).filter(({ verdict }) => verdict === 'keep' || verdict === 'add')
  t.strictSame(
    passed.map(row => `${row.field}: ${row.value}`),
    answer.fields.map(([name, value]) => `${name}: ${value}`),
  )
})

test('the ledger of an exchange under way, and of answers of our own', async t => {
  const { connect, watching, origin } = await watched(t, silent)
  watching.on = true
  const client = await connect()
  await client.send(GET)
  await origin.accepted(1)
  await origin.connections[0]!.readUntil('\r\n\r\n')
  t.match(watching.ledger('x1'), {
    request: { sentLine: 'GET /a?b HTTP/1.1', notes: [/route: all -> app/] },
    response: null,
  })
  t.equal(watching.ledger('x2'), null)
  await origin.connections[0]!.send('nonsense\r\n\r\n')
  t.equal((await readMessage(client)).status, 502)
  t.match(watching.ledger('x1'), {
    request: { notes: [/route/, /^What went wrong: /, /our own, with status 502/] },
    response: { startLine: '', sentLine: 'HTTP/1.1 502 Bad Gateway' },
  })

  const trace = await exchange(await connect(), request('TRACE', '/', 'X: y'))
  t.equal(trace.status, 405)
  const refused = watching.ledger('x2')!
  t.match(refused, {
    request: { startLine: 'TRACE / HTTP/1.1', sentLine: '', notes: [/TRACE is not allowed/, /status 405/] },
  })
  t.match(field(refused.response, 'Allow'), { verdict: 'add', reason: 'the methods that are allowed here' })
  t.strictSame(
    refused.request?.rows.map(({ verdict }) => verdict),
    ['keep', 'keep'],
    'nothing is added to what is not sent',
  )
})

test('the ledger says what does not stand in a field', async t => {
  const old = 'HTTP/1.0 200 OK\r\nConnection : keep-alive\r\nContent-Length: 2\r\n\r\nok'
  const { connect, watching, origin } = await watched(t, answerAlways(old))
  watching.on = true
  const client = await connect()
  await exchange(client, GET)
  t.match(watching.ledger('x1')?.response?.notes, [/1 fault\(s\) in the lines were repaired/])
  await client.send(request('PUT', '/', 'Expect: 100-continue', 'Transfer-Encoding: chunked'))
  t.equal((await readMessage(client)).status, 100)
  t.match(
    watching.ledger('x2')?.request,
    { sentLine: '', notes: [/route/, /100 \(Continue\) was said here/] },
    'not sent yet',
  )
  await client.send('2\r\nhi\r\n0\r\n\r\n')
  t.equal((await readMessage(client)).status, 200)
  t.match(String(origin.connections[0]?.received), /\r\nContent-Length: 2\r\n/)
  const { request: asked } = watching.ledger('x2')!
  t.match(field(asked, 'Content-Length'), { value: '2', verdict: 'add' })
  t.match(field(asked, 'Transfer-Encoding'), { verdict: 'drop', reason: /gathered/, section: 'RFC 9112 6.2' })
  t.match(field(asked, 'Expect'), { verdict: 'drop', reason: /met here/, section: 'RFC 9110 10.1.1' })
})

test('heads are kept of the last 200 exchanges; of one that began before somebody looked only what is still there', async t => {
  const { connect, watching, origin } = await watched(t, async (connection, nth) => {
    if (nth > 0) await answerAlways(OK)(connection, nth)
  })
  const early = await connect()
  await early.send(GET)
  await origin.accepted(1)
  await origin.connections[0]!.readUntil('\r\n\r\n')
  await origin.connections[0]!.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n')
  await early.readUntil('\r\n\r\n')
  watching.on = true
  await origin.connections[0]!.send('ok')
  await early.readUntil('ok')
  t.match(watching.ledger('x1'), { request: { startLine: 'GET /a?b HTTP/1.1' }, response: null })
  const client = await connect()
  for (let i = 0; i < 200; i++) await exchange(client, GET)
  t.equal(watching.ledger('x1'), null)
  t.ok(watching.ledger('x2'))
  t.ok(watching.ledger('x201'))
})
