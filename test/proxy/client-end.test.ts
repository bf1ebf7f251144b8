import { test } from 'tap'
import type { ClientPool } from '../../lib/net/client/client-pool.js'
import type { Transport } from '../../lib/net/socket/transport.js'
import { DATED, delivery, ended, gateway, head, heard, ok, quiet, READ_MODES, until } from './conversation.js'

// A client's FIN is not yet an abort; a reset is one.

const GET = head('GET / HTTP/1.1', 'Host: a')
const PUT = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 10')
const CHUNKED = 'Transfer-Encoding: chunked'

/** The transport of the only client: shows what the client did where nothing can be seen from outside. */
const transportOf = (proxy: unknown): Transport | undefined =>
  [...(proxy as { clients: ClientPool }).clients.connections][0]?.transport
const finSeen = (proxy: unknown): boolean => transportOf(proxy)?.finSeen === true

for (const readMode of READ_MODES) {
  test(`R96: FIN after a complete request: a response that begins within 500 ms, and continues as fast, is delivered whole (${readMode})`, async t => {
    const { connect, upstream, clock, exchanged } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(GET)
    client.halfClose()
    const origin = await upstream()
    await heard(t, origin, GET)
    await delivery()
    clock.advance(400)
    await quiet(t, origin)
    await origin.send(ok('first half, then the rest').slice(0, -4))
    await heard(t, client, ok('first half, then the rest').slice(0, -4))
    for (const part of 'rest') {
      clock.advance(400)
      await origin.send(part)
      await heard(t, client, part)
    }
    await ended(t, client, 'fin')
    t.match(await exchanged(1), [{ outcome: 'complete', upstreamVerdict: 'keep' }])
    await quiet(t, origin)
  })

  test(`R96: … later the upstream is aborted (${readMode})`, async t => {
    const { connect, upstream, clock, proxy, exchanged } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(GET)
    const origin = await upstream()
    await heard(t, origin, GET)
    client.halfClose()
    await delivery()
    clock.advance(490)
    await quiet(t, origin)
    clock.advance(150)
    await origin.readToEnd()
    await client.readToEnd()
    t.match(await exchanged(1), [{ outcome: 'client-aborted', status: 0, clientVerdict: 'client-fin' }])
    await until(() => proxy.stats().client.open === 0)
    t.match(proxy.stats(), {
      client: { closes: { 'client-fin': 1 } },
      upstream: { closes: { 'client-gone': 1 } },
      exchanges: { active: 0 },
    })
  })

  for (const responseBodyMs of [60_000, 0]) {
    test(`R96: … a response that then does not continue is aborted, too (${readMode}, responseBodyMs ${responseBodyMs})`, async t => {
      const { connect, upstream, clock, proxy, exchanged } = await gateway(t, {
        readMode,
        deadlines: { responseBodyMs },
      })
      const client = await connect()
      await client.send(GET)
      const origin = await upstream()
      await heard(t, origin, GET)
      const events = head('HTTP/1.1 200 OK', DATED, 'Content-Type: text/event-stream', CHUNKED)
      await origin.send(`${events}7\r\ndata:a\n\r\n`)
      await heard(t, client, `${events}7\r\ndata:a\n\r\n`)
      clock.advance(10_000)
      client.halfClose()
      await until(() => finSeen(proxy), 'the FIN has come')
      clock.advance(400)
      await origin.send('7\r\ndata:b\n\r\n')
      await heard(t, client, '7\r\ndata:b\n\r\n')
      clock.advance(400)
      t.equal(proxy.stats().exchanges.active, 1, 'the last bytes count, not the FIN alone')
      clock.advance(250)
      await origin.readToEnd()
      await client.readToEnd()
      t.match(await exchanged(1), [
        {
          outcome: 'client-aborted',
          status: 200,
          clientVerdict: 'client-fin',
          error: { stage: 'response-body', deadline: 'halfClosedMs' },
        },
      ])
      t.match(proxy.stats().upstream.closes, { 'client-gone': 1 })
    })
  }

  test(`R54, R80: FIN within content aborts the upstream at once (${readMode})`, async t => {
    const { connect, upstream, exchanged } = await gateway(t, { readMode })
    for (const [nth, [request, part]] of [
      [PUT, 'hello'],
      [head('PUT / HTTP/1.1', 'Host: a', CHUNKED), '5\r\nhello\r\n'],
    ].entries() as IterableIterator<[number, [string, string]]>) {
      const client = await connect()
      await client.send(request + part)
      const origin = await upstream(nth)
      await heard(t, origin, request + part)
      client.halfClose()
      t.equal(String((await origin.readToEnd()).bytes), '', 'no last chunk')
      await client.readToEnd()
    }
    for (const record of await exchanged(2)) t.match(record, { outcome: 'client-aborted', clientVerdict: 'client-fin' })
  })

  test(`R80: a reset aborts the upstream at once, before and within the response (${readMode})`, async t => {
    const { connect, upstream, exchanged } = await gateway(t, { readMode })
    for (const [nth, answered] of [false, true].entries()) {
      const client = await connect()
      await client.send(GET)
      const origin = await upstream(nth)
      await heard(t, origin, GET)
      if (answered) {
        await origin.send(ok('part of it').slice(0, -3))
        await heard(t, client, ok('part of it').slice(0, -3))
      }
      client.reset()
      await origin.readToEnd()
    }
    for (const record of await exchanged(2))
      t.match(record, { outcome: 'client-aborted', clientVerdict: 'client-reset', upstreamVerdict: 'client-gone' })
  })
}

test('R96: with halfClosed: answer the response may begin at any time', async t => {
  const { connect, upstream, clock } = await gateway(t, { halfClosed: 'answer' })
  const client = await connect()
  await client.send(GET)
  client.halfClose()
  const origin = await upstream()
  await heard(t, origin, GET)
  await delivery()
  clock.advance(30_000)
  await quiet(t, origin)
  await origin.send(ok('at last'))
  await heard(t, client, ok('at last'))
  await ended(t, client, 'fin')
})

test('R96: with halfClosed: answer … and continue at any time', async t => {
  const { connect, upstream, clock, proxy } = await gateway(t, { halfClosed: 'answer' })
  const client = await connect()
  await client.send(GET)
  const origin = await upstream()
  await heard(t, origin, GET)
  await origin.send(ok('at last').slice(0, -4))
  await heard(t, client, ok('at last').slice(0, -4))
  client.halfClose()
  await until(() => finSeen(proxy), 'the FIN has come')
  clock.advance(30_000)
  await origin.send('last')
  await heard(t, client, 'last')
  await ended(t, client, 'fin')
})

test('R96, R216: … and to an HTTP/1.0 client, for which the end of the connection is the end of the content, with a reset', async t => {
  const { connect, upstream, clock, proxy } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.0', 'Host: a'))
  client.halfClose()
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nhello\r\n`)
  await client.readUntil('hello')
  await until(() => finSeen(proxy), 'the FIN has come')
  clock.advance(650)
  await origin.readToEnd()
  await ended(t, client, 'reset')
})

test('R96: a half-closed client that is slow to read has clientWriteMs for what is there, and halfClosedMs after it', async t => {
  const { connect, upstream, clock, proxy } = await gateway(t)
  const client = await connect()
  await client.send(GET)
  client.halfClose()
  const origin = await upstream()
  await heard(t, origin, GET)
  await until(() => finSeen(proxy), 'the FIN has come')
  client.pause()
  const length = 8 * 1024 * 1024
  const beginning = head('HTTP/1.1 200 OK', DATED, `Content-Length: ${length + 1}`)
  origin.send(beginning + 'x'.repeat(length))
  await until(() => transportOf(proxy)?.pressured === true, 'the client is waited for')
  clock.advance(5_000)
  t.equal(proxy.stats().exchanges.active, 1)
  client.resume()
  await client.readBytes(beginning.length + length, 60_000)
  await until(() => transportOf(proxy)?.pressured === false, 'it has it all')
  clock.advance(650)
  await origin.readToEnd()
  await client.readToEnd()
})

test('R96: with halfClosed: answer a FIN within content is still an abort', async t => {
  const { connect, upstream } = await gateway(t, { halfClosed: 'answer' })
  const client = await connect()
  await client.send(`${PUT}hello`)
  const origin = await upstream()
  await heard(t, origin, `${PUT}hello`)
  client.halfClose()
  await origin.readToEnd()
  await client.readToEnd()
})

test('R96: an interim response is not the beginning of the response', async t => {
  const { connect, upstream, clock } = await gateway(t)
  const client = await connect()
  await client.send(GET)
  client.halfClose()
  const origin = await upstream()
  await heard(t, origin, GET)
  await delivery()
  clock.advance(300)
  await origin.send(head('HTTP/1.1 103 Early Hints', 'Link: <x>'))
  await heard(t, client, head('HTTP/1.1 103 Early Hints', 'Link: <x>'))
  clock.advance(400)
  await origin.readToEnd()
  await client.readToEnd()
})

test('R96: pipelined requests and a FIN after them: all are answered', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(GET + GET + GET)
  client.halfClose()
  const origin = await upstream()
  for (let nth = 0; nth < 3; nth++) {
    await heard(t, origin, GET)
    await delivery()
    await origin.send(ok(`answer ${nth}`))
    await heard(t, client, ok(`answer ${nth}`))
  }
  await ended(t, client, 'fin')
})

test('R54: … also when the last of them is incomplete: that one aborts its upstream when its turn comes', async t => {
  for (const cut of [GET.slice(0, 12), `${PUT}hello`]) {
    const { connect, upstream, proxy } = await gateway(t)
    const client = await connect()
    await client.send(GET + cut)
    client.halfClose()
    const origin = await upstream()
    await heard(t, origin, GET)
    await delivery()
    await origin.send(ok('one'))
    await heard(t, client, ok('one'))
    await client.readToEnd()
    await until(() => proxy.stats().exchanges.active === 0)
    await until(() => proxy.stats().client.open === 0)
    t.same(proxy.stats().client.closes, { 'client-fin': 1 })
  }
})

test('a FIN between two requests, and within a head, closes the connection without a response', async t => {
  const { connect, proxy, dialed } = await gateway(t)
  for (const sent of ['', '\r\n', GET.slice(0, 12), GET.slice(0, -2)]) {
    const client = await connect()
    if (sent !== '') await client.send(sent)
    client.halfClose()
    t.equal(String((await client.readToEnd()).bytes), '', JSON.stringify(sent))
  }
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-fin': 4 })
  t.equal(proxy.stats().exchanges.active, 0)
  t.equal(dialed(), 0)
})

test('a client that leaves while its request waits for a connection is removed from the queue', async t => {
  const { connect, upstream, proxy } = await gateway(t, { limits: { upstreamConnectionsMax: 1 } })
  const one = await connect()
  await one.send(head('GET /1 HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await heard(t, origin, head('GET /1 HTTP/1.1', 'Host: a'))
  const two = await connect()
  await two.send(head('GET /2 HTTP/1.1', 'Host: a'))
  await until(() => proxy.stats().upstream.waiting === 1)
  two.reset()
  await until(() => proxy.stats().upstream.waiting === 0)
  await origin.send(ok('one'))
  await heard(t, one, ok('one'))
  await quiet(t, origin)
})

test('R80: the rest of an aborted download never reaches another client', async t => {
  const { connect, upstream } = await gateway(t)
  const one = await connect()
  await one.send(GET)
  const first = await upstream()
  await first.readUntil('\r\n\r\n')
  await first.send(ok('a secret of one').slice(0, -6))
  await one.readUntil('secret')
  one.reset()
  await first.readToEnd()
  const two = await connect()
  await two.send(GET)
  const second = await upstream(1)
  await heard(t, second, GET)
  await second.send(ok('two'))
  await heard(t, two, ok('two'))
})

test('R95: the answer to a client that still sends is read to its end before anything resets', async t => {
  const { connect, proxy } = await gateway(t)
  const client = await connect()
  client.pause()
  await client.send('GET / HTTP/1.1\r\nHost : a\r\n\r\n')
  await until(() => proxy.stats().client.idle === 0)
  for (let nth = 0; nth < 5; nth++) await client.send(Buffer.alloc(50_000, 'x'))
  await delivery()
  client.resume()
  const { bytes, how } = await client.readToEnd()
  t.match(String(bytes), /^HTTP\/1\.1 400 [\s\S]*edge: http_request_error\n$/)
  t.equal(how, 'fin')
})

test('R95: lingering ends: by the client’s FIN, or after lingerMs', async t => {
  const { connect, proxy, clock } = await gateway(t)
  const polite = await connect()
  await polite.send('nonsense\r\n\r\n')
  await polite.readToEnd()
  t.equal(proxy.stats().client.open, 1)
  polite.halfClose()
  await until(() => proxy.stats().client.open === 0)
  const rude = await connect()
  await rude.send('nonsense\r\n\r\n')
  await rude.readToEnd()
  clock.advance(4_900)
  await delivery()
  t.equal(proxy.stats().client.open, 1)
  clock.advance(200)
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-protocol-error': 2 }, 'one reason each, the first')
})

test('R216: an aborted exchange does not look complete to an HTTP/1.0 client', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('POST / HTTP/1.0', 'Host: a', 'Content-Length: 10'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', DATED)}part`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Connection: close')}part`)
  origin.reset()
  await ended(t, client, 'reset')
})
