import { test } from 'tap'
import { DATED, ended, gateway, head, heard, ok, quiet } from './conversation.js'

// Responses that cannot be used: 502 as long as nothing of them has been forwarded, a broken end afterwards.

const many = Array.from({ length: 201 }, (_, nth) => `X-${nth}: 1\r\n`).join('')
const CHUNKED = 'Transfer-Encoding: chunked'

/** Name, error type, the response. */
const REFUSED: [string, string, string][] = [
  ['R116: NUL in a value', 'http_protocol_error', 'HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n'],
  ['R116: NUL in a reason', 'http_protocol_error', 'HTTP/1.1 200 O\0K\r\n\r\n'],
  ['R3: bare CR in a value', 'http_protocol_error', 'HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n'],
  ['R218: status 099', 'http_protocol_error', 'HTTP/1.1 099 No\r\n\r\n'],
  ['R218: a status of four digits', 'http_protocol_error', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['R218: a status of two digits', 'http_protocol_error', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['R218: no status', 'http_protocol_error', 'HTTP/1.1 OK\r\n\r\n'],
  ['R194: no HTTP at all', 'http_protocol_error', '<html>hello</html>\r\n\r\n'],
  ['R194: HTTP/2', 'http_protocol_error', 'HTTP/2.0 200 OK\r\n\r\n'],
  [
    'R53: two Content-Lengths',
    'http_protocol_error',
    head('HTTP/1.1 200 OK', 'Content-Length: 1', 'Content-Length: 2'),
  ],
  ['R53: a list of two', 'http_protocol_error', head('HTTP/1.1 200 OK', 'Content-Length: 1, 2')],
  ['R53: Content-Length is not a number', 'http_protocol_error', head('HTTP/1.1 200 OK', 'Content-Length: -1')],
  ['R53: Content-Length is a hex number', 'http_protocol_error', head('HTTP/1.1 200 OK', 'Content-Length: 0x1')],
  ['R180: Content-Length of 2^53', 'http_protocol_error', head('HTTP/1.1 200 OK', 'Content-Length: 9007199254740992')],
  [
    'R51: a coding that was not asked for',
    'http_response_transfer_coding',
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip, chunked'),
  ],
  [
    'R37: chunked twice',
    'http_response_transfer_coding',
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked, chunked'),
  ],
  [
    'R51: the type does not depend on what the upstream writes',
    'http_response_transfer_coding',
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: incomplete, ended'),
  ],
  [
    'R51: a final coding that is not chunked',
    'http_response_transfer_coding',
    head('HTTP/1.1 200 OK', 'Transfer-Encoding: gzip'),
  ],
  ['R202: more fields than the limit', 'http_response_header_section_size', `HTTP/1.1 200 OK\r\n${many}\r\n`],
  [
    'R202: a section beyond the limit',
    'http_response_header_section_size',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`,
  ],
  [
    'R155: a 101 that was not asked for',
    'http_protocol_error',
    head('HTTP/1.1 101 X', 'Upgrade: websocket', 'Connection: upgrade'),
  ],
  [
    'R60: a wrong chunk size together with the head',
    'http_protocol_error',
    `${head('HTTP/1.1 200 OK', CHUNKED)}zz\r\n`,
  ],
]

for (const [name, type, response] of REFUSED) {
  test(`${name}: 502, the upstream’s connection closes, the client’s stays`, async t => {
    const { connect, upstream, proxy, exchanged } = await gateway(t)
    const client = await connect()
    await client.send(head('GET / HTTP/1.1', 'Host: a'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(response)
    const answer = await client.readUntil('\r\n\r\n')
    t.match(
      answer,
      new RegExp(`^HTTP/1\\.1 502 Bad Gateway\r\n.*\r\nProxy-Status: edge; error=${type}; details="`, 's'),
    )
    t.notMatch(answer, /\r\nConnection:/)
    await client.readBytes(Number(/Content-Length: (\d+)/.exec(answer)?.[1]))
    await origin.readToEnd()
    t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
    t.match(await exchanged(1), [{ status: 502, outcome: 'failed', error: { type, side: 'upstream' } }])
    await client.send(head('GET /2 HTTP/1.1', 'Host: a'))
    await (await upstream(1)).send(ok('fine'))
    await heard(t, client, ok('fine'))
  })
}

for (const [name, bad] of [
  ['R60, R70, R216: an invalid size', 'zz\r\n'],
  ['R60, R70, R216: a size beyond 2^53-1', 'FFFFFFFFFFFFFFFF1\r\n'],
  ['R62, R70, R216: bare LF after a size', '1\na\r\n'],
  ['R62, R70, R216: no CRLF after a chunk', '1\r\nab\r\n'],
  ['R70, R116, R216: NUL in a trailer', '0\r\nX: \0\r\n\r\n'],
] as const) {
  test(`${name}, after content that was forwarded: the end is missing, for an HTTP/1.0 client with a reset`, async t => {
    for (const [minor, how] of [
      [1, 'fin'],
      [0, 'reset'],
    ] as const) {
      const { connect, upstream, proxy } = await gateway(t)
      const client = await connect()
      await client.send(head(`GET / HTTP/1.${minor}`, 'Host: a'))
      const origin = await upstream()
      await origin.readUntil('\r\n\r\n')
      await origin.send(`${head('HTTP/1.1 200 OK', DATED, CHUNKED)}2\r\nok\r\n`)
      const framed =
        minor === 1 ? head('HTTP/1.1 200 OK', DATED, CHUNKED) : head('HTTP/1.1 200 OK', DATED, 'Connection: close')
      await heard(t, client, framed + (minor === 1 ? '2\r\nok\r\n' : 'ok'))
      await origin.send(bad)
      const end = await client.readToEnd()
      t.notMatch(String(end.bytes), /0\r\n\r\n$/)
      t.equal(end.how, how)
      t.same(proxy.stats().client.closes, { 'response-truncated': 1 })
      await origin.readToEnd()
    }
  })
}

test('R54, R216: truncation travels: a length that is not fulfilled, and content until close that is reset', async t => {
  const { connect, upstream } = await gateway(t)
  for (const [nth, [request, response, cut, received, how]] of [
    ['GET / HTTP/1.1', ['Content-Length: 9'], 'fin', ['Content-Length: 9'], 'fin'],
    ['GET / HTTP/1.0', ['Content-Length: 9'], 'fin', ['Content-Length: 9', 'Connection: close'], 'fin'],
    ['GET / HTTP/1.1', [], 'reset', [CHUNKED], 'fin'],
    ['GET / HTTP/1.0', [], 'reset', ['Connection: close'], 'reset'],
  ].entries() as IterableIterator<[number, [string, string[], 'fin' | 'reset', string[], 'fin' | 'reset']]>) {
    const client = await connect()
    await client.send(head(request, 'Host: a'))
    const origin = await upstream(nth)
    await origin.readUntil('\r\n\r\n')
    await origin.send(`${head('HTTP/1.1 200 OK', DATED, ...response)}part`)
    const content = received.includes(CHUNKED) ? '4\r\npart\r\n' : 'part'
    await heard(t, client, head('HTTP/1.1 200 OK', DATED, ...received) + content)
    if (cut === 'fin') origin.halfClose()
    else origin.reset()
    await ended(t, client, how)
  }
})

test('R70: a chunked response without its last chunk never gets one', async t => {
  const { connect, upstream, exchanged } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', DATED, CHUNKED)}4\r\npart\r\n`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}4\r\npart\r\n`)
  origin.halfClose()
  await ended(t, client, 'fin')
  t.match(await exchanged(1), [{ outcome: 'upstream-aborted', clientVerdict: 'response-truncated' }])
})

test('R185, R194: an interim response before an unusable one is forwarded, then comes the 502', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 103 Early Hints', 'Link: <x>')}HTTP/1.1 200 OK\r\nX: \0\r\n\r\n`)
  const all = await client.readUntil(/502 Bad Gateway\r\n[\s\S]*\r\n\r\n/)
  t.ok(all.startsWith(`${head('HTTP/1.1 103 Early Hints', 'Link: <x>')}HTTP/1.1 502 `))
  await quiet(t, client)
})
