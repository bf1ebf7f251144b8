import { type Test, test } from 'tap'
import { createOrigin, type OriginEvents, type OriginOptions } from '../../lib/peers/origin.js'
import { text } from '../../lib/peers/origin-pages.js'
import { connectRaw } from '../support/raw-client.js'

const KEPT = 'GET / HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n'

test('HTTP/1.0 that asks for keep-alive is kept, counting down, and closed at the limit', async t => {
  const { port } = await start(t, { requestsMax: 3 })
  const client = await connectRaw({ port })
  for (const max of [2, 1]) {
    await client.send(KEPT)
    const head = await client.readUntil('\r\n\r\n')
    t.match(head, '\r\nConnection: Keep-Alive\r\n')
    t.match(head, `\r\nKeep-Alive: timeout=5, max=${max}\r\n`)
    await client.readUntil('echo.\n')
  }
  await client.send(KEPT)
  const head = await client.readUntil('\r\n\r\n')
  t.match(head, '\r\nConnection: close\r\n')
  t.notMatch(head, 'Keep-Alive')
  t.equal((await client.readToEnd()).how, 'fin')
})

test('HTTP/1.0 that does not ask for it, or requests a page of unknown length, is closed', async t => {
  const { port } = await start(t, {})
  for (const request of ['GET / HTTP/1.0\r\n\r\n', 'GET /stream?ms=1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n']) {
    const client = await connectRaw({ port })
    await client.send(request)
    const answer = String((await client.readToEnd()).bytes)
    t.match(answer, '\r\nConnection: close\r\n')
    t.notMatch(answer, /Keep-Alive|Transfer-Encoding|Trailer/)
  }
})

test('HTTP/1.1 persists by default until Connection: close', async t => {
  const { port, requests } = await start(t, {})
  const client = await connectRaw({ port })
  await client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  t.notMatch(await client.readUntil('\r\n\r\n'), /\r\n(Connection|Keep-Alive):/)
  await client.readUntil('echo.\n')
  await client.send('HEAD /bytes?n=7 HTTP/1.1\r\nHost: h\r\nconnection: x, CLOSE\r\n\r\n')
  const head = String((await client.readToEnd()).bytes)
  t.match(head, /\r\nConnection: close\r\n/)
  t.match(head, /\r\nContent-Length: 7\r\n/)
  t.match(head, /\r\n\r\n$/, 'no content')
  t.match(requests, [
    { connection: 1, nth: 1 },
    { connection: 1, nth: 2, method: 'HEAD' },
  ])
})

test('an idle connection is closed after its limit, no earlier', async t => {
  const { port, closed } = await start(t, { idleMs: 300 })
  const client = await connectRaw({ port })
  const began = performance.now()
  await client.send(KEPT)
  t.match(await client.readUntil('\r\n\r\n'), '\r\nKeep-Alive: max=99\r\n', 'less than a second is not announced')
  await client.readUntil('echo.\n')
  t.equal((await client.readToEnd()).bytes.length, 0)
  t.ok(performance.now() - began >= 299)
  client.destroy()
  while (closed.length === 0) await new Promise(done => setImmediate(done))
  t.match(closed, [{ connection: 1, requests: 1 }])
})

test('the pages', async t => {
  const { url } = await start(t, { pages: { '/more': () => text('more') } })
  t.match(await (await fetch(`${url}/`)).text(), /demonstration origin/)
  t.equal(await (await fetch(`${url}/more`)).text(), 'more\n')
  t.equal((await fetch(`${url}/nowhere`)).status, 404)
  t.match(
    await (await fetch(`${url}/headers`, { headers: { 'X-Case': 'Kept' } })).text(),
    /^GET \/headers HTTP\/1\.1\r\n/,
  )
  t.match(await (await fetch(`${url}/slow?ms=5`)).text(), 'This took 5 ms.')
  t.match(
    await (await fetch(`${url}/slow?ms=-5`, { method: 'HEAD' })).text(),
    '',
    'a number out of range is the default',
  )
  t.match(await (await fetch(`${url}/stream?n=2&ms=5`)).text(), 'line 1 of 2\nline 2 of 2\n')
  t.equal((await fetch(`${url}/stream?n=2&ms=5`, { method: 'HEAD' })).status, 200)
  const bytes = Buffer.from(await (await fetch(`${url}/bytes?n=200000`)).arrayBuffer())
  t.equal(bytes.length, 200_000)
  t.ok(bytes.every((octet, i) => octet === i % 251))
  t.equal(await (await fetch(`${url}/echo`, { method: 'POST', body: 'hello' })).text(), 'hello')
})

test('a streamed answer announces its trailer field and sends it', async t => {
  const { port } = await start(t, {})
  const client = await connectRaw({ port })
  await client.send('GET /stream?n=1 HTTP/1.1\r\nHost: h\r\n\r\n')
  t.match(await client.readUntil('\r\n\r\n'), /\r\nTrailer: Stream-Lines\r\n/)
  t.match(await client.readUntil('\r\n\r\n'), /\r\n0\r\nStream-Lines: 1\r\n\r\n$/)
  client.destroy()
})

test('chunked content is echoed chunked; a target that is not a URL is not a page', async t => {
  const { port } = await start(t, {})
  const client = await connectRaw({ port })
  await client.send('POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n')
  t.match(await client.readUntil('0\r\n\r\n'), /Transfer-Encoding: chunked[\s\S]*\r\nhi\r\n/)
  await client.send('OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\nGET // HTTP/1.1\r\nHost: h\r\n\r\n')
  t.match(await client.readUntil('here.\n'), / 404 /)
  t.match(await client.readUntil('here.\n'), / 404 /)
  client.destroy()
})

test('a page that fails, and a client that leaves during a response, end only one connection', async t => {
  const { port, url } = await start(t, { pages: { '/broken': () => Promise.reject(new Error('no')) } })
  const client = await connectRaw({ port })
  await client.send('GET /broken HTTP/1.1\r\nHost: h\r\n\r\n')
  t.equal((await client.readToEnd()).bytes.length, 0)
  for (const page of ['/bytes?n=100000000', '/stream?n=1000&ms=1', '/slow?ms=20']) {
    const leaver = await connectRaw({ port })
    await leaver.send(`GET ${page} HTTP/1.1\r\nHost: h\r\n\r\n`)
    if (page !== '/slow?ms=20') await leaver.readUntil('\r\n\r\n')
    leaver.reset()
  }
  t.equal((await fetch(`${url}/slow?ms=50`)).status, 200)
})

test('close waits for the response in progress, and a port in use is an error', async t => {
  const { origin, port, url } = await start(t, {})
  const answer = fetch(`${url}/slow?ms=100`).then(it => it.text())
  const idle = await connectRaw({ port })
  await idle.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
  await idle.readUntil('echo.\n')
  await t.rejects(createOrigin().listen({ port }), { code: 'EADDRINUSE' })
  const closed = origin.close()
  t.match(await answer, 'This took')
  t.equal((await idle.readToEnd()).how, 'fin')
  idle.destroy()
  await closed
})

async function start(t: Test, options: OriginOptions) {
  const origin = createOrigin(options)
  t.teardown(() => origin.destroy())
  const requests: OriginEvents['request'][] = []
  const closed: OriginEvents['close'][] = []
  origin
    .on('request', it => requests.push(it))
    .on('close', it => closed.push(it))
    .on('open', () => {})
  const { port } = await origin.listen({ port: 0 })
  return { origin, port, url: `http://127.0.0.1:${port}`, requests, closed }
}
