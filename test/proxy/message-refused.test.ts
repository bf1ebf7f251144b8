import { test } from 'tap'
import { DATE, ended, forwarder, gateway, head, heard, ok, quiet } from './conversation.js'

// What the reader refuses: the right status, Proxy-Status, Connection: close, and not a byte of it upstream.

const LONG = 'x'.repeat(70_000)
const many = (count: number): string => Array.from({ length: count }, (_, nth) => `X-${nth}: 1\r\n`).join('')

/** Rule, status, the request. */
const REFUSED: [string, number, string][] = [
  // the lines
  ['R2, R9: bare LF as a line end', 400, 'GET / HTTP/1.1\nHost: a\n\n'],
  ['R2: bare LF after one field', 400, 'GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n'],
  ['R3: bare CR in a value', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n'],
  ['R116: NUL in a value', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
  ['R116: DEL in a value', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\x7fb\r\n\r\n'],
  ['R33: obs-fold', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n'],
  ['R8: whitespace before the first field', 400, 'GET / HTTP/1.1\r\n X: a\r\nHost: a\r\n\r\n'],
  ['R29: space before the colon', 400, 'GET / HTTP/1.1\r\nHost : a\r\n\r\n'],
  ['R103: empty name', 400, 'GET / HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n'],
  ['R103: odd name', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX(: a\r\n\r\n'],
  ['R103: obs-text in a name', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX\xe9: a\r\n\r\n'],
  ['R103: no colon', 400, 'GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n'],
  ['R5: five empty lines', 400, '\r\n\r\n\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  // the request line
  ['R16: no version', 400, 'GET /\r\nHost: a\r\n\r\n'],
  ['R17: a space in the target', 400, 'GET /a b HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R12: two spaces', 400, 'GET  / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R12: a tab', 400, 'GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R16: a method that is not a token', 400, 'G@T / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R16: a fragment', 400, 'GET /#a HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R16: bytes above 0x7e in the target', 400, 'GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R16: a lower-case version', 400, 'GET / http/1.1\r\nHost: a\r\n\r\n'],
  ['R16: HTTP/1.10', 400, 'GET / HTTP/1.10\r\nHost: a\r\n\r\n'],
  ['R106, R197: HTTP/2.0', 505, 'GET / HTTP/2.0\r\nHost: a\r\n\r\n'],
  ['R106: HTTP/0.9', 505, 'GET / HTTP/0.9\r\nHost: a\r\n\r\n'],
  ['R106: the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['R14, R191: a target beyond the limit', 414, `GET /${LONG} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['R13, R14: a method beyond the limit', 414, `${LONG} / HTTP/1.1\r\nHost: a\r\n\r\n`],
  ['R214: * with GET', 400, 'GET * HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R214: authority-form with GET', 400, 'GET a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R108: an empty host', 400, 'GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R109: userinfo', 400, 'GET http://u:p@a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['R214: another scheme', 400, 'GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n'],
  // Host
  ['R19: no Host', 400, 'GET / HTTP/1.1\r\n\r\n'],
  ['R19: two Hosts', 400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n'],
  ['R19: two Hosts in HTTP/1.0', 400, 'GET / HTTP/1.0\r\nHost: a\r\nhost: b\r\n\r\n'],
  ['R19: an invalid Host', 400, 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n'],
  ['R19: a list in Host', 400, 'GET / HTTP/1.1\r\nHost: a, b\r\n\r\n'],
  // limits
  ['R115, R191: a section beyond the limit', 431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${LONG}\r\n\r\n`],
  ['R115: 201 fields', 431, `GET / HTTP/1.1\r\nHost: a\r\n${many(200)}\r\n`],
  // framing
  ['R52: Content-Length +1', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx'],
  ['R52: Content-Length 0x10', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\nx'],
  ['R52: an empty Content-Length', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n'],
  ['R52: a list', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx'],
  ['R52: two lines', 400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx'],
  ['R180: more than 2^53-1', 413, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9007199254740992\r\n\r\nx'],
  [
    'R44: Content-Length beside Transfer-Encoding',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  ],
  [
    'R50: not chunked at the end',
    400,
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n',
  ],
  ['R50: another coding alone', 400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n'],
  ['R41, R193: gzip, chunked', 501, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['R37: chunked twice', 400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n'],
  ['R61: parameters', 400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;a=b\r\n\r\n0\r\n\r\n'],
  ['R45: chunked in HTTP/1.0', 400, 'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
]

for (const [name, status, request] of REFUSED) {
  test(`${name}: ${status}, and the connection closes`, async t => {
    const { connect, dialed, proxy, exchanged } = await gateway(t)
    const client = await connect()
    await client.send(request).catch(() => {})
    const answer = await client.readUntil('\r\n\r\n')
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} [A-Z]`))
    t.match(answer, /\r\nProxy-Status: edge; error=http_request_error; details="/)
    t.match(answer, /\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n/)
    t.match(answer, /\r\nConnection: close\r\n/)
    const { bytes, how } = await client.readToEnd()
    t.equal(bytes.length, Number(/Content-Length: (\d+)/.exec(answer)?.[1]))
    t.equal(how, 'fin', 'the answer is not destroyed by a reset')
    t.equal(dialed(), 0)
    t.equal((await exchanged(1))[0]?.clientVerdict, 'client-protocol-error')
    t.equal(proxy.stats().exchanges.active, 0)
  })
}

test('R9: the answer names the byte and where it is', async t => {
  const { connect } = await gateway(t)
  const client = await connect()
  await client.send('GET / HTTP/1.1\r\nHost: a\nX: 1\r\n\r\n')
  const what = 'bare LF (0x0a) at byte 23 of the request head, in the value of field "Host" (RFC 9112 2.2)'
  const content = `400 Bad Request: ${what}\nedge: http_request_error\n`
  await heard(
    t,
    client,
    head(
      'HTTP/1.1 400 Bad Request',
      `Date: ${DATE}`,
      'Content-Type: text/plain; charset=utf-8',
      `Content-Length: ${content.length}`,
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      `Proxy-Status: edge; error=http_request_error; details="${what.replaceAll('"', '\\"')}"`,
      'Connection: close',
    ) + content,
  )
  await ended(t, client, 'fin')
})

test('R9, R93: what was pipelined after a refused request is not served, what came before it is', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(
    `${head('GET /1 HTTP/1.1', 'Host: a')}GET /2 HTTP/1.1\r\nHost : a\r\n\r\n${head('GET /3 HTTP/1.1', 'Host: a')}`,
  )
  const origin = await upstream()
  await heard(t, origin, head('GET /1 HTTP/1.1', 'Host: a'))
  await origin.send(ok('one'))
  const all = String((await client.readToEnd()).bytes)
  t.ok(all.startsWith(`${ok('one')}HTTP/1.1 400 `), all)
  t.equal(all.match(/HTTP\/1\.1 \d/g)?.length, 2)
  await quiet(t, origin)
})

test('R223: nothing goes upstream before the head is complete', async t => {
  const { connect, upstream, dialed } = await gateway(t)
  const client = await connect()
  await client.send('GET / HTTP/1.1\r\nHost: a\r\nX-A: 1\r\n')
  await quiet(t, client)
  t.equal(dialed(), 0)
  await client.send('\r\n')
  await heard(t, await upstream(), head('GET / HTTP/1.1', 'Host: a', 'X-A: 1'))
})

for (const [name, bad] of [
  ['R60: a size beyond 2^53-1', 'FFFFFFFFFFFFFFFF1\r\n'],
  ['R60: a size with 0x', '0x1\r\na\r\n'],
  ['R60: a size with a sign', '+1\r\na\r\n'],
  ['R60: no size', '\r\n'],
  ['R62: bare LF after a size', '1\na\r\n'],
  ['R62: no CRLF after a chunk', '1\r\nab\r\n'],
  ['R62: bare LF after a chunk', '1\r\na\n'],
] as const) {
  test(`${name}: 400 if nothing was answered yet, and the request to the upstream stays unfinished`, async t => {
    const { connect, upstream, proxy } = await gateway(t)
    const client = await connect()
    const begun = head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')
    await client.send(`${begun}2\r\nok\r\n`)
    const origin = await upstream()
    await heard(t, origin, `${begun}2\r\nok\r\n`)
    await client.send(bad)
    t.match(
      await client.readUntil('\r\n\r\n'),
      /^HTTP\/1\.1 400 [\s\S]*\r\nProxy-Status: edge; error=http_request_error; [\s\S]*\r\nConnection: close\r\n/,
    )
    t.equal((await client.readToEnd()).how, 'fin')
    t.notMatch(String((await origin.readToEnd()).bytes), /0\r\n\r\n/)
    t.same(proxy.stats().upstream.closes, { 'client-gone': 1 })
  })
}

test('R64, R191: chunk extensions beyond their limit: 413', async t => {
  const { connect } = await gateway(t)
  const client = await connect()
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}1;${'x'.repeat(5_000)}\r\na\r\n`,
  )
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/)
})

test('R62, R70: wrong chunks after the answer has begun end the connection, and leave the answer incomplete', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}2\r\nok\r\n`)
  const origin = await upstream()
  await origin.readUntil('ok\r\n')
  const begun = `${head('HTTP/1.1 200 OK', 'Date: x', 'Transfer-Encoding: chunked')}2\r\nho\r\n`
  await origin.send(begun)
  const received = `${head('HTTP/1.1 200 OK', 'Date: x', 'Transfer-Encoding: chunked', 'Connection: close')}2\r\nho\r\n`
  await heard(t, client, received)
  await client.send('zz\r\n')
  const { bytes } = await client.readToEnd()
  t.equal(String(bytes), '')
  await origin.readToEnd()
})

test('JSON for a client that prefers it, and nothing at all after the head for HEAD', async t => {
  const { connect } = await gateway(t, { trace: false })
  const client = await connect()
  await client.send(head('TRACE /a HTTP/1.1', 'Host: a', 'Accept: text/html, application/json;q=0.9'))
  const answer = await client.readUntil('\r\n\r\n')
  t.match(answer, /^HTTP\/1\.1 405 [\s\S]*\r\nContent-Type: application\/json\r\n/)
  const content = await client.readBytes(Number(/Content-Length: (\d+)/.exec(answer)?.[1]))
  t.match(JSON.parse(String(content)), {
    status: 405,
    title: 'Method Not Allowed',
    error: 'http_request_denied',
    proxy: 'edge',
  })
})

test('R161: our own error in response to a HEAD has no content and keeps the length that it would have', async t => {
  const { connect, origin, proxy } = await forwarder(t, { allow: [] })
  const client = await connect()
  await client.send(head(`HEAD ${origin.url}/ HTTP/1.1`, 'Host: a'))
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 403 Forbidden\r\n[\s\S]*\r\nContent-Length: [1-9]\d*\r\n[\s\S]*error=destination_ip_prohibited/,
  )
  await quiet(t, client)
  t.equal(proxy.stats().client.idle, 1, 'the connection is used again')
})
