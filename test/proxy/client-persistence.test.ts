import { test } from 'tap'
import {
  DATED,
  delivery,
  ended,
  forwarder,
  gateway,
  head,
  heard,
  ok,
  quiet,
  READ_MODES,
  until,
} from './conversation.js'

// How long a client's connection lives, independently of the upstream's.

const get = (path: string, ...fields: string[]): string => head(`GET ${path} HTTP/1.1`, 'Host: a', ...fields)
const get10 = (path: string, ...fields: string[]): string => head(`GET ${path} HTTP/1.0`, 'Host: a', ...fields)

for (const readMode of READ_MODES) {
  test(`R72, R74, R83: pipelined requests are answered in order although the first is slow (${readMode})`, async t => {
    const { connect, upstream, exchanged } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(get('/1') + get('/2') + get('/3').slice(0, 20))
    const origin = await upstream()
    await heard(t, origin, get('/1'), 'one after the other')
    await client.send(get('/3').slice(20))
    await quiet(t, origin)
    await quiet(t, client)
    await origin.send(ok('one'))
    await heard(t, origin, get('/2'))
    await origin.send(ok('two').slice(0, 30))
    await delivery()
    await origin.send(ok('two').slice(30))
    await heard(t, origin, get('/3'))
    await heard(t, client, ok('one') + ok('two'))
    await origin.send(ok('three'))
    await heard(t, client, ok('three'))
    t.same(
      (await exchanged(3)).map(({ target, client, upstream }) => [target, client.nth, upstream?.nth]),
      [
        ['/1', 1, 1],
        ['/2', 2, 2],
        ['/3', 3, 3],
      ],
    )
  })

  test(`R92: Connection: close is the last request: a pipelined one after it never reaches the upstream (${readMode})`, async t => {
    const { connect, upstream, dialed, exchanged } = await gateway(t, { readMode })
    const client = await connect()
    await client.send(get('/1', 'Connection: close') + get('/2'))
    const origin = await upstream()
    await heard(t, origin, get('/1'))
    await client.send(get('/3'))
    await origin.send(ok('one'))
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 3', 'Connection: close')}one`)
    await ended(t, client, 'fin')
    await quiet(t, origin)
    t.equal(dialed(), 1)
    t.match(await exchanged(1), [{ clientVerdict: 'client-close', upstreamVerdict: 'keep' }])
  })

  test(`R81, R94, R102: the upstream's close never closes the client (${readMode})`, async t => {
    const { connect, upstream, exchanged } = await gateway(t, { readMode })
    const client = await connect()
    for (let nth = 0; nth < 3; nth++) {
      await client.send(get(`/${nth}`))
      const origin = await upstream(nth)
      await heard(t, origin, get(`/${nth}`))
      await origin.send(`${head('HTTP/1.1 200 OK', 'Connection: close', DATED, 'Content-Length: 2')}ok`)
      await heard(t, client, ok('ok'))
      await ended(t, origin, 'fin')
    }
    for (const record of await exchanged(3))
      t.match(record, { clientVerdict: 'keep', upstreamVerdict: 'upstream-close' })
  })
}

test('R92, R102: the client’s close never closes the upstream', async t => {
  const { connect, upstream, dialed } = await gateway(t)
  for (let nth = 0; nth < 3; nth++) {
    const client = await connect()
    await client.send(get('/', 'Connection: close'))
    const origin = await upstream()
    await heard(t, origin, get('/'))
    await origin.send(ok('ok'))
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 2', 'Connection: close')}ok`)
    await ended(t, client, 'fin')
  }
  t.equal(dialed(), 1)
})

test('R5: empty lines before a request are skipped, also between two', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(`\r\n\r\n${get('/1')}\r\n\r\n\r\n${get('/2')}\r\n`)
  const origin = await upstream()
  await heard(t, origin, get('/1'))
  await origin.send(ok('1'))
  await heard(t, origin, get('/2'))
  await origin.send(ok('2'))
  await heard(t, client, ok('1') + ok('2'))
  await quiet(t, client)
  await client.send(get('/3'))
  await heard(t, origin, get('/3'))
})

test('R93: as many requests as one connection may have, then close, and nothing after it', async t => {
  const { connect, upstream, proxy } = await gateway(t, { limits: { clientRequestsMax: 2 } })
  const client = await connect()
  await client.send(get('/1') + get('/2') + get('/3'))
  const origin = await upstream()
  await heard(t, origin, get('/1'))
  await origin.send(ok('1'))
  await heard(t, origin, get('/2'))
  await origin.send(ok('2'))
  await heard(t, client, `${ok('1')}${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}2`)
  await ended(t, client, 'fin')
  await quiet(t, origin)
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-requests-max': 1 })
})

test('R75, R101: HTTP/1.0 keep-alive at a gateway: Keep-Alive counts down, then the connection closes', async t => {
  const { connect, upstream } = await gateway(t, { limits: { clientRequestsMax: 3 } })
  const client = await connect()
  for (const left of [2, 1]) {
    await client.send(get10('/', 'Connection: Keep-Alive'))
    const origin = await upstream()
    await heard(t, origin, get('/'))
    await origin.send(ok('x'))
    await heard(
      t,
      client,
      `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: keep-alive', `Keep-Alive: timeout=5, max=${left}`)}x`,
    )
  }
  await client.send(get10('/', 'Connection: Keep-Alive'))
  await (await upstream()).send(ok('x'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
  await ended(t, client, 'fin')
})

test('R101: limits that are not set are not announced', async t => {
  const none = { clientRequestsMax: 0 }
  const { connect, upstream } = await gateway(t, { limits: none, deadlines: { clientIdleHttp10Ms: 0 } })
  const client = await connect()
  await client.send(get10('/', 'Connection: Keep-Alive'))
  const origin = await upstream()
  await heard(t, origin, get('/'))
  await origin.send(ok('x'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: keep-alive')}x`)
})

test('R75, R77: HTTP/1.0 without keep-alive closes; its close wins over keep-alive', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  for (const fields of [[], ['Connection: keep-alive, close'], ['Keep-Alive: timeout=5']]) {
    const client = await connect()
    await client.send(get10('/', ...fields))
    const origin = await upstream()
    await heard(t, origin, get('/'))
    await origin.send(ok('x'))
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
    await ended(t, client, 'fin')
  }
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-http10': 2, 'client-close': 1 })
})

test('R75, R101: HTTP/1.0 keep-alive ends if the length of a response is not known', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(get10('/', 'Connection: keep-alive'))
  const origin = await upstream()
  await origin.readUntil('\r\n\r\n')
  await origin.send(`${head('HTTP/1.1 200 OK', DATED)}until close`)
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Connection: close')}until close`)
  origin.halfClose()
  await ended(t, client, 'fin')
})

test('R75: … and continues after what has no content: HEAD, 204, 304', async t => {
  const { connect, upstream } = await gateway(t, { limits: { clientRequestsMax: 9 } })
  const client = await connect()
  let left = 8
  for (const [method, response] of [
    ['HEAD', head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: chunked')],
    ['GET', head('HTTP/1.1 204 No Content', DATED)],
    ['GET', head('HTTP/1.1 304 Not Modified', DATED)],
  ] as const) {
    await client.send(head(`${method} / HTTP/1.0`, 'Host: a', 'Connection: keep-alive'))
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(response)
    const kept = response.replace('Transfer-Encoding: chunked\r\n', '').slice(0, -2)
    await heard(t, client, `${kept}Connection: keep-alive\r\nKeep-Alive: timeout=5, max=${left--}\r\n\r\n`)
  }
})

test('R76, R77, R100: never in forward mode, with neither Connection nor Proxy-Connection', async t => {
  const { connect, upstream, origin, proxy } = await forwarder(t)
  for (const fields of [['Connection: Keep-Alive'], ['Proxy-Connection: Keep-Alive']]) {
    const client = await connect()
    await client.send(head(`GET ${origin.url}/ HTTP/1.0`, ...fields))
    const up = await upstream()
    await heard(t, up, head('GET / HTTP/1.1', `Host: 127.0.0.1:${origin.port}`))
    await up.send(ok('x'))
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
    await ended(t, client, 'fin')
  }
  await until(() => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'client-http10': 2 })
})

test('R76, R212: … unless the option shows what happens then', async t => {
  const { connect, upstream, origin } = await forwarder(t, { forwardHttp10KeepAlive: true })
  for (const field of ['Connection: Keep-Alive', 'Proxy-Connection: Keep-Alive']) {
    const client = await connect()
    await client.send(head(`GET ${origin.url}/ HTTP/1.0`, field))
    const up = await upstream()
    await up.readUntil('\r\n\r\n')
    await up.send(ok('x'))
    const kept = ['Connection: keep-alive', 'Keep-Alive: timeout=5, max=999']
    await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', ...kept)}x`, field)
    await quiet(t, client)
  }
})

test('R99, R212, R213: at a gateway Proxy-Connection keeps nothing: a dumb proxy in front may have passed it on', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(get10('/', 'Proxy-Connection: Keep-Alive'))
  const origin = await upstream()
  await heard(t, origin, get('/'))
  await origin.send(ok('x'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
  await ended(t, client, 'fin')
})

test('R131: an HTTP/1.1 client is not told about keep-alive; with announceKeepAlive: always it is', async t => {
  const { connect, upstream } = await gateway(t, { announceKeepAlive: 'always', limits: { clientRequestsMax: 10 } })
  const client = await connect()
  await client.send(get('/'))
  await (await upstream()).send(ok('x'))
  const kept = ['Connection: keep-alive', 'Keep-Alive: timeout=75, max=9']
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', ...kept)}x`)
})

test('R75: on one connection the version of each request decides', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(get('/'))
  const origin = await upstream()
  await heard(t, origin, get('/'))
  await origin.send(ok('x'))
  await heard(t, client, ok('x'))
  await client.send(get10('/'))
  await heard(t, origin, get('/'))
  await origin.send(ok('x'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, 'Content-Length: 1', 'Connection: close')}x`)
  await ended(t, client, 'fin')
})

test('R74: a request to the upstream does not say close, and the idle upstream connection is reused', async t => {
  const { connect, upstream, proxy } = await gateway(t)
  const one = await connect()
  const two = await connect()
  for (const client of [one, two, one, two]) {
    await client.send(get('/'))
    const origin = await upstream()
    await heard(t, origin, get('/'))
    await origin.send(ok('x'))
    await heard(t, client, ok('x'))
  }
  t.match(proxy.stats(), { client: { open: 2, requests: 4 }, upstream: { dialed: 1, reused: 3 } })
})

test('R79: a request whose content came with its head is read completely, and pipelining continues after it', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  const post = `${head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 3')}abc`
  const chunked = `${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3\r\nabc\r\n0\r\n\r\n`
  await client.send(post + chunked + post)
  const origin = await upstream()
  for (const request of [post, chunked, post]) {
    await heard(t, origin, request)
    await origin.send(ok('x'))
    await heard(t, client, ok('x'))
  }
})

for (const readMode of READ_MODES) {
  test(`a client and an origin that write byte by byte are understood (${readMode})`, async t => {
    const { connect, upstream } = await gateway(t, { readMode })
    const client = await connect()
    const request = `${head('POST /a HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n`
    for (const byte of request) {
      await client.send(byte)
      await new Promise(done => setImmediate(done))
    }
    const origin = await upstream()
    const text = await origin.readUntil('X-Sum: 1\r\n\r\n')
    t.match(text, /^POST \/a HTTP\/1\.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n/)
    t.equal(contentOf(text), 'abcde')
    const response = `${head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\nX-Sum: 2\r\n\r\n`
    for (const byte of response) {
      await origin.send(byte)
      await new Promise(done => setImmediate(done))
    }
    const answer = await client.readUntil('X-Sum: 2\r\n\r\n')
    t.match(answer, head('HTTP/1.1 200 OK', DATED, 'Transfer-Encoding: chunked'))
    t.equal(contentOf(answer), 'hello')
    await quiet(t, client)
  })
}

/** Chunk data, read naively: in these messages no data looks like framing. */
function contentOf(message: string): string {
  const lines = message.slice(message.indexOf('\r\n\r\n') + 4).split('\r\n')
  return lines.filter((_, nth) => nth % 2 === 1 && /^[a-z]+$/.test(lines[nth]!)).join('')
}
