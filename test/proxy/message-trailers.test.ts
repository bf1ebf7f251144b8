import { test } from 'tap'
import { DATED, forwarder, gateway, head, heard, ok } from './conversation.js'

// Trailers exist only as long as the content is chunked, with the Trailer field that announces them.

const CHUNKED = 'Transfer-Encoding: chunked'

test('R65, R68, R122, R124, R173: trailers pass in both directions, with Trailer and with TE: trailers as our own', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: a', 'TE: trailers, deflate;q=0.5', 'Connection: TE', 'Trailer: X-Sum', CHUNKED)}2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-SUM:\x80 2\r\n\r\n`,
  )
  const origin = await upstream()
  await heard(
    t,
    origin,
    `${head('POST / HTTP/1.1', 'Host: a', 'Trailer: X-Sum', CHUNKED, 'TE: trailers', 'Connection: TE')}2\r\nhi\r\n0\r\nX-Sum: 1\r\nx-SUM:\x80 2\r\n\r\n`,
  )
  await origin.send(
    `${head('HTTP/1.1 200 OK', DATED, 'Trailer: Server-Timing', CHUNKED)}2\r\nho\r\n0\r\nServer-Timing: a;dur=1\r\n\r\n`,
  )
  await heard(
    t,
    client,
    `${head('HTTP/1.1 200 OK', DATED, 'Trailer: Server-Timing', CHUNKED)}2\r\nho\r\n0\r\nServer-Timing: a;dur=1\r\n\r\n`,
  )
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'), 'both connections are clean after trailers')
})

for (const [why, ...fields] of [
  ['TE without its option', 'TE: trailers'],
  ['its option without TE', 'Connection: TE'],
  ['only codings', 'TE: gzip', 'Connection: TE'],
  ['chunked, which is not offered', 'TE: chunked', 'Connection: TE'],
] as const) {
  test(`R67, R122, R137, R173: no TE of ours: ${why}`, async t => {
    const { connect, upstream } = await gateway(t)
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a', ...fields))
    await heard(t, await upstream(), head('GET / HTTP/1.1', 'Host: a'))
  })
}

test('R122, R124: for an HTTP/1.0 client trailers are neither asked for nor forwarded, nor announced', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.0', 'Host: a', 'TE: trailers', 'Connection: TE'))
  const origin = await upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'))
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, 'Trailer: X', CHUNKED)}2\r\nho\r\n0\r\nX: 1\r\n\r\n`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Connection: close')}ho`)
  t.equal((await client.readToEnd()).how, 'fin')
})

test('R121: fields for framing, routing, authentication, control or identity may not be in a trailer section', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const forbidden = [
    'Trailer: X',
    'Host: evil.test',
    'Connection: close',
    'Proxy-Connection: close',
    'Keep-Alive: max=1',
    'TE: trailers',
    'Upgrade: h2c',
    'Authorization: Basic x',
    'Proxy-Authorization: Basic x',
    'Cookie: a=1',
    'Cache-Control: no-store',
    'Expect: 100-continue',
    'Max-Forwards: 0',
    'Range: bytes=0-',
    'If-Match: *',
    'Content-Type: text/html',
    'Content-Encoding: gzip',
    'Content-Range: bytes 0-0/1',
    'X-Forwarded-For: 10.0.0.1',
    'x_forwarded_for: 10.0.0.1',
    'X-Forwarded-Whatever: 1',
    'X-Real-IP: 10.0.0.1',
    'Forwarded: for=x',
    'Via: 1.1 edge',
    'Proxy: x',
  ]
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}0\r\nX-First: 1\r\n${forbidden.join('\r\n')}\r\nX-Last: 2\r\n\r\n`,
  )
  const origin = await upstream()
  await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}0\r\nX-First: 1\r\nX-Last: 2\r\n\r\n`)
  const inResponse = [
    'Transfer-Encoding: chunked',
    'Content-Length: 5',
    'Set-Cookie: a=1',
    'WWW-Authenticate: Basic',
    'Date: x',
    'Location: /',
    'Age: 1',
    'Vary: *',
  ]
  await origin.send(
    `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}0\r\n${[...forbidden, ...inResponse].join('\r\n')}\r\nX-Last: 2\r\n\r\n`,
  )
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}0\r\nX-Last: 2\r\n\r\n`)
})

for (const framing of ['Transfer-Encoding: chunked', 'Content-Length: 5']) {
  test(`R121: ${framing} in the trailer section of a request, where other readers would believe it, is a 400`, async t => {
    const { connect, upstream } = await gateway(t)
    const client = await connect()
    await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}2\r\nhi\r\n`)
    const origin = await upstream()
    await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}2\r\nhi\r\n`)
    await client.send(`0\r\n${framing}\r\n\r\n`)
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*\r\nConnection: close\r\n/)
    t.equal(String((await origin.readToEnd()).bytes), '', 'the request to the upstream stays unfinished')
  })
}

test('R121: a trailer section of which nothing is left ends the content without trailers', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}0\r\nHost: evil\r\n\r\n`)
  await heard(t, await upstream(), `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}0\r\n\r\n`)
})

test('R115: a trailer section beyond its limit: 431 to the client, and the request to the upstream stays unfinished', async t => {
  const { connect, upstream } = await gateway(t, { grammar: { trailerBytesMax: 100 } })
  const client = await connect()
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}2\r\nhi\r\n0\r\n`)
  const origin = await upstream()
  await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}2\r\nhi\r\n`)
  await client.send(`X: ${'x'.repeat(200)}\r\n\r\n`)
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 431 [\s\S]*\r\nConnection: close\r\n/)
  t.equal(String((await origin.readToEnd()).bytes), '', 'no last chunk')
})

test('R65: in forward mode the same trailers pass', async t => {
  const { connect, upstream, origin } = await forwarder(t)
  const client = await connect()
  const host = `Host: 127.0.0.1:${origin.port}`
  await client.send(`${head(`POST ${origin.url}/ HTTP/1.1`, host, CHUNKED)}0\r\nX-Sum: 1\r\n\r\n`)
  const up = await upstream()
  await heard(t, up, `${head('POST / HTTP/1.1', host, CHUNKED)}0\r\nX-Sum: 1\r\n\r\n`)
  await up.send(ok(''))
  await heard(t, client, ok(''))
})
