import { test } from 'tap'
import { DATE, DATED, forwarder, gateway, head, heard, ok, quiet } from './conversation.js'

// What the proxy answers itself although the request is well formed.

test('R130: a gateway that finds its own name in Via answers 502 and ends the loop', async t => {
  const { connect, dialed, exchanged } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a', 'Via: 1.1 other (a comment), 1.0 edge'))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*\r\nProxy-Status: edge; error=proxy_loop_detected; details="/,
  )
  t.equal(dialed(), 0)
  t.match(await exchanged(1), [{ outcome: 'refused', status: 502, clientVerdict: 'keep' }])
})

test('R130: a name is compared exactly, and a comment is not a name', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const request = head('GET / HTTP/1.1', 'Host: a', 'Via: 1.1 edge2, 1.1 Edge, 1.1 x (edge), 1.1 edge.example')
  await client.send(request)
  await heard(t, await upstream(), request)
})

test('R130: two deployments in a row are not a loop, a chain that comes back is', async t => {
  const second = await gateway(t, { name: 'two', via: 'request' })
  const first = await gateway(t, { name: 'one', via: 'request', upstream: second.url })
  const client = await first.connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await second.upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a', 'Via: 1.1 one', 'Via: 1.1 two'))
  await origin.send(ok('end'))
  await heard(t, client, ok('end'))

  const itself = await gateway(t, { via: 'request' })
  const back = await gateway(t, { name: 'back', via: 'request', upstream: itself.url })
  // `itself` cannot point to `back`, which did not exist yet: the request is made as if it had gone round once.
  const lost = await back.connect()
  await lost.send(head('GET / HTTP/1.1', 'Host: a', 'Via: 1.1 edge'))
  t.match(await lost.readUntil('\r\n\r\n'), /^HTTP\/1\.1 502 [\s\S]*Proxy-Status: edge; error=proxy_loop_detected/)
})

test('R139, R169: TRACE with Max-Forwards 0 is answered here, without credentials and cookies', async t => {
  const { connect, dialed } = await gateway(t, { trace: true })
  const client = await connect()
  await client.send(
    head('TRACE /a HTTP/1.1', 'Host: a', 'Max-Forwards: 0', 'Cookie: a=1', 'X-Api-Key: x', 'User-Agent: u'),
  )
  const content = head('TRACE /a HTTP/1.1', 'Host: a', 'Max-Forwards: 0', 'User-Agent: u')
  await heard(
    t,
    client,
    head(
      'HTTP/1.1 200 OK',
      `Date: ${DATE}`,
      'Content-Type: message/http',
      `Content-Length: ${content.length}`,
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      'Proxy-Status: edge',
    ) + content,
  )
  t.equal(dialed(), 0)
})

test('R139: TRACE in forward mode is counted and forwarded', async t => {
  const { connect, upstream, origin } = await forwarder(t)
  const client = await connect()
  const host = `Host: 127.0.0.1:${origin.port}`
  await client.send(head(`TRACE ${origin.url}/ HTTP/1.1`, host, 'Max-Forwards: 1'))
  await heard(t, await upstream(), head('TRACE / HTTP/1.1', host, 'Max-Forwards: 0'))
})

test('R139: OPTIONS with Max-Forwards 0 is answered here with Allow', async t => {
  const { connect, dialed } = await gateway(t)
  const client = await connect()
  await client.send(head('OPTIONS /a HTTP/1.1', 'Host: a', 'Max-Forwards: 0'))
  await heard(
    t,
    client,
    head(
      'HTTP/1.1 200 OK',
      `Date: ${DATE}`,
      'Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS',
      'Content-Length: 0',
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      'Proxy-Status: edge',
    ),
  )
  t.equal(dialed(), 0)
})

test('R220: TRACE at a gateway that does not allow it: 405 with Allow, not to be cached', async t => {
  const { connect, dialed } = await gateway(t)
  const client = await connect()
  await client.send(head('TRACE / HTTP/1.1', 'Host: a', 'Max-Forwards: 0'))
  const answer = await client.readUntil('\r\n\r\n')
  t.match(answer, /^HTTP\/1\.1 405 Method Not Allowed\r\n/)
  t.match(answer, /\r\nAllow: GET, HEAD/)
  t.match(answer, /\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n/)
  t.equal(dialed(), 0)
})

test('R222: TRACE with content is a 400, whether it would have been forwarded or not', async t => {
  const { connect, dialed } = await gateway(t, { trace: true })
  for (const hops of ['Max-Forwards: 0', 'Max-Forwards: 5', 'X-No: hops']) {
    for (const framing of ['Content-Length: 3', 'Transfer-Encoding: chunked']) {
      const client = await connect()
      await client.send(head('TRACE / HTTP/1.1', 'Host: a', hops, framing))
      t.match(
        await client.readUntil('\r\n\r\n'),
        /^HTTP\/1\.1 400 [\s\S]*\r\nConnection: close\r\n/,
        `${hops}, ${framing}`,
      )
    }
  }
  t.equal(dialed(), 0)
})

test('R214, R220: CONNECT to a gateway: 405 with Allow, and the connection closes', async t => {
  const { connect, dialed } = await gateway(t)
  const client = await connect()
  await client.send(head('CONNECT a:443 HTTP/1.1', 'Host: a:443'))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 405 [\s\S]*\r\nAllow: [\s\S]*error=http_request_denied[\s\S]*\r\nConnection: close\r\n/,
  )
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(dialed(), 0)
})

test('R176, R189, R220: without credentials a forward proxy answers 407 with Proxy-Authenticate, and keeps the connection', async t => {
  const { connect, upstream, origin, dialed } = await forwarder(t, { credentials: [{ user: 'x', password: 'y' }] })
  const client = await connect()
  const host = `Host: 127.0.0.1:${origin.port}`
  for (const given of [[], ['Proxy-Authorization: Basic eDp6'], ['Authorization: Basic eDp5']]) {
    await client.send(head(`GET ${origin.url}/ HTTP/1.1`, host, ...given))
    const answer = await client.readUntil('\r\n\r\n')
    t.match(answer, /^HTTP\/1\.1 407 Proxy Authentication Required\r\n/)
    t.match(answer, /\r\nProxy-Authenticate: Basic realm="edge"/)
    t.match(answer, /\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n/)
    t.notMatch(answer, /\r\nConnection:/)
    await client.readBytes(Number(/Content-Length: (\d+)/.exec(answer)?.[1]))
  }
  t.equal(dialed(), 0)
  await client.send(head(`GET ${origin.url}/ HTTP/1.1`, host, 'Proxy-Authorization: Basic eDp5'))
  await heard(t, await upstream(), head('GET / HTTP/1.1', host))
})

test('R126: an https target at a gateway without TLS: 421', async t => {
  const { connect, dialed } = await gateway(t)
  const client = await connect()
  await client.send(head('GET https://a/ HTTP/1.1', 'Host: a'))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 421 Misdirected Request\r\n/)
  t.equal(dialed(), 0)
})

test('R79, R172: our own answer before the content has arrived closes the connection', async t => {
  const { connect, dialed } = await gateway(t)
  const client = await connect()
  await client.send(`${head('OPTIONS / HTTP/1.1', 'Host: a', 'Max-Forwards: 0', 'Content-Length: 5')}he`)
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\nConnection: close\r\n/)
  await client.send('llo')
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(dialed(), 0)
})

test('our own answers are in the order of the requests and keep the connection', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const options = head('OPTIONS / HTTP/1.1', 'Host: a', 'Max-Forwards: 0')
  await client.send(options + options + head('GET / HTTP/1.1', 'Host: a') + options)
  const origin = await upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'))
  const own = head(
    'HTTP/1.1 200 OK',
    `Date: ${DATE}`,
    'Allow: GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS',
    'Content-Length: 0',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Proxy-Status: edge',
  )
  await heard(t, client, own + own)
  await origin.send(ok('x'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1')}x${own}`)
  await quiet(t, client)
})
