import { test } from 'tap'
import { exchange, proxyStatusOf, request } from '../support/conversation.js'
import type { RawClient } from '../support/raw-client.js'
import type { RawMessage } from '../support/raw-message.js'
import { readMessage } from '../support/raw-message.js'
import { DATED, delivery, head, ok, until } from './conversation.js'
import { answers, fleet, grouped, server } from './fleet.js'

// retryOn: any. A fresh connection ends before a byte of a response: the request may go to another server of the group, if it may
// be repeated, and can be.

type Ending = (connection: RawClient, asked: RawMessage) => Promise<void> | void

const reset: Ending = connection => connection.reset()
const fin: Ending = connection => connection.halfClose()
const ANY = { retryOn: 'any', ejection: null } as const

for (const [how, ending] of Object.entries({ reset, fin })) {
  test(`R151: of two servers one answers with a ${how}: 200 200 200 200, where it was 502 200 502 200`, async t => {
    const a = await server(t, 'a', ending)
    const [b] = await fleet(t, 'b')
    for (const [retryOn, told] of [
      ['reused', '(502)b(502)b'],
      ['any', 'bbbb'],
    ] as const) {
      const { connect, proxy } = await grouped(t, { servers: [a.url, b!.url], ejection: null, retryOn })
      t.equal(await answers(await connect(), 4), told, retryOn)
      t.equal(proxy.stats().exchanges.retries, retryOn === 'any' ? 2 : 0)
      t.equal(proxy.stats().upstream.waiting, 0)
    }
  })
}

for (const [what, octets] of Object.entries({
  'half a head': 'HTTP/1.1 200 OK\r\nContent-',
  garbage: 'SSH-2.0-OpenSSH\r\n',
  'a 100': head('HTTP/1.1 100 Continue'),
  'one byte': 'H',
})) {
  for (const end of ['reset', 'halfClose'] as const) {
    test(`R73: ${what}, then ${end}: an answer has begun, and no other server is asked`, async t => {
      const a = await server(t, 'a', async connection => {
        await connection.send(octets)
        await delivery()
        connection[end]()
      })
      const [b] = await fleet(t, 'b')
      const { connect, exchanged } = await grouped(t, { servers: [a.url, b!.url], ...ANY })
      const client = await connect()
      await client.send(request('GET', '/'))
      for (let status = 100; status < 200; ) {
        const answer = await readMessage(client)
        status = answer.status
        if (status >= 200) t.equal(status, 502)
      }
      t.match((await exchanged(1))[0], { retries: 0 })
      t.equal(b!.asked.length, 0)
    })
  }
}

for (const method of ['POST', 'PATCH', 'PROPFIND']) {
  test(`R150: ${method} is not idempotent: it is written once`, async t => {
    const a = await server(t, 'a', reset)
    const [b] = await fleet(t, 'b')
    const { connect, exchanged } = await grouped(t, { servers: [a.url, b!.url], ...ANY })
    const answer = await exchange(await connect(), `${request(method, '/', 'Content-Length: 2')}hi`)
    t.equal(answer.status, 502)
    t.match((await exchanged(1))[0]?.error?.message, /not sent again: not-idempotent/)
    t.equal(b!.asked.length, 0)
  })
}

test('R151: content is sent along, by length and in chunks, complete or still arriving', async t => {
  const a = await server(t, 'a', reset)
  const [b] = await fleet(t, 'b')
  const { connect } = await grouped(t, { servers: [a.url, { url: b!.url, backup: true }], ...ANY })
  for (const [framing, content] of [
    ['Content-Length: 5', 'hello'],
    ['Transfer-Encoding: chunked', '3\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 5\r\n\r\n'],
  ] as const) {
    t.equal(String((await exchange(await connect(), request('PUT', '/', framing) + content)).content), 'b')
    t.equal(String(b!.asked.at(-1)?.content), 'hello')
  }
  t.equal(b!.asked.at(-1)?.trailers, 'X-Sum: 5\r\n')
})

test('R151: it breaks in the middle of content that is still arriving: what came was kept, and the rest follows', async t => {
  const a = await server(t, 'never asked whole')
  const [b] = await fleet(t, 'b')
  const { connect, proxy } = await grouped(t, { servers: [a.url, { url: b!.url, backup: true }], ...ANY })
  const client = await connect()
  await client.send(`${request('PUT', '/', 'Content-Length: 30000')}${'x'.repeat(10_000)}`)
  await until(() => (a.connections[0]?.received.length ?? 0) > 10_000)
  a.connections[0]!.reset()
  await until(() => proxy.stats().exchanges.retries === 1)
  await client.send('x'.repeat(20_000))
  t.equal(String((await readMessage(client)).content), 'b')
  t.equal(b!.asked[0]?.content.length, 30_000)
})

test('R151: content that was not kept is not sent again', async t => {
  const a = await server(t, 'a', reset)
  const [b] = await fleet(t, 'b')
  const { connect, exchanged } = await grouped(
    t,
    { servers: [a.url, b!.url], ...ANY },
    { limits: { retryBytesMax: 9 } },
  )
  const client = await connect()
  await client.send(request('PUT', '/', 'Content-Length: 20'))
  await a.accepted(1)
  await until(() => a.connections[0]!.received.length > 0)
  await client.send('x'.repeat(20))
  t.equal((await readMessage(client)).status, 502)
  t.match((await exchanged(1))[0]?.error?.message, /not sent again: content-not-kept/)
  t.equal(b!.asked.length, 0)
})

test('R151: each server once, and no more than retries permits', async t => {
  for (const [retries, tries, why] of [
    [0, 1, 'no-other-server'],
    [1, 2, 'no-other-server'],
    [9, 3, 'no-other-server'],
  ] as const) {
    const servers = await Promise.all(['a', 'b', 'c'].map(name => server(t, name, reset)))
    const { connect, exchanged } = await grouped(t, { servers: servers.map(({ url }) => url), ...ANY, retries })
    const answer = await exchange(await connect(), request('GET', '/'))
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'connection_terminated')
    t.match((await exchanged(1))[0], { retries: tries - 1, error: { message: new RegExp(`not sent again: ${why}`) } })
    t.same(
      servers.map(({ asked }) => asked.length),
      [1, tries > 1 ? 1 : 0, tries > 2 ? 1 : 0],
    )
  }
})

test('R151: the only server of a group is not asked again', async t => {
  const a = await server(t, 'a', reset)
  const { connect, exchanged } = await grouped(t, { servers: [a.url], ...ANY })
  t.equal((await exchange(await connect(), request('GET', '/'))).status, 502)
  t.match((await exchanged(1))[0]?.error?.message, /not sent again: fresh-connection/)
  t.equal(a.asked.length, 1)
})

test('R82, R151: a stale connection first goes back to its server, and only if that breaks again to another one', async t => {
  const a = await server(t, 'a', connection => (a.asked.length === 1 ? connection.send(ok('a')) : connection.reset()))
  const [b] = await fleet(t, 'b')
  const { connect, exchanged } = await grouped(t, { servers: [a.url, { url: b!.url, backup: true }], ...ANY })
  t.equal(await answers(await connect(), 2), 'ab')
  t.equal(a.asked.length, 3)
  t.match((await exchanged(2))[1], { retries: 2, outcome: 'complete', upstream: { origin: b!.url } })
})

test('a broken connection counts as a failure of its server: after three it is ejected, unnoticed by clients', async t => {
  const a = await server(t, 'a', reset)
  const [b] = await fleet(t, 'b')
  const { connect, warnings } = await grouped(t, { servers: [a.url, b!.url], retryOn: 'any' })
  const client = await connect()
  t.equal(await answers(client, 6), 'bbbbbb')
  t.equal(a.asked.length, 3)
  t.match(warnings, [/member: upstreams\.app: .* is ejected/])
  t.equal(await answers(client, 6), 'bbbbbb')
  t.equal(a.asked.length, 3)
})

test('a storm: no more of the requests in progress than the budget are resent at once; an answer frees the place', async t => {
  const broken = await server(t, 'a', reset)
  const slow = await server(t, 'b', () => {})
  const servers = [broken.url, { url: slow.url, backup: true }]
  const { connect, exchanged } = await grouped(t, { servers, ...ANY })
  const clients: RawClient[] = []
  for (let nth = 1; nth <= 3; nth++) {
    const client = await connect()
    clients.push(client)
    await client.send(request('GET', '/'))
    await until(() => slow.asked.length === nth)
  }
  t.equal((await exchange(await connect(), request('GET', '/'))).status, 502)
  t.match((await exchanged(1))[0]?.error?.message, /not sent again: retry-budget/)
  await slow.connections[0]!.send(head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1'))
  await until(() => clients[0]!.received.length > 0)
  const next = await connect()
  await next.send(request('GET', '/'))
  await until(() => slow.asked.length === 4, 'its answer has begun, so the next one may')
  clients[1]!.reset()
  await exchanged(2)
  await (await connect()).send(request('GET', '/'))
  await until(() => slow.asked.length === 5, 'so may another for one whose client has left')
})

test('deadlines are not retried', async t => {
  const silent = await server(t, 'a', () => {})
  const [b] = await fleet(t, 'b')
  const { connect, clock } = await grouped(t, { servers: [silent.url, b!.url], ...ANY })
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => silent.asked.length === 1)
  await delivery()
  clock.advance(60_200)
  t.equal((await readMessage(client)).status, 504)
  t.equal(b!.asked.length, 0)
})

test('nothing is sent again for a client that has left', async t => {
  const a = await server(t, 'a', () => {})
  const [b] = await fleet(t, 'b')
  const { connect, exchanged } = await grouped(t, { servers: [a.url, b!.url], ...ANY })
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => a.asked.length === 1)
  client.reset()
  await exchanged(1)
  t.equal(b!.asked.length, 0)
})
