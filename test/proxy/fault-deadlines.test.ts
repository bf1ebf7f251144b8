import { test } from 'tap'
import type { ExchangeRecord } from '../../lib/proxy/events.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import {
  closesOf,
  exchange,
  passUntil,
  proxyStatusOf,
  rawClient,
  request,
  response,
  settled,
  standstill,
  until,
} from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { answerNames } from '../support/fake-resolver.js'
import { fullBacklog } from '../support/full-backlog.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// Each wait has a limit, and each limit is named: in the record, in Proxy-Status (as the option that would allow more), and in
// the verdicts on the two connections. The test controls the time: nothing here waits for a real deadline.

async function reverse(t: Parameters<typeof withProxy>[0], script: Script, options: Partial<ProxyOptions> = {}) {
  const clock = new FakeClock()
  const origin = await scriptedOrigin(t, script)
  const running = await withProxy(t, { mode: 'reverse', upstream: origin.url, clock, ...options })
  const client = await rawClient(t, running.port)
  return { clock, origin, client, closes: closesOf(running.proxy), ...running }
}

const silent: Script = async connection => {
  await connection.readUntil('\r\n\r\n')
}

const isTimeout = (record: ExchangeRecord | undefined) => ({
  outcome: record?.outcome,
  deadline: record?.error?.deadline,
  type: record?.error?.type,
  stage: record?.error?.stage,
})

test('R196: connectMs: an upstream that does not accept: 504 connection_timeout', async t => {
  const upstream = await fullBacklog(t)
  const clock = new FakeClock()
  const options = { deadlines: { connectMs: 3_000 }, clock } as const
  const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: upstream.url, ...options })
  const client = await rawClient(t, port)
  await client.send(request('GET', '/'))
  await until('it dials', () => proxy.stats().upstream.dialing === 1)
  clock.advance(2_900)
  await client.silence()
  clock.advance(200)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.equal(proxyStatusOf(answer).error, 'connection_timeout')
  t.match(proxyStatusOf(answer).details, 'deadlines.connectMs')
  const [record] = await exchanged(1)
  t.same(isTimeout(record), { outcome: 'timeout', deadline: 'connectMs', type: 'connection_timeout', stage: 'connect' })
  t.equal(record?.clientVerdict, 'keep')
  t.match(proxy.stats().upstream, { dialing: 0, open: 0 })
})

test('R196: connectMs: CONNECT to a host that does not accept: 504, and the connection closes', async t => {
  const upstream = await fullBacklog(t)
  const clock = new FakeClock()
  const { port, exchanged } = await withProxy(t, {
    mode: 'forward',
    connectPorts: [upstream.port],
    deadlines: { connectMs: 3_000 },
    clock,
  })
  const client = await rawClient(t, port)
  await client.send(`CONNECT 127.0.0.1:${upstream.port} HTTP/1.1\r\nHost: 127.0.0.1:${upstream.port}\r\n\r\n`)
  await settled()
  clock.advance(3_100)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.equal(answer.field('Connection'), 'close')
  t.same(isTimeout((await exchanged(1))[0]), {
    outcome: 'timeout',
    deadline: 'connectMs',
    type: 'connection_timeout',
    stage: 'connect',
  })
})

test('R196: tlsMs: an upstream that accepts and says nothing to a ClientHello: 504 connection_timeout', async t => {
  const origin = await scriptedOrigin(t, () => {})
  const clock = new FakeClock()
  const upstream = `https://127.0.0.1:${origin.port}`
  const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream, clock, deadlines: { tlsMs: 3_000 } })
  const client = await rawClient(t, port)
  await client.send(request('GET', '/'))
  await until('the ClientHello is there', () => (origin.connections[0]?.received.length ?? 0) > 0)
  clock.advance(3_100)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.match(proxyStatusOf(answer).details, 'deadlines.tlsMs')
  t.same(isTimeout((await exchanged(1))[0]), {
    outcome: 'timeout',
    deadline: 'tlsMs',
    type: 'connection_timeout',
    stage: 'tls',
  })
  await until('the dial was given up', () => origin.connections[0]?.ended !== '')
})

test('R190: requestHeadMs: a head that does not end: 408 and close; a trickle does not extend the time', async t => {
  const { clock, client, proxy, exchanged } = await reverse(t, silent, { deadlines: { requestHeadMs: 2_000 } })
  await client.send('GET / HTTP/1.1\r\n')
  for (let i = 0; i < 4; i++) {
    await settled()
    clock.advance(450)
    await client.send(`X${i}: y\r\n`)
  }
  await settled()
  t.equal(client.received.length, 0)
  clock.advance(400)
  const answer = await readMessage(client)
  t.equal(answer.status, 408)
  t.equal(answer.field('Connection'), 'close')
  t.match(proxyStatusOf(answer), { error: 'http_request_error', details: /deadlines\.requestHeadMs/ })
  t.same(isTimeout((await exchanged(1))[0]), {
    outcome: 'timeout',
    deadline: 'requestHeadMs',
    type: 'http_request_error',
    stage: 'client-head',
  })
  t.equal((await client.readToEnd()).how, 'fin')
  client.halfClose()
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-head-timeout': 1 })
})

test('requestHeadMs: a connection that never sends anything is closed without a response', async t => {
  const { clock, client, proxy } = await reverse(t, silent)
  await until('accepted', () => proxy.stats().client.open === 1)
  clock.advance(20_100)
  t.same(await client.readToEnd(), { bytes: Buffer.alloc(0), how: 'fin' })
  client.halfClose()
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-head-timeout': 1 })
})

test('R69, R190: requestBodyMs: content that stops: 408, and the upstream request is aborted; progress extends the time', async t => {
  const { clock, client, proxy, closes, exchanged } = await reverse(t, silent, { deadlines: { requestBodyMs: 2_000 } })
  await client.send(request('POST', '/', 'Content-Length: 100'))
  for (let i = 0; i < 5; i++) {
    await settled()
    clock.advance(1_500)
    await client.send('x')
  }
  await settled()
  clock.advance(1_800)
  t.equal(client.received.length, 0)
  clock.advance(300)
  const answer = await readMessage(client)
  t.equal(answer.status, 408)
  t.match(proxyStatusOf(answer).details, 'deadlines.requestBodyMs')
  t.match((await exchanged(1))[0], {
    outcome: 'timeout',
    error: { deadline: 'requestBodyMs', side: 'client', stage: 'request-body' },
    clientVerdict: 'client-body-timeout',
    upstreamVerdict: 'client-gone',
  })
  client.halfClose()
  await until('closed', () => closes.length === 2)
  t.same(proxy.stats().upstream.closes, { 'client-gone': 1 })
})

test('R196: responseHeadMs: an upstream that does not answer: 504 http_response_timeout, the client is kept', async t => {
  const { clock, client, origin, proxy, exchanged } = await reverse(t, silent, { deadlines: { responseHeadMs: 2_000 } })
  for (const nth of [1, 2]) {
    await client.send(request('GET', '/'))
    await until('it was asked', () => origin.connections[nth - 1]?.received.includes('\r\n\r\n') === true)
    clock.advance(1_900)
    await client.silence()
    clock.advance(200)
    const answer = await readMessage(client)
    t.equal(answer.status, 504)
    t.equal(answer.field('Connection'), undefined)
    t.match(proxyStatusOf(answer), { error: 'http_response_timeout', details: /deadlines\.responseHeadMs/ })
    t.match((await exchanged(nth))[nth - 1], {
      outcome: 'timeout',
      error: { deadline: 'responseHeadMs', side: 'upstream', stage: 'response-head' },
      clientVerdict: 'keep',
      upstreamVerdict: 'upstream-timeout',
    })
  }
  t.same(proxy.stats().upstream.closes, { 'upstream-timeout': 2 })
})

test('responseHeadMs: an interim response is progress', async t => {
  let upstream: RawClient | undefined
  const { clock, client, exchanged } = await reverse(
    t,
    async connection => {
      upstream = connection
      await connection.readUntil('\r\n\r\n')
    },
    { deadlines: { responseHeadMs: 2_000 } },
  )
  await client.send(request('GET', '/'))
  await until('it was asked', () => upstream?.received.includes('\r\n\r\n') === true)
  for (let i = 0; i < 3; i++) {
    clock.advance(1_800)
    await upstream?.send('HTTP/1.1 102 Processing\r\n\r\n')
    t.equal((await readMessage(client)).status, 102)
  }
  clock.advance(2_100)
  t.equal((await readMessage(client)).status, 504)
  t.equal((await exchanged(1))[0]?.error?.deadline, 'responseHeadMs')
})

test('responseBodyMs: a response that stops is truncated, with its name; progress extends the time', async t => {
  let upstream: RawClient | undefined
  const { clock, client, proxy, exchanged } = await reverse(
    t,
    async connection => {
      upstream = connection
      await connection.readUntil('\r\n\r\n')
      await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    },
    { deadlines: { responseBodyMs: 2_000 } },
  )
  await client.send(request('GET', '/'))
  await client.readUntil('\r\n\r\n')
  for (let i = 0; i < 3; i++) {
    clock.advance(1_800)
    await upstream?.send('1\r\nx\r\n')
    await client.readUntil('1\r\nx\r\n')
  }
  clock.advance(1_800)
  await client.silence()
  clock.advance(300)
  t.equal((await client.readToEnd()).bytes.length, 0, 'no last chunk')
  t.match((await exchanged(1))[0], {
    outcome: 'timeout',
    status: 200,
    error: { deadline: 'responseBodyMs', type: 'connection_read_timeout', stage: 'response-body' },
    clientVerdict: 'response-truncated',
    upstreamVerdict: 'upstream-timeout',
  })
  await until('closed', () => proxy.stats().client.open === 0)
})

const BIG = 8 * 1024 * 1024

test('clientWriteMs: a client that reads nothing of its response is reset, and its upstream aborted', async t => {
  const { clock, client, proxy, exchanged, closes } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${BIG}\r\n\r\n`)
    await connection.send(Buffer.alloc(BIG)).catch(() => {})
  })
  await client.send(request('GET', '/'))
  await client.readUntil('\r\n\r\n')
  client.pause()
  // What the kernel accepts last is progress, and it may accept some late, when a window probe opens the window.
  t.ok((await passUntil(clock, () => closes.length === 2)) >= 60_000)
  t.match((await exchanged(1))[0], {
    outcome: 'client-aborted',
    clientVerdict: 'client-write-timeout',
    upstreamVerdict: 'client-gone',
  })
  t.same(proxy.stats().client.closes, { 'client-write-timeout': 1 })
  client.resume()
  t.ok((await client.readToEnd()).bytes.length < BIG, 'and it can see that the response is incomplete')
})

test('clientWriteMs: between two exchanges as well, if the last response has not been read', async t => {
  const { clock, client, proxy, exchanged } = await reverse(t, async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n${'x'.repeat(40_000)}`)
    }
  })
  client.pause()
  await client.send(request('GET', '/').repeat(400)).catch(() => {})
  await exchanged(1)
  await standstill(() => proxy.stats().exchanges.total)
  const passed = await passUntil(clock, () => proxy.stats().client.open === 0)
  t.ok(passed >= 60_000, `${passed} ms`)
  t.ok((await exchanged(1)).length < 400)
  t.same(proxy.stats().client.closes, { 'client-write-timeout': 1 })
})

test('requestBodyMs toward the upstream: one that reads nothing of the request: 504 connection_write_timeout', async t => {
  const { clock, client, exchanged, proxy } = await reverse(t, connection => connection.pause())
  await client.send(request('POST', '/', `Content-Length: ${BIG}`))
  const sending = client.send(Buffer.alloc(BIG)).catch(() => {})
  await until('connected', () => proxy.stats().upstream.busy === 1)
  t.ok((await passUntil(clock, () => client.waiting.length > 0)) >= 60_000)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.match(proxyStatusOf(answer), { error: 'connection_write_timeout', details: /deadlines\.requestBodyMs/ })
  t.match((await exchanged(1))[0], {
    outcome: 'timeout',
    error: { deadline: 'requestBodyMs', side: 'upstream' },
    upstreamVerdict: 'upstream-timeout',
    clientVerdict: 'content-unread',
  })
  client.destroy()
  await sending
})

test('exchangeMs: an exchange as a whole, before its response: 504', async t => {
  const { clock, client, exchanged } = await reverse(t, silent, { deadlines: { exchangeMs: 5_000 } })
  await client.send(request('GET', '/'))
  await settled()
  clock.advance(5_100)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.match(proxyStatusOf(answer).details, 'deadlines.exchangeMs')
  t.match((await exchanged(1))[0], {
    outcome: 'timeout',
    error: { deadline: 'exchangeMs', side: 'proxy' },
    clientVerdict: 'exchange-timeout',
    upstreamVerdict: 'exchange-timeout',
  })
})

test('exchangeMs: however much progress there is', async t => {
  let upstream: RawClient | undefined
  const { clock, client, exchanged } = await reverse(
    t,
    async connection => {
      upstream = connection
      await connection.readUntil('\r\n\r\n')
      await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    },
    { deadlines: { exchangeMs: 5_000 } },
  )
  await client.send(request('GET', '/'))
  await client.readUntil('\r\n\r\n')
  for (let i = 0; i < 4; i++) {
    clock.advance(1_200)
    await upstream?.send('1\r\nx\r\n')
    await client.readUntil('1\r\nx\r\n')
  }
  clock.advance(300)
  t.equal((await client.readToEnd()).bytes.length, 0)
  t.match((await exchanged(1))[0], { outcome: 'timeout', error: { deadline: 'exchangeMs' } })
})

test('exchangeMs applies to one exchange, not to a connection', async t => {
  const { clock, client } = await reverse(
    t,
    async connection => {
      for (;;) {
        await connection.readUntil('\r\n\r\n')
        await connection.send(response('ok'))
      }
    },
    { deadlines: { exchangeMs: 5_000 } },
  )
  for (let i = 0; i < 3; i++) {
    t.equal((await exchange(client, request('GET', '/'))).status, 200)
    clock.advance(4_000)
  }
})

test('R87: clientIdleMs: a client that is idle is closed with a FIN; lingerMs ends the wait for its own', async t => {
  const { clock, client, proxy } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('ok'))
  })
  await exchange(client, request('GET', '/'))
  clock.advance(74_900)
  await client.silence()
  clock.advance(200)
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(proxy.stats().client.open, 1, 'it lingers')
  clock.advance(5_100)
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-idle': 1 })
})

test('clientIdleHttp10Ms: a persistent HTTP/1.0 client has its own limit', async t => {
  const { clock, client, proxy } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('ok'))
  })
  await client.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  const answer = await readMessage(client)
  t.match(answer.field('Keep-Alive'), /^timeout=5, max=/)
  clock.advance(4_800)
  await client.silence()
  clock.advance(300)
  t.equal((await client.readToEnd()).how, 'fin')
  client.halfClose()
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-idle': 1 })
})

test('discardMs: content that continues after its answer is discarded for that long, then the connection ends', async t => {
  const { clock, client, proxy } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n')
  })
  await client.send(request('POST', '/', 'Content-Length: 1000'))
  const answer = await readMessage(client)
  t.equal(answer.status, 413)
  t.equal(answer.field('Connection'), 'close')
  for (let i = 0; i < 3; i++) {
    await client.send('x'.repeat(10))
    await settled()
    clock.advance(300)
  }
  t.equal(proxy.stats().client.open, 1)
  clock.advance(200)
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'content-unread': 1 })
})

test('R95: lingerMs: after our FIN the answer is protected from a reset for that long', async t => {
  const { clock, client, proxy } = await reverse(t, silent)
  await client.send('GET / HTTP/1.1\r\nbad line\r\n\r\n')
  const answer = await readMessage(client)
  t.equal(answer.status, 400)
  t.equal((await client.readToEnd()).how, 'fin')
  await client.send('more of this')
  await settled()
  t.equal(client.ended, 'fin')
  t.equal(proxy.stats().client.open, 1)
  clock.advance(5_100)
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-protocol-error': 1 })
})

test('halfClosedMs: a client that has half-closed waits that long for a response to begin', async t => {
  const { clock, client, exchanged, origin } = await reverse(t, silent)
  await client.send(request('GET', '/'))
  client.halfClose()
  await origin.accepted(1)
  await settled()
  clock.advance(400)
  await client.silence()
  clock.advance(200)
  t.equal((await client.readToEnd()).how, 'fin')
  t.match((await exchanged(1))[0], {
    outcome: 'client-aborted',
    clientVerdict: 'client-fin',
    upstreamVerdict: 'client-gone',
  })
  await until('the upstream is told', () => origin.connections[0]?.ended !== '')
})

test('R195: queueMs: no connection became free: 503 connection_limit_reached, and its place in the queue is free', async t => {
  const { clock, client, proxy, port, exchanged } = await reverse(t, silent, {
    limits: { upstreamConnectionsMax: 1 },
    deadlines: { queueMs: 2_000 },
  })
  await client.send(request('GET', '/first'))
  const second = await rawClient(t, port)
  await until('the first is under way', () => proxy.stats().upstream.busy === 1)
  await second.send(request('GET', '/second'))
  await until('the second waits', () => proxy.stats().upstream.waiting === 1)
  clock.advance(2_100)
  const answer = await readMessage(second)
  t.equal(answer.status, 503)
  t.match(proxyStatusOf(answer), { error: 'connection_limit_reached', details: /deadlines\.queueMs/ })
  t.match((await exchanged(1))[0], {
    target: '/second',
    outcome: 'timeout',
    error: { deadline: 'queueMs', stage: 'acquire' },
    clientVerdict: 'keep',
  })
  t.equal(proxy.stats().upstream.waiting, 0)
})

test('upstreamIdleMs: an idle upstream connection is closed', async t => {
  const { clock, client, proxy, closes } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('ok'))
  })
  await exchange(client, request('GET', '/'))
  t.equal(proxy.stats().upstream.idle, 1)
  clock.advance(3_900)
  t.equal(proxy.stats().upstream.idle, 1)
  clock.advance(300)
  await until('closed', () => closes.length === 1)
  t.match(closes[0], { side: 'upstream', reason: 'upstream-idle' })
})

test('R170: continueMs: after a silence of the upstream a gateway sends 100 itself, once', async t => {
  const { clock, client } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.readBytes(5)
    await connection.send(`HTTP/1.1 100 Continue\r\n\r\n${response('ok')}`)
  })
  await client.send(request('POST', '/', 'Content-Length: 5', 'Expect: 100-continue'))
  await settled()
  clock.advance(900)
  await client.silence()
  clock.advance(200)
  t.equal((await readMessage(client)).status, 100)
  await client.send('12345')
  t.equal((await readMessage(client)).status, 200, 'and no second 100')
})

test('drainMs: what is still in progress when it passes is ended', async t => {
  const { clock, client, proxy, closes, origin } = await reverse(t, silent)
  await client.send(request('GET', '/'))
  await until('it was asked', () => origin.connections[0]?.received.includes('\r\n\r\n') === true)
  const closed = proxy.close()
  await settled()
  t.equal(proxy.stats().client.open, 1)
  clock.advance(8_100)
  await closed
  await until('both ended', () => closes.length === 2)
  t.same(proxy.stats().client.closes, { shutdown: 1 })
})

test('no deadline is armed once everything has ended: the wheel stops', async t => {
  const { clock, client, proxy } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('ok', 'Connection: close'))
    connection.halfClose()
  })
  await exchange(client, request('GET', '/', 'Connection: close'))
  client.halfClose()
  await until('closed', () => proxy.stats().client.open === 0)
  clock.advance(200)
  t.equal(clock.timers, 0)
})

test('resolveMs, dns_timeout: 504', async t => {
  const clock = new FakeClock()
  const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: 'http://slow.invalid', clock })
  answerNames(proxy, { clock, lookup: () => {} })
  const client = await rawClient(t, port)
  await client.send(request('GET', '/'))
  await settled()
  clock.advance(5_100)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.match(proxyStatusOf(answer), { error: 'dns_timeout', details: /deadlines\.resolveMs/ })
  t.match((await exchanged(1))[0], { outcome: 'timeout', error: { deadline: 'resolveMs', stage: 'resolve' } })
})
