import { type Test, test } from 'tap'
import { createDumb, type DumbEvents, type DumbOptions } from '../../lib/peers/dumb.js'
import { createOrigin } from '../../lib/peers/origin.js'
import { orderly } from '../support/conversation.js'
import { connectRaw } from '../support/raw-client.js'
import { scriptedOrigin } from '../support/scripted-origin.js'

test('passes one request on unchanged, relays the answer, and never reads another', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send('HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok')
  })
  const { port, requests } = await startDumb(t, { upstream: origin.url })
  const client = orderly(await connectRaw({ port }))
  const head = 'get /x HTTP/1.0\r\nHOST: h\r\nConnection:  Keep-Alive\r\nX: \xe9\r\n\r\n'
  await client.send(head)
  t.equal(await client.readUntil('ok'), 'HTTP/1.1 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok')
  await client.send(head)
  await client.silence()
  t.equal(origin.connections[0]?.received.toString('latin1'), head, 'the second request was not passed on')
  t.equal(requests.length, 1)
  origin.connections[0]?.halfClose()
  t.equal((await client.readToEnd()).bytes.length, 0, 'only the end of the server ends the wait')
  client.destroy()
})

test('R98, R100, R213: the complete hang: client and origin agree on keep-alive through a proxy unaware of it', async t => {
  const origin = createOrigin({ idleMs: 1_000 })
  t.teardown(() => origin.destroy())
  const heads: string[] = []
  origin.on('request', ({ head }) => heads.push(head))
  const at = await origin.listen({ port: 0 })
  const { port, closed } = await startDumb(t, { upstream: `http://127.0.0.1:${at.port}` })
  const client = await connectRaw({ port })
  const began = performance.now()
  const request = 'GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n'
  await client.send(request)
  t.match(await client.readUntil('\r\n\r\n'), /Connection: Keep-Alive\r\nKeep-Alive: timeout=1, max=99\r\n/)
  await client.readUntil('echo.\n')
  await client.send(request)
  const { bytes, how } = await client.readToEnd()
  t.same([bytes.length, how], [0, 'fin'], 'the origin’s idle limit ends it; the second request got nothing')
  t.ok(performance.now() - began >= 999, 'and not before that')
  t.equal(heads.length, 1)
  client.destroy()
  while (closed.length === 0) await new Promise(done => setImmediate(done))
  t.equal(closed[0]?.unreadBytes, request.length)
})

test('R99, R212, R213: Proxy-Connection through the dumb proxy means nothing to the origin: no agreement, no hang', async t => {
  const origin = createOrigin()
  t.teardown(() => origin.destroy())
  const at = await origin.listen({ port: 0 })
  const { port, requests } = await startDumb(t, {})
  const client = await connectRaw({ port })
  await client.send(
    `GET http://127.0.0.1:${at.port}/headers HTTP/1.0\r\nHost: x\r\nProxy-Connection: Keep-Alive\r\n\r\n`,
  )
  const answer = String((await client.readToEnd()).bytes)
  t.match(answer, /\r\nConnection: close\r\n/)
  t.match(answer, /\nProxy-Connection: Keep-Alive\r?\n/, 'it reached the origin')
  t.equal(requests[0]?.head.split('\r\n')[0], 'GET /headers HTTP/1.0')
  client.destroy()
})

test('passes on content by Content-Length and leaves what follows', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.readBytes(200_000)
    await connection.send('HTTP/1.0 200 OK\r\n\r\nthanks')
    connection.halfClose()
  })
  const { port } = await startDumb(t, { upstream: origin.url })
  const client = await connectRaw({ port })
  const sent = client.send(
    `POST / HTTP/1.0\r\nContent-Length: 200000\r\n\r\n${'x'.repeat(200_000)}GET /more HTTP/1.0\r\n\r\n`,
  )
  t.match(String((await client.readToEnd()).bytes), /thanks$/)
  await sent
  const got = origin.connections[0]?.received.toString('latin1') ?? ''
  t.equal(got.length, 'POST / HTTP/1.0\r\nContent-Length: 200000\r\n\r\n'.length + 200_000)
  client.destroy()
})

test('never crashes: a request that it cannot pass on gets a short answer or a close', async t => {
  const forward = await startDumb(t, {})
  const dead = await startDumb(t, { upstream: 'http://127.0.0.1:1' })
  const rows: [number, string, RegExp][] = [
    [forward.port, 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1\.0 400 /],
    [forward.port, 'CONNECT a:443 HTTP/1.1\r\n\r\n', /^HTTP\/1\.0 400 /],
    [forward.port, 'GET http://:80/ HTTP/1.0\r\n\r\n', /^HTTP\/1\.0 400 /],
    [forward.port, 'GET http://a:99999/ HTTP/1.0\r\n\r\n', /^HTTP\/1\.0 400 /],
    [forward.port, `GET /${'x'.repeat(70_000)}`, /^HTTP\/1\.0 400 /],
    [dead.port, 'GET / HTTP/1.0\r\n\r\n', /^HTTP\/1\.0 502 /],
  ]
  for (const [port, request, answer] of rows) {
    const client = await connectRaw({ port })
    await client.send(request)
    t.match(await client.readUntil('\r\n\r\n'), answer, request.slice(0, 30))
    client.destroy()
  }
  const silent = await connectRaw({ port: forward.port })
  silent.halfClose()
  t.equal((await silent.readToEnd()).how, 'fin')
  t.throws(() => createDumb({ upstream: 'https://a' }), /write http:\/\/host:port/)
  t.throws(() => createDumb({ upstream: 'http://a/path' }), TypeError)
})

test('a server that resets ends the client, a client that resets ends the server', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    if (origin.connections.length === 1) connection.reset()
  })
  const { port } = await startDumb(t, { upstream: origin.url })
  const client = await connectRaw({ port })
  await client.send('GET / HTTP/1.0\r\n\r\n')
  await client.readToEnd()
  client.destroy()
  const second = await connectRaw({ port })
  await second.send('GET / HTTP/1.0\r\n\r\n')
  await second.readUntil('half')
  second.reset()
  await origin.connections[1]?.readToEnd()
  t.ok(origin.connections[1]?.ended)
})

test('silence is limited, close does not wait for closed clients, and a port in use is an error', async t => {
  const origin = await scriptedOrigin(t, async () => {})
  const dumb = createDumb({ upstream: origin.url, patienceMs: 50 })
  t.teardown(() => dumb.destroy())
  const { port, address } = await dumb.listen({ port: 0 })
  t.equal(address, '127.0.0.1')
  const client = await connectRaw({ port })
  await client.send('GET / HTTP/1.0\r\n\r\n')
  await client.readToEnd()
  await t.rejects(createDumb().listen({ port }), { code: 'EADDRINUSE' })
  client.destroy()
  await dumb.close()
})

async function startDumb(t: Test, options: DumbOptions) {
  const dumb = createDumb(options)
  t.teardown(() => dumb.destroy())
  const requests: DumbEvents['request'][] = []
  const closed: DumbEvents['close'][] = []
  dumb.on('request', it => requests.push(it)).on('close', it => closed.push(it))
  const { port } = await dumb.listen({ port: 0 })
  return { port, requests, closed }
}
