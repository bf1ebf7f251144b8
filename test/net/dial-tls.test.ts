import { once } from 'node:events'
import * as net from 'node:net'
import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import {
  type DialSettings,
  type DialTarget,
  dial,
  dialError,
  tlsKey,
  type UpstreamTls,
} from '../../lib/net/upstream/dial.js'
import { TlsMemory } from '../../lib/net/upstream/upstream-tls.js'
import { until } from '../support/conversation.js'
import { DialWitness } from '../support/dial-witness.js'
import { needs } from '../support/needs.js'
import { freePort } from '../support/ports.js'
import { type Certificate, makeCertificate } from '../support/tls.js'

const settings = (secure: UpstreamTls): DialSettings => ({
  ...{ readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0 },
  tls: secure,
})

const target = (port: number, more: Partial<DialTarget> = {}): DialTarget => ({
  ...{ host: 'localhost', port, secure: true, addresses: [{ address: '127.0.0.1', family: 4 }] },
  ...more,
})

interface Server {
  port: number
  sockets: tls.TLSSocket[]
  /** The result of each handshake: whether the session was reused, the version, and whether the client's certificate is valid. */
  agreed: { reused: boolean; version: string | null; authorized: boolean }[]
  /** What was sent before TLS. */
  prefaces: string[]
}

/** A TLS server of Node that says hello and removes this many bytes before TLS. */
async function tlsServer(
  t: Test,
  { cert, key }: Certificate,
  options: tls.TlsOptions = {},
  preface = 0,
): Promise<Server> {
  const sockets: tls.TLSSocket[] = []
  const agreed: Server['agreed'] = []
  const prefaces: string[] = []
  const raw = new Set<net.Socket>()
  const secured = tls.createServer({ cert, key, ...options }, socket => {
    sockets.push(socket.on('error', () => {}))
    const { authorized } = socket
    agreed.push({ reused: socket.isSessionReused(), version: socket.getProtocol(), authorized })
    socket.write('hello')
  })
  secured.on('tlsClientError', () => {})
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    raw.add(socket.on('error', () => {}))
    const whole = (): void => {
      const octets = preface === 0 ? '' : socket.read(preface)
      if (octets === null) return
      socket.off('readable', whole)
      if (preface > 0) prefaces.push(octets.toString('latin1'))
      secured.emit('connection', socket)
    }
    if (preface > 0) socket.on('readable', whole)
    else whole()
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.teardown(() => {
    for (const socket of raw) socket.destroy()
    server.close()
  })
  return { port: (server.address() as net.AddressInfo).port, sockets, agreed, prefaces }
}

const start = (to: DialTarget, how: DialSettings) => DialWitness.dial(owner => dial(to, how, owner))

/** Dials, waits for the hello, ends the connection. @returns the server's view of it */
async function greeted(t: Test, server: Server, to: DialTarget, how: DialSettings) {
  const before = server.agreed.length
  const owner = start(to, how)
  await until(`hello, not ${owner.error?.message}`, () => owner.text === 'hello')
  t.same(owner.heard, ['securing', 'connected'])
  // The tickets of TLS 1.3 come after the handshake, with the first bytes at the latest.
  owner.transport.destroy()
  await until('closed', () => owner.transport.closed)
  return server.agreed[before]!
}

async function failed(to: DialTarget, how: DialSettings) {
  const owner = start(to, how)
  await until('closed', () => owner.transport.closed)
  return { owner, error: dialError(owner.error, to, owner.heard.includes('securing')) }
}

const test_ = (name: string, run: (t: Test) => Promise<void>) => test(name, needs('openssl'), run)

for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
  test_(`${maxVersion}: a session is used again by the same settings and for the same peer only`, async t => {
    const certificate = await makeCertificate(t)
    const server = await tlsServer(t, certificate, { maxVersion })
    const how = settings({ ca: certificate.cert })
    t.notOk((await greeted(t, server, target(server.port), how)).reused)
    t.ok((await greeted(t, server, target(server.port), how)).reused)
    t.ok((await greeted(t, server, target(server.port), how)).reused)
    const equal = settings({ ca: certificate.cert })
    t.notOk((await greeted(t, server, target(server.port), equal)).reused, 'other settings verify again')
    const byAddress = target(server.port, { host: '127.0.0.1' })
    t.notOk((await greeted(t, server, byAddress, how)).reused, 'another name verifies again')
    t.equal((await greeted(t, server, target(server.port), how)).version, maxVersion)
  })
}

test_('a session without verification is not reused under verifying settings', async t => {
  const certificate = await makeCertificate(t)
  const server = await tlsServer(t, certificate)
  await greeted(t, server, target(server.port), settings({ insecure: true }))
  const { error } = await failed(target(server.port), settings({}))
  t.match(error, { type: 'tls_certificate_error', stage: 'tls' })
})

test_('after an error the session is not offered again', async t => {
  const certificate = await makeCertificate(t)
  const server = await tlsServer(t, certificate)
  const how = settings({ ca: certificate.cert })
  await greeted(t, server, target(server.port), how)
  const owner = start(target(server.port), how)
  await until('hello', () => owner.text === 'hello')
  owner.transport.socket.destroy(new Error('odd'))
  await until('closed', () => owner.transport.closed)
  t.notOk((await greeted(t, server, target(server.port), how)).reused)
})

test('sessions are kept for a limited number of peers', async t => {
  const memory = new TlsMemory({})
  for (let nth = 0; nth < 1_100; nth++) {
    memory.keep(`peer ${nth}`, Buffer.from([nth & 255]))
    memory.keep('peer 0', Buffer.from([0]))
  }
  t.ok(memory.session('peer 0'), 'kept by use')
  t.equal(memory.session('peer 1'), undefined)
  t.ok(memory.session('peer 1099'))
  memory.drop('peer 1099')
  t.equal(memory.session('peer 1099'), undefined)
})

test_('a client certificate is presented', async t => {
  const [ours, theirs] = [await makeCertificate(t), await makeCertificate(t)]
  const server = await tlsServer(t, theirs, { requestCert: true, rejectUnauthorized: true, ca: ours.cert })
  const { cert, key } = ours
  t.ok((await greeted(t, server, target(server.port), settings({ ca: theirs.cert, cert, key }))).authorized)
  const without = start(target(server.port), settings({ ca: theirs.cert }))
  await until('closed', () => without.transport.closed)
  t.match(without.error?.code, /ALERT_CERTIFICATE_REQUIRED/)
  t.same(
    without.heard,
    ['securing', 'connected', 'closed'],
    'with TLS 1.3 this is learned after the handshake, and not as a FIN',
  )
})

test_('the minimum version', async t => {
  const certificate = await makeCertificate(t)
  const server = await tlsServer(t, certificate, { maxVersion: 'TLSv1.2' })
  const { error } = await failed(target(server.port), settings({ ca: certificate.cert, minVersion: 'TLSv1.3' }))
  t.match(error, { type: /^tls_(alert_received|protocol_error)$/, stage: 'tls' })
})

test_('unusable certificates: an error that says so, and no connection', async t => {
  const [one, other] = [await makeCertificate(t), await makeCertificate(t)]
  const server = await tlsServer(t, one)
  const bad: UpstreamTls[] = [
    { cert: 'nonsense', key: one.key },
    { cert: one.cert, key: other.key },
    { cert: one.cert, key: 'nonsense' },
  ]
  for (const secure of bad) {
    const { owner, error } = await failed(target(server.port), settings(secure))
    t.same(owner.heard, ['closed'])
    t.match(error, { type: 'proxy_configuration_error', status: 500, side: 'proxy' })
    t.match(error.message, `the certificates or the key for TLS with localhost:${server.port} cannot be used: `)
  }
  t.equal(server.sockets.length, 0)
})

const PREFACE = 'PROXY UNKNOWN\r\n'
const ADDRESSES = {
  'one address': [{ address: '127.0.0.1', family: 4 }],
  'several addresses, of which the last answers': [
    { address: '127.0.0.2', family: 4 },
    { address: '::1', family: 6 },
    { address: '127.0.0.1', family: 4 },
  ],
} as const

for (const [what, addresses] of Object.entries(ADDRESSES)) {
  test_(`a preface stands before TLS: ${what}`, async t => {
    const certificate = await makeCertificate(t)
    const server = await tlsServer(t, certificate, {}, PREFACE.length)
    const how = settings({ ca: certificate.cert })
    const to = target(server.port, { addresses, preface: Buffer.from(PREFACE) })
    t.notOk((await greeted(t, server, to, how)).reused)
    t.ok((await greeted(t, server, to, how)).reused)
    t.same(server.prefaces, [PREFACE, PREFACE])
  })

  test_(`a preface and TLS, bytes and ends both ways: ${what}`, async t => {
    const certificate = await makeCertificate(t)
    const server = await tlsServer(t, certificate, { allowHalfOpen: true } as tls.TlsOptions, PREFACE.length)
    const to = target(server.port, { addresses, preface: Buffer.from(PREFACE) })
    const owner = start(to, settings({ ca: certificate.cert }))
    await until('hello', () => owner.text === 'hello')
    owner.transport.write('question')
    owner.transport.end()
    const [socket] = server.sockets
    const question = await once(socket!, 'data')
    t.equal(String(question[0]), 'question')
    if (!socket!.readableEnded) await once(socket!, 'end')
    socket!.end('answer')
    await until('the answer and the end', () => owner.heard.includes('closed'))
    t.equal(owner.text, 'helloanswer')
    t.same(owner.heard, ['securing', 'connected', 'fin', 'closed'])
    t.equal(owner.error, null)
  })

  test(`a preface and TLS, refused: ${what}`, async t => {
    const to = target(await freePort(), { addresses, preface: Buffer.from(PREFACE) })
    const { owner, error } = await failed(to, settings({}))
    t.same(owner.heard, ['closed'])
    t.match(error, { type: 'connection_refused', stage: 'connect' })
  })

  test(`a preface and TLS, abandoned during the dial or the handshake: ${what}`, async t => {
    const silent = net.createServer().on('connection', socket => socket.on('error', () => {}).resume())
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as net.AddressInfo
    const to = target(port, { addresses, preface: Buffer.from(PREFACE) })
    for (const when of ['at once', 'securing'] as const) {
      const owner = start(to, settings({}))
      if (when === 'securing') await until('securing', () => owner.heard.includes('securing'))
      owner.transport.destroy()
      await until('closed', () => owner.transport.closed)
      t.same(owner.heard, when === 'securing' ? ['securing', 'closed'] : ['closed'])
    }
    // It closes only when no connection is left.
    await new Promise<void>(done => silent.close(() => done()))
  })
}

test('tlsKey contains all that two connections must have in common, and no secret', async t => {
  t.equal(tlsKey({}), '')
  t.equal(tlsKey({ insecure: false, minVersion: 'TLSv1.2' }), '')
  t.equal(tlsKey({ servername: 'App.test,insecure', insecure: true }), 'servername=app.test%2Cinsecure,insecure')
  t.equal(tlsKey({ minVersion: 'TLSv1.3' }), 'min=TLSv1.3')
  t.match(tlsKey({ ca: 'a', cert: 'b', key: 'secret' }), /^ca=[0-9a-f]{32},cert=[0-9a-f]{32},key=[0-9a-f]{32}$/)
  const keys = [{}, { ca: 'a' }, { ca: 'b' }, { cert: 'a' }, { key: 'a' }, { servername: 'a' }, { insecure: true }]
  t.equal(new Set(keys.map(tlsKey)).size, keys.length)
  t.equal(tlsKey({ ca: 'a', key: 'b' }), tlsKey({ key: 'b', ca: 'a' }))
})
