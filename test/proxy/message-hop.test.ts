import { test } from 'tap'
import { DATE, DATED, forwarder, gateway, head, heard, ok, quiet, READ_MODES } from './conversation.js'

// Facts that the design is based on: what ends at this hop, seen on both connections.

for (const readMode of READ_MODES) {
  test(`R129, R132-R135, R138: fields of a request are removed for three reasons, the rest is unchanged (${readMode})`, async t => {
    const { connect, upstream } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(
      head(
        'GET /a HTTP/1.1',
        'Host: example.test',
        'CONNECTION: Keep-Alive, x-one',
        'X-One: named by the first line',
        'X-Stays: 1',
        'Keep-Alive: timeout=5',
        'connection: ,X-Two, ,',
        'Proxy-Connection: keep-alive, X-Stays',
        'x-two: named by the second',
        'TE: gzip',
        'Proxy-Authorization: Basic eDp5',
        'HTTP2-Settings: AAMAAABkAAQAAP__',
        'Upgrade: h2c',
        'X-THREE: not named',
      ),
    )
    const origin = await upstream()
    await heard(t, origin, head('GET /a HTTP/1.1', 'Host: example.test', 'X-Stays: 1', 'X-THREE: not named'))
    await origin.send(ok(''))
    await heard(t, client, ok(''))
  })
}

test('R129, R132, R133: fields of a response are removed for the same reasons', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(
    `${head(
      'HTTP/1.1 200 OK',
      DATED,
      'Connection: X-One',
      'Connection: x-TWO,,keep-alive',
      'Proxy-Connection: keep-alive',
      'X-One: 1',
      'X-Two: 2',
      'Keep-Alive: timeout=5, max=10',
      'Proxy-Authenticate: Basic',
      'Proxy-Authentication-Info: x',
      'TE: trailers',
      'Upgrade: h2c',
      'X-Three: 3',
      'Content-Length: 2',
    )}ok`,
  )
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'X-Three: 3', 'Content-Length: 2')}ok`)
})

test('R132, R186: naming applies to an interim response too', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(head('HTTP/1.1 103 Early Hints', 'Connection: X-Hop', 'X-Hop: 1', 'Link: </a.css>; rel=preload'))
  await heard(t, client, head('HTTP/1.1 103 Early Hints', 'Link: </a.css>; rel=preload'))
  await origin.send(ok('x'))
  await heard(t, client, ok('x'))
})

test('R132, R157, R207: naming applies to a 101 too; Upgrade and Connection are set again on each hop', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(
    head(
      'GET /chat HTTP/1.1',
      'Host: a',
      'Connection: keep-alive, Upgrade, X-Hop',
      'X-Hop: 1',
      'Upgrade: websocket',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ),
  )
  const origin = await upstream()
  await heard(
    t,
    origin,
    head(
      'GET /chat HTTP/1.1',
      'Host: a',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Upgrade: websocket',
      'Connection: upgrade',
    ),
  )
  await origin.send(
    `${head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade, X-Hop', 'X-Hop: 1', 'Upgrade: websocket', 'Sec-WebSocket-Accept: x')}frames`,
  )
  await heard(
    t,
    client,
    `${head('HTTP/1.1 101 Switching Protocols', 'Sec-WebSocket-Accept: x', 'Upgrade: websocket', 'Connection: upgrade')}frames`,
  )
})

test('R132, R121: naming applies to both trailer sections, Proxy-Connection names nothing', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: a', 'Connection: X-Hop', 'Proxy-Connection: X-Sum', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\nX-Hop: 1\r\nX-Sum: 2\r\n\r\n`,
  )
  const origin = await upstream()
  await heard(
    t,
    origin,
    `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\nX-Sum: 2\r\n\r\n`,
  )
  await origin.send(
    `${head('HTTP/1.1 200 OK', DATED, 'Connection: X-Hop', 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-Sum: 3\r\nX-Hop: 4\r\n\r\n`,
  )
  await heard(
    t,
    client,
    `${head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: chunked')}2\r\nok\r\n0\r\nX-Sum: 3\r\n\r\n`,
  )
})

test('R132, R141, R204: strip first, add later: what we add cannot be removed by naming it', async t => {
  const { connect, upstream } = await gateway(t, { via: 'both', xForwarded: true, forwarded: true })
  const client = await connect()
  const [, port] = client.name.split(':')
  await client.send(
    head(
      'GET / HTTP/1.1',
      'Host: a',
      'Connection: close, Via, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, Forwarded',
      'X-Forwarded-For: 10.0.0.1',
    ),
  )
  const origin = await upstream()
  await heard(
    t,
    origin,
    head(
      'GET / HTTP/1.1',
      'Host: a',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: a',
      'X-Forwarded-Proto: http',
      `Forwarded: for="127.0.0.1:${port}";host=a;proto=http`,
      'Via: 1.1 edge',
    ),
  )
  await origin.send(head('HTTP/1.1 200 OK', 'Connection: Via, Date', 'Content-Length: 0'))
  await heard(
    t,
    client,
    head('HTTP/1.1 200 OK', 'Content-Length: 0', `Date: ${DATE}`, 'Via: 1.1 edge', 'Connection: close'),
    'Via and Date are added after the stripping',
  )
})

for (const named of ['Host', 'content-length', 'Transfer-Encoding']) {
  test(`R132, R136: a request whose Connection names ${named} is an attack: 400, and nothing goes upstream`, async t => {
    const { connect, dialed } = await gateway(t)
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a', `Connection: keep-alive, ${named}`))
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\nConnection: close\r\n/)
    t.equal((await client.readToEnd()).how, 'fin')
    t.equal(dialed(), 0)
  })

  test(`R132: a response whose Connection names ${named} is common and harmless`, async t => {
    const { connect, upstream } = await gateway(t)
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(`${head('HTTP/1.1 200 OK', DATED, `Connection: ${named}`, 'Content-Length: 2')}ok`)
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 2')}ok`)
  })
}

test('R132, R136: an end-to-end field that Connection names is removed, and counted', async t => {
  const { connect, upstream, exchanged } = await gateway(t)
  const client = await connect()
  await client.send(
    head('GET / HTTP/1.1', 'Host: a', 'Connection: Cookie, Cache-Control', 'Cookie: a=1', 'Cache-Control: no-cache'),
  )
  const origin = await upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'))
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  const [record] = await exchanged(1)
  t.equal(record?.nominated, 2)
})

test('R136: … or refused, if nominatedEndToEnd says so', async t => {
  const { connect, dialed } = await gateway(t, { nominatedEndToEnd: 'reject' })
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a', 'Connection: Cookie', 'Cookie: a=1'))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /)
  t.equal(dialed(), 0)
})

test('R204: a trusted peer whose message names the identity that it vouches for is refused', async t => {
  const { connect, dialed } = await gateway(t, { trust: ['127.0.0.1'], xForwarded: true })
  for (const named of ['X-Forwarded-For', 'X-Forwarded-Proto', 'Forwarded', 'X-Real-IP', 'Via']) {
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a', `Connection: ${named}`, 'X-Forwarded-For: 192.0.2.1'))
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /, named)
  }
  t.equal(dialed(), 0)
})

test('R118, R132: empty members of Connection do not count, more than 32 options are refused', async t => {
  const { connect, upstream, dialed } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a', `Connection: ${',, '.repeat(100)}X-A`, 'X-A: 1'))
  const origin = await upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'))
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  const options = Array.from({ length: 33 }, (_, nth) => `x-${nth}`).join(',')
  await client.send(head('GET / HTTP/1.1', 'Host: a', `Connection: ${options}`))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /)
  await quiet(t, origin)
  t.equal(dialed(), 1)
})

test('R132: more than 32 options in a response cause a 502', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  const options = Array.from({ length: 33 }, (_, nth) => `x-${nth}`).join(',')
  await origin.send(head('HTTP/1.1 200 OK', `Connection: ${options}`, 'Content-Length: 0'))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 502 [\s\S]*\r\nProxy-Status: edge; error=http_protocol_error/,
  )
})

test('R137, R153, R156, R208: Upgrade without its option, from HTTP/1.0, or to a protocol that is not allowed is not forwarded', async t => {
  const { connect, upstream, exchanged } = await gateway(t)
  const client = await connect()
  await client.send(head('GET /1 HTTP/1.1', 'Host: a', 'Upgrade: websocket'))
  const origin = await upstream()
  await heard(t, origin, head('GET /1 HTTP/1.1', 'Host: a'), 'without its option')
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  await client.send(
    head('GET /2 HTTP/1.1', 'Host: a', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAM'),
  )
  await heard(t, origin, head('GET /2 HTTP/1.1', 'Host: a'), 'a protocol that is not allowed')
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  await client.send(head('GET /3 HTTP/1.0', 'Host: a', 'Connection: Upgrade, keep-alive', 'Upgrade: websocket'))
  await heard(t, origin, head('GET /3 HTTP/1.1', 'Host: a'), 'from HTTP/1.0')
  await origin.send(ok(''))
  const records = await exchanged(3)
  t.same(
    records.map(({ refusedUpgrade }) => refusedUpgrade),
    ['websocket', 'h2c', 'websocket'],
    'it is recorded by name',
  )
})

test('R176, R177: a forward proxy consumes its credentials and forwards no challenge except the origin’s', async t => {
  const { connect, upstream, origin } = await forwarder(t, { credentials: [{ user: 'x', password: 'y' }] })
  const client = await connect()
  await client.send(
    head(
      `GET ${origin.url}/ HTTP/1.1`,
      `Host: 127.0.0.1:${origin.port}`,
      'Proxy-Authorization: Basic eDp5',
      'Authorization: Basic Zm9vOmJhcg==',
    ),
  )
  const up = await upstream()
  await heard(t, up, head('GET / HTTP/1.1', `Host: 127.0.0.1:${origin.port}`, 'Authorization: Basic Zm9vOmJhcg=='))
  await up.send(
    head(
      'HTTP/1.1 401 Unauthorized',
      DATED,
      'WWW-Authenticate: Basic',
      'Proxy-Authenticate: Basic',
      'Content-Length: 0',
    ),
  )
  await heard(t, client, head('HTTP/1.1 401 Unauthorized', DATED, 'WWW-Authenticate: Basic', 'Content-Length: 0'))
})
