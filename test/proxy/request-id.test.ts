import { test } from 'tap'
import { exchange, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { forwarder, head, heard, ok } from './conversation.js'
import { fleet, routed, server, unusedUrl } from './fleet.js'

// X-Request-Id: one id per exchange, the same in the forwarded request, in the response, in our own answers and in the record.

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

test('keep: a received one is kept, one is made if there is none or if it is unfit for a log', async t => {
  const a = await server(t, 'a', connection => connection.send(ok('a', 'X-Request-Id: of-the-upstream')))
  const { connect, exchanged } = await routed(t, { routes: [{ upstream: a.url }], requestId: 'keep' })
  const client = await connect()
  const rows: [fields: string[], id: RegExp][] = [
    [['X-Request-Id: abc-1'], /^abc-1$/],
    [[], UUID],
    [['x-request-id: a b'], UUID],
    [['X-Request-Id: <script>'], UUID],
    [['X-Request-Id: one', 'X-Request-Id: two'], UUID],
    [[`X-Request-Id: ${'x'.repeat(129)}`], UUID],
    [['X-Request-Id:'], UUID],
    [['X-Request-Id: named-away', 'Connection: X-Request-Id'], /./],
  ]
  for (const [nth, [fields, id]] of rows.entries()) {
    const answer = await exchange(client, request('GET', '/', ...fields))
    const value = answer.field('X-Request-Id')
    t.match(value, id, fields.join())
    t.equal(a.asked[nth]?.field('X-Request-Id'), value, 'the upstream has the same')
    t.equal((await exchanged(nth + 1))[nth]?.requestId, value, 'the record too')
  }
  const made = a.asked.slice(1, 7).map(asked => asked.field('X-Request-Id'))
  t.equal(new Set(made).size, 6, 'no two are the same')
})

test('make: always ours', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { routes: [{ upstream: a!.url }], requestId: 'make' })
  const answer = await exchange(await connect(), request('GET', '/', 'X-Request-Id: mine', 'x_request_id: mine'))
  t.match(answer.field('X-Request-Id'), UUID)
  t.same(
    a!.asked[0]?.fields.filter(([name]) => /request.id/i.test(name)),
    [['X-Request-Id', answer.field('X-Request-Id')]],
  )
})

test('off: a field like any other', async t => {
  const a = await server(t, 'a', connection => connection.send(ok('a', 'X-Request-Id: b')))
  const { connect, exchanged } = await routed(t, { routes: [{ upstream: a.url }] })
  const answer = await exchange(await connect(), request('GET', '/', 'X-Request-Id: a b'))
  t.equal(a.asked[0]?.field('X-Request-Id'), 'a b')
  t.equal(answer.field('X-Request-Id'), 'b')
  t.equal((await exchanged(1))[0]?.requestId, undefined)
})

test('our own answers carry it: no route, nothing listens, too many requests, TRACE, OPTIONS; not for a broken head', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, exchanged } = await routed(t, {
    routes: [
      { path: '/a', upstream: a!.url },
      { path: '/gone', upstream: await unusedUrl() },
    ],
    requestId: 'keep',
    requestRate: { perSecond: 0.001, burst: 5 },
  })
  const asks: [string, number][] = [
    [request('GET', '/nowhere', 'X-Request-Id: id'), 404],
    [request('GET', '/gone', 'X-Request-Id: id'), 502],
    [request('OPTIONS', '*', 'Max-Forwards: 0', 'X-Request-Id: id'), 200],
    [request('TRACE', '/', 'X-Request-Id: id'), 405],
    [request('GET', '/a', 'X-Request-Id: id'), 200],
    [request('GET', '/a', 'X-Request-Id: id'), 429],
  ]
  const client = await connect()
  for (const [nth, [text, status]] of asks.entries()) {
    const answer = await exchange(client, text)
    t.equal(answer.status, status)
    t.equal(answer.field('X-Request-Id'), 'id', `${status}`)
    t.match((await exchanged(nth + 1))[nth], { requestId: 'id', status })
  }
  const broken = await exchange(await connect(), 'GET / HTTP/1.1\r\nX-Request-Id: id\r\nHost : a\r\n\r\n')
  t.equal(broken.status, 400)
})

test('a route may override it', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    routes: [
      { path: '/set', upstream: a!.url, requestFields: { set: { 'X-Request-Id': 'fixed' } } },
      { path: '/remove', upstream: a!.url, responseFields: { remove: ['X-Request-Id'] } },
    ],
    requestId: 'make',
  })
  const client = await connect()
  const first = await exchange(client, request('GET', '/set', 'X-Request-Id: mine'))
  t.equal(a!.asked[0]?.field('X-Request-Id'), 'fixed')
  t.match(first.field('X-Request-Id'), UUID)
  const second = await exchange(client, request('GET', '/remove'))
  t.equal(second.field('X-Request-Id'), undefined)
  t.match(a!.asked[1]?.field('X-Request-Id'), UUID)
})

test('CONNECT: in the answer, and in the record', async t => {
  const { connect, origin, exchanged } = await forwarder(t, { requestId: 'keep', connectPorts: [443] })
  const refused = await exchange(
    await connect(),
    head(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1`, 'Host: a', 'X-Request-Id: no'),
  )
  t.match([refused.status, refused.field('X-Request-Id')], [403, 'no'])
  t.match((await exchanged(1))[0], { requestId: 'no' })
})

test('CONNECT that is allowed', async t => {
  const running = await forwarder(t, { requestId: 'keep', connectPorts: [1] })
  running.proxy.update({
    mode: 'forward',
    name: 'edge',
    allow: ['127.0.0.0/8'],
    requestId: 'keep',
    connectPorts: [running.origin.port],
    clock: running.clock,
  })
  const client = await running.connect()
  await client.send(head(`CONNECT 127.0.0.1:${running.origin.port} HTTP/1.1`, 'Host: a', 'X-Request-Id: yes'))
  t.match(await readMessage(client, { toHead: true }), { status: 200 })
  t.match(String(client.received), /X-Request-Id: yes\r\n/)
  await client.send('ping')
  await heard(t, await running.upstream(), 'ping')
})
