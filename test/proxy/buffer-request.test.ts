import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { exchange, request, settled } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { delivery, head, heard, ok, READ_MODES, until } from './conversation.js'
import { answers, fleet, type Grouped, routed, type Server, server, unusedUrl } from './fleet.js'

// bufferRequestBytes: a server that uses a thread per request gets it only with its whole content, or with too much to gather.

const POST = (length: number, ...fields: string[]): string =>
  request('POST', '/', `Content-Length: ${length}`, ...fields)
const CHUNKED = (...fields: string[]): string => request('POST', '/', 'Transfer-Encoding: chunked', ...fields)

const buffering = (t: Test, origin: Server, bytes: number, options: Partial<ProxyOptions> = {}): Promise<Grouped> =>
  routed(t, { routes: [{ upstream: origin.url, bufferRequestBytes: bytes }], ...options })

for (const readMode of READ_MODES) {
  test(`a slow client occupies no upstream connection until its content is complete (${readMode})`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect, proxy, exchanged } = await buffering(t, a!, 100_000, { readMode })
    const client = await connect()
    await client.send(POST(30_000))
    for (let nth = 0; nth < 30; nth++) {
      t.equal(proxy.stats().upstream.dialed, 0)
      await client.send('x'.repeat(1_000))
      await settled(1)
    }
    t.equal(String((await readMessage(client)).content), 'a')
    t.equal(a!.asked[0]?.content.length, 30_000)
    t.match((await exchanged(1))[0], {
      bytes: { requestContent: 30_000 },
      clientVerdict: 'keep',
      upstreamVerdict: 'keep',
    })
    t.equal(await answers(client, 2, `${POST(5)}hello`), 'aa')
    t.equal(String(a!.asked[2]?.content), 'hello')
  })

  test(`R42: chunks are gathered as well, and sent with a length (${readMode})`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect, proxy } = await buffering(t, a!, 100_000, { readMode })
    const client = await connect()
    await client.send(`${CHUNKED('Trailer: X-Sum', 'X-Other: 1')}5\r\nhello\r\n`)
    await delivery()
    t.equal(proxy.stats().upstream.dialed, 0)
    await client.send('6;x=y\r\n world\r\n0\r\n\r\n')
    t.equal(String((await readMessage(client)).content), 'a')
    t.match(a!.asked[0], { content: Buffer.from('hello world'), framing: 'length' })
    t.match(a!.asked[0]?.head, /\r\nContent-Length: 11\r\n/)
    t.notMatch(a!.asked[0]?.head, /transfer-encoding|trailer/i)
    t.match(a!.asked[0]?.head, /\r\nX-Other: 1\r\n/)
    t.equal(await answers(client, 1, `${CHUNKED()}0\r\n\r\n`), 'a', 'none at all')
    t.match(a!.asked[1]?.head, /\r\nContent-Length: 0\r\n/)
    t.equal(await answers(client, 1, `${CHUNKED('Trailer: Cookie')}1\r\nx\r\n0\r\nCookie: a=b\r\n\r\n`), 'a')
    t.match(
      a!.asked[2],
      { framing: 'length', content: Buffer.from('x') },
      'a trailer that may not be forwarded does not count',
    )
  })

  test(`chunks with trailers keep their chunks (${readMode})`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect, proxy } = await buffering(t, a!, 100_000, { readMode })
    const client = await connect()
    await client.send(`${CHUNKED()}5\r\nhello\r\n`)
    await delivery()
    t.equal(proxy.stats().upstream.dialed, 0)
    await client.send('6;x=y\r\n world\r\n0\r\nX-Sum: 11\r\n\r\n')
    t.equal(String((await readMessage(client)).content), 'a')
    t.match(a!.asked[0], { content: Buffer.from('hello world'), trailers: 'X-Sum: 11\r\n', framing: 'chunked' })
    t.equal(await answers(client, 1, `${CHUNKED('Trailer: X-Sum')}0\r\nX-Sum: 0\r\n\r\n`), 'a', 'and no content')
    t.match(a!.asked[1], { content: Buffer.alloc(0), trailers: 'X-Sum: 0\r\n', framing: 'chunked' })
    t.match(a!.asked[1]?.head, /\r\nTrailer: X-Sum\r\n/)
  })

  test(`more than the limit: from there on it is passed on as it arrives (${readMode})`, async t => {
    const [a] = await fleet(t, 'a')
    for (const chunked of [false, true]) {
      const { connect, proxy } = await buffering(t, a!, 1_000, { readMode })
      const client = await connect()
      const piece = chunked ? `1f4\r\n${'x'.repeat(500)}\r\n` : 'x'.repeat(500)
      await client.send((chunked ? CHUNKED() : POST(300_000)) + piece)
      await delivery()
      t.equal(proxy.stats().upstream.dialed, 0)
      await client.send(piece + piece)
      await until(() => proxy.stats().upstream.dialed === 1)
      for (let nth = 3; nth < 600; nth++) await client.send(piece)
      if (chunked) await client.send('0\r\n\r\n')
      t.equal(String((await readMessage(client)).content), 'a')
      t.equal(a!.asked.at(-1)?.content.length, 300_000)
      t.ok(a!.asked.at(-1)?.content.equals(Buffer.alloc(300_000, 'x')))
    }
  })

  test(`content that arrives in one read with its head, small or large (${readMode})`, async t => {
    const [a] = await fleet(t, 'a')
    for (const length of [1, 999, 1_000, 1_001, 200_000]) {
      const { connect } = await buffering(t, a!, 1_000, { readMode })
      const client = await connect()
      await client.send(POST(length) + 'y'.repeat(length))
      t.equal(String((await readMessage(client)).content), 'a', `${length}`)
      t.equal(a!.asked.at(-1)?.content.length, length)
    }
  })
}

test('bytes of every value pass unchanged', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await buffering(t, a!, 10_000)
  const client = await connect()
  const content = Buffer.from(Array.from({ length: 5_000 }, (_, nth) => (nth * 7) & 0xff))
  await client.send(POST(content.length))
  await client.send(content)
  await readMessage(client)
  t.ok(a!.asked[0]?.content.equals(content))
})

test('no content, or none at all: nothing to gather', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await buffering(t, a!, 10)
  const client = await connect()
  t.equal(await answers(client, 1), 'a')
  t.equal(await answers(client, 1, POST(0)), 'a')
  t.equal(await answers(client, 1, `${CHUNKED()}0\r\n\r\n`), 'a')
})

for (const [what, text, rest] of [
  ['a length', POST(5, 'Expect: 100-continue'), 'hello'],
  ['chunks', CHUNKED('expect: 100-Continue'), '5\r\nhello\r\n0\r\n\r\n'],
] as const) {
  test(`Expect: 100-continue (${what}): we send it at once, and the server is not asked for it any more`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect } = await buffering(t, a!, 100)
    const client = await connect()
    await client.send(text)
    await heard(t, client, head('HTTP/1.1 100 Continue'))
    t.equal(a!.connections.length, 0)
    await client.send(rest)
    const answer = await readMessage(client)
    t.equal(String(answer.content), 'a')
    t.equal(a!.asked[0]?.field('Expect'), undefined)
    t.equal(String(a!.asked[0]?.content), 'hello')
  })
}

test('a client of HTTP/1.0 gets no 100, whatever it expects', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await buffering(t, a!, 100)
  const client = await connect()
  await client.send(head('POST / HTTP/1.0', 'Expect: 100-continue', 'Content-Length: 5'))
  await client.silence()
  await client.send('hello')
  t.match(await readMessage(client), { status: 200 })
  t.equal(a!.asked[0]?.field('Expect'), undefined)
})

test('an unknown expectation: 417, nothing is gathered', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await buffering(t, a!, 100)
  t.equal((await exchange(await connect(), POST(5, 'Expect: miracle'))).status, 417)
})

for (const how of ['reset', 'halfClose', 'destroy'] as const) {
  test(`a client that leaves in the meantime (${how}): nothing reaches the server`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect, exchanged, proxy } = await buffering(t, a!, 1_000)
    const client = await connect()
    await client.send(`${POST(500)}begin`)
    await delivery()
    client[how]()
    t.match((await exchanged(1))[0], { outcome: 'client-aborted', status: 0 })
    t.match(proxy.stats(), { upstream: { dialed: 0, dialing: 0 }, exchanges: { active: 0 } })
  })
}

test('one that stops sending: 408 after requestBodyMs without a byte', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock, exchanged } = await buffering(t, a!, 1_000)
  const client = await connect()
  await client.send(`${POST(500)}begin`)
  await delivery()
  clock.advance(59_000)
  await client.send('more')
  await delivery()
  clock.advance(59_000)
  await client.silence()
  clock.advance(1_200)
  t.equal((await readMessage(client)).status, 408)
  t.match((await exchanged(1))[0], { clientVerdict: 'client-body-timeout', error: { deadline: 'requestBodyMs' } })
  t.equal(a!.connections.length, 0)
})

test('a client’s FIN after its whole content: half a second of patience, as always', async t => {
  const a = await server(t, 'a', () => {})
  const { connect, clock, exchanged } = await buffering(t, a, 1_000)
  const client = await connect()
  await client.send(`${POST(5)}hello`)
  client.halfClose()
  await until(() => a.asked.length === 1)
  await delivery()
  clock.advance(700)
  t.match((await exchanged(1))[0], { outcome: 'client-aborted', error: { deadline: 'halfClosedMs' } })
})

test('a second request that is pipelined after gathered content waits its turn', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await buffering(t, a!, 1_000)
  const client = await connect()
  await client.send(`${POST(5)}hel`)
  await delivery()
  await client.send(`lo${POST(3)}abc${request('GET', '/last')}`)
  for (let nth = 0; nth < 3; nth++) t.equal(String((await readMessage(client)).content), 'a')
  t.same(
    a!.asked.map(({ content }) => String(content)),
    ['hello', 'abc', ''],
  )
  t.equal(a!.connections.length, 1)
})

test('wrong chunks: 400, and nothing reaches the server', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await buffering(t, a!, 1_000)
  const client = await connect()
  await client.send(`${CHUNKED()}5\r\nhello\r\n`)
  await delivery()
  await client.send('nonsense\r\n')
  t.equal((await readMessage(client)).status, 400)
  t.equal(a!.connections.length, 0)
})

test('content beyond the limit of gathering does not pile up while the server is unavailable', async t => {
  const a = await server(t, 'a', () => {})
  const { connect, proxy } = await buffering(t, a, 50_000, { limits: { upstreamConnectionsMax: 1 } })
  const [first, second] = [await connect(), await connect()]
  await first.send(request('GET', '/'))
  await until(() => a.asked.length === 1)
  const content = Buffer.alloc(12 * 1024 * 1024, 'x')
  await second.send(POST(content.length))
  let sent = false
  const sending = second.send(content).then(() => {
    sent = true
  })
  await until(() => proxy.stats().upstream.waiting === 1)
  await settled(100)
  t.equal(sent, false, 'we have stopped reading')
  await a.connections[0]!.send(ok('a'))
  await readMessage(first)
  await sending
  await until(() => a.asked.length === 2)
  t.equal(a.asked[1]?.content.length, content.length)
})

test('one byte per chunk: what is kept is bounded by the limit, and is one piece of content', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, proxy } = await buffering(t, a!, 10_000)
  const client = await connect()
  await client.send(CHUNKED() + '1\r\nx\r\n'.repeat(9_000))
  await delivery()
  t.equal(proxy.stats().upstream.dialed, 0)
  await client.send('1\r\nx\r\n'.repeat(3_000))
  await until(() => proxy.stats().upstream.dialed === 1)
  await client.send('0\r\n\r\n')
  await readMessage(client)
  t.equal(a!.asked[0]?.content.length, 12_000)
})

test('gathered content goes to another server as a whole if the first one refuses', async t => {
  const [b] = await fleet(t, 'b')
  const { connect } = await routed(t, {
    routes: [{ upstream: 'app', bufferRequestBytes: 1_000 }],
    upstreams: { app: { servers: [await unusedUrl(), b!.url] } },
  })
  const client = await connect()
  await client.send(`${POST(10)}hello`)
  await client.send('world')
  t.equal(String((await readMessage(client)).content), 'b')
  t.equal(String(b!.asked[0]?.content), 'helloworld')
})

test('an HTTP/1.0 server gets gathered chunks with a length', async t => {
  const a = await server(t, 'a', connection =>
    connection.send('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na'),
  )
  const { connect } = await buffering(t, a, 1_000)
  const client = await connect()
  t.equal(await answers(client, 1), 'a')
  t.equal(await answers(client, 1, `${CHUNKED()}5\r\nhello\r\n0\r\n\r\n`), 'a')
  t.match(a.asked[1], { framing: 'length', content: Buffer.from('hello') })
})

test('where content is gathered anyway, that much may get a length for an HTTP/1.0 server', async t => {
  const a = await server(t, 'a', connection =>
    connection.send('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na'),
  )
  const { connect } = await routed(t, {
    limits: { retryBytesMax: 2 },
    routes: [{ upstream: 'app', bufferRequestBytes: 1_000 }],
    upstreams: { app: { servers: [a.url] } },
  })
  const client = await connect()
  t.equal(await answers(client, 3), 'aaa')
  t.equal(await answers(client, 1, `${CHUNKED()}5\r\nhello\r\n0\r\n\r\n`), 'a')
  t.match(a.asked[3], { framing: 'length', content: Buffer.from('hello') })
})

test('the time to respond of a server that reads gathered content slowly begins when it has all of it', async t => {
  const a = await server(t, 'a', () => {})
  const { connect, clock, proxy } = await buffering(t, a, 20_000_000)
  const client = await connect()
  const content = Buffer.alloc(12_000_000, 'x')
  await client.send(POST(content.length))
  const sending = client.send(content)
  await until(() => proxy.stats().upstream.dialed === 1, 'the content is gathered')
  await a.accepted(1)
  a.connections[0]!.pause()
  await sending
  await settled(50)
  clock.advance(50_000)
  a.connections[0]!.resume()
  await until(() => a.asked.length === 1)
  await settled(20)
  clock.advance(50_000)
  await client.silence()
  clock.advance(11_000)
  t.equal((await readMessage(client)).status, 504)
})
