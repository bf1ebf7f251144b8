import { once } from 'node:events'
import * as net from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { ProxyError } from '../../lib/link/proxy-error.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { type DialSettings, type DialTarget, dial, dialError, whereOf } from '../../lib/net/upstream/dial.js'
import { until } from '../support/conversation.js'
import { DialWitness } from '../support/dial-witness.js'
import { freePort } from '../support/ports.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { tempFolder } from '../support/temp-folder.js'

const settings: DialSettings = { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 30_000, tls: {} }

const target = (port: number, ...addresses: string[]): DialTarget => ({
  host: 'name.example',
  port,
  secure: false,
  addresses: addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 })),
})

const start = (to: DialTarget, how: Partial<DialSettings> = {}) =>
  DialWitness.dial(owner => dial(to, { ...settings, ...how }, owner))

for (const readMode of ['onread', 'data'] satisfies ReadMode[]) {
  test(`${readMode}: connects to the given address, and to no other`, async t => {
    const origin = await scriptedOrigin(t, connection => connection.send('hello'))
    const owner = start(target(origin.port, '127.0.0.1'), { readMode })
    await until('hello', () => owner.text === 'hello')
    t.same(owner.heard, ['connected'])
    t.equal(owner.transport.remoteAddress, '127.0.0.1')
    owner.transport.destroy()
    await until('closed', () => owner.transport.closed)
  })

  test(`${readMode}: of several addresses, the first that answers is used`, async t => {
    const origin = await scriptedOrigin(t, connection => connection.send('hello'))
    const owner = start(target(origin.port, '127.0.0.2', '::1', '127.0.0.1'), { readMode })
    await until('hello', () => owner.text === 'hello')
    t.equal(owner.transport.remoteAddress, '127.0.0.1')
    t.same(owner.heard, ['connected'])
    owner.transport.destroy()
  })
}

for (const readMode of ['onread', 'data'] satisfies ReadMode[]) {
  test(`${readMode}: a unix socket: bytes and FINs both ways, large and slow`, async t => {
    const socketPath = join(tempFolder(t), 'app.sock')
    const content = Buffer.alloc(3_000_000, 'bytes of some length, ')
    let received = 0
    const server = net.createServer({ allowHalfOpen: true }, socket => {
      socket.on('data', bytes => {
        received += bytes.length
      })
      socket.on('end', () => socket.end(content))
    })
    await once(server.listen(socketPath), 'listening')
    t.teardown(() => server.close())
    const to: DialTarget = { host: 'localhost', port: 0, secure: false, addresses: [], socketPath }
    const owner = start(to, { readMode })
    await until('connected', () => owner.heard.length > 0)
    t.equal(owner.transport.remoteAddress, '')
    owner.transport.write('head ')
    owner.transport.writeContent(content, 0, content.length, false)
    owner.transport.end()
    await until('closed', () => owner.transport.closed)
    t.equal(received, content.length + 5)
    t.equal(owner.text, content.toString('latin1'))
    t.same(owner.heard, ['connected', 'fin', 'closed'])
  })

  test(`${readMode}: a unix socket has no reset; it is closed instead`, async t => {
    const socketPath = join(tempFolder(t), 'app.sock')
    let ended = false
    const server = net.createServer(socket => {
      socket
        .on('error', () => {})
        .on('close', () => {
          ended = true
        })
      socket.resume()
    })
    await once(server.listen(socketPath), 'listening')
    t.teardown(() => server.close())
    const owner = start({ host: 'localhost', port: 0, secure: false, addresses: [], socketPath }, { readMode })
    await until('connected', () => owner.heard.length > 0)
    owner.transport.reset()
    await until('both ended', () => owner.transport.closed && ended)
    t.same(owner.heard, ['connected', 'closed'])
  })

  test(`${readMode}: a preface is sent first, even if nothing follows`, async t => {
    const origin = await scriptedOrigin(t, () => {})
    const preface = Buffer.from('PROXY UNKNOWN\r\n\x00\xff', 'latin1')
    const silent = start({ ...target(origin.port, '127.0.0.1'), preface }, { readMode })
    await until('the preface', () => origin.connections[0]?.received.length === preface.length)
    t.same(origin.connections[0]?.received, preface)
    silent.transport.destroy()
    const talking = new DialWitness()
    talking.onConnected = () => {
      talking.transport.write('GET')
      talking.transport.flush()
    }
    talking.transport = dial({ ...target(origin.port, '127.0.0.2', '127.0.0.1'), preface }, settings, talking)
    await origin.accepted(2)
    t.equal((await origin.connections[1]?.readBytes(preface.length + 3))?.toString('latin1').slice(-3), 'GET')
    t.same(talking.heard, [])
    talking.transport.destroy()
  })
}

test('a missing unix socket, or another kind of file', async t => {
  const folder = tempFolder(t)
  const to: DialTarget = {
    host: 'localhost',
    port: 0,
    secure: false,
    addresses: [],
    socketPath: join(folder, 'app.sock'),
  }
  const owner = start(to)
  await until('closed', () => owner.transport.closed)
  const error = dialError(owner.error, to, false)
  t.match(error, { type: 'connection_refused', stage: 'connect' })
  t.equal(error.message, `cannot connect to unix:${to.socketPath}: ENOENT`)
})

test('whereOf formats a target', async t => {
  t.equal(whereOf(target(80, '127.0.0.1')), 'name.example:80')
  t.equal(whereOf({ ...target(80), host: '::1' }), '[::1]:80')
  t.equal(whereOf({ ...target(80), socketPath: '/run/app.sock' }), 'unix:/run/app.sock')
})

test('refused by one, refused by all', async t => {
  const port = await freePort()
  for (const addresses of [['127.0.0.1'], ['127.0.0.1', '127.0.0.2']]) {
    const owner = start(target(port, ...addresses))
    await until('closed', () => owner.transport.closed)
    t.same(owner.heard, ['closed'])
    const error = dialError(owner.error, target(port), false)
    t.match(error, { type: 'connection_refused', status: 502, stage: 'connect', side: 'upstream' })
    t.match(error.message, `cannot connect to name.example:${port}: ECONNREFUSED`)
  }
})

test('no route', async t => {
  const owner = start(target(80, '224.0.0.1'))
  await until('closed', () => owner.transport.closed)
  t.equal(dialError(owner.error, target(80), false).type, 'destination_ip_unroutable')
})

test('an owner that throws in onConnected loses its connection, and nothing else happens', async t => {
  const origin = await scriptedOrigin(t, () => {})
  const owner = new DialWitness()
  owner.onConnected = () => {
    throw new Error('a fault')
  }
  owner.transport = dial(target(origin.port, '127.0.0.1'), settings, owner)
  await until('closed', () => owner.transport.closed)
  t.same(owner.heard, ['a fault', 'closed'])
})

test('abandoned before it is connected', async t => {
  const origin = await scriptedOrigin(t, () => {})
  for (const how of ['destroy', 'reset'] as const) {
    const owner = start(target(origin.port, '127.0.0.1'))
    owner.transport[how]()
    await until('closed', () => owner.transport.closed)
    t.same(owner.heard, ['closed'])
    t.equal(owner.error, null)
  }
})

test('TCP_NODELAY and TCP keep-alive are set, or not', async t => {
  const origin = await scriptedOrigin(t, () => {})
  const calls: unknown[] = []
  for (const how of [{}, { noDelay: false, tcpKeepAliveMs: 0 }]) {
    const owner = start(target(origin.port, '127.0.0.1'), how)
    const options = Object.getOwnPropertySymbols(owner.transport.socket)
      .filter(symbol => /kSetNoDelay|kSetKeepAlive\)/.test(String(symbol)))
      .map(symbol => (owner.transport.socket as unknown as Record<symbol, unknown>)[symbol])
    calls.push(options)
    owner.transport.destroy()
  }
  t.same(calls, [
    [true, true],
    [false, false],
  ])
})

const errors: [string | null, boolean, string, number][] = [
  ['ECONNREFUSED', false, 'connection_refused', 502],
  ['ETIMEDOUT', false, 'connection_timeout', 504],
  ['ERR_SOCKET_CONNECTION_TIMEOUT', false, 'connection_timeout', 504],
  ['EHOSTUNREACH', false, 'destination_ip_unroutable', 502],
  ['ENETUNREACH', false, 'destination_ip_unroutable', 502],
  ['EADDRNOTAVAIL', false, 'connection_limit_reached', 503],
  ['EMFILE', false, 'connection_limit_reached', 503],
  ['ECONNRESET', false, 'connection_terminated', 502],
  ['EACCES', false, 'connection_refused', 502],
  ['EAGAIN', false, 'connection_refused', 502],
  ['EWHATEVER', false, 'destination_unavailable', 503],
  [null, false, 'destination_unavailable', 503],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', true, 'tls_certificate_error', 502],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true, 'tls_certificate_error', 502],
  ['CERT_HAS_EXPIRED', true, 'tls_certificate_error', 502],
  ['ERR_TLS_CERT_ALTNAME_INVALID', true, 'tls_certificate_error', 502],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', true, 'tls_alert_received', 502],
  ['ERR_SSL_WRONG_VERSION_NUMBER', true, 'tls_protocol_error', 502],
  ['ECONNRESET', true, 'tls_protocol_error', 502],
  [null, true, 'tls_protocol_error', 502],
]
for (const [code, securing, type, status] of errors) {
  test(`R202: ${code ?? 'a FIN'}${securing ? ' in the handshake' : ''} is ${type}`, async t => {
    const error = code === null ? null : Object.assign(new Error('x'), { code })
    t.match(dialError(error, target(1), securing), {
      type,
      status,
      stage: securing ? 'tls' : 'connect',
      side: 'upstream',
    })
  })
}

test('of several failures the first is reported', async t => {
  const each = ['EHOSTUNREACH', 'ECONNREFUSED'].map(code => Object.assign(new Error('x'), { code }))
  t.equal(dialError(new AggregateError(each), target(1), false).type, 'destination_ip_unroutable')
  t.equal(dialError(new AggregateError([]), target(1), false).type, 'destination_unavailable')
})

test('a ProxyError is passed on', async t => {
  const said = new ProxyError('http_request_denied', 'no', { stage: 'connect', side: 'upstream' })
  t.equal(dialError(said, target(1), false), said)
})
