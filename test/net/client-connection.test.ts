import { type Test, test } from 'tap'
import { DEADLINES, type DeadlineName, type Deadlines } from '../../lib/link/deadlines.js'
import { LIMITS, type Limits } from '../../lib/link/limits.js'
import type { ClientConnection, ClientExchange } from '../../lib/net/client/client-connection.js'
import { ClientPool } from '../../lib/net/client/client-pool.js'
import type { ClientStream } from '../../lib/net/client/client-stream.js'
import { DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import type { ProtocolError } from '../../lib/wire/protocol-error.js'
import type { RequestHead } from '../../lib/wire/request-head.js'
import { clientOf } from '../support/connection-of.js'
import { rawClient, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'

/** Records its calls; answers when the test says so. */
class Exchange implements ClientExchange {
  readonly heard: string[] = []
  content = ''
  throwsIn = ''
  constructor(readonly client: ClientConnection) {}
  onRequestHead(head: RequestHead): void {
    this.client.understood()
    this.client.deadline.clear()
    this.heard.push(`${head.method} ${head.target}`)
    if (this.throwsIn === 'head') throw new Error('a fault')
  }
  onRequestContent(bytes: Buffer, from: number, to: number): void {
    this.content += bytes.toString('latin1', from, to)
  }
  onRequestEnd(): void {
    this.heard.push('whole')
  }
  onProtocolError(error: ProtocolError): void {
    this.heard.push(`broken ${error.status}`)
    this.client.close('client-protocol-error')
  }
  onClientFin(): void {
    this.heard.push('fin')
  }
  onClientFlushed(): void {
    this.heard.push('flushed')
  }
  onClientGone(reset: boolean): void {
    this.heard.push(reset ? 'gone by reset' : 'gone')
  }
  onClientDeadline(name: DeadlineName): void {
    this.heard.push(name)
  }
  flush(): void {}
  onFault(fault: unknown): void {
    this.heard.push((fault as Error).message)
  }
  answer(text: string, verdict: 'keep' | CloseReason = 'keep'): void {
    this.client.transport.write(text)
    this.client.finish(verdict)
  }
}

async function connected(t: Test, limits: Partial<Limits> = {}, deadlines: Partial<Deadlines> = {}, throwsIn = '') {
  const clock = new FakeClock()
  const exchanges: Exchange[] = []
  const faults: unknown[] = []
  const handler = {
    begin(stream: ClientStream) {
      const exchange = new Exchange(clientOf(stream))
      exchange.throwsIn = throwsIn
      exchanges.push(exchange)
      return exchange
    },
    refusal: () => '',
    opened() {},
    closed() {},
    fault: (fault: unknown) => faults.push(fault),
    warn() {},
  }
  const wheel = new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) })
  const pool = new ClientPool(
    handler,
    { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0 },
    { ...LIMITS, ...limits },
    { ...DEADLINES, ...deadlines },
    GRAMMAR_LIMITS,
    wheel,
    clock,
  )
  const { port } = await pool.listen({ host: '127.0.0.1', port: 0 })
  t.teardown(() => pool.destroy('shutdown'))
  const peer = await rawClient(t, port)
  await until('accepted', () => pool.open === 1)
  const [connection] = pool.connections
  return { clock, exchanges, faults, pool, peer, connection: connection!, port }
}

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`

test('R83: pipelined requests are handled one after the other, each when the previous one is answered', async t => {
  const { exchanges, peer, connection } = await connected(t)
  await peer.send(get('/1') + get('/2') + get('/3'))
  for (const nth of [1, 2, 3]) {
    await until('begun', () => exchanges.length === nth)
    await settled(3)
    t.equal(exchanges.length, nth, 'none before its turn')
    t.same(exchanges[nth - 1]?.heard, [`GET /${nth}`, 'whole'])
    exchanges[nth - 1]?.answer(`answer ${nth}`)
    await peer.readUntil(`answer ${nth}`)
  }
  t.equal(connection.requests, 3)
  t.equal(connection.isIdle, true)
})

test('bytes of later requests are buffered up to a limit, then reading stops, and nothing is lost', async t => {
  const { exchanges, peer, connection } = await connected(t, { pipelineBytesMax: 1_000 })
  await peer.send(get('/first'))
  await until('begun', () => exchanges.length === 1)
  const rest = Array.from({ length: 200 }, (_, i) => get(`/${i}?${'x'.repeat(1_000)}`))
  await peer.send(rest.join('')).catch(() => {})
  await until('paused', () => connection.transport.isPaused)
  const had = connection.transport.bytesIn
  await settled(5)
  t.equal(connection.transport.bytesIn, had)
  exchanges[0]?.answer('')
  for (let i = 0; i < rest.length; i++) {
    await until(`the ${i}th`, () => exchanges[i + 1]?.heard.includes('whole') === true)
    exchanges[i + 1]?.answer('')
  }
  t.match(exchanges.at(-1)?.heard[0], /^GET \/199\?x+$/)
})

test('an exchange may answer within the call of the reader', async t => {
  const { exchanges, peer, connection } = await connected(t)
  await peer.send(get('/slow'))
  await until('begun', () => exchanges.length === 1)
  Exchange.prototype.flush = function () {
    if (this.heard.includes('whole') && this.client.exchange === this) this.answer(`[${this.heard[0]}]`)
  }
  t.teardown(() => {
    Exchange.prototype.flush = () => {}
  })
  await peer.send(get('/a') + get('/b'))
  await settled(3)
  exchanges[0]?.answer('slow')
  await peer.readUntil('slow[GET /a][GET /b]')
  t.equal(connection.isIdle, true)
})

test('content, with a FIN inside it and after it', async t => {
  const { exchanges, peer } = await connected(t)
  await peer.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab')
  await until('content', () => exchanges[0]?.content === 'ab')
  peer.halfClose()
  await until('told', () => exchanges[0]?.heard.includes('fin') === true)
  t.same(exchanges[0]?.heard, ['POST /', 'fin'])
})

test('a FIN after a complete request is reported; the connection ends once the request is answered', async t => {
  const { exchanges, peer, pool } = await connected(t)
  await peer.send(get('/'))
  peer.halfClose()
  await until('told', () => exchanges[0]?.heard.includes('fin') === true)
  exchanges[0]?.answer('still answered')
  t.equal(String((await peer.readToEnd()).bytes), 'still answered')
  await until('closed', () => pool.open === 0)
  t.same(Object.fromEntries(pool.closes), { 'client-fin': 1 })
})

test('a FIN after pipelined requests: all of them are answered', async t => {
  const { exchanges, peer } = await connected(t)
  await peer.send(get('/1') + get('/2'))
  peer.halfClose()
  for (const nth of [1, 2]) {
    await until('begun', () => exchanges.length === nth)
    await settled(3)
    exchanges[nth - 1]?.answer(`${nth}`)
  }
  t.equal(String((await peer.readToEnd()).bytes), '12')
})

test('a reset is reported at once', async t => {
  const { exchanges, peer, pool } = await connected(t)
  await peer.send(get('/'))
  await until('begun', () => exchanges.length === 1)
  peer.reset()
  await until('gone', () => pool.open === 0)
  t.same(exchanges[0]?.heard, ['GET /', 'whole', 'gone by reset'])
})

test('R95: close lingers: what still arrives is discarded, up to a limit', async t => {
  const { exchanges, peer, pool } = await connected(t, { discardBytesMax: 1_000 })
  await peer.send(get('/'))
  await until('begun', () => exchanges.length === 1)
  exchanges[0]?.answer('bye', 'client-close')
  t.equal(String((await peer.readToEnd()).bytes), 'bye')
  await peer.send('x'.repeat(900))
  await settled()
  t.equal(pool.open, 1)
  await peer.send('x'.repeat(200)).catch(() => {})
  await until('closed', () => pool.open === 0)
  t.same(Object.fromEntries(pool.closes), { 'client-close': 1 })
  t.equal(exchanges.length, 1, 'R93: nothing after it is read as a request')
})

test('deadlines go to the exchange if there is one, and otherwise end the connection', async t => {
  const { exchanges, peer, clock, pool, connection } = await connected(t, {}, { exchangeMs: 2_000, lingerMs: 1_000 })
  await peer.send('GET / HTTP/1.1\r\n')
  await until('begun', () => exchanges.length === 1)
  clock.advance(2_100)
  t.same(exchanges[0]?.heard, ['exchangeMs'])
  clock.advance(20_000)
  t.same(exchanges[0]?.heard, ['exchangeMs', 'requestHeadMs'])
  await peer.send('Host: a\r\n\r\n')
  await until('whole', () => exchanges[0]?.heard.includes('whole') === true)
  exchanges[0]?.answer('ok')
  await peer.readUntil('ok')
  clock.advance(75_100)
  t.equal((await peer.readToEnd()).how, 'fin')
  t.equal(connection.reason, 'client-idle')
  clock.advance(1_100)
  await until('closed', () => pool.open === 0)
})

test('a fault in an exchange ends its connection with a reset, and is reported', async t => {
  const { exchanges, peer, faults, pool } = await connected(t, {}, {}, 'head')
  await peer.send(get('/'))
  t.equal((await peer.readToEnd()).how, 'reset')
  await until('closed', () => pool.open === 0)
  t.match(faults, [{ message: 'a fault' }])
  t.same(exchanges[0]?.heard.slice(0, 2), ['GET /', 'a fault'])
  t.same(Object.fromEntries(pool.closes), { 'internal-error': 1 })
})

test('invalid bytes are reported once, and nothing more is read as a request', async t => {
  const { exchanges, peer } = await connected(t)
  await peer.send(`GET / HTTP/9.9\r\nHost: a\r\n\r\n${get('/smuggled')}`)
  await peer.readToEnd()
  t.equal(exchanges.length, 1)
  t.match(exchanges[0]?.heard, [/^broken \d+$/])
})

test('detach returns what was buffered', async t => {
  const { exchanges, peer, connection, pool } = await connected(t)
  await peer.send(`${get('/')}and more`)
  await until('held', () => exchanges[0]?.heard.includes('whole') === true)
  await settled(3)
  t.equal(String(connection.detach()), 'and more')
  connection.detachedClosed('tunnel-ended')
  t.equal(pool.open, 0)
  t.same(Object.fromEntries(pool.closes), { 'tunnel-ended': 1 })
  connection.transport.destroy()
})
