import { createHash, randomBytes } from 'node:crypto'
import { test } from 'tap'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { rawClient, request, response, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

const MB = 1024 * 1024
/** More than the kernel's buffers hold. */
const SLOW = 12 * MB
const sha = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

/** Bytes that show which response they belong to, and their position in it. */
function marked(nth: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 8 <= length; at += 8) {
    bytes.writeUInt32BE(nth, at)
    bytes.writeUInt32BE(at, at + 4)
  }
  return bytes
}

for (const readMode of ['onread', 'data'] satisfies ReadMode[]) {
  for (const framing of ['length', 'chunked'] as const) {
    test(`one slow reader beside fast ones (${readMode}, ${framing}): no foreign byte`, async t => {
      const origin = await scriptedOrigin(t, async connection => {
        for (;;) {
          const head = await connection.readUntil('\r\n\r\n')
          const nth = Number(/GET \/(\d+)/.exec(head)?.[1])
          const content = marked(nth, nth === 1 ? SLOW : 3 * MB)
          if (framing === 'length') {
            await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`)
            await connection.send(content)
            continue
          }
          await connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
          for (let at = 0; at < content.length; at += 100_000) {
            const chunk = content.subarray(at, at + 100_000)
            const size = Buffer.from(`${chunk.length.toString(16)}\r\n`)
            await connection.send(Buffer.concat([size, chunk, Buffer.from('\r\n')]))
          }
          await connection.send('0\r\n\r\n')
        }
      })
      const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
      const slow = await rawClient(t, port)
      await slow.send(request('GET', '/1'))
      await until('it begins', () => slow.received.length > 0)
      slow.pause()
      for (let round = 0; round < 2; round++) {
        const fast = await Promise.all([2, 3, 4].map(() => rawClient(t, port)))
        await Promise.all(
          fast.map(async (client, i) => {
            await client.send(request('GET', `/${i + 2}`))
            const { content } = await readMessage(client)
            t.equal(sha(content), sha(marked(i + 2, 3 * MB)), `the response ${i + 2} is its own`)
            client.destroy()
          }),
        )
      }
      t.ok(slow.received.length < SLOW / 2, 'it really was slow')
      t.equal(proxy.stats().upstream.busy, 1)
      slow.resume()
      const { content } = await readMessage(slow)
      t.equal(sha(content), sha(marked(1, SLOW)))
    })

    test(`several uploads at once (${readMode}, ${framing}), the upstream slow to read one: intact`, async t => {
      const got = new Map<number, string>()
      const origin = await scriptedOrigin(t, async connection => {
        const head = await connection.readUntil('\r\n\r\n')
        const nth = Number(/PUT \/(\d+)/.exec(head)?.[1])
        if (nth === 1) {
          connection.pause()
          await settled(100)
          connection.resume()
        }
        const content =
          framing === 'length'
            ? await connection.readBytes(4 * MB)
            : unchunk(Buffer.from(await connection.readUntil('\r\n0\r\n\r\n'), 'latin1'))
        got.set(nth, sha(content))
        await connection.send(response('ok'))
      })
      const { port } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
      await Promise.all(
        [1, 2, 3].map(async nth => {
          const client = await rawClient(t, port)
          const content = marked(nth, 4 * MB)
          if (framing === 'length') {
            await client.send(request('PUT', `/${nth}`, `Content-Length: ${content.length}`))
            await client.send(content)
          } else {
            await client.send(request('PUT', `/${nth}`, 'Transfer-Encoding: chunked'))
            await client.send(
              Buffer.concat([Buffer.from(`${content.length.toString(16)}\r\n`), content, Buffer.from('\r\n0\r\n\r\n')]),
            )
          }
          t.equal((await readMessage(client)).status, 200)
        }),
      )
      for (const nth of [1, 2, 3]) t.equal(got.get(nth), sha(marked(nth, 4 * MB)), `the request ${nth}`)
    })
  }
}

test('a slow writer: a response and a request, byte by byte, arrive complete', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\nhello')
    for (const byte of 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nworld\r\n0\r\nA: b\r\n\r\n') {
      await connection.send(byte)
      await settled(1)
    }
  })
  const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, port)
  for (const byte of `${request('POST', '/', 'Content-Length: 5')}hello`) {
    await client.send(byte)
    await settled(1)
  }
  const answer = await readMessage(client)
  t.equal(String(answer.content), 'world')
  t.equal(answer.trailers, 'A: b\r\n')
  t.match((await exchanged(1))[0], { outcome: 'complete', bytes: { requestContent: 5, responseContent: 5 } })
  t.equal(proxy.stats().upstream.idle, 1, 'and both are kept')
})

test('R83, R96: a FIN after pipelined requests whose responses are read slowly: all are answered', async t => {
  const content = marked(7, 6 * MB)
  const origin = await scriptedOrigin(t, async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`)
      await connection.send(content)
    }
  })
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url, clock: new FakeClock() })
  const client = await rawClient(t, { port })
  client.pause()
  await client.send(request('GET', '/').repeat(3))
  client.halfClose()
  await settled(100)
  client.resume()
  for (let i = 0; i < 3; i++) t.equal(sha((await readMessage(client)).content), sha(content))
  t.equal((await client.readToEnd()).how, 'fin')
  await until('closed', () => proxy.stats().client.open === 0)
})

test('R83, R96: the same, when the FIN arrives between two responses, the last one not yet read', async t => {
  const content = 'x'.repeat(12_000) // arrives with one read: no exchange is half done when the client stops
  const asked = 1_200
  const origin = await scriptedOrigin(t, async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(response(content))
    }
  })
  const { port, proxy } = await withProxy(t, {
    mode: 'reverse',
    upstream: origin.url,
    limits: { clientRequestsMax: 0 },
  })
  const client = await rawClient(t, { port })
  client.pause()
  await client.send(request('GET', '/').repeat(asked))
  let before = -1
  await until('the client has enough', () => {
    const { active, total } = proxy.stats().exchanges
    const same = total === before && active === 0
    before = total
    return same && total > 0
  })
  client.halfClose()
  await settled(50)
  t.ok(proxy.stats().exchanges.total < asked)
  client.resume()
  let whole = 0
  for (; whole < asked; whole++) if ((await readMessage(client)).content.length !== content.length) break
  t.equal(whole, asked)
  t.equal((await client.readToEnd()).how, 'fin')
})

test('R80: a client that aborts its download: the upstream connection is destroyed, never pooled', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${32 * MB}\r\n\r\n`)
    await connection.send(randomBytes(32 * MB)).catch(() => {})
  })
  for (const how of ['reset', 'destroy'] as const) {
    const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    await client.send(request('GET', '/'))
    await client.readUntil('\r\n\r\n')
    client[how]()
    const [record] = await exchanged(1)
    t.match(record, { outcome: 'client-aborted', upstreamVerdict: 'client-gone', endedBy: 'client' })
    await until('both are closed', () => proxy.stats().client.open + proxy.stats().upstream.open === 0)
    t.same(proxy.stats().upstream.closes, { 'client-gone': 1 })
  }
})

/** The content of a chunked message, read independently of the proxy. */
function unchunk(message: Buffer): Buffer {
  const parts: Buffer[] = []
  const blank = message.indexOf('\r\n\r\n')
  let at = message.subarray(0, 8).toString().startsWith('HTTP/') ? blank + 4 : 0
  for (;;) {
    const line = message.indexOf('\r\n', at)
    const size = Number.parseInt(message.toString('latin1', at, line), 16)
    if (size === 0) return Buffer.concat(parts)
    parts.push(message.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}
