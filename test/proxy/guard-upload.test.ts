import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { request, settled, standstill } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { delivery, ok, until } from './conversation.js'
import { answers, fleet, type Grouped, grouped, type Server, server, unusedUrl } from './fleet.js'

// A client that sends content has to keep a minimum rate, measured over five seconds in which we read.

const POST = (length: number, ...fields: string[]): string =>
  request('POST', '/', `Content-Length: ${length}`, ...fields)

const slowed = (t: Test, origin: Server, options: Partial<ProxyOptions> = {}): Promise<Grouped> =>
  grouped(t, { servers: [origin.url] }, { uploadBytesPerSecondMin: 1_000, ...options })

test('a trickle is answered 408 after five seconds, although no single wait was long; the upstream is released', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock, exchanged, proxy } = await slowed(t, a!)
  const client = await connect()
  await client.send(POST(100_000))
  await a!.accepted(1)
  for (let second = 0; second < 4; second++) {
    clock.advance(1_000)
    await client.send('x'.repeat(100))
    await settled(5)
  }
  t.equal(client.waiting.length, 0, 'a grace of five seconds')
  clock.advance(1_100)
  await client.send('x'.repeat(100))
  const answer = await readMessage(client)
  t.equal(answer.status, 408)
  t.match(String(answer.content), /more slowly than 1000 bytes per second/)
  t.equal(answer.field('Connection'), 'close')
  t.match((await exchanged(1))[0], {
    status: 408,
    clientVerdict: 'client-body-timeout',
    upstreamVerdict: 'client-gone',
    error: { type: 'http_request_error', side: 'client', stage: 'request-body' },
  })
  await until(() => proxy.stats().upstream.open === 0)
})

test('a client that keeps the rate may take any time, in pieces of any size', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock } = await slowed(t, a!)
  const client = await connect()
  await client.send(POST(60_000))
  await a!.accepted(1)
  for (let second = 0; second < 40; second++) {
    clock.advance(1_000)
    await client.send('x'.repeat(1_500))
    await settled(3)
  }
  t.equal(String((await readMessage(client)).content), 'a')
})

test('a burst in the beginning does not excuse a trickle later', async t => {
  const a = await server(t, 'a')
  const { connect, clock } = await slowed(t, a)
  const client = await connect()
  await client.send(POST(1_000_000) + 'x'.repeat(500_000))
  await a.accepted(1)
  await delivery()
  for (let second = 0; second < 8 && client.waiting.length === 0; second++) {
    clock.advance(1_000)
    await client.send('x').catch(() => {})
    await settled(5)
  }
  t.equal((await readMessage(client)).status, 408)
})

test('a client that we do not read from is not blamed: the upstream accepts nothing for a minute', async t => {
  const a = await server(t, 'a', connection => connection.send(ok('a')))
  const { connect, clock, proxy } = await slowed(t, a, { deadlines: { requestBodyMs: 0 } })
  const client = await connect()
  const block = Buffer.alloc(256 * 1024, 'x')
  const blocks = 96
  await client.send(POST(blocks * block.length))
  await a.accepted(1)
  a.connections[0]!.pause()
  let taken = 0
  const sending = (async () => {
    for (; taken < blocks; taken++) await client.send(block)
  })()
  // The clock stands still meanwhile. Once nothing moves, the client is not read either.
  await standstill(() => taken)
  t.ok(taken < blocks, `the kernel has accepted ${taken} of ${blocks} blocks`)
  for (let second = 0; second < 60; second++) {
    clock.advance(1_000)
    await settled(1)
  }
  t.equal(proxy.stats().exchanges.active, 1)
  a.connections[0]!.resume()
  await sending
  t.equal(String((await readMessage(client)).content), 'a')
})

test('nor while the request waits for a connection', async t => {
  const a = await server(t, 'a', () => {})
  const { connect, clock, proxy } = await slowed(t, a, {
    limits: { upstreamConnectionsMax: 1 },
    deadlines: { queueMs: 0 },
  })
  const [first, second] = [await connect(), await connect()]
  await first.send(request('GET', '/'))
  await until(() => a.asked.length === 1)
  await second.send(`${POST(10)}12345`)
  await until(() => proxy.stats().upstream.waiting === 1)
  clock.advance(30_000)
  await a.connections[0]!.send(ok('one'))
  t.equal(String((await readMessage(first)).content), 'one')
  await settled()
  clock.advance(1_000)
  await second.send('67890')
  await until(() => a.asked.length === 2)
  t.equal(String(a.asked[1]?.content), '1234567890')
})

test('nor while another server is tried', async t => {
  const [b] = await fleet(t, 'b')
  const { connect } = await grouped(t, { servers: [await unusedUrl(), b!.url] }, { uploadBytesPerSecondMin: 1_000 })
  const client = await connect()
  await client.send(`${POST(10)}12345`)
  await b!.accepted(1)
  await client.send('67890')
  t.equal(String((await readMessage(client)).content), 'b')
})

test('a client that waits for our 100 does not send, and is not blamed for it', async t => {
  const a = await server(t, 'a')
  const running = await grouped(
    t,
    { servers: [a.url] },
    { uploadBytesPerSecondMin: 1_000, deadlines: { continueMs: 0 } },
  )
  const client = await running.connect()
  await client.send(POST(10, 'Expect: 100-continue'))
  await a.accepted(1)
  await until(() => a.connections[0]!.received.includes('\r\n\r\n'))
  await a.connections[0]!.silence()
  running.clock.advance(20_000)
  await a.connections[0]!.send('HTTP/1.1 100 Continue\r\n\r\n')
  await client.readUntil('100 Continue\r\n\r\n')
  running.clock.advance(200)
  await client.send('0123456789')
  t.equal((await readMessage(client)).status, 200)
})

test('the next request on the connection starts afresh; one without content is never too slow', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock } = await slowed(t, a!)
  const client = await connect()
  for (let nth = 0; nth < 3; nth++) {
    clock.advance(15_000)
    t.equal(await answers(client, 1), 'a')
    clock.advance(15_000)
    t.equal(await answers(client, 1, `${POST(2)}hi`), 'a')
  }
})

test('0, the default: no minimum rate', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock } = await grouped(t, { servers: [a!.url] })
  const client = await connect()
  await client.send(POST(10))
  await a!.accepted(1)
  for (let nth = 0; nth < 10; nth++) {
    clock.advance(50_000)
    await client.send('x')
    await settled(5)
  }
  t.equal(String((await readMessage(client)).content), 'a')
})
