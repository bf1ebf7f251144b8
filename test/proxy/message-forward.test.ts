import { test } from 'tap'
import { answerNames, names } from '../support/fake-resolver.js'
import { DATED, forwarder, head, heard, ok, quiet } from './conversation.js'

// How a forward proxy handles absolute-form.

test('R20, R22, R125, R148: absolute-form becomes origin-form, the Host that was sent is replaced', async t => {
  const { connect, upstream, origin } = await forwarder(t)
  const client = await connect()
  const host = `127.0.0.1:${origin.port}`
  const cases = [
    [`GET http://${host}/a/../b?c HTTP/1.1`, 'GET /a/../b?c HTTP/1.1'],
    [`GET http://${host} HTTP/1.1`, 'GET / HTTP/1.1'],
    [`GET http://${host}?q HTTP/1.1`, 'GET /?q HTTP/1.1'],
    [`GET http://${host}/%7e|{} HTTP/1.1`, 'GET /%7e|{} HTTP/1.1'],
    [`OPTIONS http://${host} HTTP/1.1`, 'OPTIONS * HTTP/1.1'],
    [`OPTIONS http://${host}/ HTTP/1.1`, 'OPTIONS / HTTP/1.1'],
    [`OPTIONS http://${host}?q HTTP/1.1`, 'OPTIONS /?q HTTP/1.1'],
  ] as const
  let up = null
  for (const [sent, received] of cases) {
    await client.send(head(sent, 'X-A: 1', 'Host: elsewhere.test', 'X-B: 2'))
    up ??= await upstream()
    await heard(t, up, head(received, `Host: ${host}`, 'X-A: 1', 'X-B: 2'), received)
    await up.send(ok(''))
    await heard(t, client, ok(''))
  }
})

test('R147: a host name is forwarded in the client’s spelling', async t => {
  const { connect, upstream, origin, proxy } = await forwarder(t)
  answerNames(proxy, { lookup: names({ 'shop.example': ['127.0.0.1'] }).lookup })
  const client = await connect()
  const host = `Shop.EXAMPLE:${origin.port}`
  await client.send(head(`GET http://${host}/a HTTP/1.1`, `Host: ${host}`))
  await heard(t, await upstream(), head('GET /a HTTP/1.1', `Host: ${host}`))
})

test('R25: OPTIONS absolute-form with neither path nor query is sent as `*`', async t => {
  const { connect, upstream, origin } = await forwarder(t)
  const client = await connect()
  await client.send(head(`OPTIONS ${origin.url} HTTP/1.1`, `Host: 127.0.0.1:${origin.port}`))
  await heard(t, await upstream(), head('OPTIONS * HTTP/1.1', `Host: 127.0.0.1:${origin.port}`))
})

test('R19, R22: a Host that is missing, duplicated or invalid is refused although the target decides', async t => {
  const { connect, dialed, origin } = await forwarder(t)
  for (const fields of [[], ['Host: a', 'Host: a'], ['Host: a b']]) {
    const client = await connect()
    await client.send(head(`GET ${origin.url}/ HTTP/1.1`, ...fields))
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /)
  }
  t.equal(dialed(), 0)
})

test('R141, R143: a forward proxy appends Via to requests and to responses, and adds no X-Forwarded-*', async t => {
  const { connect, upstream, origin } = await forwarder(t, { via: 'both' })
  const client = await connect()
  const host = `127.0.0.1:${origin.port}`
  await client.send(head(`GET ${origin.url}/ HTTP/1.1`, `Host: ${host}`, 'X-Forwarded-For: 192.0.2.1'))
  const up = await upstream()
  await heard(t, up, head('GET / HTTP/1.1', `Host: ${host}`, 'X-Forwarded-For: 192.0.2.1', 'Via: 1.1 edge'))
  await up.send(ok('hello'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 5', 'Via: 1.1 edge')}hello`)
})

test('R204: a forward proxy adds X-Forwarded-* if configured', async t => {
  const { connect, upstream, origin } = await forwarder(t, { xForwarded: true })
  const client = await connect()
  const host = `127.0.0.1:${origin.port}`
  await client.send(head(`GET ${origin.url}/ HTTP/1.1`, `Host: ${host}`))
  await heard(
    t,
    await upstream(),
    head(
      'GET / HTTP/1.1',
      `Host: ${host}`,
      'X-Forwarded-For: 127.0.0.1',
      `X-Forwarded-Host: ${host}`,
      'X-Forwarded-Proto: http',
    ),
  )
})

test('R214: origin-form never reaches the routing of a forward proxy', async t => {
  const { connect, dialed, origin } = await forwarder(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', `Host: 127.0.0.1:${origin.port}`))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Proxy-Status: edge; error=http_request_error; details="[^"]*forward proxy/,
  )
  t.equal(dialed(), 0)
})

test('R168: `OPTIONS *` to a forward proxy is for the proxy itself', async t => {
  const { connect, dialed } = await forwarder(t)
  const client = await connect()
  await client.send(head('OPTIONS * HTTP/1.1', 'Host: a'))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nAllow: GET, HEAD, [\s\S]*Content-Length: 0\r\n/,
  )
  t.equal(dialed(), 0)
})

test('R130: in forward mode a request for the proxy’s own address is a loop', async t => {
  const { connect, dialed, url, port, exchanged } = await forwarder(t)
  const client = await connect()
  await client.send(head(`GET ${url}/ HTTP/1.1`, `Host: 127.0.0.1:${port}`))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*Proxy-Status: edge; error=proxy_loop_detected/,
  )
  t.equal(dialed(), 0)
  t.equal((await exchanged(1))[0]?.error?.type, 'proxy_loop_detected')
})

test('R130: … also under another name', async t => {
  const { connect, port } = await forwarder(t, { allow: ['127.0.0.0/8', '::1', 'localhost'] })
  const client = await connect()
  await client.send(head(`GET http://localhost:${port}/ HTTP/1.1`, `Host: localhost:${port}`))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 502 [\s\S]*error=proxy_loop_detected/)
})

test('R192, R215: an https target is dialled over TLS; without TLS there it is a 502, never a 421, and nothing is sent in cleartext', async t => {
  const { connect, upstream, origin } = await forwarder(t, {}, async connection => {
    await connection.readBytes(5)
    await connection.send('this is not TLS\r\n')
  })
  const client = await connect()
  const host = `127.0.0.1:${origin.port}`
  await client.send(head(`GET https://${host}/secret HTTP/1.1`, `Host: ${host}`))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 502 [\s\S]*Proxy-Status: edge; error=tls_/)
  const { received } = await upstream()
  t.equal(received[0], 0x16, 'a TLS handshake')
  t.notMatch(received.toString('latin1'), /GET|secret/)
})

test('R102: clients of a forward proxy share its upstream connections, one after the other', async t => {
  const { connect, upstream, origin, dialed } = await forwarder(t)
  const host = `127.0.0.1:${origin.port}`
  for (const path of ['/1', '/2', '/3']) {
    const client = await connect()
    await client.send(head(`GET ${origin.url}${path} HTTP/1.1`, `Host: ${host}`, 'Connection: close'))
    const up = await upstream()
    await heard(t, up, head(`GET ${path} HTTP/1.1`, `Host: ${host}`))
    await up.send(ok('x'))
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
    await quiet(t, up)
  }
  t.equal(dialed(), 1)
})
