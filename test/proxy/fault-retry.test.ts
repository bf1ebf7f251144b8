import { test } from 'tap'
import { exchange, proxyStatusOf, rawClient, request, response, settled, until } from '../support/conversation.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { type ScriptedOrigin, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// The second request on the origin's first connection meets a stale connection: `stale` says what happens when it arrives.
type Stale = (connection: RawClient) => Promise<void> | void

const FIN: Stale = connection => connection.halfClose()
const RST: Stale = connection => connection.reset()
const TIMEOUT_408: Stale = connection =>
  connection.send('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')

interface Asked {
  nth: number
  text: string
}

/** Answers the first request of its first connection, is stale at the second; later connections do as `later` says. */
async function staleOrigin(
  t: Parameters<typeof scriptedOrigin>[0],
  stale: Stale,
  later: Stale = connection => connection.send(response('fresh')),
): Promise<{ origin: ScriptedOrigin; asked: Asked[] }> {
  const asked: Asked[] = []
  const origin = await scriptedOrigin(t, async (connection, nth) => {
    for (let i = 0; ; i++) {
      const head = await connection.readUntil('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      const content = length > 0 ? String(await connection.readBytes(length)) : ''
      const chunks = /chunked/i.test(head) ? await connection.readUntil('0\r\n\r\n') : ''
      asked.push({ nth, text: head + content + chunks })
      if (nth > 0) await later(connection)
      else if (i === 0) await connection.send(response('first'))
      else await stale(connection)
    }
  })
  return { origin, asked }
}

async function warm(t: Parameters<typeof scriptedOrigin>[0], origin: ScriptedOrigin, limits = {}) {
  const running = await withProxy(t, { mode: 'reverse', upstream: origin.url, limits })
  const client = await rawClient(t, running.port)
  t.equal(String((await exchange(client, request('GET', '/warm'))).content), 'first')
  t.equal(running.proxy.stats().upstream.idle, 1)
  return { ...running, client }
}

for (const [how, stale] of [
  ['a FIN', FIN],
  ['a reset', RST],
  ['a 408', TIMEOUT_408],
] as const) {
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'DELETE']) {
    test(`R82, R151, R152, R221: ${how} as ${method} leaves on a reused connection: sent again, on a fresh one`, async t => {
      const { origin, asked } = await staleOrigin(t, stale)
      const { client, proxy, exchanged } = await warm(t, origin)
      await client.send(request(method, '/again'))
      const answer = await readMessage(client, { toHead: method === 'HEAD' })
      t.equal(answer.status, 200)
      t.equal(origin.connections.length, 2)
      t.equal(asked[1]?.text, asked[2]?.text, 'the same bytes, twice')
      const record = (await exchanged(2))[1]
      t.match(record, {
        retries: 1,
        outcome: 'complete',
        status: 200,
        clientVerdict: 'keep',
        upstream: { id: 'u2', nth: 1 },
      })
      t.equal(record?.error, undefined)
      t.match(proxy.stats(), { exchanges: { retries: 1, failures: {} }, upstream: { closes: { stale: 1 } } })
      await client.silence()
    })
  }

  for (const method of ['POST', 'PATCH', 'PROPFIND', 'get']) {
    test(`R150, R152: ${how} as ${method} leaves on a reused connection: 502, never sent again`, async t => {
      const { origin, asked } = await staleOrigin(t, stale)
      const { client, proxy, exchanged } = await warm(t, origin)
      const answer = await exchange(client, request(method, '/again'))
      t.equal(answer.status, 502)
      t.equal(proxyStatusOf(answer).error, 'connection_terminated')
      t.equal(asked.length, 2)
      t.match((await exchanged(2))[1], {
        retries: 0,
        upstreamVerdict: 'stale',
        error: { type: 'connection_terminated', message: /not sent again: not-idempotent/ },
      })
      t.equal(proxy.stats().exchanges.retries, 0)
    })
  }
}

test('R151, R152: PUT whose whole content is kept is sent again with it', async t => {
  const { origin, asked } = await staleOrigin(t, FIN)
  const { client } = await warm(t, origin)
  const content = 'x'.repeat(60_000)
  const answer = await exchange(client, `${request('PUT', '/again', `Content-Length: ${content.length}`)}${content}`)
  t.equal(String(answer.content), 'fresh')
  t.equal(asked[2]?.text, asked[1]?.text)
  t.ok(asked[2]?.text.endsWith(`\r\n\r\n${content}`))
  t.equal(origin.connections.length, 2)
})

test('R151, R152: a chunked PUT is sent again with the same content, in our own chunks', async t => {
  const { origin, asked } = await staleOrigin(t, RST)
  const { client } = await warm(t, origin)
  const answer = await exchange(
    client,
    `${request('PUT', '/again', 'Transfer-Encoding: chunked')}3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
  )
  t.equal(String(answer.content), 'fresh')
  t.equal(asked[2]?.text, asked[1]?.text)
  t.match(asked[2]?.text, /\r\n\r\n5\r\nabcde\r\n0\r\n\r\n$/)
})

test('R151: PUT with more content than is kept is not sent again', async t => {
  const { origin, asked } = await staleOrigin(t, FIN)
  const { client, exchanged } = await warm(t, origin, { retryBytesMax: 1000 })
  await client.send(`${request('PUT', '/again', 'Content-Length: 1001')}${'x'.repeat(1000)}`)
  await until('its beginning is on its way', () => String(origin.connections[0]?.received).endsWith('x'.repeat(1000)))
  const answer = await exchange(client, 'x')
  t.equal(answer.status, 502)
  t.match((await exchanged(2))[1]?.error?.message, /content-not-kept/)
  t.equal(asked.length, 2)
})

test('R151: stale in the middle of the content: what came is sent again, the rest follows', async t => {
  const texts: string[] = []
  const origin = await scriptedOrigin(t, async (connection, nth) => {
    await connection.readUntil('\r\n\r\n')
    if (nth === 1) {
      texts.push(String(await connection.readBytes(10)))
      await connection.send(response('fresh'))
      return
    }
    await connection.send(response('first'))
    await connection.readUntil('\r\n\r\n12345')
    connection.halfClose()
  })
  const { client, exchanged } = await warm(t, origin)
  await client.send(`${request('PUT', '/again', 'Content-Length: 10')}12345`)
  await origin.accepted(2)
  await settled()
  await client.send('67890')
  t.equal(String((await readMessage(client)).content), 'fresh')
  t.same(texts, ['1234567890'])
  t.match((await exchanged(2))[1], { retries: 1, bytes: { requestContent: 10 } })
})

for (const [how, stale] of [
  ['a FIN', FIN],
  ['a reset', RST],
] as const) {
  test(`R151: ${how} on the fresh connection too: not sent a third time`, async t => {
    const { origin, asked } = await staleOrigin(t, stale, stale)
    const { client, proxy, exchanged } = await warm(t, origin)
    const answer = await exchange(client, request('GET', '/again'))
    t.equal(answer.status, 502)
    t.equal(asked.length, 3)
    t.match((await exchanged(2))[1], {
      retries: 1,
      outcome: 'failed',
      error: { message: /not sent again: already-retried/ },
    })
    t.equal(proxy.stats().exchanges.retries, 1)
  })
}

test('R221: 408 on a fresh connection is an answer, and forwarded', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await TIMEOUT_408(connection)
  })
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, port)
  t.equal((await exchange(client, request('GET', '/'))).status, 408)
  t.equal(proxy.stats().exchanges.retries, 0)
})

test('R221: 408 after an interim response is an answer to this request, and forwarded', async t => {
  const { origin, asked } = await staleOrigin(t, async connection => {
    await connection.send('HTTP/1.1 102 Processing\r\n\r\n')
    await TIMEOUT_408(connection)
  })
  const { client } = await warm(t, origin)
  t.equal((await exchange(client, request('GET', '/'))).status, 102)
  t.equal((await readMessage(client)).status, 408)
  t.equal(asked.length, 2)
})

test('R221: 408 on the connection of the retry is an answer, and forwarded', async t => {
  const { origin } = await staleOrigin(t, TIMEOUT_408, TIMEOUT_408)
  const { client } = await warm(t, origin)
  t.equal((await exchange(client, request('GET', '/'))).status, 408)
})

const begun: [string, string, Stale][] = [
  ['a byte of a head and a reset', 'H', RST],
  ['a byte of a head and a FIN', 'H', FIN],
  ['an interim response and a FIN', 'HTTP/1.1 103 Early Hints\r\n\r\n', FIN],
  ['an interim response and a reset', 'HTTP/1.1 102 Processing\r\n\r\n', RST],
]
for (const [what, sends, stale] of begun) {
  test(`R151: after ${what} a request is not sent again, as the upstream has begun to answer`, async t => {
    const { origin, asked } = await staleOrigin(t, async connection => {
      await connection.send(sends)
      await settled()
      await stale(connection)
    })
    const { client, proxy } = await warm(t, origin)
    await client.send(request('GET', '/again'))
    let answer = await readMessage(client)
    if (answer.status < 200) answer = await readMessage(client)
    t.equal(answer.status, 502)
    t.equal(asked.length, 2)
    t.equal(proxy.stats().exchanges.retries, 0)
  })
}

test('R151: after the head of a response a request is not sent again', async t => {
  const { origin, asked } = await staleOrigin(t, async connection => {
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
    await settled()
    connection.reset()
  })
  const { client, proxy } = await warm(t, origin)
  await client.send(request('GET', '/again'))
  await client.readUntil('\r\n\r\n')
  t.equal((await client.readToEnd()).bytes.length, 0)
  t.equal(asked.length, 2)
  t.equal(proxy.stats().exchanges.retries, 0)
})

test('nothing is sent again for a client that has left', async t => {
  const { origin, asked } = await staleOrigin(t, async connection => {
    client.reset()
    await settled()
    connection.reset()
  })
  const { client, proxy, exchanged } = await warm(t, origin)
  await client.send(request('GET', '/again'))
  t.match((await exchanged(2))[1], {
    outcome: 'client-aborted',
    retries: 0,
    clientVerdict: 'client-reset',
    upstreamVerdict: 'client-gone',
  })
  await settled()
  t.equal(asked.length, 2)
  t.equal(proxy.stats().upstream.open, 0)
})

test('a connection that ended while it was idle is not used: the next request is not a retry', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('first'))
    connection.halfClose()
  })
  const running = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, running.port)
  for (const nth of [1, 2, 3]) {
    t.equal(String((await exchange(client, `${request('POST', '/', 'Content-Length: 1')}x`)).content), 'first')
    await until('the FIN was seen', () => running.proxy.stats().upstream.open === 0)
    t.equal(origin.connections.length, nth)
  }
  t.equal(running.proxy.stats().exchanges.retries, 0)
})
