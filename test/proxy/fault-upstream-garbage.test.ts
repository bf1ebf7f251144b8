import { test } from 'tap'
import {
  ask,
  closesOf,
  exchange,
  proxyStatusOf,
  rawClient,
  request,
  response,
  settled,
  until,
} from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

// Not a valid response: each gets a 502 that says so; the upstream connection ends, the client's does not.
const garbage: { what: string; sends: string; error?: string }[] = [
  { what: 'R194: no HTTP at all', sends: 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n' },
  { what: 'R194: binary', sends: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n' },
  { what: 'R194: HTTP/2.0', sends: 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n' },
  { what: 'R218: status 99', sends: 'HTTP/1.1 099 No\r\nContent-Length: 0\r\n\r\n' },
  { what: 'R218: a status of four digits', sends: 'HTTP/1.1 2000 No\r\nContent-Length: 0\r\n\r\n' },
  { what: 'R116: NUL in a value', sends: 'HTTP/1.1 200 OK\r\nA: b\0c\r\nContent-Length: 0\r\n\r\n' },
  { what: 'R3: a bare CR', sends: 'HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n' },
  {
    what: 'R53: two Content-Lengths',
    sends: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
  },
  { what: 'R53: two lengths in a list', sends: 'HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nab' },
  { what: 'R53, R181: a length that is not a number', sends: 'HTTP/1.1 200 OK\r\nContent-Length: 0x10\r\n\r\n' },
  { what: 'R180: a length over 2^53', sends: 'HTTP/1.1 200 OK\r\nContent-Length: 9007199254740993\r\n\r\n' },
  {
    what: 'R51: a transfer coding that was not asked for',
    sends: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    error: 'http_response_transfer_coding',
  },
  {
    what: 'R115: a head that is too large',
    sends: `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}\r\n\r\n`,
    error: 'http_response_header_section_size',
  },
  { what: 'R60: an invalid chunk size', sends: `${CHUNKED}xyz\r\nabc\r\n0\r\n\r\n` },
  { what: 'R60: a chunk size of 17 digits', sends: `${CHUNKED}FFFFFFFFFFFFFFFF1\r\nabc` },
  { what: 'R62: a chunk line that ends in LF', sends: `${CHUNKED}3\nabc\r\n0\r\n\r\n` },
  { what: 'R62: chunk data that is longer than its size', sends: `${CHUNKED}3\r\nabcd\r\n0\r\n\r\n` },
  {
    what: 'R155: 101 that was not asked for',
    sends: 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  },
]

for (const { what, sends, error = 'http_protocol_error' } of garbage) {
  test(`${what}, in a response: 502 ${error}, and the upstream is closed`, async t => {
    const origin = await scriptedOrigin(t, answerAlways(sends))
    const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    for (const nth of [1, 2]) {
      const answer = await exchange(client, request('GET', '/'))
      t.equal(answer.status, 502)
      t.equal(proxyStatusOf(answer).error, error)
      t.match((await exchanged(nth))[nth - 1], {
        error: { message: /the response cannot be used/, side: 'upstream' },
        outcome: 'failed',
        upstreamVerdict: 'upstream-protocol-error',
        clientVerdict: 'keep',
      })
    }
    t.equal(origin.connections.length, 2)
    t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 2 })
    t.same(proxy.stats().exchanges.failures, { [error]: 2 })
  })
}

for (const [what, sends] of [
  ['a bad chunk size', '5\r\n12345\r\nxyz\r\n'],
  ['bad chunk data', '5\r\n12345\r\n3\r\nabcd\r\n'],
  ['a bad trailer', '5\r\n12345\r\n0\r\n A: b\r\n\r\n'],
] as const) {
  test(`R62, R70: ${what} once part of the response has been sent: the client's response is left incomplete`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(`${CHUNKED}5\r\n12345\r\n`)
      await settled()
      await connection.send(sends)
    })
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    await client.send(request('GET', '/'))
    await client.readUntil('\r\n\r\n5\r\n12345\r\n')
    const { bytes } = await client.readToEnd()
    t.notMatch(bytes.toString('latin1'), '0\r\n')
    t.match(proxy.stats(), { client: { closes: { 'response-truncated': 1 } } })
    t.match(proxy.stats(), { upstream: { closes: { 'upstream-protocol-error': 1 } } })
  })
}

test('R59: bytes after a response, in one read: never another response, and the connection is not pooled', async t => {
  const evil = response('evil', 'X: forged')
  const origin = await scriptedOrigin(t, answerAlways(response('good') + evil))
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, port)
  for (const nth of [1, 2, 3]) {
    t.equal(String((await exchange(client, request('GET', '/'))).content), 'good')
    t.equal(proxy.stats().upstream.open, 0)
    t.equal(origin.connections.length, nth)
  }
  await client.silence()
  t.same(proxy.stats().upstream.closes, { 'upstream-unsolicited': 3 })
})

for (const surplus of ['\r\n', 'x', response('evil')]) {
  test(`R73: ${JSON.stringify(surplus.slice(0, 15))} on an idle connection ends it`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      for (;;) {
        await connection.readUntil('\r\n\r\n')
        await connection.send(response('good'))
      }
    })
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const closes = closesOf(proxy)
    const client = await rawClient(t, port)
    t.equal(String((await exchange(client, request('GET', '/'))).content), 'good')
    t.equal(proxy.stats().upstream.idle, 1)
    await origin.connections[0]?.send(surplus)
    await until('it was closed', () => closes.length === 1)
    t.match(closes[0], { side: 'upstream', id: 'u1', requests: 1, reason: 'upstream-unsolicited' })
    t.equal(String((await exchange(client, request('GET', '/'))).content), 'good')
    t.equal(origin.connections.length, 2)
    await client.silence()
  })
}

test('R59: bytes after the responses to HEAD, 204 and 304 are surplus', async t => {
  const rows = [
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\nevil'],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nevil'],
  ] as const
  const origin = await scriptedOrigin(t, async (connection, nth) => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(rows[nth]?.[1] ?? '')
  })
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, port)
  for (const [method] of rows) {
    await client.send(request(method, '/'))
    await readMessage(client, { toHead: true })
    t.equal(client.waiting.length, 0)
  }
  t.same(proxy.stats().upstream.closes, { 'upstream-unsolicited': 3 })
})

test('R45, R49: Content-Length beside chunks, and chunks in HTTP/1.0: read by the chunks, and the upstream is closed', async t => {
  for (const head of [
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n',
  ]) {
    const origin = await scriptedOrigin(t, answerAlways(`${head}3\r\nabc\r\n0\r\n\r\n`))
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const answer = await ask(t, port, request('GET', '/'))
    t.equal(String(answer.content), 'abc')
    t.equal(answer.field('Content-Length'), undefined)
    t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
  }
})
