import { test } from 'tap'
import { DATE, DATED, gateway, head, heard, ok, READ_MODES } from './conversation.js'

// What passes unchanged, and what a gateway adds.

for (const readMode of READ_MODES) {
  test(`R1, R7, R110, R111, R113, R114, R117: order, case, duplicates and obs-text stay as received (${readMode})`, async t => {
    const { connect, upstream } = await gateway(t, { readMode })
    const client = await connect()
    const request = head(
      'GET / HTTP/1.1',
      'x-b:1',
      'HOST: a',
      'X-A: \xff\x80\xe9 "q"',
      'X-b: 2',
      'Cookie: a=1',
      'cookie: b=2',
      'X-Empty:',
      "!#$%&'*+-.^_`|~1: odd but a token",
    )
    await client.send(request)
    const origin = await upstream()
    await heard(t, origin, request)
    const response = `${head(
      'HTTP/1.1 299 \xa1Hola!',
      'set-cookie: a=1',
      'Set-Cookie: b=2',
      'SET-COOKIE: c=3',
      'X-Bytes: \x80\xff',
      'DATE: then',
      'Content-length: 3',
    )}\x00\xff\n`
    await origin.send(response)
    await heard(t, client, response)
  })
}

test('R31: whitespace around a value is not part of it: routing and framing fields are written again, the others keep it', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: \t a \t ', 'Content-Length:\t2 ', 'Connection: \t x-hop ', 'X-Hop: 1', 'A:\tb\t')}ab`,
  )
  const origin = await upstream()
  const text = await origin.readUntil('ab')
  t.equal(text, `${head('POST / HTTP/1.1', 'Host: a', 'A:\tb\t', 'Content-Length: 2')}ab`)
  await origin.send(ok('fine'))
  await heard(t, client, ok('fine'))
})

test('R128, R178, R188: unknown methods, fields and statuses are forwarded, conditions unchanged', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const request = head(
    'BREW /pot HTTP/1.1',
    'Host: a',
    'If-None-Match: "x", W/"y"',
    'If-Modified-Since: whenever',
    'Range: cups=1-2',
    'Accept-Additions: milk',
  )
  await client.send(request)
  const origin = await upstream()
  await heard(t, origin, request)
  await origin.send(head('HTTP/1.1 304 Not Modified', DATED, 'ETag: "x"', 'Content-Length: 77'))
  await heard(t, client, head('HTTP/1.1 304 Not Modified', DATED, 'ETag: "x"', 'Content-Length: 77'))
  await client.send(request)
  await heard(t, origin, request)
  await origin.send(`${head('HTTP/1.1 499 ', DATED, 'Content-Length: 1')}x`)
  await heard(
    t,
    client,
    `${head('HTTP/1.1 499 ', DATED, 'Content-Length: 1')}x`,
    'R28: the space stays without a reason',
  )
})

test('R116, R218: control characters of a response and a status outside all classes reach the client', async t => {
  const { connect, upstream, exchanged } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  const chunked = head('HTTP/1.1 999 \x02No', DATED, 'Set-Cookie: visid=ab\x01c', 'Transfer-Encoding: chunked')
  const response = `${head('HTTP/1.1 103 Hints', 'Link: \x7f')}${chunked}2\r\nno\r\n0\r\nX: \x1b[31m\r\n\r\n`
  await origin.send(response)
  await heard(t, client, response)
  t.match(await exchanged(1), [{ status: 999, outcome: 'complete', upstreamVerdict: 'keep' }])
  await client.send(head('GET / HTTP/1.1', 'Host: a', 'Cookie: visid=ab\x01c'))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /, 'in a request they are refused')
})

test('R199: directives of Cache-Control pass in both directions, known or not', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const request = head('GET / HTTP/1.1', 'Host: a', 'Cache-Control: no-cache, odd="x, y"', 'cache-control: max-age=0')
  await client.send(request)
  const origin = await upstream()
  await heard(t, origin, request)
  const response = head('HTTP/1.1 200 OK', DATED, 'Cache-Control: private="Set-Cookie", odd=1', 'Content-Length: 0')
  await origin.send(response)
  await heard(t, client, response)
})

for (const status of [
  '428 Precondition Required',
  '429 Too Many Requests',
  '431 Too Large',
  '511 Sign In',
  '599 Last',
]) {
  test(`R128, R206: ${status} from an origin is forwarded unchanged`, async t => {
    const { connect, upstream } = await gateway(t)
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    const response = head(`HTTP/1.1 ${status}`, DATED, 'Retry-After: 1', 'Content-Length: 0')
    await origin.send(response)
    await heard(t, client, response)
  })
}

test('R148: the request-target is forwarded byte by byte', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const targets = [
    '/a/../b/./c//d',
    '/%zz%2f%2E%2e/%c3%a4',
    '/|{}"<>\\^`[]',
    "/~!$&'()*+,;=:@?",
    '/?q=a?b//../c',
    '//double',
    '/?',
    `/${'x'.repeat(8_000)}`,
  ]
  let origin = null
  for (const target of targets) {
    await client.send(head(`GET ${target} HTTP/1.1`, 'Host: a'))
    origin ??= await upstream()
    await heard(t, origin, head(`GET ${target} HTTP/1.1`, 'Host: a'), target.slice(0, 20))
    await origin.send(ok(''))
    await heard(t, client, ok(''))
  }
})

test('R10, R105: both directions carry our own version', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.7', 'Host: a'))
  const origin = await upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'), '1.7 is read as 1.1')
  await origin.send(head('HTTP/1.0 200 OK', DATED, 'Content-Length: 0'))
  await heard(t, client, head('HTTP/1.1 200 OK', DATED, 'Content-Length: 0'))
})

test('R20, R23, R26: absolute-form at a gateway: the authority of the target becomes the Host, and its path the target', async t => {
  const { connect, upstream } = await gateway(t, { xForwarded: true })
  const client = await connect()
  await client.send(head('GET http://shop.test:8080/a?b HTTP/1.1', 'X-A: 1', 'Host: ignored.test', 'X-B: 2'))
  const origin = await upstream()
  await heard(
    t,
    origin,
    head(
      'GET /a?b HTTP/1.1',
      'Host: shop.test:8080',
      'X-A: 1',
      'X-B: 2',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: shop.test:8080',
      'X-Forwarded-Proto: http',
    ),
    'R125: our own Host comes first',
  )
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  await client.send(head('GET HTTP://shop.test HTTP/1.1', 'Host: shop.test'))
  t.match(await origin.readUntil('\r\n\r\n'), /^GET \/ HTTP\/1\.1\r\nHost: shop\.test\r\n/, 'an empty path is /')
})

test('R18: Host upstream is the client’s, or with `host: upstream` the upstream’s, and there is always one', async t => {
  const preserving = await gateway(t)
  const client = await preserving.connect()
  await client.send(head('GET / HTTP/1.0', 'Connection: keep-alive'))
  const origin = await preserving.upstream()
  await heard(t, origin, head('GET / HTTP/1.1', `Host: 127.0.0.1:${preserving.origin.port}`), 'from 1.0 without one')

  const replacing = await gateway(t, { host: 'upstream' })
  const other = await replacing.connect()
  await other.send(head('GET / HTTP/1.1', 'X-A: 1', 'Host: public.test'))
  await heard(
    t,
    await replacing.upstream(),
    head('GET / HTTP/1.1', `Host: 127.0.0.1:${replacing.origin.port}`, 'X-A: 1'),
  )
})

test('R119, R123: Date is added where it is missing, and never twice', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  for (const [sent, received] of [
    [['Content-Length: 0'], ['Content-Length: 0', `Date: ${DATE}`]],
    [
      ['Date: Sunday, 06-Nov-94 08:49:37 GMT', 'Content-Length: 0'],
      ['Date: Sunday, 06-Nov-94 08:49:37 GMT', 'Content-Length: 0'],
    ],
  ] as const) {
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(head('HTTP/1.1 200 OK', ...sent))
    await heard(t, client, head('HTTP/1.1 200 OK', ...received))
  }
})

for (const [via, toUpstream, toClient] of [
  ['off', [], []],
  ['request', ['Via: 1.1 edge'], []],
  ['both', ['Via: 1.1 edge'], ['Via: 1.0 edge']],
] as const) {
  test(`R142-R145: via: ${via}: the version received and the deployment's name, after the existing members`, async t => {
    const { connect, upstream } = await gateway(t, { via })
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a', 'Via: 1.0 fred, 1.1 p.example.net (Apache/1.1)'))
    const origin = await upstream()
    await heard(
      t,
      origin,
      head('GET / HTTP/1.1', 'Host: a', 'Via: 1.0 fred, 1.1 p.example.net (Apache/1.1)', ...toUpstream),
    )
    await origin.send(head('HTTP/1.0 200 OK', 'Via: 1.1 inner', DATED, 'Content-Length: 0'))
    await heard(t, client, head('HTTP/1.1 200 OK', 'Via: 1.1 inner', DATED, 'Content-Length: 0', ...toClient))
  })
}

test('R143: Via toward the upstream says 1.0 if the client did', async t => {
  const { connect, upstream } = await gateway(t, { via: 'request' })
  const client = await connect()
  await client.send(head('GET / HTTP/1.0', 'Host: a'))
  await heard(t, await upstream(), head('GET / HTTP/1.1', 'Host: a', 'Via: 1.0 edge'))
})

test('R204, R224: a gateway removes what a client claims about itself, look-alikes too, and states what it knows', async t => {
  const { connect, upstream } = await gateway(t, { xForwarded: true })
  const client = await connect()
  await client.send(
    head(
      'GET / HTTP/1.1',
      'Host: a',
      'X-Forwarded-For: 10.0.0.1',
      'x-forwarded-for: 10.0.0.2',
      'X_Forwarded_For: 10.0.0.3',
      'X-Forwarded-Port: 1',
      'X-Forwarded-Anything: 2',
      'x_forwarded-host: evil.test',
      'X-Real-IP: 10.0.0.4',
      'X_Real_IP: 10.0.0.5',
      'Forwarded: for=10.0.0.6',
      'Proxy: http://evil.test',
      'X-Forward: stays',
    ),
  )
  await heard(
    t,
    await upstream(),
    head(
      'GET / HTTP/1.1',
      'Host: a',
      'X-Forward: stays',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: a',
      'X-Forwarded-Proto: http',
    ),
  )
})

test('R203, R204: what a trusted peer says is kept, and its address appended', async t => {
  const { connect, upstream } = await gateway(t, { xForwarded: true, forwarded: true, trust: ['127.0.0.0/8'] })
  const client = await connect()
  const [, port] = client.name.split(':')
  await client.send(
    head(
      'GET / HTTP/1.1',
      'Host: inner',
      'X-Forwarded-For: 192.0.2.7, 10.0.0.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: public.test',
      'X-Real-IP: 192.0.2.7',
      'Forwarded: for=192.0.2.7',
    ),
  )
  await heard(
    t,
    await upstream(),
    head(
      'GET / HTTP/1.1',
      'Host: inner',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: public.test',
      'X-Real-IP: 192.0.2.7',
      'Forwarded: for=192.0.2.7',
      'X-Forwarded-For: 192.0.2.7, 10.0.0.1, 127.0.0.1',
      `Forwarded: for="127.0.0.1:${port}";host=inner;proto=http`,
    ),
  )
})

test('R139, R140, R168: Max-Forwards is counted down for OPTIONS, and for nothing else', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('OPTIONS * HTTP/1.1', 'Host: a', 'Max-Forwards: 5'))
  const origin = await upstream()
  await heard(t, origin, head('OPTIONS * HTTP/1.1', 'Host: a', 'Max-Forwards: 4'))
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  await client.send(head('GET / HTTP/1.1', 'Host: a', 'Max-Forwards: 0'))
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a', 'Max-Forwards: 0'))
  await origin.send(ok(''))
  await heard(t, client, ok(''))
  await client.send(head('OPTIONS /a HTTP/1.1', 'Host: a'))
  await heard(t, origin, head('OPTIONS /a HTTP/1.1', 'Host: a'), 'and it is never added')
})

test('R149, R174, R175: Allow, WWW-Authenticate, Authorization, Referer, Server, ETag and Content-* pass unchanged', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const request = head(
    'GET / HTTP/1.1',
    'Host: a',
    'Authorization: Bearer x',
    'Referer: http://a/',
    'Accept-Encoding: br',
  )
  await client.send(request)
  const origin = await upstream()
  await heard(t, origin, request)
  const response = `${head(
    'HTTP/1.1 401 Nope',
    DATED,
    'Server: secret/1.0',
    'Allow: GET , BREW',
    'WWW-Authenticate: Negotiate',
    'WWW-Authenticate: Basic realm="a,b"',
    'ETag: W/"x"',
    'Content-Encoding: br',
    'Content-Location: ../x',
    'Location: //b/../c',
    'Content-Length: 3',
  )}\x1b\x00\x01`
  await origin.send(response)
  await heard(t, client, response)
})
