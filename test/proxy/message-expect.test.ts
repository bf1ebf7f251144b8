import { test } from 'tap'
import { DATED, forwarder, gateway, head, heard, ok, quiet } from './conversation.js'

// Expect: 100-continue end to end, and the other interim responses.

const UPLOAD = head('PUT / HTTP/1.1', 'Host: a', 'Expect: 100-continue', 'Content-Length: 5')

test('R170, R185: the head goes upstream before any content, the upstream’s 100 comes back, then the content follows', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(UPLOAD)
  const origin = await upstream()
  await heard(t, origin, UPLOAD)
  await quiet(t, client)
  await origin.send(head('HTTP/1.1 100 Continue', 'X-Note: go'))
  await heard(t, client, head('HTTP/1.1 100 Continue', 'X-Note: go'))
  await client.send('hello')
  await heard(t, origin, 'hello')
  await origin.send(ok('stored'))
  await heard(t, client, ok('stored'))
  t.equal(client.ended, '')
})

test('R170, R171: after 1 s of silence a gateway sends 100 itself; the upstream’s own comes too late to be forwarded', async t => {
  const { connect, upstream, clock } = await gateway(t)
  const client = await connect()
  await client.send(UPLOAD)
  const origin = await upstream()
  await heard(t, origin, UPLOAD)
  clock.advance(900)
  await quiet(t, client)
  clock.advance(200)
  await heard(t, client, head('HTTP/1.1 100 Continue'))
  await origin.send(head('HTTP/1.1 100 Continue'))
  await quiet(t, client)
  await client.send('hello')
  await heard(t, origin, 'hello')
  await origin.send(ok('stored'))
  await heard(t, client, ok('stored'))
})

test('R170: a forward proxy leaves the 100 to the origin', async t => {
  const { connect, upstream, clock, origin } = await forwarder(t)
  const client = await connect()
  const host = `Host: 127.0.0.1:${origin.port}`
  await client.send(head(`PUT ${origin.url}/ HTTP/1.1`, host, 'Expect: 100-continue', 'Content-Length: 5'))
  const up = await upstream()
  await heard(t, up, head('PUT / HTTP/1.1', host, 'Expect: 100-continue', 'Content-Length: 5'))
  clock.advance(5_000)
  await quiet(t, client)
  await up.send(head('HTTP/1.1 100 Continue'))
  await heard(t, client, head('HTTP/1.1 100 Continue'))
})

test('R170, R172, R79: a final status instead of the 100: forwarded with Connection: close, no content goes upstream', async t => {
  const { connect, upstream, clock } = await gateway(t)
  const client = await connect()
  await client.send(UPLOAD)
  const origin = await upstream()
  await heard(t, origin, UPLOAD)
  await origin.send(head('HTTP/1.1 413 Content Too Large', DATED, 'Content-Length: 0'))
  await heard(t, client, head('HTTP/1.1 413 Content Too Large', DATED, 'Content-Length: 0', 'Connection: close'))
  await client.send('hello').catch(() => {})
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(String((await origin.readToEnd()).bytes), '')
  clock.advance(5_000)
  t.equal(client.waiting.length, 0, 'and no 100 behind it')
})

test('R171: a client that sends its content without waiting needs no 100 from us', async t => {
  const { connect, upstream, clock } = await gateway(t)
  const client = await connect()
  await client.send(`${UPLOAD}hello`)
  const origin = await upstream()
  await heard(t, origin, `${UPLOAD}hello`)
  clock.advance(5_000)
  await quiet(t, client)
  await origin.send(ok(''))
  await heard(t, client, ok(''))
})

test('R171: Expect of an HTTP/1.0 request is dropped', async t => {
  const { connect, upstream, clock } = await gateway(t)
  const client = await connect()
  await client.send(head('PUT / HTTP/1.0', 'Host: a', 'Expect: 100-continue', 'Content-Length: 5'))
  const origin = await upstream()
  await heard(t, origin, head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 5'))
  clock.advance(5_000)
  await quiet(t, client)
})

test('R171, R191: another expectation is a 417, and nothing goes upstream', async t => {
  const { connect, dialed } = await gateway(t)
  for (const expect of ['200-maybe', '100-continue, x', '"100-continue"']) {
    const client = await connect()
    await client.send(head('PUT / HTTP/1.1', 'Host: a', `Expect: ${expect}`, 'Content-Length: 5'))
    t.match(
      await client.readUntil('\r\n\r\n'),
      /^HTTP\/1\.1 417 Expectation Failed\r\n[\s\S]*Proxy-Status: edge; error=http_request_error[\s\S]*\r\nConnection: close/,
      expect,
    )
  }
  t.equal(dialed(), 0)
})

test('R184-R186, R205: every interim response is forwarded, however many there are', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  const hints = head('HTTP/1.1 103 Early Hints', 'Link: </a.css>; rel=preload')
  const interim = hints + head('HTTP/1.1 102 Processing') + hints + head('HTTP/1.1 199 Whatever')
  await origin.send(interim)
  await heard(t, client, interim, 'no Date, no Connection: they are unchanged')
  await origin.send(head('HTTP/1.1 100 Continue') + ok('done'))
  await heard(t, client, head('HTTP/1.1 100 Continue') + ok('done'))
  t.equal(client.ended, '')
})

test('R183: none of them to an HTTP/1.0 client', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.0', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(head('HTTP/1.1 100 Continue') + head('HTTP/1.1 103 Early Hints', 'Link: <x>'))
  await quiet(t, client)
  await origin.send(ok('x'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
})

test('R185: `interim: none` keeps all but 100 from clients', async t => {
  const { connect, upstream } = await gateway(t, { interim: 'none' })
  const client = await connect()
  await client.send(UPLOAD)
  const origin = await upstream()
  await heard(t, origin, UPLOAD)
  await origin.send(head('HTTP/1.1 103 Early Hints', 'Link: <x>') + head('HTTP/1.1 100 Continue'))
  await heard(t, client, head('HTTP/1.1 100 Continue'))
})

test('R158: Upgrade together with Expect: the 100 comes before the 101', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const fields = ['Host: a', 'Expect: 100-continue', 'Content-Length: 2']
  await client.send(head('POST / HTTP/1.1', ...fields, 'Upgrade: websocket', 'Connection: upgrade'))
  const origin = await upstream()
  await heard(t, origin, head('POST / HTTP/1.1', ...fields, 'Upgrade: websocket', 'Connection: upgrade'))
  await origin.send(head('HTTP/1.1 100 Continue'))
  await heard(t, client, head('HTTP/1.1 100 Continue'))
  await client.send('hi')
  await heard(t, origin, 'hi')
  await origin.send(head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade'))
  await heard(t, client, head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade'))
  await client.send('frame')
  await heard(t, origin, 'frame')
})
