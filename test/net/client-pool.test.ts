import { type Test, test } from 'tap'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS, type Limits } from '../../lib/link/limits.js'
import type { ClientConnection, ClientExchange } from '../../lib/net/client/client-connection.js'
import { type ClientHandler, ClientPool } from '../../lib/net/client/client-pool.js'
import type { ClientStream } from '../../lib/net/client/client-stream.js'
import { DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { clientOf } from '../support/connection-of.js'
import { rawClient, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'

/** Answers `ok` to each request, at once. */
class Handler implements ClientHandler {
  readonly heard: string[] = []
  begin(stream: ClientStream): ClientExchange {
    const client = clientOf(stream)
    const exchange: ClientExchange = {
      onRequestHead() {
        client.understood()
      },
      onRequestContent() {},
      onRequestEnd() {
        client.transport.write('ok')
        client.finish('keep')
      },
      onProtocolError: () => client.close('client-protocol-error'),
      onClientFin() {},
      onClientFlushed() {},
      onClientGone: () => this.heard.push(`${client.id} gone`),
      onClientDeadline: () => client.close('client-head-timeout'),
      flush() {},
      onFault() {},
    }
    return exchange
  }
  refusal(why: string): string {
    return `refused: ${why}`
  }
  opened(client: ClientConnection): void {
    this.heard.push(`${client.id} opened`)
  }
  closed(client: ClientConnection): void {
    this.heard.push(`${client.id} closed: ${client.reason}`)
  }
  fault(fault: unknown): void {
    this.heard.push(`fault ${fault}`)
  }
  warn(code: string): void {
    this.heard.push(code)
  }
}

async function listening(t: Test, limits: Partial<Limits> = {}, host = '127.0.0.1') {
  const clock = new FakeClock()
  const handler = new Handler()
  const wheel = new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) })
  const settings = { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0 } as const
  const make = () =>
    new ClientPool(handler, settings, { ...LIMITS, ...limits }, DEADLINES, GRAMMAR_LIMITS, wheel, clock)
  const pool = make()
  t.equal(pool.address, null)
  const { port } = await pool.listen({ host, port: 0 })
  t.teardown(() => pool.destroy('shutdown'))
  t.equal(pool.address?.port, port)
  return { clock, handler, pool, port, make }
}

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

test('open and idle connections are counted, and ends by their reason', async t => {
  const { pool, port, handler } = await listening(t)
  const [a, b] = [await rawClient(t, port), await rawClient(t, port)]
  await until('accepted', () => pool.accepted === 2)
  t.match(pool, { open: 2, idle: 2, refused: 0 })
  await a.send('GET / HT')
  await until('it reads', () => pool.idle === 1)
  await a.send('TP/1.1\r\nHost: a\r\n\r\n')
  await a.readUntil('ok')
  t.equal(pool.idle, 2)
  b.halfClose()
  a.reset()
  await until('both are gone', () => pool.open === 0)
  t.equal(pool.idle, 0)
  t.same(Object.fromEntries(pool.closes), { 'client-fin': 1, 'client-reset': 1 })
  t.same(handler.heard.slice().sort(), ['c1 closed: client-reset', 'c1 opened', 'c2 closed: client-fin', 'c2 opened'])
})

test('at the limit, the longest idle client makes room', async t => {
  const { pool, port } = await listening(t, { clientConnectionsMax: 3 })
  const clients = []
  for (let i = 0; i < 3; i++) {
    clients.push(await rawClient(t, port))
    await until('accepted', () => pool.accepted === i + 1)
  }
  await clients[0]?.send(GET) // it was the longest idle, and is now the most recent
  await clients[0]?.readUntil('ok')
  await rawClient(t, port)
  t.equal((await clients[1]!.readToEnd()).how, 'fin')
  clients[1]?.halfClose()
  await until('evicted', () => pool.closes.get('client-evicted') === 1)
  t.equal(pool.open, 3)
  t.same([clients[0]?.ended, clients[2]?.ended], ['', ''])
})

test('at the limit with no idle client, a new one is refused with an answer', async t => {
  const { pool, port } = await listening(t, { clientConnectionsMax: 1 })
  const first = await rawClient(t, port)
  await first.send('GET / HTTP')
  await until('busy', () => pool.idle === 0 && pool.open === 1)
  const second = await rawClient(t, port)
  const { bytes, how } = await second.readToEnd()
  t.equal(String(bytes), 'refused: more than 1 connections')
  t.equal(how, 'fin')
  second.halfClose()
  await until('closed', () => pool.closes.get('client-limit') === 1)
  t.match(pool, { refused: 1, open: 1 })
})

test('one address may not take all places', async t => {
  const { pool, port } = await listening(t, { clientConnectionsPerAddressMax: 1 })
  const first = await rawClient(t, port)
  await until('accepted', () => pool.open === 1)
  const second = await rawClient(t, port)
  t.match(String((await second.readToEnd()).bytes), 'more than 1 connections from one address')
  const elsewhere = await rawClient(t, { port, localAddress: '127.0.0.5' })
  await elsewhere.send(GET)
  await elsewhere.readUntil('ok')
  first.destroy()
  second.destroy()
  await until('gone', () => pool.open === 1)
  const again = await rawClient(t, port)
  await again.send(GET)
  await again.readUntil('ok')
})

test('drain: none is accepted, idle ones end, one with a request meanwhile is finished first', async t => {
  const { pool, port, clock } = await listening(t)
  const [idle, busy] = [await rawClient(t, port), await rawClient(t, port)]
  await busy.send('GET / HTTP/1.1\r\n')
  await until('busy', () => pool.accepted === 2 && pool.idle === 1)
  let drained = false
  const done = pool.drain().then(() => {
    drained = true
  })
  await settled()
  t.equal(pool.open, 2, 'a client that has only just connected has a second for its first request')
  clock.advance(1_100)
  t.equal((await idle.readToEnd()).how, 'fin')
  idle.halfClose()
  await settled()
  t.equal(drained, false)
  await t.rejects(rawClient(t, port), { code: 'ECONNREFUSED' })
  await busy.send('Host: a\r\n\r\n')
  await busy.readUntil('ok')
  await settled()
  clock.advance(1_100)
  busy.halfClose()
  await done
  t.same(Object.fromEntries(pool.closes), { draining: 2 })
})

test('draining an empty pool is done at once; destroy may follow', async t => {
  const { pool } = await listening(t)
  await pool.drain()
  pool.destroy('shutdown')
  t.equal(pool.open, 0)
})

test('a port in use: Node’s error, and nothing is left behind', async t => {
  const { port } = await listening(t)
  const { make } = await listening(t)
  const pool = make()
  await t.rejects(pool.listen({ host: '127.0.0.1', port }), { code: 'EADDRINUSE' })
})

test('a client whose socket is closed before we read it is not counted', async t => {
  const { pool, port } = await listening(t)
  for (let i = 0; i < 20; i++) {
    const client = await rawClient(t, port)
    client.reset()
  }
  await until('none is left', () => pool.open === 0)
  t.equal(pool.connections.size, 0)
  t.equal(pool.idle, 0)
})

test('announcing: responses are the last ones, but nothing is closed and new clients are still accepted', async t => {
  const { pool, port, clock } = await listening(t)
  t.equal(pool.closesAfterResponse, false)
  const idle = await rawClient(t, port)
  await until('accepted', () => pool.open === 1)
  pool.announcing = true
  t.equal(pool.closesAfterResponse, true)
  for (const client of [idle, await rawClient(t, port)]) {
    await client.send(GET)
    await client.readUntil('ok')
  }
  t.equal(pool.open, 2)
  pool.announcing = false
  const drained = pool.drain()
  t.equal(pool.closesAfterResponse, true)
  for (const client of pool.connections) t.equal(client.reason, null, 'its next request may be in flight')
  clock.advance(1_100)
  for (const client of pool.connections) t.equal(client.reason, 'draining')
  idle.destroy()
  pool.destroy('shutdown')
  await drained
})

test('reconfigure: new limits and deadlines apply to what comes next; open connections continue', async t => {
  const { pool, port, clock } = await listening(t, { clientConnectionsPerAddressMax: 1 })
  const first = await rawClient(t, port)
  await first.send(GET)
  await first.readUntil('ok')
  t.match(String((await (await rawClient(t, port)).readToEnd()).bytes), /more than 1 connections/)
  pool.reconfigure({
    settings: { ...pool.settings, noDelay: false },
    limits: { ...LIMITS, clientConnectionsPerAddressMax: 10 },
    deadlines: { ...DEADLINES, clientIdleMs: 1_000, requestHeadMs: 3_000 },
    grammar: { ...GRAMMAR_LIMITS, headBytesMax: 50 },
  })
  const second = await rawClient(t, port)
  await second.send(`GET / HTTP/1.1\r\nHost: ${'a'.repeat(60)}\r\n\r\n`)
  await second.readToEnd()
  t.equal(first.ended, '')
  clock.advance(2_000)
  await first.send(`GET / HTTP/1.1\r\nHost: ${'a'.repeat(60)}\r\n\r\n`) // it keeps the limits that it began with
  await first.readUntil('ok')
  clock.advance(1_200)
  t.equal((await first.readToEnd()).how, 'fin', 'its idle limit is the new one')
})
