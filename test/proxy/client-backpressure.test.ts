import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { passUntil, settled, standstill } from '../support/conversation.js'
import { type BulkPeer, bulkClient, bulkOrigin } from './bulk.js'
import { type Conversation, DATED, gateway, head, heard, ok, READ_MODES, until } from './conversation.js'

// Slow peers: bounded memory, no other peer slowed down, and not one foreign byte.

const MIB = 1024 * 1024
const GET = head('GET / HTTP/1.1', 'Host: a')
const download = (length: number): string => head('HTTP/1.1 200 OK', DATED, `Content-Length: ${length}`)
const upload = (length: number): string => head('PUT / HTTP/1.1', 'Host: a', `Content-Length: ${length}`)

interface Bulk extends Conversation {
  client(): Promise<BulkPeer>
  accepted(nth: number): Promise<BulkPeer>
}

async function bulk(t: Test, options: Partial<ProxyOptions> = {}): Promise<Bulk> {
  const { url, accepted } = await bulkOrigin(t)
  const talk = await gateway(t, { ...options, upstream: url })
  return { ...talk, accepted, client: () => bulkClient(t, talk.port) }
}

for (const readMode of READ_MODES) {
  test(`one slow reader beside fast ones: no foreign byte reaches any of them (${readMode})`, async t => {
    const { client, accepted } = await bulk(t, { readMode })
    const slow: { letter: string; reader: BulkPeer; poured: Promise<void> }[] = []
    for (const [nth, letter] of ['a', 'b', 'c'].entries()) {
      const reader = await client()
      reader.send(GET)
      const origin = await accepted(nth)
      await origin.head()
      origin.send(download(24 * MIB))
      await reader.head(letter)
      reader.pause()
      slow.push({ letter, reader, poured: origin.pour(letter, 24 * MIB) })
    }
    const fast = await client()
    for (let round = 0; round < 9; round++) {
      fast.send(GET)
      const origin = await accepted(3)
      await origin.head()
      origin.send(download(2 * MIB))
      await fast.head('z')
      await origin.pour('z', 2 * MIB)
      await fast.content(2 * MIB)
      t.equal(fast.foreign, 0, 'a fast one')
      const { reader } = slow[round % 3]!
      reader.resume()
      await settled(1)
      reader.pause()
    }
    for (const { reader, poured } of slow) {
      reader.resume()
      await reader.content(24 * MIB)
      await poured
      t.equal(reader.foreign, 0, 'a slow one')
      t.equal(reader.received, 24 * MIB)
    }
  })

  test(`slow upstreams beside fast ones: no foreign byte reaches them either (${readMode})`, async t => {
    const { client, accepted } = await bulk(t, { readMode })
    const slow: { letter: string; reader: BulkPeer; writer: BulkPeer; poured: Promise<void> }[] = []
    for (const [nth, letter] of ['a', 'b'].entries()) {
      const writer = await client()
      writer.send(upload(24 * MIB))
      const reader = await accepted(nth)
      await reader.head(letter)
      reader.pause()
      slow.push({ letter, reader, writer, poured: writer.pour(letter, 24 * MIB) })
    }
    for (let round = 0; round < 6; round++) {
      const writer = await client()
      writer.send(upload(2 * MIB))
      const reader = await accepted(2 + round)
      await reader.head('z')
      await writer.pour('z', 2 * MIB)
      await reader.content(2 * MIB)
      t.equal(reader.foreign, 0, 'a fast one')
      writer.reset()
    }
    for (const { reader, writer, poured } of slow) {
      reader.resume()
      await reader.content(24 * MIB)
      await poured
      t.equal(reader.foreign, 0, 'a slow one')
      reader.send(ok(''))
      await writer.head()
    }
  })

  test(`a client that does not read: the upstream is not read either, whatever it has to send (${readMode})`, async t => {
    const talk = await bulk(t, { readMode })
    const reader = await talk.client()
    reader.send(GET)
    const origin = await talk.accepted(0)
    await origin.head()
    origin.send(download(200 * MIB))
    await reader.head()
    reader.pause()
    const poured = origin.pour('x', 200 * MIB)
    await standstill(() => origin.poured)
    t.ok(origin.poured < 100 * MIB, `${origin.poured / MIB} MiB were accepted: what the kernel holds`)
    t.ok(waiting(talk) < MIB, `${waiting(talk)} bytes wait in the proxy`)
    reader.resume()
    await reader.content(200 * MIB)
    await poured
    t.equal(reader.foreign, 0)
    t.equal(reader.received, 200 * MIB)
  })

  test(`an upstream that does not read: the client is not read either (${readMode})`, async t => {
    const talk = await bulk(t, { readMode })
    const writer = await talk.client()
    writer.send(upload(200 * MIB))
    const origin = await talk.accepted(0)
    await origin.head()
    origin.pause()
    const poured = writer.pour('x', 200 * MIB)
    await standstill(() => writer.poured)
    t.ok(writer.poured < 100 * MIB, `${writer.poured / MIB} MiB were accepted: what the kernel holds`)
    t.ok(waiting(talk) < MIB, `${waiting(talk)} bytes wait in the proxy`)
    origin.resume()
    await origin.content(200 * MIB)
    await poured
    t.equal(origin.foreign, 0)
    origin.send(ok(''))
    t.equal(await writer.head(), ok(''))
  })

  test(`an echo to a client that reads late is complete: content is read while the response waits (${readMode})`, async t => {
    const talk = await bulk(t, { readMode })
    const client = await talk.client()
    const size = 24 * MIB
    client.send(upload(size))
    const origin = await talk.accepted(0)
    await origin.head('u')
    origin.send(download(size))
    await client.head('d')
    client.pause()
    const down = origin.pour('d', size)
    const up = client.pour('u', size)
    await origin.content(size)
    await up
    t.equal(origin.foreign, 0)
    client.resume()
    await client.content(size)
    await down
    t.equal(client.foreign, 0)
  })
}

test('a client that sends request after request and never reads is not read any more', async t => {
  let asked = 0
  const body = 'x'.repeat(60_000)
  const talk = await gateway(t, {}, async origin => {
    for (;;) {
      await origin.readUntil('\r\n\r\n')
      asked++
      await origin.send(ok(body))
    }
  })
  const client = await bulkClient(t, talk.port)
  client.pause()
  const requests = 900
  for (let nth = 0; nth < requests; nth++) {
    client.send(GET)
    if (nth % 10 === 0) await settled(1)
  }
  await standstill(() => asked)
  t.ok(asked < 500, `${asked} of ${requests} were sent upstream`)
  t.ok(waiting(talk) < MIB, `${waiting(talk)} bytes wait in the proxy`)
  client.resume()
  await client.content(ok(body).length * requests)
  t.equal(asked, requests, 'and once it reads, all are answered')
})

test('content that arrives before there is a connection for it stays in the socket', async t => {
  const talk = await bulk(t, { limits: { upstreamConnectionsMax: 1 } })
  const first = await talk.client()
  first.send(GET)
  const origin = await talk.accepted(0)
  await origin.head()
  const writer = await talk.client()
  writer.send(upload(64 * MIB))
  const poured = writer.pour('x', 64 * MIB)
  await standstill(() => writer.poured)
  t.ok(writer.poured < 40 * MIB, `${writer.poured / MIB} MiB were accepted by the kernel`)
  t.equal(talk.proxy.stats().upstream.waiting, 1)
  const next = origin.head()
  origin.send(ok(''))
  t.equal(await first.head(), ok(''))
  await next
  await origin.content(64 * MIB)
  await poured
  t.equal(origin.foreign, 0)
  origin.send(ok(''))
  t.equal(await writer.head(), ok(''))
})

test('pipelined requests are held up to pipelineBytesMax, then the client is not read', async t => {
  const talk = await gateway(t, { limits: { pipelineBytesMax: 10_000 } })
  const client = await talk.connect()
  await client.send(GET)
  const origin = await talk.upstream()
  await heard(t, origin, GET)
  const request = head('GET / HTTP/1.1', 'Host: a', `X: ${'x'.repeat(60_000)}`)
  const count = 300
  let poured = 0
  const done = (async () => {
    for (; poured < count; poured++) await client.send(request)
  })()
  await standstill(() => poured)
  t.ok(poured < count, `${poured} of ${count} requests were accepted by the kernel`)
  await origin.send(ok('1'))
  await heard(t, client, ok('1'))
  for (let nth = 0; nth < count; nth++) {
    const text = await origin.readUntil('\r\n\r\n')
    if (text !== request) t.fail('another request')
    await origin.send(ok('2'))
    await client.readUntil(ok('2'))
  }
  await done
  t.match(talk.proxy.stats(), { client: { requests: count + 1, idle: 1 } })
})

test('R80: a client that is reset while its upstream is not read ends that upstream', async t => {
  const talk = await bulk(t)
  const reader = await talk.client()
  reader.send(GET)
  const origin = await talk.accepted(0)
  await origin.head()
  origin.send(download(200 * MIB))
  await reader.head()
  reader.pause()
  const poured = origin.pour('x', 200 * MIB)
  await standstill(() => origin.poured)
  reader.reset()
  await origin.end()
  await poured
  await until(() => talk.proxy.stats().exchanges.active === 0)
  t.match(talk.exchanges, [{ outcome: 'client-aborted', upstreamVerdict: 'client-gone' }])
})

test('a client that stops reading for clientWriteMs is ended, and its upstream with it', async t => {
  const talk = await bulk(t)
  const reader = await talk.client()
  reader.send(GET)
  const origin = await talk.accepted(0)
  await origin.head()
  origin.send(download(200 * MIB))
  await reader.head()
  reader.pause()
  const poured = origin.pour('x', 200 * MIB)
  t.ok((await passUntil(talk.clock, () => talk.proxy.stats().client.open === 0)) >= 60_000)
  t.same(talk.proxy.stats().client.closes, { 'client-write-timeout': 1 })
  await origin.end()
  await poured
  reader.resume()
  await reader.end()
  t.ok(reader.received < 200 * MIB, 'it has what its kernel held')
})

test('a complete response that waits for its reader, and after which the connection closes, arrives complete', async t => {
  const talk = await bulk(t)
  const reader = await talk.client()
  reader.send(head('GET / HTTP/1.1', 'Host: a', 'Connection: close'))
  const origin = await talk.accepted(0)
  await origin.head()
  origin.send(download(24 * MIB))
  t.match(await reader.head(), /\r\nConnection: close\r\n/)
  reader.pause()
  const poured = origin.pour('x', 24 * MIB)
  await standstill(() => origin.poured)
  reader.resume()
  await poured
  await reader.content(24 * MIB)
  await reader.end()
  t.same([reader.received, reader.foreign, reader.ended], [24 * MIB, 0, 'fin'])
})

/** Bytes written to any socket of this proxy and not accepted by the kernel. */
function waiting({ proxy }: Conversation): number {
  const { clients, upstreams } = proxy as unknown as { clients: Connections; upstreams: { pools: Connections } }
  let sum = 0
  for (const { transport } of [...clients.connections, ...upstreams.pools.connections])
    sum += transport.socket.writableLength
  return sum
}

interface Connections {
  connections: Set<{ transport: { socket: { writableLength: number } } }>
}
