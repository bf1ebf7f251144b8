import * as net from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { TrustedPeers } from '../../lib/net/client/trusted-peers.js'
import { listenText } from '../../lib/net/listen-address.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { writeProxyPreface } from '../../lib/wire/proxy-protocol.js'
import { answeredIn, get, listeningPool, type PoolOptions, readAnswer } from '../support/answering-pool.js'
import { rawClient, settled, until } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { needs } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'

const MODES: ReadMode[] = ['onread', 'data']
const ENDS = { source: '192.0.2.7', sourcePort: 5555, destination: '198.51.100.1', destinationPort: 443 }
const FROM = { from: new TrustedPeers(['127.0.0.1']) }

const expecting = (t: Test, options: PoolOptions = {}) => listeningPool(t, { proxyProtocol: FROM, ...options })

for (const readMode of MODES) {
  for (const version of [1, 2] as const) {
    test(`${readMode}: a version ${version} preface and a request in one segment, then more requests`, async t => {
      const { pool, port, handler } = await expecting(t, { readMode })
      const client = await rawClient(t, port)
      await client.send(Buffer.concat([writeProxyPreface(version, ENDS), Buffer.from(get('/1'))]))
      const { address, port: from, peerAddress, ends, scheme } = await readAnswer(client)
      t.same([address, from, peerAddress, scheme], ['192.0.2.7', 5555, '127.0.0.1', 'http'])
      t.match(ends, ENDS)
      await client.send(get('/2'))
      t.equal((await readAnswer(client)).address, '192.0.2.7')
      client.halfClose()
      await until('closed', () => pool.open === 0)
      t.same(handler.heard, ['c1 opened 192.0.2.7', 'c1 client-fin'])
    })
  }

  test(`${readMode}: byte by byte`, async t => {
    const { port } = await expecting(t, { readMode })
    for (const version of [1, 2] as const) {
      const client = await rawClient(t, port)
      for (const octet of Buffer.concat([writeProxyPreface(version, ENDS), Buffer.from(get('/1'))])) {
        await client.send(Uint8Array.of(octet))
        await settled(1)
      }
      t.equal((await readAnswer(client)).address, '192.0.2.7')
    }
  })

  test(`${readMode}: a peer that speaks for itself keeps its own address; a peer not in the list sends no preface`, async t => {
    const { port } = await expecting(t, { readMode })
    for (const version of [1, 2] as const) {
      const client = await rawClient(t, port)
      await client.send(Buffer.concat([writeProxyPreface(version, 'local'), Buffer.from(get('/1'))]))
      const { address, port: from } = await readAnswer(client)
      t.equal(`${address}:${from}`, client.name)
    }
    const other = await rawClient(t, { port, localAddress: '127.0.0.2' })
    await other.send(get('/1'))
    t.equal((await readAnswer(other)).address, '127.0.0.2')
    const spoofing = await rawClient(t, { port, localAddress: '127.0.0.2' })
    await spoofing.send(writeProxyPreface(1, ENDS))
    await spoofing.readToEnd()
  })

  test(`${readMode}: a bad preface ends the connection without an answer, and is reported`, async t => {
    const { pool, port, handler } = await expecting(t, { readMode })
    for (const bad of [get('/'), 'PROXY TCP4 01.2.3.4 1.2.3.4 1 1\r\n', '\r\n\r\n\0\r\nQUIT\n\x11\x11\0\0']) {
      const client = await rawClient(t, port)
      await client.send(bad)
      t.equal(String((await client.readToEnd()).bytes), '')
    }
    await until('gone', () => pool.open === 0)
    t.match(handler.heard, [
      /^c1 client-preface: .*expected a preface, got "G"/,
      /^c2 .*not an IPv4/,
      /^c3 .*expected version 2, got 1/,
    ])
    t.same(Object.fromEntries(pool.closes), { 'client-preface': 3 })
  })

  test(`${readMode}: a missing preface is awaited no longer than a head`, async t => {
    const { pool, port, handler, clock } = await expecting(t, { readMode, deadlines: { requestHeadMs: 2_000 } })
    const client = await rawClient(t, port)
    await client.send('PROXY TCP4')
    await until('it waits', () => pool.idle === 1)
    await settled()
    clock.advance(2_200)
    await client.readToEnd()
    await until('gone', () => pool.open === 0)
    t.same(handler.heard, ['c1 client-preface: no preface within 2000 ms'])
  })

  test(`${readMode}: an end before the preface is complete`, async t => {
    const { pool, port, handler } = await expecting(t, { readMode })
    const [a, b] = [await rawClient(t, port), await rawClient(t, port)]
    await a.send('PROXY')
    a.halfClose()
    await until('one', () => handler.heard.length === 1)
    b.reset()
    await until('gone', () => pool.open === 0)
    t.same(handler.heard, ['c1 client-fin', 'c2 client-reset: ECONNRESET'])
    t.equal(pool.idle, 0)
  })
}

test('the real client is counted, not the peer that speaks for it', async t => {
  const { pool, port } = await expecting(t, { limits: { clientConnectionsPerAddressMax: 1 } })
  const come = async (source: string) => {
    const client = await rawClient(t, port)
    await client.send(Buffer.concat([writeProxyPreface(2, { ...ENDS, source }), Buffer.from(get('/'))]))
    return client
  }
  for (const source of ['192.0.2.1', '192.0.2.2', '2001:db8::1']) await readAnswer(await come(source))
  const second = await come('192.0.2.1')
  t.match(String((await second.readToEnd()).bytes), /^HTTP\/1\.1 503 .*more than 1 connections from one address$/s)
  await (await come('::ffff:192.0.2.3')).readUntil('"address":"192.0.2.3"')
  second.destroy()
  await until('gone', () => pool.open === 4)
  t.equal(pool.refused, 1)
})

test('connections without their preface count in the total limit: the longest waiting one is evicted', async t => {
  const { pool, port } = await expecting(t, { limits: { clientConnectionsMax: 10 } })
  const flood = []
  for (let i = 0; i < 40; i++) flood.push(await rawClient(t, port))
  await until('evicted', () => pool.closes.get('client-evicted') === 30)
  t.equal(pool.open, 10)
  t.same(
    flood.map(({ ended }) => ended !== ''),
    flood.map((_, i) => i < 30),
  )
  await flood[39]?.send(Buffer.concat([writeProxyPreface(1, ENDS), Buffer.from(get('/'))]))
  await readAnswer(flood[39]!)
})

test('at the limit with no waiting client, a new one is reset before its preface', async t => {
  const { pool, port, handler } = await expecting(t, { limits: { clientConnectionsMax: 1 } })
  const busy = await rawClient(t, { port, localAddress: '127.0.0.2' })
  await busy.send('GET / HT')
  await until('busy', () => pool.open === 1 && pool.idle === 0)
  await rawClient(t, port).catch(() => {}) // it may be reset before it knows that it is connected
  await until('refused', () => pool.open === 1 && pool.accepted === 2)
  t.equal(handler.heard.at(-1), 'c2 client-limit: more than 1 connections')
})

test('guards check the real client', async t => {
  const guards = { allow: null, deny: new TrustedPeers(['192.0.2.7']), connections: null }
  const { port, handler } = await expecting(t, { guards })
  const denied = await rawClient(t, port)
  await denied.send(Buffer.concat([writeProxyPreface(1, ENDS), Buffer.from(get('/'))]))
  t.equal(String((await denied.readToEnd()).bytes), '')
  const other = await rawClient(t, port)
  await other.send(Buffer.concat([writeProxyPreface(1, { ...ENDS, source: '192.0.2.8' }), Buffer.from(get('/'))]))
  await readAnswer(other)
  t.same(handler.heard, ['c1 opened 192.0.2.7', 'c1 client-denied', 'c2 opened 192.0.2.8'])
})

test('a preface about a unix socket; a preface over a unix socket', async t => {
  const path = join(tempFolder(t), 'sock')
  const { pool } = await listeningPool(t, { proxyProtocol: { from: new TrustedPeers(['unix']) } }, { path })
  t.equal(listenText({ path }), `unix:${path}`)
  const about = (block: Buffer): Buffer => {
    const head = Buffer.from('\r\n\r\n\0\r\nQUIT\n\x21\x31\0\0', 'latin1')
    head.writeUInt16BE(block.length, 14)
    return Buffer.concat([head, block])
  }
  const answers = async (preface: Buffer) => {
    const client = await rawClient(t, { port: 0, socket: net.connect(path) })
    await client.send(Buffer.concat([preface, Buffer.from(get('/'))]))
    return await readAnswer(client)
  }
  t.match(await answers(writeProxyPreface(2, ENDS)), { address: '192.0.2.7', peerAddress: '' })
  t.match(await answers(about(Buffer.alloc(216, '/run/a\0'))), { address: '', port: 0, peerAddress: '' })
  t.equal(pool.open, 2)
})

test('curl as the peer', needs('curl'), async t => {
  const { port } = await expecting(t)
  const { code, out } = await curl(t, '--haproxy-protocol', `http://127.0.0.1:${port}/`)
  t.equal(code, 0)
  const { address, port: from, ends } = answeredIn(out)
  t.equal(address, '127.0.0.1')
  t.equal(ends.sourcePort, from)
  t.equal(ends.destinationPort, port)
})
