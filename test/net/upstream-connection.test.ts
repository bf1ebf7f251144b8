import { type Test, test } from 'tap'
import { DEADLINES, type DeadlineName } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { originOf } from '../../lib/link/origin.js'
import { DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { UpstreamConnection, UpstreamExchange } from '../../lib/net/upstream/upstream-connection.js'
import { UpstreamPool } from '../../lib/net/upstream/upstream-pool.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import type { ProtocolError } from '../../lib/wire/protocol-error.js'
import type { ResponseHead } from '../../lib/wire/response-head.js'
import { connectionOf } from '../support/connection-of.js'
import { settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { scriptedOrigin } from '../support/scripted-origin.js'

class Exchange implements UpstreamExchange {
  readonly heard: string[] = []
  content = ''
  surplus = ''
  throwsIn = ''
  private note(what: string): void {
    this.heard.push(what)
    if (this.throwsIn === what) throw new Error('a fault')
  }
  onResponseHead(head: ResponseHead): void {
    this.note(`${head.status}`)
  }
  onResponseContent(bytes: Buffer, from: number, to: number): void {
    this.content += bytes.toString('latin1', from, to)
  }
  onResponseEnd(): void {
    this.note('end')
  }
  onResponseRead(bytes: Buffer, at: number, to: number): void {
    this.surplus += bytes.toString('latin1', at, to)
    this.note('read')
  }
  onUpstreamProtocolError(error: ProtocolError): void {
    this.note(`broken: ${error.message}`)
  }
  onUpstreamFin(): void {
    this.note('fin')
  }
  onUpstreamFlushed(): void {
    this.note('flushed')
  }
  onUpstreamGone(error: NodeJS.ErrnoException | null): void {
    this.note(`gone: ${error?.code ?? null}`)
  }
  onUpstreamDeadline(name: DeadlineName): void {
    this.note(name)
  }
  flush(): void {
    this.note('flush')
  }
  onFault(fault: unknown): void {
    this.heard.push((fault as Error).message)
  }
}

async function connected(t: Test) {
  const origin = await scriptedOrigin(t, () => {})
  const clock = new FakeClock()
  const faults: unknown[] = []
  const pools = new UpstreamPool({
    handler: {
      locate: (_host, _port, done) => {
        done(null, [{ address: '127.0.0.1', family: 4 }])
        return null
      },
      opened() {},
      closed() {},
      fault: fault => faults.push(fault),
    },
    dial: { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} },
    limits: LIMITS,
    deadlines: DEADLINES,
    grammar: GRAMMAR_LIMITS,
    strict: false,
    wheel: new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) }),
    clock,
    proxyProtocol: 'off',
  })
  t.teardown(() => pools.destroy('shutdown'))
  const pool = pools.of(originOf('http', '127.0.0.1', origin.port))
  const connection = await new Promise<UpstreamConnection>((done, failed) =>
    pool.acquire(
      {
        onlyOnce: false,
        waiting: null,
        onUpstream: stream => done(connectionOf(stream)),
        onNoUpstream: failed,
        preface: () => Buffer.alloc(0),
        clientAddress: '',
      },
      false,
    ),
  )
  await origin.accepted(1)
  const exchange = new Exchange()
  connection.begin(exchange, 'GET')
  return { origin, peer: origin.connections[0]!, clock, pools, pool, connection, exchange, faults }
}

const RESPONSE = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello'

test('a response, read to its end, and what follows it', async t => {
  const { peer, exchange, connection } = await connected(t)
  t.match(connection, { id: 'u1', address: '127.0.0.1', reused: false, connecting: false })
  await peer.send(`${RESPONSE}more`)
  await until('read', () => exchange.heard.includes('read'))
  t.same(exchange.heard, ['200', 'end', 'read'])
  t.match(exchange, { content: 'hello', surplus: 'more' })
})

test('each call of the reader that does not end the response ends with flush', async t => {
  const { peer, exchange } = await connected(t)
  await peer.send(RESPONSE.slice(0, -2))
  await until('content', () => exchange.content === 'hel')
  t.same(exchange.heard, ['200', 'flush'])
  await peer.send('lo')
  await until('read', () => exchange.heard.includes('read'))
  t.same(exchange.heard, ['200', 'flush', 'end', 'read'])
})

const ends: [string, string, string[]][] = [
  ['before a response', '', ['fin']],
  ['in a head', 'HTTP/1.1 200', ['flush', 'broken: incomplete response: the connection ended in the head']],
  [
    'after an interim head',
    'HTTP/1.1 103 Hints\r\n\r\n',
    ['103', 'flush', 'broken: incomplete response: the connection ended in the head'],
  ],
  [
    'in content',
    RESPONSE.slice(0, -1),
    ['200', 'flush', 'broken: incomplete response: the connection ended in the content'],
  ],
  ['in content until close', 'HTTP/1.1 200 OK\r\n\r\nhello', ['200', 'flush', 'end', 'read']],
]
for (const [where, text, heard] of ends) {
  test(`R54: a FIN ${where}`, async t => {
    const { peer, exchange } = await connected(t)
    if (text !== '') await peer.send(text)
    await settled(5)
    peer.halfClose()
    await until('told', () => exchange.heard.length >= heard.length)
    t.same(exchange.heard, heard)
  })
}

test('a reset is reported to the exchange, and the pool counts it', async t => {
  const { peer, exchange, pools, pool } = await connected(t)
  await settled(3)
  peer.reset()
  await until('gone', () => pool.book.open === 0)
  t.same(exchange.heard, ['gone: ECONNRESET'])
  t.same(Object.fromEntries(pools.closes), { 'upstream-reset': 1 })
})

test('an exchange that ends the connection when it is gone decides the reason', async t => {
  const { peer, exchange, connection, pools, pool } = await connected(t)
  exchange.onUpstreamGone = () => connection.end('stale')
  await settled(3)
  peer.reset()
  await until('gone', () => pool.book.open === 0)
  t.same(Object.fromEntries(pools.closes), { stale: 1 })
})

test('bytes that are not a response', async t => {
  const { peer, exchange } = await connected(t)
  await peer.send('what?\r\n\r\n')
  await until('told', () => exchange.heard.length > 0)
  t.match(exchange.heard, [/^broken: /])
})

test('a deadline is reported to the exchange by its name', async t => {
  const { exchange, connection, clock } = await connected(t)
  connection.deadline.set('responseHeadMs', 1_000)
  clock.advance(1_200)
  t.same(exchange.heard, ['responseHeadMs'])
})

test('a fault in an exchange ends this connection and is reported', async t => {
  const { peer, exchange, faults, pools, pool } = await connected(t)
  exchange.throwsIn = '200'
  await peer.send(RESPONSE)
  await until('gone', () => pool.book.open === 0)
  t.match(faults, [{ message: 'a fault' }])
  t.same(exchange.heard, ['200', 'a fault'])
  t.same(Object.fromEntries(pools.closes), { 'internal-error': 1 })
})

test('end: the exchange is not notified, and a second end changes nothing', async t => {
  const { exchange, connection, pools } = await connected(t)
  connection.end('client-gone', 'first')
  connection.end('shutdown', 'second')
  connection.ended('shutdown')
  await until('closed', () => connection.transport.closed)
  t.same(exchange.heard, [])
  t.match(connection, { reason: 'client-gone', detail: 'first' })
  t.same(Object.fromEntries(pools.closes), { 'client-gone': 1 })
})

test('detach: its transport has a new owner, which reports its end', async t => {
  const { exchange, connection, pools, peer } = await connected(t)
  connection.deadline.set('responseHeadMs', 1_000)
  connection.detach()
  t.equal(connection.deadline.armed, false)
  connection.transport.owner = {
    ...connection.transport.owner,
    onBytes() {},
    onFin() {},
    onFlushed() {},
    onClosed() {},
    onFault() {},
  }
  await peer.send('anything')
  await settled(3)
  t.same(exchange.heard, [])
  connection.transport.destroy()
  connection.ended('upgraded-ended')
  t.same(Object.fromEntries(pools.closes), { 'upgraded-ended': 1 })
})
