import { test } from 'tap'
import { passUntil } from '../support/conversation.js'
import { DATED, delivery, ended, gateway, head, heard, ok, quiet, READ_MODES, until } from './conversation.js'

// A final response while content is still arriving.

const CLOSE = 'Connection: close'

for (const readMode of READ_MODES) {
  test(`R79, R89, R172: an early response is forwarded with close, the upstream is never pooled (${readMode})`, async t => {
    const { connect, upstream, proxy } = await gateway(t, { readMode })
    const client = await connect()
    const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 100')
    await client.send(`${request}first`)
    const origin = await upstream()
    await heard(t, origin, `${request}first`)
    await origin.send(`${head('HTTP/1.1 403 Forbidden', DATED, 'Content-Length: 2')}no`)
    await heard(t, client, `${head('HTTP/1.1 403 Forbidden', DATED, 'Content-Length: 2', CLOSE)}no`)
    await ended(t, client, 'fin')
    await origin.readToEnd()
    t.same(proxy.stats().upstream.closes, { 'early-response': 1 })
    t.equal(proxy.stats().upstream.idle, 0)
  })

  test(`R95: an upload that was answered early is read on, so that no reset destroys the answer (${readMode})`, async t => {
    const { connect, upstream, proxy } = await gateway(t, { readMode })
    const client = await connect()
    const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 2000000')
    await client.send(`${request}first`)
    const origin = await upstream()
    await heard(t, origin, `${request}first`)
    client.pause() // the client sends and does not read an answer yet
    await origin.send(`${head('HTTP/1.1 413 Too Much', DATED, 'Content-Length: 2')}no`)
    for (let nth = 0; nth < 9; nth++) await client.send(Buffer.alloc(100_000, 'x'))
    t.equal(proxy.stats().client.open, 1, 'still reading')
    client.halfClose()
    client.resume()
    await heard(t, client, `${head('HTTP/1.1 413 Too Much', DATED, 'Content-Length: 2', CLOSE)}no`)
    await ended(t, client, 'fin')
    await until(() => proxy.stats().client.open === 0)
    t.same(proxy.stats().client.closes, { 'content-unread': 1 })
  })
}

test('R79: … up to 1 MiB, then the connection ends', async t => {
  const { connect, upstream, proxy } = await gateway(t, { limits: { discardBytesMax: 50_000 } })
  const client = await connect()
  const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 2000000')
  await client.send(request)
  const origin = await upstream()
  await heard(t, origin, request)
  await origin.send(`${head('HTTP/1.1 413 Too Much', DATED, 'Content-Length: 2')}no`)
  await heard(t, client, `${head('HTTP/1.1 413 Too Much', DATED, 'Content-Length: 2', CLOSE)}no`)
  await client.send(Buffer.alloc(40_000, 'x'))
  await delivery()
  t.equal(proxy.stats().client.open, 1)
  await client.send(Buffer.alloc(40_000, 'x')).catch(() => {})
  await until(() => proxy.stats().client.open === 0)
  t.pass('and not beyond')
})

test('R79: … for at most 1 s, then the connection ends', async t => {
  const { connect, upstream, proxy, clock } = await gateway(t)
  const client = await connect()
  const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 2000000')
  await client.send(request)
  const origin = await upstream()
  await heard(t, origin, request)
  await origin.send(`${head('HTTP/1.1 413 Too Much', DATED, 'Content-Length: 2')}no`)
  await heard(t, client, `${head('HTTP/1.1 413 Too Much', DATED, 'Content-Length: 2', CLOSE)}no`)
  await client.send('x')
  clock.advance(900)
  await client.send('x')
  t.equal(proxy.stats().client.open, 1)
  clock.advance(200)
  await until(() => proxy.stats().client.open === 0)
  t.pass('and not beyond')
})

test('R127: content continues upstream while an early response is incomplete, and that upstream is never pooled', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  const client = await connect()
  const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 10')
  await client.send(`${request}first`)
  const origin = await upstream()
  await heard(t, origin, `${request}first`)
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 6')}one`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 6', CLOSE)}one`)
  await client.send('secnd')
  await heard(t, origin, 'secnd')
  await origin.send('two')
  await heard(t, client, 'two')
  await ended(t, client, 'fin')
  await ended(t, origin, 'fin')
  t.same(proxy.stats().upstream.closes, { 'early-response': 1 })
})

test('R127: an echo: each chunk comes back before the next is sent', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const chunked = 'Transfer-Encoding: chunked'
  await client.send(head('POST / HTTP/1.1', 'Host: a', chunked))
  const origin = await upstream()
  await heard(t, origin, head('POST / HTTP/1.1', 'Host: a', chunked))
  await origin.send(head('HTTP/1.1 200 OK', DATED, chunked))
  await heard(t, client, head('HTTP/1.1 200 OK', DATED, chunked, CLOSE))
  for (const word of ['one', 'two', 'six']) {
    await client.send(`3\r\n${word}\r\n`)
    await heard(t, origin, `3\r\n${word}\r\n`)
    await origin.send(`3\r\n${word}\r\n`)
    await heard(t, client, `3\r\n${word}\r\n`)
  }
  await client.send('0\r\n\r\n')
  await heard(t, origin, '0\r\n\r\n')
  await origin.send('0\r\n\r\n')
  await heard(t, client, '0\r\n\r\n')
  await ended(t, client, 'fin')
})

test('R79: a response that begins after the whole request has been read is not early', async t => {
  const { connect, upstream, dialed } = await gateway(t)
  const client = await connect()
  for (let nth = 0; nth < 3; nth++) {
    await client.send(`${head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 2')}hi`)
    const origin = await upstream()
    await origin.readUntil('hi')
    await origin.send(ok('yes'))
    await heard(t, client, ok('yes'))
  }
  await quiet(t, client)
  t.equal(dialed(), 1)
})

test('a client that finishes its upload and reads nothing of the answer meets a deadline', async t => {
  const { connect, upstream, proxy, clock } = await gateway(t)
  const client = await connect()
  const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 10')
  await client.send(`${request}first`)
  const origin = await upstream()
  await heard(t, origin, `${request}first`)
  client.pause()
  const size = 30_000_000
  origin.send(head('HTTP/1.1 200 OK', DATED, `Content-Length: ${size}`)).catch(() => {})
  origin.send(Buffer.alloc(size, 'x')).catch(() => {})
  await delivery() // until the windows are full
  await client.send('secnd')
  await heard(t, origin, 'secnd')
  await passUntil(clock, () => proxy.stats().exchanges.active === 0)
  await until(() => proxy.stats().client.open === 0, 'the end of the connection')
  t.same(proxy.stats().client.closes, { 'client-write-timeout': 1 })
  await origin.readToEnd()
})
