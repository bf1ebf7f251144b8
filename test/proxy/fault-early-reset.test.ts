import { once } from 'node:events'
import type * as net from 'node:net'
import * as tls from 'node:tls'
import { test } from 'tap'
import { rawClient, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { makeCertificate } from '../support/tls.js'
import { withProxy } from '../support/with-proxy.js'

// The upstream answers before it has the whole request, and resets because of what still arrives.

const REFUSAL = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!'

for (const readMode of ['onread', 'data'] as const) {
  for (const fields of ['Content-Length: 100000', 'Transfer-Encoding: chunked']) {
    test(`R89: an early response is forwarded although the upstream resets while content is written to it (${readMode}, ${fields})`, async t => {
      const origin = await scriptedOrigin(t, async connection => {
        await connection.readUntil('\r\n\r\n')
        // In this order: the proxy reads content, can no longer write it, and only then would read the answer.
        client.send(`1388\r\n${'x'.repeat(5_000)}\r\n`)
        connection.send(REFUSAL)
        connection.reset()
      })
      const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
      const client = await rawClient(t, port)
      await client.send(request('POST', '/', fields))
      const answer = await readMessage(client)
      t.equal(answer.status, 401)
      t.equal(String(answer.content), 'no!')
      t.match(await exchanged(1), [{ outcome: 'complete', retries: 0, upstreamVerdict: 'early-response' }])
      t.match(proxy.stats(), { upstream: { open: 0 }, exchanges: { failures: {} } })
    })
  }

  test(`R89, R194: … and a reset without an answer is a failure, as before (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      client.send('x'.repeat(5_000))
      connection.send('HTTP/1.1 401 Unautho')
      connection.reset()
    })
    const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
    const client = await rawClient(t, port)
    await client.send(request('POST', '/', 'Content-Length: 100000'))
    t.equal((await readMessage(client)).status, 502)
    t.match(await exchanged(1), [{ error: { type: 'connection_terminated', message: /ECONNRESET/ } }])
  })
}

test('R89: … over TLS, too', async t => {
  const { cert, key } = await makeCertificate(t)
  const origin = tls.createServer({ cert, key }, socket => {
    socket.on('error', () => {})
    socket.once('data', () => {
      client.send('x'.repeat(5_000))
      socket.write(REFUSAL)
      socket.pause()
      raw!.resetAndDestroy()
    })
  })
  let raw: net.Socket | null = null
  origin.on('connection', socket => {
    raw = socket
  })
  origin.listen(0, '127.0.0.1')
  await once(origin, 'listening')
  t.teardown(() => origin.close())
  const upstream = `https://127.0.0.1:${(origin.address() as net.AddressInfo).port}`
  const { port } = await withProxy(t, { mode: 'reverse', upstream, upstreamTls: { ca: cert } })
  const client = await rawClient(t, port)
  await client.send(request('POST', '/', 'Content-Length: 100000'))
  const answer = await readMessage(client)
  t.equal(answer.status, 401)
  t.equal(String(answer.content), 'no!')
})
