import { type Test, test } from 'tap'
import type { RawClient } from '../support/raw-client.js'
import { DATED, ended, forwarder, gateway, head, heard, ok, quiet, READ_MODES } from './conversation.js'

// Where content ends, on both hops: by a length, by chunks, by the end of the connection, or not at all.

const CHUNKED = 'Transfer-Encoding: chunked'

for (const readMode of READ_MODES) {
  test(`R6, R35, R58: content with a length passes with it, in both directions (${readMode})`, async t => {
    const { connect, upstream } = await gateway(t, { readMode })
    const client = await connect()
    const request = head('PUT / HTTP/1.1', 'Host: a', 'Content-Length: 8')
    await client.send(`${request}first `)
    const origin = await upstream()
    await heard(t, origin, `${request}first `, 'as far as it has arrived')
    await client.send('ro')
    await heard(t, origin, 'ro')
    await quiet(t, origin) // nothing before it and nothing after it
    const response = head('HTTP/1.1 201 Created', DATED, 'Content-Length: 7')
    await origin.send(`${response}one`)
    await heard(t, client, `${response}one`)
    await origin.send(' two')
    await heard(t, client, ' two')
    t.equal(client.ended, '')
  })

  test(`R36, R37, R63: chunked content stays chunked, each hop does its own framing, extensions are dropped (${readMode})`, async t => {
    const { connect, upstream } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(`${head('POST / HTTP/1.1', 'Host: a', 'transfer-encoding: CHUNKED')}004;a=b\r\nabcd\r\n`)
    const origin = await upstream()
    await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}4\r\nabcd\r\n`)
    await client.send('A ; x="y"\r\n0123456789\r\n0;last\r\n\r\n')
    await heard(t, origin, 'a\r\n0123456789\r\n0\r\n\r\n')
    await origin.send(`${head('HTTP/1.1 200 OK', DATED, CHUNKED)}2;a\r\nhi\r\n`)
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}2\r\nhi\r\n`)
    await origin.send('0\r\n\r\n')
    await heard(t, client, '0\r\n\r\n')
    t.equal(client.ended, '')
    await quiet(t, origin)
  })

  test(`R56, R81: content until close is chunked for an HTTP/1.1 client, whose connection persists (${readMode})`, async t => {
    const { connect, upstream, proxy } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(`${head('HTTP/1.1 200 OK', DATED)}until`)
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nuntil\r\n`)
    await origin.send(' close')
    await heard(t, client, '6\r\n close\r\n')
    origin.halfClose()
    await heard(t, client, '0\r\n\r\n')
    await ended(t, origin, 'fin')
    t.same(proxy.stats().upstream.closes, { 'response-close-delimited': 1 })
    await client.send(head('GET /2 HTTP/1.1', 'Host: a'))
    await (await upstream(1)).send(ok('again'))
    await heard(t, client, ok('again'), 'the client’s connection is used again')
  })

  test(`R43: chunked content is decoded for an HTTP/1.0 client, and ends with the connection (${readMode})`, async t => {
    const { connect, upstream } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(head('GET / HTTP/1.0', 'Connection: keep-alive', 'Host: a'))
    const origin = await upstream()
    await heard(t, origin, head('GET / HTTP/1.1', 'Host: a'))
    await origin.send(`${head('HTTP/1.1 200 OK', DATED, CHUNKED, 'Trailer: X-Sum')}5\r\nhello\r\n6\r\n world\r\n`)
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Connection: close')}hello world`)
    await origin.send('0\r\nX-Sum: 1\r\n\r\n')
    await ended(t, client, 'fin')
    await quiet(t, origin) // and the upstream's connection stays
  })
}

test('R35: any method may have content, or none', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  let origin = null
  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'M-SEARCH']) {
    const request = `${head(`${method} / HTTP/1.1`, 'Host: a', 'Content-Length: 2')}hi`
    await client.send(request)
    origin ??= await upstream()
    await heard(t, origin, request)
    await origin.send(head('HTTP/1.1 204 No Content', DATED))
    await heard(t, client, head('HTTP/1.1 204 No Content', DATED))
  }
  await client.send(head('POST / HTTP/1.1', 'Host: a'))
  await heard(t, origin!, head('POST / HTTP/1.1', 'Host: a'), 'R55: neither field, no content')
  await origin!.send(ok(''))
  await heard(t, client, ok(''))
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0'))
  await heard(t, origin!, head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0'))
})

for (const [method, status, ...fields] of [
  ['HEAD', '200 OK', 'Content-Length: 1000'],
  ['HEAD', '404 Not Found', 'Content-Length: 7'],
  ['GET', '304 Not Modified', 'Content-Length: 1000'],
  ['GET', '304 Not Modified'],
  ['GET', '204 No Content'],
] as const) {
  test(`R47, R120, R161, R182: ${status} to ${method} ends at its empty line, fields pass unchanged (${fields})`, async t => {
    const { connect, upstream, dialed } = await gateway(t)
    const client = await connect()
    for (let nth = 0; nth < 2; nth++) {
      await client.send(head(`${method} / HTTP/1.1`, 'Host: a'))
      const origin = await upstream()
      await heard(t, origin, head(`${method} / HTTP/1.1`, 'Host: a'))
      await origin.send(head(`HTTP/1.1 ${status}`, DATED, ...fields))
      await heard(t, client, head(`HTTP/1.1 ${status}`, DATED, ...fields))
    }
    t.equal(dialed(), 1, 'both connections are clean after it')
  })
}

test('R40, R47, R182: a 204 with framing fields loses them, and what follows it is discarded', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 204 No Content', DATED, 'Content-Length: 5')}hello`)
  await heard(t, client, head('HTTP/1.1 204 No Content', DATED))
  await quiet(t, client)
  t.not((await origin.readToEnd()).how, '', 'that upstream connection is not used again')
})

test('R161: content that follows the response to a HEAD reaches no client', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  const client = await connect()
  await client.send(head('HEAD / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 5')}hello`)
  await heard(t, client, head('HTTP/1.1 200 OK', DATED, 'Content-Length: 5'))
  await quiet(t, client)
  await origin.readToEnd()
  t.same(proxy.stats().upstream.closes, { 'upstream-unsolicited': 1 })
})

test('R161: chunked announced in response to a HEAD is not forwarded', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('HEAD / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(head('HTTP/1.1 200 OK', DATED, CHUNKED))
  await heard(t, client, head('HTTP/1.1 200 OK', DATED))
  t.equal(client.ended, '')
})

test('R217: a 205 is framed like any response', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 205 Reset Content', DATED, CHUNKED)}0\r\n\r\n`)
  await heard(t, client, `${head('HTTP/1.1 205 Reset Content', DATED, CHUNKED)}0\r\n\r\n`)
  await client.send(head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0'))
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 205 Reset Content', DATED, 'Content-Length: 1')}x`)
  await heard(t, client, `${head('HTTP/1.1 205 Reset Content', DATED, 'Content-Length: 1')}x`)
})

test('R59, R73: bytes after the last response are not a response: that upstream connection ends', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  const client = await connect()
  await client.send(head('GET /1 HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(ok('one') + ok('poison'))
  await heard(t, client, ok('one'))
  await origin.readToEnd()
  t.same(proxy.stats().upstream.closes, { 'upstream-unsolicited': 1 })
  await client.send(head('GET /2 HTTP/1.1', 'Host: a'))
  await (await upstream(1)).send(ok('two'))
  await heard(t, client, ok('two'))
})

test('R46, R49: Content-Length beside Transfer-Encoding in a response: the chunks count, then the upstream closes', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', 'Content-Length: 3', DATED, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`)
  await ended(t, origin, 'fin')
  t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
  await quiet(t, client)
})

test('R45: chunked in an HTTP/1.0 response is decoded, then the upstream closes', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.0 200 OK', DATED, 'Connection: keep-alive', CHUNKED)}5\r\nhello\r\n0\r\n\r\n`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`)
  await ended(t, origin, 'fin')
  await quiet(t, client)
})

test('R51: identity is not a coding: by the length, or until close, and that upstream connection ends', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(
    `${head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: identity', 'Content-Length: 2')}okHTTP/1.1 200 `,
  )
  await heard(t, client, ok('ok'))
  await origin.readToEnd()
  await client.send(head('GET /2 HTTP/1.1', 'Host: a'))
  const second = await upstream(1)
  await second.readUntil('\r\n\r\n')
  await second.send(`${head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: identity')}until`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nuntil\r\n`)
  second.halfClose()
  await heard(t, client, '0\r\n\r\n')
  await second.readToEnd()
  t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1, 'response-close-delimited': 1 })
})

test('R47: an unknown coding is not a failure if there is no content', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  for (const [nth, [method, status]] of [
    ['HEAD', '200 OK'],
    ['GET', '304 Not Modified'],
    ['GET', '204 No Content'],
  ].entries()) {
    await client.send(head(`${method} /${nth} HTTP/1.1`, 'Host: a'))
    const origin = await upstream(nth)
    await origin.readUntil('\r\n\r\n')
    await origin.send(head(`HTTP/1.1 ${status}`, DATED, 'Transfer-Encoding: gzip'))
    await heard(t, client, head(`HTTP/1.1 ${status}`, DATED))
    await origin.readToEnd()
  }
})

test('R62: whitespace between a chunk size and its CRLF is accepted in both directions, and not forwarded', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}2  \r\nab\r\n0\t\r\n\r\n`)
  const origin = await upstream()
  await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}2\r\nab\r\n0\r\n\r\n`)
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5  \r\nhello\r\n0    \r\n\r\n`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nhello\r\n0\r\n\r\n`)
  t.equal(client.ended, '')
})

for (const [what, line] of [
  ['a tab after it', 'Content-Length: 2\t'],
  ['leading zeros', 'Content-Length: 002'],
  ['a tab from our own repair', 'Content-Length: 2\r\n\t'],
  ['a list', 'Content-Length: 2, 02'],
] as const) {
  test(`R181: toward the client a length is in its shortest form: ${what}`, async t => {
    const { connect, upstream } = await gateway(t)
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(`${head('HTTP/1.1 200 OK', DATED, line)}ok`)
    await heard(t, client, ok('ok'))
    await client.send(head('HEAD / HTTP/1.1', 'Host: a'))
    await origin.readUntil('\r\n\r\n')
    await origin.send(head('HTTP/1.1 200 OK', DATED, line))
    await heard(t, client, head('HTTP/1.1 200 OK', DATED, 'Content-Length: 2'))
  })
}

test('R181: equal Content-Lengths of a response become one', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 2, 2', 'Content-Length: 2')}ok`)
  const text = await client.readUntil(/\r\n\r\nok$/)
  t.same(text.match(/content-length:.*/gi), ['Content-Length: 2'])
})

test('R42: chunked content to an upstream known to be 1.0 is gathered and sent with a length', async t => {
  const { connect, upstream, proxy } = await gateway(t, { limits: { retryBytesMax: 20 } })
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  await (await upstream()).send(head('HTTP/1.0 200 OK', DATED, 'Content-Length: 0'))
  await heard(t, client, head('HTTP/1.1 200 OK', DATED, 'Content-Length: 0'))
  await client.send(`${head('POST / HTTP/1.1', CHUNKED, 'Trailer: X-Sum', 'Host: a')}5\r\nhello\r\n`)
  t.equal(proxy.stats().upstream.open + proxy.stats().upstream.dialing, 0, 'nothing goes before the length is known')
  await client.send('6;x\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n')
  const origin = await upstream(1)
  await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 11')}hello world`)
  await origin.send(head('HTTP/1.0 200 OK', DATED, 'Content-Length: 0'))
  await heard(t, client, head('HTTP/1.1 200 OK', DATED, 'Content-Length: 0'))
})

test('R42, R191: … up to retryBytesMax; a larger one gets 411', async t => {
  const { connect, upstream, dialed } = await gateway(t, { limits: { retryBytesMax: 20 } })
  const client = await connect()
  for (let nth = 0; nth < 3; nth++) await answered(t, client, await asked(client, () => upstream(nth)), '1.0', 200)
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}c\r\nhello world!\r\n`)
  await quiet(t, client)
  await client.send('c\r\nhello world!\r\n')
  t.match(
    await client.readUntil('\r\n\r\n'),
    /^HTTP\/1\.1 411 Length Required\r\n[\s\S]*Proxy-Status: edge; error=http_request_error[\s\S]*\r\nConnection: close\r\n/,
  )
  await client.readToEnd()
  t.equal(dialed(), 3)
})

/** A GET of this client, at the upstream that receives it. */
async function asked(client: RawClient, upstream: () => Promise<RawClient>): Promise<RawClient> {
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  return origin
}

async function answered(t: Test, client: RawClient, origin: RawClient, version: string, status: number): Promise<void> {
  await origin.send(head(`HTTP/${version} ${status} X`, DATED, 'Content-Length: 0'))
  await heard(t, client, head(`HTTP/1.1 ${status} X`, DATED, 'Content-Length: 0'))
}

const DOUBTS: readonly (readonly [what: string, answers: readonly (readonly [version: string, status: number])[]])[] = [
  ['one HTTP/1.0 answer', [['1.0', 200]]],
  [
    'two of them',
    [
      ['1.0', 200],
      ['1.0', 200],
    ],
  ],
  [
    'one behind HTTP/1.1',
    [
      ['1.1', 200],
      ['1.0', 200],
    ],
  ],
  ['many behind HTTP/1.1', [['1.1', 200], ...Array.from({ length: 8 }, () => ['1.0', 200] as const)]],
]

for (const [what, answers] of DOUBTS) {
  test(`R42: ${what} stops no chunked upload: if it can be gathered it gets a length, otherwise it stays chunked`, async t => {
    const { connect, upstream, dialed } = await gateway(t, { limits: { retryBytesMax: 20 } })
    const client = await connect()
    let nth = 0
    for (const [version, status] of answers) {
      await answered(t, client, await asked(client, () => upstream(nth)), version, status)
      if (version === '1.0') nth++ // which does not announce keep-alive
    }
    await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}c\r\nhello world!\r\n`)
    await quiet(t, client)
    await client.send('c\r\nhello world!\r\n')
    const origin = await upstream(nth)
    await heard(t, origin, `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}18\r\nhello world!hello world!\r\n`)
    await client.send('2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n')
    await heard(t, origin, '2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n')
    await origin.send(ok('taken'))
    await heard(t, client, ok('taken'))
    t.equal(dialed(), nth + 1)
  })
}

test('R42: error pages in HTTP/1.0 do not reveal the version of the server behind them', async t => {
  const { connect, upstream } = await gateway(t, { limits: { retryBytesMax: 20 } })
  const client = await connect()
  for (let nth = 0; nth < 4; nth++) await answered(t, client, await asked(client, () => upstream(nth)), '1.0', 503)
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}5\r\nhello\r\n`)
  await heard(t, await upstream(4), `${head('POST / HTTP/1.1', 'Host: a', CHUNKED)}5\r\nhello\r\n`)
})

test('R42, R171: a client that expects 100 before such content gets it from us, without waiting', async t => {
  for (const make of [gateway, forwarder]) {
    const { connect, upstream, origin } = await make(t)
    const client = await connect()
    const target = make === gateway ? '/' : `${origin.url}/`
    const host = `Host: 127.0.0.1:${origin.port}`
    await client.send(head(`GET ${target} HTTP/1.1`, host))
    await (await upstream()).send(head('HTTP/1.0 200 OK', DATED, 'Content-Length: 0'))
    await heard(t, client, head('HTTP/1.1 200 OK', DATED, 'Content-Length: 0'))
    await client.send(head(`POST ${target} HTTP/1.1`, host, 'Expect: 100-continue', CHUNKED))
    await heard(t, client, head('HTTP/1.1 100 Continue'))
    await client.send('2\r\nhi\r\n0\r\n\r\n')
    const text = await (await upstream(1)).readUntil('hi')
    t.match(text, /^POST \/ HTTP\/1\.1\r\n[\s\S]*\r\nContent-Length: 2\r\n\r\nhi$/)
  }
})

test('R2, R30, R34: repairable faults of a response are repaired and counted', async t => {
  const { connect, upstream, exchanged } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`HTTP/1.1 200 OK\n${DATED}\r\nX-A: one\r\n  two\r\nContent-Length : 2\r\n\r\nok`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'X-A: one  two', 'Content-Length: 2')}ok`)
  t.equal((await exchanged(1))[0]?.repairs, 3)
})

test('R2, R30, R34: … with strictUpstream they cause a 502', async t => {
  const { connect, upstream } = await gateway(t, { strictUpstream: true })
  for (const [nth, response] of [
    'HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX-A: one\r\n  two\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n',
  ].entries()) {
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream(nth)
    await origin.readUntil('\r\n\r\n')
    await origin.send(response)
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 502 [\s\S]*error=http_protocol_error/)
    await origin.readToEnd()
  }
})
