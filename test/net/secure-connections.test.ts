import { randomBytes } from 'node:crypto'
import * as net from 'node:net'
import { Duplex } from 'node:stream'
import * as tls from 'node:tls'
import { test } from 'tap'
import { TrustedPeers } from '../../lib/net/client/trusted-peers.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { writeProxyPreface } from '../../lib/wire/proxy-protocol.js'
import { answeredIn, get, readAnswer } from '../support/answering-pool.js'
import { run } from '../support/child.js'
import { rawClient, settled, until } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { needs, pathOf } from '../support/needs.js'
import { sClient, secured, tlsClient } from '../support/secured-pool.js'

const OPENSSL = needs('openssl')
const MODES: ReadMode[] = ['onread', 'data']

for (const readMode of MODES) {
  test(
    `R97, R216: persistent, pipelined, half-closed; an end is announced and a break is not (${readMode})`,
    OPENSSL,
    async t => {
      const { port, authority, pool } = await secured(t, {}, { readMode })
      const client = await tlsClient(t, port, { ca: authority.cert, allowHalfOpen: true } as tls.ConnectionOptions)
      await client.send(get('/1') + get('/2'))
      for (const target of ['/1', '/2']) t.match(await readAnswer(client), { id: 'c1', target })
      await client.send(get('/3'))
      client.halfClose()
      t.equal((await readAnswer(client)).target, '/3')
      await client.readToEnd()
      await until('gone', () => pool.open === 0)
      t.equal((await sClient(t, port, authority)).code, 0)
      // openssl 3 distinguishes an end without close_notify from one with it: "unexpected eof while reading".
      const args = ['s_client', '-connect', `127.0.0.1:${port}`, '-ign_eof', '-quiet']
      const cut = await run(t, pathOf('openssl'), args, { input: get('/cut') })
      t.match(cut.err, /unexpected eof while reading/)
      const whole = await run(t, pathOf('openssl'), args, { input: get('/close') })
      t.notMatch(whole.err, /unexpected eof/)
    },
  )

  test(`R97: a client that ends without close_notify is served and then closed (${readMode})`, OPENSSL, async t => {
    const { port, pool, handler } = await secured(t, {}, { readMode })
    const raw = net.connect(port, '127.0.0.1')
    const socket = tls.connect({ socket: raw, rejectUnauthorized: false })
    const client = await rawClient(t, { port, socket })
    await client.send(get('/'))
    await readAnswer(client)
    raw.destroySoon()
    await until('gone', () => pool.open === 0)
    t.match(handler.heard.at(-1), /^c1 client-(fin|reset)/)
  })

  test(`${readMode}: plain HTTP gets an answer; anything else is cut off`, OPENSSL, async t => {
    const { port, pool, handler } = await secured(t, {}, { readMode })
    const client = await rawClient(t, port)
    await client.send(`${get('/')}and more`)
    const { bytes, how } = await client.readToEnd()
    t.match(String(bytes), /^HTTP\/1\.1 400 .*a plain HTTP request was sent to a port that speaks HTTPS$/s)
    t.equal(how, 'fin')
    client.halfClose()
    const other = await rawClient(t, port)
    await other.send('\x00\x01')
    t.equal((await other.readToEnd()).how, 'reset')
    const third = await rawClient(t, port)
    await third.send('\x16\x03\x01\x00\x05hello')
    await third.readToEnd()
    third.destroy()
    await until('gone', () => pool.open === 0)
    t.match(handler.heard.filter(line => line.includes('client-tls')).sort(), [
      /^c1 client-tls: a plain HTTP request/,
      /^c2 client-tls: the client sent neither TLS nor HTTP/,
      /^c3 client-tls: /,
    ])
  })

  test(`${readMode}: a preface, then TLS, in one segment or byte by byte`, OPENSSL, async t => {
    const proxyProtocol = { from: new TrustedPeers(['127.0.0.1']) }
    const { port, authority } = await secured(t, {}, { readMode, proxyProtocol })
    const ends = { source: '192.0.2.7', sourcePort: 5555, destination: '198.51.100.1', destinationPort: 443 }
    for (const apart of [false, true]) {
      const raw = net.connect({ port, host: '127.0.0.1', noDelay: true })
      if (apart) {
        for (const octet of writeProxyPreface(2, ends)) {
          raw.write(Uint8Array.of(octet))
          await settled(1)
        }
      } else {
        raw.cork()
        raw.write(writeProxyPreface(2, ends))
      }
      const socket = tls.connect({ socket: raw, ca: authority.cert, servername: 'a.example' })
      setImmediate(() => raw.uncork())
      const client = await rawClient(t, { port, socket })
      await client.send(get('/'))
      t.match(await readAnswer(client), { address: '192.0.2.7', peerAddress: '127.0.0.1', scheme: 'https', ends })
    }
  })
}

test('incomplete handshakes are ended in time, and count in the connection limits', OPENSSL, async t => {
  const { port, authority, pool, clock, handler } = await secured(t, {}, { limits: { clientConnectionsMax: 20 } })
  const flood = []
  for (let i = 0; i < 30; i++) {
    const client = await rawClient(t, port)
    // Some send nothing, some the beginning of a ClientHello.
    if (i % 2 === 0) await client.send(Buffer.from('1603010200010001fc0303', 'hex')).catch(() => {})
    flood.push(client)
  }
  await until('the eldest made room', () => pool.closes.get('client-evicted') === 10)
  t.equal(pool.open, 20)
  const client = await tlsClient(t, port, { ca: authority.cert })
  await client.send(get('/'))
  await readAnswer(client)
  clock.advance(5_200)
  await until('only the one is left', () => pool.open === 1)
  t.equal(pool.closes.get('client-tls'), 19)
  t.match(handler.heard.at(-1), 'no complete handshake within 5000 ms')
  await client.send(get('/again'))
  await readAnswer(client)
})

test('one address may not take all places, including handshakes', OPENSSL, async t => {
  const { port, pool } = await secured(t, {}, { limits: { clientConnectionsPerAddressMax: 3 } })
  for (let i = 0; i < 3; i++) await rawClient(t, port)
  await until('accepted', () => pool.accepted === 3)
  await rawClient(t, port).catch(() => {})
  await until('refused', () => pool.accepted === 4 && pool.open === 3)
  t.same(Object.fromEntries(pool.closes), { 'client-limit': 1 })
})

test('ends during a handshake: by the client, by draining', OPENSSL, async t => {
  const { port, pool, handler, clock } = await secured(t)
  const hello = Buffer.from('1603010200010001fc0303', 'hex')
  const clients = []
  for (let i = 0; i < 5; i++) {
    const client = await rawClient(t, port)
    if (i > 0) await client.send(hello)
    clients.push(client)
    await until('accepted', () => pool.accepted === i + 1)
  }
  await settled()
  clients[0]?.halfClose()
  clients[1]?.halfClose()
  clients[2]?.reset()
  await until('three are gone', () => pool.open === 2)
  const drained = pool.drain()
  clock.advance(900)
  t.equal(pool.open, 2, 'a client that has only just connected gets a moment')
  clock.advance(300)
  await drained
  t.match(handler.heard.filter(line => !line.includes('opened')).sort(), [
    'c1 client-fin',
    /^c2 client-tls: .*(ECONNRESET|middle)/,
    /^c3 client-tls: .*ECONNRESET/,
    'c4 draining',
    'c5 draining',
  ])
})

test('a drain waits a second for a handshake that has just begun, and for the request after it', OPENSSL, async t => {
  const proxyProtocol = { from: new TrustedPeers(['127.0.0.1']) }
  const { port, pool, authority, handler, clock } = await secured(t, {}, { proxyProtocol })
  const preface = writeProxyPreface(1, {
    source: '192.0.2.7',
    sourcePort: 5,
    destination: '198.51.100.1',
    destinationPort: 443,
  })
  const stuck = net.connect(port, '127.0.0.1')
  const raw = net.connect(port, '127.0.0.1')
  await until('both are there', () => pool.accepted === 2)
  const drained = pool.drain()
  stuck.write(preface) // and nothing more: this must not restart the time limit of the handshake
  raw.write(preface)
  const client = await rawClient(t, {
    port,
    socket: tls.connect({ socket: raw, ca: authority.cert, servername: 'a.example' }),
  })
  await client.send(get('/'))
  await readAnswer(client)
  clock.advance(1_100)
  await drained
  t.match(handler.heard.filter(line => !line.includes('opened')).sort(), [/^c\d draining$/, /^c\d draining$/])
})

test('garbage after the first byte of a handshake ends only that connection', OPENSSL, async t => {
  const { port, authority, pool, handler } = await secured(t)
  const hellos = [Buffer.from('160301003001', 'hex'), Buffer.from('1603010200010001fc0303', 'hex'), Buffer.from([0x16])]
  for (let i = 0; i < 60; i++) {
    const client = await rawClient(t, port)
    await client.send(Buffer.concat([hellos[i % 3]!, randomBytes(600)])).catch(() => {})
    client.halfClose()
  }
  await until('all are gone', () => pool.accepted === 60 && pool.open === 0)
  t.equal(pool.closes.get('client-tls'), 60)
  const client = await tlsClient(t, port, { ca: authority.cert })
  await client.send(get('/'))
  await readAnswer(client)
  t.same(
    handler.heard.filter(line => /fault|internal/.test(line)),
    [],
  )
})

test('non-TLS bytes in the middle of a connection', OPENSSL, async t => {
  const { port, pool, handler } = await secured(t)
  const raw = net.connect(port, '127.0.0.1')
  // Node bypasses a socket that it has put TLS on, but no other stream.
  const apart = Duplex.from({ readable: raw, writable: raw })
  const client = await rawClient(t, { port, socket: tls.connect({ socket: apart, rejectUnauthorized: false }) })
  await client.send(get('/'))
  await readAnswer(client)
  raw.write('GET / HTTP/1.1\r\n\r\n')
  await until('gone', () => pool.open === 0)
  t.match(handler.heard.at(-1), /^c1 client-reset: /)
})

test('curl: end to end, with its own certificate', needs('openssl', 'curl'), async t => {
  const { authority, port } = await secured(t)
  const mine = await authority.issue('curl')
  const { code, out } = await curl(t, '--cacert', authority.certFile, `https://localhost:${port}/`)
  t.equal(code, 0)
  t.match(answeredIn(out), { scheme: 'https', tls: { servername: 'localhost' }, ends: { destinationPort: port } })
  const asks = await secured(t, { clientCertificates: { ca: authority.cert, required: true } })
  const to = ['--cacert', asks.authority.certFile, `https://localhost:${asks.port}/`]
  t.not((await curl(t, ...to)).code, 0)
  const known = await curl(t, '--cert', mine.certFile, '--key', mine.keyFile, ...to)
  t.equal(answeredIn(known.out).tls?.certificate?.about.subject, 'CN=curl,O=Tests')
})
