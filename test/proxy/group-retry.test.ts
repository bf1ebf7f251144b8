import { test } from 'tap'
import { exchange, proxyStatusOf, request, settled } from '../support/conversation.js'
import { fullBacklog } from '../support/full-backlog.js'
import { readMessage } from '../support/raw-message.js'
import { DATED, delivery, head, ok, READ_MODES, until } from './conversation.js'
import { answers, fleet, grouped, server, unusedUrl } from './fleet.js'

// A request that one server of a group fails to take is tried on another one, under the rule for every retry: only if nothing of
// it was written, or if sending it twice has the same effect as sending it once.

const POST = (length: number): string => request('POST', '/', `Content-Length: ${length}`)
const CHUNKED = request('POST', '/', 'Transfer-Encoding: chunked')

for (const method of ['GET', 'POST', 'PROPFIND']) {
  test(`refused by the first server: ${method} is served by the second one`, async t => {
    const [b] = await fleet(t, 'b')
    const { proxy, connect, exchanged } = await grouped(t, { servers: [await unusedUrl(), b!.url] })
    const client = await connect()
    const answer = await exchange(client, `${request(method, '/', 'Content-Length: 5')}hello`)
    t.equal(String(answer.content), 'b')
    t.equal(String(b!.asked[0]?.content), 'hello')
    t.match((await exchanged(1))[0], {
      retries: 1,
      outcome: 'complete',
      status: 200,
      clientVerdict: 'keep',
      upstream: { origin: b!.url },
    })
    t.match(proxy.stats().exchanges, { retries: 1, failures: {} })
  })
}

for (const readMode of READ_MODES) {
  test(`content that is still arriving is neither lost nor duplicated when the first server refuses (${readMode})`, async t => {
    const [b] = await fleet(t, 'b')
    const { connect } = await grouped(t, { servers: [await unusedUrl(), b!.url] }, { readMode })
    const client = await connect()
    await client.send(`${POST(300_000)}begin`)
    await b!.accepted(1)
    await client.send('x'.repeat(299_990))
    await client.send('12345')
    t.equal(String((await readMessage(client)).content), 'b')
    t.equal(String(b!.asked[0]?.content), `begin${'x'.repeat(299_990)}12345`)
  })

  test(`… nor when the second server has an idle connection, which it gets at once (${readMode})`, async t => {
    const [a, b] = await fleet(t, 'a', 'b')
    const { connect, proxy } = await grouped(t, { servers: [a!.url, b!.url], ejection: null }, { readMode })
    const client = await connect()
    t.equal(await answers(client, 2), 'ab', 'both have an idle connection')
    await a!.stop()
    await until(() => proxy.stats().upstream.idle === 1)
    await client.send(`${POST(200_000)}begin`)
    await until(() => proxy.stats().exchanges.retries === 1, 'tried on b')
    await client.send('x'.repeat(199_995))
    t.equal(String((await readMessage(client)).content), 'b')
    t.equal(b!.asked[1]?.content.length, 200_000)
    t.equal(await answers(client, 1), 'b', 'and the connection continues')
  })
}

test('a client that stops sending after such a change of servers is not waited for indefinitely', async t => {
  const [a, b] = await fleet(t, 'a', 'b')
  const { connect, proxy, clock } = await grouped(t, { servers: [a!.url, b!.url] })
  const client = await connect()
  await answers(client, 2)
  await a!.stop()
  await until(() => proxy.stats().upstream.idle === 1)
  await client.send(`${POST(10)}begin`)
  await until(() => proxy.stats().exchanges.retries === 1)
  await delivery()
  clock.advance(60_200)
  t.equal((await readMessage(client)).status, 408)
})

test('chunks with trailers are sent whole to the second server', async t => {
  const [b] = await fleet(t, 'b')
  const { connect } = await grouped(t, { servers: [await unusedUrl(), b!.url] })
  const client = await connect()
  await client.send(`${CHUNKED}3\r\nabc\r\n`)
  await client.send('2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n')
  t.equal(String((await readMessage(client)).content), 'b')
  t.match(b!.asked[0], { content: Buffer.from('abcde'), trailers: 'X-Sum: 5\r\n' })
})

test('a fresh connection that breaks after the request was written: no other server gets it, neither a POST nor a GET', async t => {
  for (const text of [`${POST(2)}hi`, request('GET', '/')]) {
    const a = await server(t, 'a', connection => connection.reset())
    const [b] = await fleet(t, 'b')
    const { connect, exchanged, proxy } = await grouped(t, { servers: [a.url, b!.url] })
    const answer = await exchange(await connect(), text)
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'connection_terminated')
    t.match((await exchanged(1))[0], { retries: 0, error: { message: /not sent again: fresh-connection/ } })
    t.equal(b!.asked.length, 0)
    t.equal(proxy.stats().exchanges.retries, 0)
  }
})

test('a stale connection: the same server is asked again, on a fresh one', async t => {
  const a = await server(t, 'a', (connection, _asked, nth) =>
    nth === 0 && a.asked.length > 1 ? connection.halfClose() : connection.send(ok('a')),
  )
  const [b] = await fleet(t, 'b')
  const { connect, exchanged } = await grouped(t, {
    servers: [
      { url: a.url, weight: 1 },
      { url: b!.url, backup: true },
    ],
  })
  const client = await connect()
  t.equal(await answers(client, 2), 'aa')
  t.match((await exchanged(2))[1], { retries: 1, upstream: { id: 'u2', origin: a.url } })
})

test('a stale connection to a server that is gone: an idempotent request goes to another one', async t => {
  const a = await server(t, 'a', async connection => {
    if (a.asked.length === 1) await connection.send(ok('a'))
    else await a.stop() // a reset, and from now on nothing listens
  })
  const [b] = await fleet(t, 'b')
  const { connect, exchanged, proxy } = await grouped(t, { servers: [a.url, { url: b!.url, backup: true }] })
  const client = await connect()
  t.equal(await answers(client, 2), 'ab')
  t.match((await exchanged(2))[1], { retries: 2, outcome: 'complete' })
  t.equal(proxy.stats().exchanges.retries, 2)
})

test('… but a POST on it is not sent again anywhere', async t => {
  const a = await server(t, 'a', async connection => {
    if (a.asked.length === 1) await connection.send(ok('a'))
    else await a.stop()
  })
  const [b] = await fleet(t, 'b')
  const { connect } = await grouped(t, { servers: [a.url, { url: b!.url, backup: true }] })
  const client = await connect()
  t.equal(await answers(client, 1), 'a')
  t.equal((await exchange(client, `${POST(2)}hi`)).status, 502)
  t.equal(b!.asked.length, 0)
})

test('retries: 0: no other server is asked', async t => {
  const [b] = await fleet(t, 'b')
  const { connect, proxy } = await grouped(t, { servers: [await unusedUrl(), b!.url], retries: 0 })
  const answer = await exchange(await connect(), request('GET', '/'))
  t.equal(answer.status, 502)
  t.equal(b!.connections.length, 0)
  t.equal(proxy.stats().exchanges.retries, 0)
})

test('all refuse: one 502 with the last error, after as many tries as allowed', async t => {
  const servers = [await unusedUrl(), await unusedUrl(), await unusedUrl(), await unusedUrl()]
  for (const [retries, tries] of [
    [1, 2],
    [2, 3],
    [9, 4],
  ] as const) {
    const { connect, exchanged, proxy } = await grouped(t, { servers, retries })
    const client = await connect()
    const answer = await exchange(client, `${POST(2)}hi`)
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'connection_refused')
    t.match((await exchanged(1))[0], { retries: tries - 1, outcome: 'failed', clientVerdict: 'keep' })
    t.match((await exchanged(1))[0]?.error?.message, servers[tries - 1]?.slice('http://'.length))
    t.equal(proxy.stats().exchanges.failures.connection_refused, 1)
    await client.silence()
  }
})

test('a server that accepts no connection in time: the next one is asked, and the time is counted for each', async t => {
  const silent = await fullBacklog(t)
  const [b] = await fleet(t, 'b')
  const { connect, clock, proxy } = await grouped(
    t,
    { servers: [silent.url, b!.url] },
    { deadlines: { connectMs: 1_000 } },
  )
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.dialing === 1)
  clock.advance(1_200)
  t.equal(String((await readMessage(client)).content), 'b')
})

test('both silent: 504 after twice the time', async t => {
  const [one, other] = [await fullBacklog(t), await fullBacklog(t)]
  const { connect, clock, proxy } = await grouped(
    t,
    { servers: [one.url, other.url] },
    { deadlines: { connectMs: 1_000 } },
  )
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.dialing === 1)
  clock.advance(1_200)
  await until(() => proxy.stats().exchanges.retries === 1)
  await client.silence()
  clock.advance(1_200)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.equal(proxyStatusOf(answer).error, 'connection_timeout')
})

test('the client leaves while the second server is dialled', async t => {
  const silent = await fullBacklog(t)
  const { connect, exchanged, proxy, clock } = await grouped(t, { servers: [await unusedUrl(), silent.url] })
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => proxy.stats().exchanges.retries === 1)
  client.reset()
  t.match((await exchanged(1))[0], { outcome: 'client-aborted', retries: 1, clientVerdict: 'client-reset' })
  clock.advance(5_200)
  await until(() => proxy.stats().upstream.dialing === 0)
  t.match(proxy.stats(), { upstream: { open: 0 }, exchanges: { active: 0, retries: 1 } })
})

const BUSY = { limits: { upstreamConnectionsMax: 1, upstreamWaitingMax: 0 } }

test('the queue of one server is full: another one takes the request', async t => {
  const a = await server(t, 'a', () => {})
  const b = await server(t, 'b', () => {})
  const { connect, exchanged, proxy } = await grouped(t, { servers: [a.url, { url: b.url, backup: true }] }, BUSY)
  const [first, second, third] = [await connect(), await connect(), await connect()]
  await first.send(request('GET', '/'))
  await until(() => a.asked.length === 1)
  await second.send(`${POST(2)}hi`)
  await until(() => b.asked.length === 1)
  const answer = await exchange(third, request('GET', '/'))
  t.equal(answer.status, 503)
  t.match((await exchanged(1))[0], { error: { type: 'connection_limit_reached', side: 'proxy' } })
  await a.connections[0]!.send(ok('a'))
  await b.connections[0]!.send(ok('b'))
  t.equal(String((await readMessage(first)).content), 'a')
  t.equal(String((await readMessage(second)).content), 'b')
  t.equal(proxy.stats().exchanges.retries, 2)
})

test('a request that waited too long at one server waits no longer than allowed at the next one either', async t => {
  const a = await server(t, 'a', () => {})
  const b = await server(t, 'b', () => {})
  const { connect, exchanged, proxy, clock } = await grouped(
    t,
    { servers: [a.url, { url: b.url, backup: true }], retries: 5 },
    { limits: { upstreamConnectionsMax: 1 }, deadlines: { queueMs: 1_000 } },
  )
  const [first, second, third] = [await connect(), await connect(), await connect()]
  await first.send(request('GET', '/'))
  await until(() => a.asked.length === 1)
  await second.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.waiting === 1)
  clock.advance(1_200)
  await until(() => b.asked.length === 1, 'the second one has b to itself')
  await third.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.waiting === 1)
  clock.advance(1_200)
  await settled()
  t.equal(proxy.stats().upstream.waiting, 1, 'now it waits for b')
  clock.advance(1_200)
  const answer = await readMessage(third)
  t.equal(answer.status, 503)
  t.match((await exchanged(1))[0], { retries: 1, outcome: 'timeout', error: { deadline: 'queueMs' } })
  t.match(proxy.stats(), { upstream: { waiting: 0 }, exchanges: { deadlines: { queueMs: 1 } } })
})

test('sendHost upstream: Host names the server that finally gets the request', async t => {
  const [b] = await fleet(t, 'b')
  const gone = await unusedUrl()
  const { connect } = await grouped(
    t,
    { servers: [gone, b!.url] },
    { routes: [{ upstream: 'app', sendHost: 'upstream', requestFields: { set: { 'X-Host': 'host: mine' } } }] },
  )
  const text = head('GET /?a=\\r\\nhost:x HTTP/1.1', 'X-Before: 1', 'HOST: app.example', 'X-After: Host: 2')
  await exchange(await connect(), text)
  const [asked] = b!.asked
  t.equal(asked?.field('Host'), b!.url.slice('http://'.length))
  t.equal(asked?.fields.filter(([name]) => name.toLowerCase() === 'host').length, 1)
  t.match(asked?.head, /^GET \/\?a=\\r\\nhost:x HTTP\/1\.1\r\n/)
  t.equal(asked?.field('X-After'), 'Host: 2')
  t.equal(asked?.field('X-Host'), 'host: mine')
})

test('an unknown name is like an unreachable server', async t => {
  const [b] = await fleet(t, 'b')
  const { connect } = await grouped(t, { servers: ['http://not-there.invalid', b!.url] })
  const answer = await exchange(await connect(), `${POST(2)}hi`)
  t.equal(String(answer.content), 'b')
})

test('an HTTP/1.0 client and a HEAD are moved as well', async t => {
  const b = await server(t, 'b', connection => connection.send(head('HTTP/1.1 200 OK', DATED, 'Content-Length: 7')))
  const { connect } = await grouped(t, { servers: [await unusedUrl(), b.url], ejection: null })
  const client = await connect()
  await client.send(request('HEAD', '/'))
  t.match(await readMessage(client, { toHead: true }), { status: 200, framing: 'none' })
  await client.send('HEAD / HTTP/1.0\r\n\r\n')
  t.match(await readMessage(client, { toHead: true }), { status: 200 })
  t.equal(b.asked.length, 2)
})
