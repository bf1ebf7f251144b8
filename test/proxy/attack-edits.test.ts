import { test } from 'tap'
import { exchange } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { head, ok } from './conversation.js'
import { answers, fleet, routed, server } from './fleet.js'

// Attempts to forge fields that only the gateway may set: beside its fields, in place of them, after them, or in another spelling.

test('what a route sets, and what we say about ourselves, cannot come from a client', async t => {
  const a = await server(t, 'a')
  const { connect } = await routed(t, {
    routes: [{ upstream: a.url, requestFields: { set: { 'X-Role': 'guest' }, remove: ['X-Debug'] } }],
    requestId: 'make',
    xForwarded: true,
  })
  const client = await connect()
  // biome-ignore format: pairs
  const spellings = [
    'X-Role: admin', 'x_role: admin', 'X_Role: admin', 'X-rOLE:admin', 'X-Debug: admin', 'x_debug: admin', 'X_Request_ID: admin',
    'X-Request-Id: admin', 'X_Forwarded_For: admin', 'X-Forwarded-For: admin', 'X-Forwarded_Host: admin', 'Forwarded: for=admin', 'X_Real_IP: admin',
  ]
  await exchange(client, head('GET / HTTP/1.1', 'Host: a', ...spellings))
  await exchange(client, head('GET / HTTP/1.1', 'Host: a', 'Connection: x-role, x-request-id', ...spellings))
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}1\r\nx\r\n0\r\n${spellings.join('\r\n')}\r\n\r\n`,
  )
  await readMessage(client)
  t.equal(a.asked.length, 3)
  for (const { head: heard, trailers, field } of a.asked) {
    t.notMatch(heard + trailers, /admin/i, heard + trailers)
    t.equal(field('X-Role'), 'guest', 'once')
    t.match(field('X-Request-Id'), /^[0-9a-f-]{36}$/)
  }
})

test('trailers carry neither a request id nor a trace context, in any spelling, in either direction', async t => {
  const evil = [
    'X-Request-Id: evil',
    'x_request_id: evil',
    'Traceparent: evil',
    'trace_state: fine',
    'Tracestate: evil',
    'Content_Length: evil',
  ]
  const a = await server(t, 'a', connection =>
    connection.send(
      `${head('HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', 'Trailer: X-Digest')}1\r\nx\r\n0\r\n${evil.join('\r\n')}\r\nX-Digest: good\r\n\r\n`,
    ),
  )
  const { connect } = await routed(t, { routes: [{ upstream: a.url }], requestId: 'keep' })
  const client = await connect()
  await client.send(
    `${head('POST / HTTP/1.1', 'Host: a', 'TE: trailers', 'Connection: TE', 'Transfer-Encoding: chunked')}1\r\nx\r\n0\r\n${evil.join('\r\n')}\r\nX-Digest: good\r\n\r\n`,
  )
  const answer = await readMessage(client)
  t.equal(answer.trailers, 'trace_state: fine\r\nX-Digest: good\r\n')
  t.equal(a.asked[0]?.trailers, 'trace_state: fine\r\nX-Digest: good\r\n')
})

test('an id that is echoed cannot split a message or run as script', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, exchanged } = await routed(t, { routes: [{ upstream: a!.url }], requestId: 'keep' })
  const ids = [
    '<script>',
    'a b',
    '"',
    "'",
    '%0d%0aX:1',
    '\x80\xff',
    'a;b',
    'a,b',
    '\\',
    '$(x)',
    'x'.repeat(129),
    '\t',
    '{}',
  ]
  for (const id of ids) {
    const client = await connect()
    const { status, field } = await exchange(client, head('GET / HTTP/1.1', 'Host: a', `X-Request-Id: ${id}`))
    t.equal(status, 200)
    t.match(field('X-Request-Id'), /^[0-9a-f-]{36}$/, JSON.stringify(id))
  }
  const twice = await exchange(await connect(), head('GET / HTTP/1.1', 'Host: a', 'X-Request-Id: a', 'X-Request-Id: b'))
  t.match(twice.field('X-Request-Id'), /^[0-9a-f-]{36}$/)
  t.ok((await exchanged(ids.length + 1)).every(({ requestId }) => /^[0-9a-f-]{36}$/.test(requestId ?? '')))
})

test('a cookie that names no server, many cookies, or another client’s cookie do no harm; the cookie is set once', async t => {
  const [a, b] = await fleet(t, 'a', 'b')
  const group = { servers: [a!.url, b!.url], sticky: { cookie: 'app' } }
  const { connect } = await routed(t, { routes: [{ upstream: 'app' }], upstreams: { app: group } })
  const client = await connect()
  const first = await exchange(client, head('GET / HTTP/1.1', 'Host: a'))
  const cookie = /^app=([0-9a-z]+); Path=\/; HttpOnly; SameSite=Lax$/.exec(first.field('Set-Cookie') ?? '')?.[1]
  t.ok(cookie)
  t.notMatch(first.field('Set-Cookie'), /127|0\.0\.1/, 'it does not reveal the address of the server')
  const held = `Cookie: app=${cookie}`
  t.equal(new Set(await answers(client, 6, head('GET / HTTP/1.1', 'Host: a', held))).size, 1)
  for (const forged of ['__proto__', 'constructor', '', 'x'.repeat(4_000), `${cookie}x`, '"', 'a=b=c', '%00', '\x80']) {
    const answer = await exchange(client, head('GET / HTTP/1.1', 'Host: a', `Cookie: app=${forged}`))
    t.equal(answer.status, 200, forged.slice(0, 20))
    t.match(answer.field('Set-Cookie'), /^app=[0-9a-z]+; Path=\//, 'a new one')
    t.notMatch(answer.field('Set-Cookie'), /,/, 'one')
  }
  const many = await exchange(
    client,
    head('GET / HTTP/1.1', 'Host: a', `Cookie: ${'a=b; '.repeat(5_000)}xapp=1; app`, held),
  )
  t.equal(many.status, 200)
  t.equal(many.field('Set-Cookie'), undefined, 'the existing one is found after all others')
})

test('a Set-Cookie of that name from the upstream does not displace ours, and an interim response gets none', async t => {
  const a = await server(t, 'a', connection =>
    connection.send(`${head('HTTP/1.1 103 Early Hints', 'Set-Cookie: app=evil')}${ok('a', 'Set-Cookie: app=evil')}`),
  )
  const [b] = await fleet(t, 'b')
  const { connect } = await routed(t, {
    routes: [{ upstream: 'app', responseFields: { remove: ['Set-Cookie'] } }],
    upstreams: { app: { servers: [a.url, { url: b!.url, backup: true }], sticky: { cookie: 'app' } } },
  })
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  const hints = await readMessage(client)
  t.equal(hints.status, 103)
  t.equal(hints.field('Set-Cookie'), undefined)
  const { field } = await readMessage(client)
  t.match(field('Set-Cookie'), /^app=(?!evil)[0-9a-z]+; Path=\/; HttpOnly; SameSite=Lax$/)
})
