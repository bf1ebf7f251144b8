import { once } from 'node:events'
import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { type DialSettings, dialError } from '../../lib/net/upstream/dial.js'
import { dialThrough, type ParentProxy } from '../../lib/net/upstream/parent-tunnel.js'
import { settled, until } from '../support/conversation.js'
import { DialWitness } from '../support/dial-witness.js'
import { needs } from '../support/needs.js'
import { freePort } from '../support/ports.js'
import type { RawClient } from '../support/raw-client.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { makeCertificate } from '../support/tls.js'
import { withProxy } from '../support/with-proxy.js'

const settings: DialSettings = { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} }

const parentAt = (port: number, credentials = '', more: Partial<ParentProxy['target']> = {}): ParentProxy => ({
  target: { host: 'proxy.internal', port, secure: false, addresses: [{ address: '127.0.0.1', family: 4 }], ...more },
  credentials,
})

const TO = { host: 'app.example', port: 443 }

const start = (parent: ParentProxy, to = TO, how: Partial<DialSettings> = {}, fields?: string) =>
  DialWitness.dial(owner => dialThrough(parent, to, { ...settings, ...how }, owner, fields))

/** A parent that reads one head and then does this. */
const parent = (t: Test, then: Script) =>
  scriptedOrigin(t, async (connection, nth) => {
    await connection.readUntil('\r\n\r\n')
    await then(connection, nth)
  })

async function failed(owner: DialWitness) {
  await until('closed', () => owner.transport.closed)
  if (owner.heard.join() !== 'closed') throw new Error(`it was told ${owner.heard}`)
  return dialError(owner.error, { host: 'app.example', port: 443, secure: false, addresses: [] }, false)
}

for (const readMode of ['onread', 'data'] satisfies ReadMode[]) {
  test(`R24, R163: asks for the tunnel, and bytes go both ways (${readMode})`, async t => {
    const { port, connections } = await parent(t, async connection => {
      await connection.send('HTTP/1.1 200 Connection established\r\n\r\n')
      await connection.readUntil('ping')
      await connection.send('pong')
      connection.halfClose()
    })
    const owner = start(parentAt(port), TO, { readMode })
    await until('the tunnel', () => owner.heard.length > 0)
    owner.transport.write('ping')
    owner.transport.flush()
    await until('the end', () => owner.heard.includes('fin'))
    t.equal(owner.text, 'pong')
    t.same(owner.heard, ['connected', 'fin'])
    t.equal(String(connections[0]?.received), 'CONNECT app.example:443 HTTP/1.1\r\nHost: app.example:443\r\n\r\nping')
    owner.transport.destroy()
  })
}

test('credentials (RFC 7617), further fields, an IPv6 literal', async t => {
  const { port, connections } = await parent(t, connection => connection.send('HTTP/1.1 200 OK\r\n\r\n'))
  const owner = start(parentAt(port, 'user:pässword:x'), { host: '::1', port: 8443 }, {}, 'Via: 1.1 edge-1\r\n')
  await until('the tunnel', () => owner.heard.length > 0)
  const proof = Buffer.from('user:pässword:x').toString('base64')
  t.equal(
    String(connections[0]?.received),
    `CONNECT [::1]:8443 HTTP/1.1\r\nHost: [::1]:8443\r\nProxy-Authorization: Basic ${proof}\r\nVia: 1.1 edge-1\r\n\r\n`,
  )
  t.equal(owner.asked, Buffer.from(connections[0]!.received).toString('latin1'), 'its owner gets the head')
  owner.transport.destroy()
})

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n'

test('R48, R163, R164: however the answer is split, what follows its head is the tunnel', async t => {
  const answer = `HTTP/1.1 100 Continue\r\n\r\n${HEAD}5\r\nhello`
  const behind = `5\r\nhello`
  for (const pieces of [[answer], [...answer], [answer.slice(0, -3), answer.slice(-3)]]) {
    const { port } = await parent(t, async connection => {
      for (const piece of pieces) await connection.send(piece)
    })
    const owner = start(parentAt(port))
    await until('what is behind', () => owner.text.length === behind.length)
    t.equal(owner.text, behind)
    t.same(owner.heard, ['connected'])
    owner.transport.destroy()
  }
})

test('what follows the head goes to the owner of the transport at that time, and nowhere if it was abandoned', async t => {
  const { port } = await parent(t, connection => connection.send(`${HEAD}surplus`))
  const next = new DialWitness()
  const owner = new DialWitness()
  owner.onConnected = () => {
    owner.heard.push('connected')
    owner.transport.owner = next
  }
  owner.transport = next.transport = dialThrough(parentAt(port), TO, settings, owner)
  await until('surplus', () => next.text !== '')
  t.same([owner.text, next.text], ['', 'surplus'])
  next.transport.destroy()

  const quitter = new DialWitness()
  quitter.onConnected = () => quitter.transport.destroy()
  quitter.transport = dialThrough(parentAt(port), TO, settings, quitter)
  await until('closed', () => quitter.transport.closed)
  t.same([quitter.text, quitter.heard, quitter.error], ['', ['closed'], null])
})

const WHERE = /^the parent proxy proxy\.internal:\d+ /
const refusals: [string, string, number, string][] = [
  [
    'HTTP/1.1 407 Proxy Authentication Required\r\n',
    'proxy_configuration_error',
    502,
    'answered CONNECT with 407: it requires other credentials, write them into its URL (http://user:password@host:port)',
  ],
  ['HTTP/1.1 403 Forbidden\r\n', 'http_request_denied', 403, 'answered CONNECT with 403: it refuses this destination'],
  [
    'HTTP/1.1 429 Slow down\r\n',
    'connection_limit_reached',
    503,
    'answered CONNECT with 429: it limits the rate of requests',
  ],
  ['HTTP/1.1 502 Bad Gateway\r\n', 'destination_unavailable', 502, 'answered CONNECT with 502'],
  ['HTTP/1.1 503 Unavailable\r\n', 'destination_unavailable', 503, 'answered CONNECT with 503'],
  [
    'HTTP/1.1 504 Gateway Timeout\r\n',
    'connection_timeout',
    504,
    'answered CONNECT with 504: it could not connect in time',
  ],
  ['HTTP/1.1 302 Found\r\nLocation: /\r\n', 'destination_unavailable', 502, 'answered CONNECT with 302'],
  ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n', 'destination_unavailable', 502, 'answered CONNECT with 101'],
]
for (const [head, type, status, text] of refusals) {
  test(`R163: a parent that answers ${head.slice(9, -2)}: ${type}, ${status}`, async t => {
    const content = '\r\nHTTP/1.1 200 OK\r\n\r\n'
    const { port, connections } = await parent(t, connection => connection.send(`${head}\r\n${content}`))
    const error = await failed(start(parentAt(port, 'user:secret')))
    t.match(error, { type, status, stage: 'connect', side: 'upstream' })
    t.match(error.message, WHERE)
    t.equal(error.message.replace(WHERE, ''), text)
    t.notMatch(error.message, /secret/)
    await until('the parent is left', () => connections[0]?.ended !== '')
  })
}

const ends: [string, Script, string, RegExp][] = [
  [
    'something other than HTTP',
    connection => connection.send('SSH-2.0-OpenSSH_9.2\r\n'),
    'http_protocol_error',
    /sent a response that is not HTTP: /,
  ],
  [
    'a head without an end',
    connection => connection.send(`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}`),
    'http_protocol_error',
    /sent a response that is not HTTP: /,
  ],
  ['a FIN', connection => connection.halfClose(), 'connection_terminated', /closed the connection without a response/],
  ['a reset', connection => connection.reset(), 'connection_terminated', /did not respond: ECONNRESET/],
]
for (const [what, script, type, text] of ends) {
  test(`the parent answers with ${what}: ${type}`, async t => {
    const { port } = await parent(t, script)
    const error = await failed(start(parentAt(port)))
    t.match(error, { type, status: 502, stage: 'connect', side: 'upstream' })
    t.match(error.message, WHERE)
    t.match(error.message, text)
  })
}

test('the parent is absent', async t => {
  const port = await freePort()
  const error = await failed(start(parentAt(port)))
  t.match(error, { type: 'connection_refused' })
  t.equal(error.message, `cannot connect to proxy.internal:${port}: ECONNREFUSED`)
})

test('the parent does not answer: the owner may abandon it at any time', async t => {
  const { port, accepted } = await parent(t, () => {})
  const owner = start(parentAt(port))
  await accepted(1)
  await settled()
  t.same(owner.heard, [])
  owner.transport.destroy()
  await until('closed', () => owner.transport.closed)
  t.same([owner.heard, owner.error], [['closed'], null])
})

test('an owner that throws when the tunnel is established loses it, and nothing else happens', async t => {
  const { port } = await parent(t, connection => connection.send(HEAD))
  const owner = new DialWitness()
  owner.onConnected = () => {
    throw new Error('a fault')
  }
  owner.transport = dialThrough(parentAt(port), TO, settings, owner)
  await until('closed', () => owner.transport.closed)
  t.same(owner.heard, ['a fault', 'closed'])
})

test('a parent behind TLS', needs('openssl'), async t => {
  const certificate = await makeCertificate(t)
  const server = tls.createServer(certificate, socket => {
    socket.on('error', () => {})
    socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\n\r\nhello'))
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  const secure = parentAt(port, '', { host: 'localhost', secure: true })
  const owner = start(secure, TO, { tls: { ca: certificate.cert } })
  await until('hello', () => owner.text === 'hello')
  t.same(owner.heard, ['securing', 'connected'])
  owner.transport.destroy()
  const stranger = start(secure)
  await until('closed', () => stranger.transport.closed)
  t.same(stranger.heard, ['securing', 'closed'])
  t.match(stranger.error, { type: 'tls_certificate_error', stage: 'tls' })
})

test('through our own forward proxy: a tunnel, large content, and refusals', async t => {
  const content = Buffer.alloc(3_000_000, 'bytes of some length, ').toString('latin1')
  const origin = await scriptedOrigin(t, async (connection: RawClient) => {
    await connection.send('banner ')
    await connection.readUntil('all?')
    await connection.send(content)
    connection.halfClose()
  })
  const closed = await freePort()
  const { port } = await withProxy(t, { mode: 'forward', connectPorts: [origin.port, closed] })
  const owner = start(parentAt(port), { host: '127.0.0.1', port: origin.port }, {}, 'Via: 1.1 edge-1\r\n')
  await until('the banner', () => owner.text === 'banner ')
  owner.transport.write('all?')
  owner.transport.end()
  await until('closed', () => owner.transport.closed)
  t.equal(owner.text, `banner ${content}`)
  t.same(owner.heard, ['connected', 'fin', 'closed'])
  const strict = await withProxy(t, { mode: 'forward' })
  t.match(await failed(start(parentAt(strict.port), { host: '127.0.0.1', port: origin.port })), {
    type: 'http_request_denied',
    status: 403,
  })
  t.match(await failed(start(parentAt(port), { host: '127.0.0.1', port: closed })), {
    type: 'destination_unavailable',
    status: 502,
  })
})

test('through our own forward proxy that requires credentials', async t => {
  const origin = await scriptedOrigin(t, connection => connection.send('hello'))
  const { port } = await withProxy(t, {
    mode: 'forward',
    connectPorts: [origin.port],
    credentials: [{ user: 'user', password: 'pass:word' }],
  })
  const to = { host: '127.0.0.1', port: origin.port }
  const owner = start(parentAt(port, 'user:pass:word'), to)
  await until('hello', () => owner.text === 'hello')
  owner.transport.destroy()
  for (const credentials of ['', 'user:wrong']) {
    const error = await failed(start(parentAt(port, credentials), to))
    t.match(error, { type: 'proxy_configuration_error' })
    t.match(error.message, 'answered CONNECT with 407')
  }
})
