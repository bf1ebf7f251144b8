import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { frame } from '../../lib/lab/websocket-frames.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { closesOf, request, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import type { RawClient } from '../support/raw-client.js'
import { withProxy } from '../support/with-proxy.js'
import { connect, gateway, head, READ_MODES } from './conversation.js'

// A WebSocket that we cut off is told so: 1001 (going away), to each side where we can insert a frame.

const ASK = request('GET', '/chat', 'Connection: Upgrade', 'Upgrade: websocket')
const SWITCH = head('HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: WebSocket')
const AWAY = '\x88\x02\x03\xe9'
const MASK = Buffer.from('abcd')
const text = (words: string, fin = true): Buffer => frame('text', Buffer.from(words), null, fin)
const masked = (words: string, fin = true): Buffer => frame('text', Buffer.from(words), MASK, fin)

interface Pair {
  client: RawClient
  server: RawClient
  clock: FakeClock
  proxy: Awaited<ReturnType<typeof gateway>>['proxy']
  /** What followed the heads. */
  atClient(): string
  atServer(): string
}

async function pair(
  t: Parameters<typeof gateway>[0],
  options: Partial<ProxyOptions> = {},
  answer = SWITCH,
): Promise<Pair> {
  const { connect, upstream, proxy, clock } = await gateway(t, { upgrades: ['websocket', 'other'], ...options })
  const client = await connect()
  await client.send(answer === SWITCH ? ASK : ASK.replace('websocket', 'other'))
  const server = await upstream()
  await server.readUntil('\r\n\r\n')
  await server.send(answer)
  await client.readUntil('\r\n\r\n')
  const behind = (side: RawClient) => (): string => {
    const all = side.received.toString('latin1')
    return all.slice(all.indexOf('\r\n\r\n') + 4)
  }
  return { client, server, clock, proxy, atClient: behind(client), atServer: behind(server) }
}

/** A close frame of a client with 1001, under any mask. */
function isMaskedAway(octets: string): boolean {
  const bytes = Buffer.from(octets, 'latin1')
  if (bytes.length !== 8 || bytes[0] !== 0x88 || bytes[1] !== 0x82) return false
  return (bytes[6]! ^ bytes[2]!) === 0x03 && (bytes[7]! ^ bytes[3]!) === 0xe9
}

for (const readMode of READ_MODES) {
  test(`RFC 6455 7.4.1: both sides get 1001 when the grace time of a drain is over, and the connection ends with their answers (${readMode})`, async t => {
    const { client, server, proxy, clock, atClient, atServer } = await pair(t, { readMode })
    await client.send(masked('hello'))
    await until('hello', () => atServer().length > 0)
    await server.send(text('world'))
    await until('world', () => atClient().length > 0)
    const before = atServer()
    const closes = closesOf(proxy)
    const closed = proxy.close({ graceMs: 3_000 })
    await settled()
    t.equal(atClient(), text('world').toString('latin1'), 'nothing before the grace time is over')
    clock.advance(3_100)
    await until('goodbye', () => atClient().endsWith(AWAY))
    await until('goodbye', () => isMaskedAway(atServer().slice(before.length)))
    t.equal(client.ended, '', 'waiting for its answer')
    await client.send(frame('close', Buffer.from('\x03\xe9', 'latin1'), MASK))
    t.match(await client.readToEnd(), { how: 'fin' })
    client.halfClose()
    await server.send(frame('close', Buffer.from('\x03\xe9', 'latin1'), null))
    t.match(await server.readToEnd(), { how: 'fin' })
    server.halfClose()
    await closed
    await until('both', () => closes.length === 2)
    t.match(closes, [{ reason: 'shutdown' }, { reason: 'shutdown' }])
    t.equal(atClient(), `${text('world').toString('latin1')}${AWAY}`, 'a close frame is not passed on any more')
  })
}

test('a side that does not answer is waited for half a second', async t => {
  const { client, server, proxy, clock, atClient } = await pair(t)
  proxy.destroy()
  await until('goodbye', () => atClient() === AWAY)
  clock.advance(400)
  await settled()
  t.equal(client.ended, '')
  clock.advance(300)
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal((await server.readToEnd()).how, 'fin')
})

for (const [what, cut, isWhole] of [
  ['in the middle of a head', text('x'.repeat(200)).subarray(0, 3), false],
  ['in the middle of a frame', text('hello').subarray(0, 4), false],
  ['between the fragments of a message', text('hello', false), true],
  ['after a compressed frame', Buffer.from('\xc1\x03abc', 'latin1'), true],
] as const) {
  test(`RFC 6455 5.4: the client is ${what}: ${isWhole ? '' : 'no '}close frame; the server gets one anyway`, async t => {
    const { client, server, proxy, atClient, atServer } = await pair(t)
    await server.send(cut)
    await until('the piece', () => atClient().length === cut.length)
    proxy.destroy()
    await until('goodbye', () => isMaskedAway(atServer()))
    if (isWhole) await until('goodbye', () => atClient().endsWith(AWAY))
    else {
      await client.readToEnd()
      t.equal(atClient(), cut.toString('latin1'))
    }
    server.halfClose()
    await server.readToEnd()
  })
}

test('the server is in the middle of a frame: only the client is told', async t => {
  const { client, server, proxy, atClient, atServer } = await pair(t)
  const piece = masked('hello').subarray(0, 8)
  await client.send(piece)
  await until('the piece', () => atServer().length === piece.length)
  proxy.destroy()
  await until('goodbye', () => atClient() === AWAY)
  await server.readToEnd()
  t.equal(atServer(), piece.toString('latin1'))
  client.halfClose()
  t.equal((await client.readToEnd()).how, 'fin')
})

test('RFC 6455 5.5.1: no side gets a second close frame', async t => {
  const { client, server, proxy, atClient, atServer } = await pair(t)
  const goodbye = frame('close', Buffer.from('\x03\xe8', 'latin1'), MASK)
  await client.send(goodbye)
  await until('passed on', () => atServer().length === goodbye.length)
  proxy.destroy()
  await server.readToEnd()
  t.equal(atServer(), goodbye.toString('latin1'))
  t.equal((await client.readToEnd()).how, 'fin', 'the client has sent its close frame: ours completes the handshake')
  t.equal(atClient(), AWAY)
})

test('frames that arrive after our close frame are read and discarded', async t => {
  const { client, server, proxy, atClient, atServer } = await pair(t)
  proxy.destroy()
  await until('goodbye', () => atClient() === AWAY)
  const before = atServer().length
  await client.send(masked('too late'))
  await client.send(frame('close', Buffer.alloc(0), MASK))
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(atServer().length, before)
  server.halfClose()
  await server.readToEnd()
})

test('another protocol is simply cut off, as its messages are not known', async t => {
  const { client, server, proxy, atClient, atServer } = await pair(t, {}, SWITCH.replace('WebSocket', 'other'))
  proxy.destroy()
  await client.readToEnd()
  await server.readToEnd()
  t.equal(atClient() + atServer(), '')
})

test('the content of a CONNECT tunnel is not inspected either', async t => {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port: target } = server.address() as AddressInfo
  const { proxy, port } = await withProxy(t, { mode: 'forward', connectPorts: [target], clock: new FakeClock() })
  const client = await connect(t, port)
  await client.send(`CONNECT 127.0.0.1:${target} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await client.readUntil('\r\n\r\n')
  proxy.destroy()
  t.equal((await client.readToEnd()).bytes.length, 0)
})

for (const perMessageDeflate of [false, true]) {
  test(`ws on both sides hears 1001, cleanly (permessage-deflate: ${perMessageDeflate})`, async t => {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate })
    await new Promise(done => server.once('listening', done))
    t.teardown(() => server.close())
    const heard = new Promise<number>(done =>
      server.on('connection', socket => {
        socket.on('close', code => done(code))
        socket.send('x'.repeat(5_000))
      }),
    )
    const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const { proxy, port } = await withProxy(t, { mode: 'reverse', upstream })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, { perMessageDeflate })
    await new Promise(done => socket.once('message', done))
    const told = new Promise<{ code: number; wasClean: boolean }>(done =>
      socket.addEventListener('close', ({ code, wasClean }) => done({ code, wasClean })),
    )
    await proxy.close({ graceMs: 1 })
    t.match(await told, { code: 1001, wasClean: true })
    t.equal(await heard, 1001)
  })
}
