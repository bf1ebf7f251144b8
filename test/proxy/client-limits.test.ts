import { test } from 'tap'
import {
  connect as connectTo,
  DATED,
  delivery,
  ended,
  gateway,
  head,
  heard,
  ok,
  quiet,
  READ_MODES,
  until,
} from './conversation.js'

// How many clients, for how long, and how their connections end.

const GET = head('GET / HTTP/1.1', 'Host: a')
const CLOSED_OK = `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 2', 'Connection: close')}ok`

for (const readMode of READ_MODES) {
  test(`R87, R88: a client is idle for clientIdleMs at most, then it gets a FIN (${readMode})`, async t => {
    const { connect, upstream, clock, proxy } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(GET)
    await (await upstream()).send(ok('ok'))
    await heard(t, client, ok('ok'))
    clock.advance(74_900)
    await quiet(t, client)
    clock.advance(300)
    await ended(t, client, 'fin')
    await until(() => proxy.stats().client.open === 0)
    t.same(proxy.stats().client.closes, { 'client-idle': 1 })
  })
}

test('R87: … an HTTP/1.0 one for 5 s', async t => {
  const { connect, upstream, clock, proxy } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.0', 'Host: a', 'Connection: keep-alive'))
  await (await upstream()).send(ok('ok'))
  await client.readUntil(/\r\n\r\nok$/)
  clock.advance(4_900)
  await quiet(t, client)
  clock.advance(200)
  await ended(t, client, 'fin')
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-idle': 1 })
})

test('R190: a head that is not complete in time: 408 with close, however many bytes trickle in', async t => {
  const { connect, clock, proxy, dialed } = await gateway(t)
  const client = await connect()
  await client.send('GET / HTTP/1.1\r\n')
  await until(() => proxy.stats().client.idle === 0)
  for (let second = 0; second < 19; second++) {
    clock.advance(1_000)
    await client.send(`X-${second}: 1\r\n`)
  }
  await quiet(t, client)
  clock.advance(1_200)
  const answer = await client.readUntil('\r\n\r\n')
  t.match(
    answer,
    /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*\r\nProxy-Status: edge; error=http_request_error; details="[^"]*deadlines\.requestHeadMs[\s\S]*\r\nConnection: close\r\n/,
  )
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(dialed(), 0)
})

test('R87: a connection that never sends a byte is closed without a response', async t => {
  const { connect, clock, proxy } = await gateway(t)
  const client = await connect()
  await until(() => proxy.stats().client.open === 1)
  clock.advance(19_900)
  await quiet(t, client)
  clock.advance(200)
  await ended(t, client, 'fin')
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-head-timeout': 1 })
})

test('R87: … nor one that sends nothing but empty lines', async t => {
  const { connect, clock, proxy } = await gateway(t)
  const client = await connect()
  await client.send('\r\n\r\n')
  await delivery()
  clock.advance(20_200)
  await ended(t, client, 'fin')
  await until(() => proxy.stats().client.open === 0)
  t.equal(proxy.stats().exchanges.active, 0)
})

test('R54, R190: content that stops arriving: 408 with close, and the request to the upstream stays unfinished', async t => {
  const { connect, upstream, clock, proxy } = await gateway(t)
  const client = await connect()
  const request = head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 10')
  await client.send(`${request}hello`)
  const origin = await upstream()
  await heard(t, origin, `${request}hello`)
  clock.advance(59_000)
  await client.send('x')
  await heard(t, origin, 'x', 'progress restarts the time')
  clock.advance(59_000)
  await quiet(t, client)
  clock.advance(1_200)
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 408 [\s\S]*deadlines\.requestBodyMs[\s\S]*\r\nConnection: close\r\n/,
  )
  t.equal(String((await origin.readToEnd()).bytes), '')
  client.destroy()
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-body-timeout': 1 })
})

test('R195: one connection too many from one address gets 503 at once', async t => {
  const { connect, proxy, clock } = await gateway(t, { limits: { clientConnectionsPerAddressMax: 2 } })
  const first = await connect()
  await connect()
  const third = await connect()
  t.match(
    await third.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 503 Service Unavailable\r\n[\s\S]*\r\nProxy-Status: edge; error=connection_limit_reached; [\s\S]*\r\nConnection: close\r\n/,
  )
  t.equal((await third.readToEnd()).how, 'fin')
  third.destroy()
  const elsewhere = await connect({ localAddress: '127.0.0.2' })
  await quiet(t, elsewhere)
  t.match(proxy.stats().client, { accepted: 4, refused: 1 })
  first.destroy()
  await until(() => proxy.stats().client.open === 2)
  const again = await connect()
  await quiet(t, again)
  clock.advance(0)
})

test('R195: one connection too many in total gets 503 if all others are busy', async t => {
  const { connect, upstream, proxy } = await gateway(t, { limits: { clientConnectionsMax: 2 } })
  const clients = [await connect(), await connect()]
  for (const client of clients) await client.send(GET)
  await until(() => proxy.stats().exchanges.active === 2)
  const third = await connect()
  t.match(await third.readUntil('\r\n\r\n'), /^HTTP\/1\.1 503 [\s\S]*error=connection_limit_reached/)
  for (const [nth, client] of clients.entries()) {
    await (await upstream(nth)).send(ok('ok'))
    await heard(t, client, ok('ok'), 'the others are not affected')
  }
})

test('R88: under pressure the connection that has been idle for longest makes room', async t => {
  const { connect, upstream, proxy, clock } = await gateway(t, { limits: { clientConnectionsMax: 3 } })
  const [one, two, three] = [await connect(), await connect(), await connect()] as const
  await until(() => proxy.stats().client.open === 3)
  for (const client of [two, one, three]) {
    clock.advance(1_000)
    await client.send(GET)
    await (await upstream()).send(ok('ok'))
    await heard(t, client, ok('ok'))
  }
  const fourth = await connect()
  await ended(t, two, 'fin')
  await fourth.send(GET)
  await (await upstream()).send(ok('ok'))
  await heard(t, fourth, ok('ok'))
  await quiet(t, one)
  await quiet(t, three)
  two.destroy()
  await until(() => proxy.stats().client.open === 3)
  t.same(proxy.stats().client.closes, { 'client-evicted': 1 })
  t.equal(proxy.stats().client.refused, 0)
})

test('R88: a flood of silent connections does not go beyond the limit: each evicts another at once', async t => {
  const { connect, proxy } = await gateway(t, { limits: { clientConnectionsMax: 3 } })
  for (let nth = 0; nth < 12; nth++) await connect()
  await until(() => proxy.stats().client.accepted === 12)
  await until(() => proxy.stats().client.open <= 3, 'room')
  t.same(proxy.stats().client.closes, { 'client-evicted': 9 })
})

for (const readMode of READ_MODES) {
  test(`R90, R93: drain: idle connections end, running requests are answered with close, no new connections are accepted (${readMode})`, async t => {
    const { connect, upstream, proxy, port, clock } = await gateway(t, { readMode })
    const fresh = await connect()
    const late = await connect()
    const idle = await connect()
    await idle.send(GET)
    await (await upstream()).send(ok('ok'))
    await heard(t, idle, ok('ok'))
    const running = await connect()
    await running.send(GET + GET)
    const origin = await upstream()
    await origin.readUntil(/GET[\s\S]*GET[\s\S]*\r\n\r\n/)
    const half = await connect()
    await half.send(GET.slice(0, 10))
    await until(() => proxy.stats().client.active === 2)

    let closed = false
    const closing = proxy.close().then(() => {
      closed = true
    })
    await late.send(GET)
    await (await upstream(1)).send(ok('ok'))
    await heard(t, late, CLOSED_OK, 'a client that had only just connected is served')
    clock.advance(1_100)
    await ended(t, fresh, 'fin')
    await ended(t, idle, 'fin')
    await t.rejects(connectTo(t, port), { code: 'ECONNREFUSED' })
    t.equal(closed, false)

    await half.send(GET.slice(10))
    await (await upstream(2)).send(ok('ok'))
    await heard(t, half, CLOSED_OK, 'a head that had begun is answered')
    await origin.send(ok('ok'))
    await heard(t, running, CLOSED_OK, 'the pipelined second is not begun')
    await ended(t, running, 'fin')
    for (const client of [fresh, late, idle, running, half]) client.destroy()
    await closing
    t.match(proxy.stats(), { client: { open: 0 }, upstream: { open: 0 }, exchanges: { active: 0 } })
    t.match(proxy.stats().client.closes, { draining: 5 })
  })
}

test('drain: a response that has begun continues to its end, then the connection ends', async t => {
  const { connect, upstream, proxy, clock } = await gateway(t)
  const client = await connect()
  await client.send(GET)
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(ok('ok').slice(0, -1))
  await heard(t, client, ok('ok').slice(0, -1))
  const closing = proxy.close()
  await quiet(t, client)
  await origin.send('k')
  await heard(t, client, 'k')
  clock.advance(1_100) // its next request may have been on its way
  await ended(t, client, 'fin')
  client.destroy()
  await closing
  t.same(proxy.stats().client.closes, { draining: 1 })
})

test('drain: what has not ended after graceMs is ended', async t => {
  const { connect, upstream, proxy, clock } = await gateway(t)
  const client = await connect()
  await client.send(GET)
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  const closing = proxy.close({ graceMs: 3_000 })
  clock.advance(2_900)
  await quiet(t, client)
  clock.advance(200)
  await client.readToEnd()
  await origin.readToEnd()
  await closing
  t.match(proxy.stats(), { client: { open: 0 }, upstream: { open: 0 }, exchanges: { active: 0 } })
  t.same(proxy.stats().client.closes, { shutdown: 1 })
})

test('drain without clients ends at once, and calling it twice is harmless', async t => {
  const { proxy } = await gateway(t)
  await Promise.all([proxy.close(), proxy.close()])
  await proxy.close()
  proxy.destroy()
  t.equal(proxy.stats().client.open, 0)
})
