import { createHash, randomBytes } from 'node:crypto'
import type * as net from 'node:net'
import * as tls from 'node:tls'
import { test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { ask, exchange, proxyStatusOf, rawClient, request, response, settled, until } from '../support/conversation.js'
import { answerNames, names } from '../support/fake-resolver.js'
import { needs } from '../support/needs.js'
import { connectRaw, type RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { type Certificate, makeCertificate } from '../support/tls.js'
import { withProxy } from '../support/with-proxy.js'

type T = Parameters<typeof withProxy>[0]

/** A TLS origin that knows no HTTP: a scripted one behind a server of Node. */
async function tlsOrigin(t: T, { cert, key }: Certificate, script: Script, more: tls.TlsOptions = {}) {
  const connections: RawClient[] = []
  const sockets: tls.TLSSocket[] = []
  const server = tls.createServer({ cert, key, allowHalfOpen: true, ...more } as tls.TlsOptions, async socket => {
    sockets.push(socket)
    const connection = await connectRaw({ port: 0, socket })
    const nth = connections.push(connection) - 1
    try {
      await script(connection, nth)
    } catch {}
  })
  const raw = new Set<net.Socket>()
  server.on('connection', socket => raw.add(socket)).on('tlsClientError', () => {})
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as net.AddressInfo
  t.teardown(async () => {
    for (const socket of [...sockets, ...raw]) socket.destroy()
    server.close()
  })
  return { port, url: `https://localhost:${port}`, connections, sockets }
}

async function reverse(t: T, script: Script, options: Partial<ProxyOptions> = {}, more: tls.TlsOptions = {}) {
  const certificate = await makeCertificate(t)
  const origin = await tlsOrigin(t, certificate, script, more)
  const running = await withProxy(t, {
    mode: 'reverse',
    upstream: origin.url,
    upstreamTls: { ca: certificate.cert },
    ...options,
  })
  answerNames(running.proxy, { lookup: names({ localhost: ['127.0.0.1'], 'other.example': ['127.0.0.1'] }).lookup })
  return { certificate, origin, ...running }
}

const test_ = (name: string, run: (t: T) => Promise<void>) => test(name, needs('openssl'), run)

test_('https upstream over verified TLS: exchanges, and the connection is used again', async t => {
  const { origin, port, proxy, exchanged } = await reverse(t, answerAlways(response('secret')))
  const client = await rawClient(t, port)
  for (const nth of [1, 2, 3]) {
    const answer = await exchange(client, request('GET', '/'))
    t.equal(answer.status, 200)
    t.equal(String(answer.content), 'secret')
    t.match((await exchanged(nth))[nth - 1], { upstream: { id: 'u1', nth, origin: origin.url, address: '127.0.0.1' } })
  }
  t.equal(origin.connections.length, 1)
  t.equal(origin.sockets[0]?.alpnProtocol === 'http/1.1' || origin.sockets[0]?.alpnProtocol === false, true)
  t.match(proxy.stats().upstream, { idle: 1, dialed: 1, reused: 2 })
})

const failures: [string, Partial<ProxyOptions> | ((other: Certificate) => Partial<ProxyOptions>), string][] = [
  ['a certificate from an unknown authority', { upstreamTls: {} }, 'tls_certificate_error'],
  ['another authority', other => ({ upstreamTls: { ca: other.cert } }), 'tls_certificate_error'],
]
for (const [what, options, error] of failures) {
  test_(`R202, R215: ${what}: 502 ${error}, and no byte of the request is sent`, async t => {
    const other = await makeCertificate(t)
    const { origin, port, exchanged, proxy } = await reverse(
      t,
      answerAlways(response('secret')),
      typeof options === 'function' ? options(other) : options,
    )
    const client = await rawClient(t, port)
    const answer = await exchange(client, request('GET', '/', 'Cookie: secret'))
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, error)
    t.match((await exchanged(1))[0], { outcome: 'failed', error: { stage: 'tls', type: error }, clientVerdict: 'keep' })
    for (const { received } of origin.connections) t.equal(received.length, 0)
    t.match(proxy.stats().upstream, { open: 0, dialing: 0 })
  })
}

test_('R202: a certificate for another name: 502 tls_certificate_error', async t => {
  const certificate = await makeCertificate(t)
  const origin = await tlsOrigin(t, certificate, answerAlways(response('secret')))
  const { port, proxy } = await withProxy(t, {
    mode: 'reverse',
    upstream: `https://other.example:${origin.port}`,
    upstreamTls: { ca: certificate.cert },
  })
  answerNames(proxy, { lookup: names({ 'other.example': ['127.0.0.1'] }).lookup })
  const answer = await ask(t, port, request('GET', '/'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'tls_certificate_error')
})

test_('servername: another name is sent and expected; insecure: anything is accepted', async t => {
  const certificate = await makeCertificate(t)
  const origin = await tlsOrigin(t, certificate, answerAlways(response('ok')))
  for (const upstreamTls of [{ ca: certificate.cert, servername: 'localhost' }, { insecure: true }]) {
    const upstream = `https://other.example:${origin.port}`
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream, upstreamTls })
    answerNames(proxy, { lookup: names({ 'other.example': ['127.0.0.1'] }).lookup })
    t.equal((await ask(t, port, request('GET', '/'))).status, 200)
  }
  t.equal(origin.sockets[0]?.servername, 'localhost')
})

test('R202: a server that does not speak TLS: 502 tls_protocol_error', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil(/./s)
    await connection.send('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
  })
  const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: `https://127.0.0.1:${origin.port}` })
  const answer = await ask(t, port, request('GET', '/'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'tls_protocol_error')
  t.match((await exchanged(1))[0]?.error, { stage: 'tls', side: 'upstream' })
  t.notMatch(String(origin.connections[0]?.received), 'GET /')
})

for (const how of ['halfClose', 'reset'] as const) {
  test(`R202: a server that ends in the handshake (${how}): 502 tls_protocol_error`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil(/./s)
      connection[how]()
    })
    const { port } = await withProxy(t, { mode: 'reverse', upstream: `https://127.0.0.1:${origin.port}` })
    const answer = await ask(t, port, request('GET', '/'))
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'tls_protocol_error')
  })
}

test_('R202: a server that answers with an alert: 502 tls_alert_received', async t => {
  const { port } = await reverse(
    t,
    () => {},
    {},
    { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: 'PSK-AES128-CBC-SHA' },
  )
  const answer = await ask(t, port, request('GET', '/'))
  t.equal(answer.status, 502)
  t.match(proxyStatusOf(answer).error, /^tls_(alert_received|protocol_error)$/)
})

test_('R215: absolute-form https:// through the forward proxy: verified TLS, one pool for each origin', async t => {
  const certificate = await makeCertificate(t)
  const origin = await tlsOrigin(t, certificate, answerAlways(response('secret')))
  const plain = await scriptedOrigin(t, answerAlways(response('plain')))
  const { port, proxy } = await withProxy(t, { mode: 'forward', upstreamTls: { ca: certificate.cert } })
  answerNames(proxy, { lookup: names({ localhost: ['127.0.0.1'] }).lookup })
  const client = await rawClient(t, port)
  for (let i = 0; i < 2; i++) {
    t.equal(String((await exchange(client, request('GET', `${origin.url}/a`))).content), 'secret')
    t.equal(String((await exchange(client, request('GET', `${plain.url}/a`))).content), 'plain')
  }
  t.match(
    String(origin.connections[0]?.received),
    new RegExp(`^GET /a HTTP/1.1\\r\\nHost: localhost:${origin.port}\\r\\n`),
  )
  t.same([origin.connections.length, plain.connections.length], [1, 1])
  t.same(
    proxy
      .stats()
      .upstream.origins.map(({ origin }) => origin)
      .sort(),
    [plain.url, origin.url].sort(),
  )
})

test_('R215: absolute-form https:// whose certificate is not trusted is never sent in cleartext', async t => {
  const certificate = await makeCertificate(t)
  const origin = await tlsOrigin(t, certificate, answerAlways(response('secret')))
  const { port, proxy } = await withProxy(t, { mode: 'forward' })
  answerNames(proxy, { lookup: names({ localhost: ['127.0.0.1'] }).lookup })
  const answer = await ask(t, port, request('GET', `${origin.url}/a`))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'tls_certificate_error')
  for (const { received } of origin.connections) t.equal(received.length, 0)
})

test_('big bodies both ways over TLS, a slow reader among them: intact', async t => {
  const length = 4_000_000
  const sha = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
  const { port } = await reverse(t, async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      const content = await connection.readBytes(length)
      await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`)
      await connection.send(content)
    }
  })
  await Promise.all(
    [0, 1, 2].map(async i => {
      const client = await rawClient(t, { port })
      for (let round = 0; round < 2; round++) {
        const content = randomBytes(length)
        await client.send(request('PUT', '/', `Content-Length: ${length}`))
        await client.send(content)
        if (i === 0) {
          client.pause()
          await settled(50)
          client.resume()
        }
        t.equal(sha((await readMessage(client)).content), sha(content), `client ${i}`)
      }
    }),
  )
})

test_(
  'failures over TLS: an upstream that ends in mid-response truncates, one that ended while idle is replaced',
  async t => {
    const { port, proxy, origin } = await reverse(t, async (connection, nth) => {
      await connection.readUntil('\r\n\r\n')
      if (nth === 0) {
        await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345')
        connection.halfClose()
      } else {
        await connection.send(response('ok'))
        if (nth === 1) connection.halfClose()
      }
    })
    const client = await rawClient(t, port)
    await client.send(request('GET', '/'))
    await client.readUntil('\r\n\r\n12345')
    t.equal((await client.readToEnd()).bytes.length, 0)
    for (const nth of [2, 3]) {
      t.equal(String((await ask(t, port, request('GET', '/'))).content), 'ok')
      t.equal(origin.connections.length, nth)
      if (nth === 2) await until('the FIN was seen', () => proxy.stats().upstream.open === 0)
    }
  },
)

for (const who of ['client', 'upstream'] as const) {
  test_(`R165: a tunnel over TLS: a reset of the ${who} ends both sides, and nothing else`, async t => {
    const { port, proxy, origin, exchanged } = await reverse(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello',
      )
    })
    const warnings: unknown[] = []
    proxy.on('warning', warning => warnings.push(warning))
    const client = await rawClient(t, port)
    await client.send(request('GET', '/', 'Connection: upgrade', 'Upgrade: websocket'))
    await client.readUntil('hello')
    await client.send('and back')
    await origin.connections[0]?.readUntil('and back')
    await settled()
    if (who === 'client') client.reset()
    else {
      const raw = origin.sockets[0] as unknown as { _parent?: net.Socket; destroy(): void }
      if (raw._parent !== undefined) raw._parent.resetAndDestroy()
      else raw.destroy()
    }
    t.match((await exchanged(1))[0], { outcome: 'tunnel', clientVerdict: 'upgraded-ended' })
    await until('both are gone', () => proxy.stats().client.open + proxy.stats().upstream.open === 0)
    t.same(warnings, [])
  })
}
