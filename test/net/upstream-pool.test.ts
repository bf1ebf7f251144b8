import { type Test, test } from 'tap'
import { DEADLINES, type Deadlines } from '../../lib/link/deadlines.js'
import { LIMITS, type Limits } from '../../lib/link/limits.js'
import { originOf } from '../../lib/link/origin.js'
import { ProxyError } from '../../lib/link/proxy-error.js'
import { type Deadline, DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import { Resolver } from '../../lib/net/names/resolver.js'
import type { OriginPool } from '../../lib/net/upstream/origin-pool.js'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import { UpstreamPool } from '../../lib/net/upstream/upstream-pool.js'
import type { UpstreamStream } from '../../lib/net/upstream/upstream-stream.js'
import type { UpstreamWaiter } from '../../lib/net/upstream/upstream-waiter.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { connectionOf } from '../support/connection-of.js'
import { settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { names } from '../support/fake-resolver.js'
import { scriptedOrigin } from '../support/scripted-origin.js'

class Waiter implements UpstreamWaiter {
  onlyOnce = false
  waiting: Deadline | null = null
  readonly clientAddress = '192.0.2.7'
  got: UpstreamConnection | null = null
  error: ProxyError | null = null
  onUpstream(stream: UpstreamStream): void {
    this.got = connectionOf(stream)
  }
  onNoUpstream(error: ProxyError): void {
    this.error = error
  }
  preface(): Buffer {
    return Buffer.from('who is it\r\n')
  }
}

interface Options {
  limits?: Partial<Limits>
  deadlines?: Partial<Deadlines>
  host?: string
  check?: () => ProxyError
}

async function pooled(t: Test, { limits = {}, deadlines = {}, host = '127.0.0.1', check }: Options = {}) {
  const origin = await scriptedOrigin(t, () => {})
  const clock = new FakeClock()
  const { lookup, asked } = names({ 'known.example': ['127.0.0.1'] })
  const resolver = new Resolver({ clock, lookup })
  const heard: string[] = []
  const pools = new UpstreamPool({
    handler: {
      locate: (host, _port, done) =>
        resolver.resolve(host, (error, addresses) => {
          const refused = error ?? check?.() ?? null
          done(refused, refused === null ? addresses : [])
        }),
      opened: ({ id }) => heard.push(`${id} opened`),
      closed: ({ id, reason }) => heard.push(`${id} closed: ${reason}`),
      fault: fault => heard.push(`fault ${fault}`),
    },
    dial: { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} },
    limits: { ...LIMITS, ...limits },
    deadlines: { ...DEADLINES, ...deadlines },
    grammar: GRAMMAR_LIMITS,
    strict: false,
    wheel: new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) }),
    clock,
    proxyProtocol: 'off',
  })
  t.teardown(() => pools.destroy('shutdown'))
  const pool = pools.of(originOf('http', host, origin.port))
  return { origin, clock, asked, heard, pools, pool }
}

/** A waiter that has its connection, whether at once or later. */
async function served(pool: OriginPool, fresh = false): Promise<Waiter & { got: UpstreamConnection }> {
  const waiter = new Waiter()
  waiter.got = connectionOf(pool.acquire(waiter, fresh))
  await until('served', () => waiter.got !== null)
  return waiter as Waiter & { got: UpstreamConnection }
}

test('each origin has a pool, the same one each time', async t => {
  const { pools, pool, origin } = await pooled(t)
  t.equal(pools.of(originOf('http', '127.0.0.1', origin.port)), pool)
  t.not(pools.of(originOf('https', '127.0.0.1', origin.port)), pool)
  t.not(pools.of(originOf('http', '127.0.0.1', origin.port + 1)), pool)
  t.equal(pools.origins.size, 3)
})

test('dialled, released, and available at once', async t => {
  const { pool, pools, heard } = await pooled(t)
  const { got } = await served(pool)
  t.equal(got.reused, false)
  t.equal(`${pool.book}`, `${pool.origin.key}: 1 busy, 0 idle, 0 dialing, 0 waiting`)
  pool.release(got, 'keep')
  const again = new Waiter()
  t.equal(connectionOf(pool.acquire(again, false)), got)
  t.equal(got.reused, true)
  t.equal(again.got, null, 'it is not called back, it already has it')
  pool.release(got, 'upstream-close')
  await until('closed', () => got.transport.closed)
  t.same(heard, ['u1 opened', 'u1 closed: upstream-close'])
  t.same(Object.fromEntries(pools.closes), { 'upstream-close': 1 })
  t.match(pools, { dialed: 1, reused: 1 })
})

test('fresh: an idle connection is not used', async t => {
  const { pool, origin } = await pooled(t)
  const { got } = await served(pool)
  pool.release(got, 'keep')
  const { got: other } = await served(pool, true)
  t.not(other, got)
  t.equal(origin.connections.length, 2)
})

test('waiters are served in order: by a release, or by a dial when a connection ends', async t => {
  const { pool, origin } = await pooled(t, { limits: { upstreamConnectionsMax: 1 } })
  const { got } = await served(pool)
  const waiters = [new Waiter(), new Waiter()]
  for (const waiter of waiters) t.equal(connectionOf(pool.acquire(waiter, false)), null)
  t.equal(pool.book.waiting, 2)
  pool.release(got, 'keep')
  t.equal(waiters[0]?.got, got)
  pool.release(got, 'upstream-close')
  await until('dialled for the second', () => waiters[1]?.got !== null)
  t.equal(origin.connections.length, 2)
})

test('the queue is bounded, in length and in time', async t => {
  const options = { limits: { upstreamConnectionsMax: 1, upstreamWaitingMax: 1 }, deadlines: { queueMs: 1_000 } }
  const { pool, clock } = await pooled(t, options)
  await served(pool)
  const [waits, full] = [new Waiter(), new Waiter()]
  pool.acquire(waits, false)
  pool.acquire(full, false)
  t.match(full.error, { type: 'connection_limit_reached', status: 503, stage: 'acquire' })
  clock.advance(1_200)
  t.match(waits.error, { type: 'connection_limit_reached', deadline: 'queueMs' })
  t.equal(pool.book.waiting, 0)
})

test('a waiter that withdraws is not called back', async t => {
  const { pool, origin } = await pooled(t, { limits: { upstreamConnectionsMax: 1 } })
  const [dials, waits] = [new Waiter(), new Waiter()]
  pool.acquire(dials, false)
  pool.acquire(waits, false)
  pool.withdraw(dials)
  pool.withdraw(waits)
  await origin.accepted(1)
  await until('dialled', () => pool.book.dialing === 0)
  t.same([dials.got, waits.got, dials.error], [null, null, null])
  t.equal(pool.book.idle, 1, 'the dial serves the next waiter')
})

test('withdrawing before a name is resolved prevents the dial', async t => {
  const { pool, origin, asked } = await pooled(t, { host: 'known.example' })
  const waiter = new Waiter()
  pool.acquire(waiter, false)
  t.same(asked, ['known.example'])
  await until('dialled', () => pool.book.dialing === 0)
  t.equal(origin.connections.length, 1)
  t.equal(pool.inUse, true)
})

test('a name that does not exist, and a destination that is not allowed', async t => {
  const unknown = await pooled(t, { host: 'unknown.example' })
  const waiter = new Waiter()
  unknown.pool.acquire(waiter, false)
  await until('told', () => waiter.error !== null)
  t.match(waiter.error, { type: 'destination_not_found', stage: 'resolve' })
  const refusal = new ProxyError('destination_ip_prohibited', 'no', { stage: 'route', side: 'client', status: 403 })
  const refused = await pooled(t, { check: () => refusal })
  const other = new Waiter()
  refused.pool.acquire(other, false)
  t.equal(other.error, refusal)
  t.equal(refused.pool.book.dialing, 0)
  t.equal(refused.origin.connections.length, 0)
})

test('R73, R87: a FIN, a reset or a byte on an idle connection ends it', async t => {
  const { pool, pools, origin } = await pooled(t)
  for (const [nth, what] of (['halfClose', 'reset', 'send'] as const).entries()) {
    const { got } = await served(pool)
    pool.release(got, 'keep')
    await settled(2)
    const peer = origin.connections[nth]!
    if (what === 'send') await peer.send('x')
    else peer[what]()
    await until('gone', () => pool.book.open === 0)
  }
  t.same(Object.fromEntries(pools.closes), { 'upstream-fin': 1, 'upstream-reset': 1, 'upstream-unsolicited': 1 })
})

test('idle connections expire on their own, each at its own time', async t => {
  const { pool, pools, clock } = await pooled(t, { deadlines: { upstreamIdleMs: 4_000 } })
  const [a, b] = [await served(pool), await served(pool)]
  pool.release(a.got, 'keep')
  clock.advance(1_000)
  pool.release(b.got, 'keep')
  clock.advance(2_900)
  t.equal(pool.book.idle, 2)
  clock.advance(300)
  t.equal(pool.book.idle, 1)
  clock.advance(1_000)
  t.equal(pool.book.idle, 0)
  t.same(Object.fromEntries(pools.closes), { 'upstream-idle': 2 })
})

test('above the limit of origins, the least recently used one is forgotten, unless it is in use', async t => {
  const { pools, pool, origin } = await pooled(t, { limits: { originsMax: 2 } })
  const { got } = await served(pool)
  const at = (host: string): OriginPool => pools.of(originOf('http', host, origin.port))
  const second = at('127.0.0.2')
  at('127.0.0.3')
  t.same([...pools.origins.values()].includes(second), false, 'the first one is in use')
  t.equal(pools.origins.size, 2)
  pool.release(got, 'keep')
  at('127.0.0.4')
  t.equal(pools.origins.has(pool.origin.key), false)
  await until('closed', () => got.transport.closed)
  t.equal(got.reason, 'surplus-idle')
})

test('drain: idle connections end now, others at their release; destroy: all, including dials', async t => {
  const { pool, pools } = await pooled(t)
  const [idle, busy] = [await served(pool), await served(pool)]
  pool.release(idle.got, 'keep')
  pools.drain()
  t.equal(idle.got.reason, 'draining')
  pool.release(busy.got, 'keep')
  t.equal(busy.got.reason, 'draining')
  const dialling = new Waiter()
  pool.acquire(dialling, false)
  t.equal(pools.dials.size, 1)
  pools.destroy('shutdown')
  await until('given up', () => pool.book.dialing === 0)
  t.equal(pools.dials.size, 0)
  t.equal(pool.book.open, 0)
})

test('releasing twice is a defect, and throws', async t => {
  const { pool } = await pooled(t)
  const { got } = await served(pool)
  pool.release(got, 'upstream-close')
  t.throws(() => pool.release(got, 'keep'))
})

test('a total limit for all origins: the longest idle connection makes room; if all are busy, there is none', async t => {
  const { pools, pool, clock } = await pooled(t, { limits: { upstreamConnectionsTotalMax: 2 } })
  const origins = [await scriptedOrigin(t, () => {}), await scriptedOrigin(t, () => {})]
  const others = origins.map(({ port }) => pools.of(originOf('http', '127.0.0.1', port)))
  const first = await served(pool)
  pool.release(first.got, 'keep')
  clock.advance(10)
  const second = await served(others[0]!)
  others[0]!.release(second.got, 'keep')
  const third = await served(others[1]!)
  t.equal(first.got.reason, 'surplus-idle', 'idle the longest')
  t.equal(second.got.reason, null)
  const fourth = await served(others[0]!)
  t.equal(fourth.got, second.got, 'reuse needs no room')
  const error = await new Promise<Error>(done => {
    const told = { onUpstream: () => done(new Error('there was room')), onNoUpstream: done }
    pool.acquire({ onlyOnce: false, waiting: null, preface: () => Buffer.alloc(0), clientAddress: '', ...told }, false)
  })
  t.match(error, {
    type: 'connection_limit_reached',
    status: 503,
    message: /all 2 upstream connections are busy$/,
    remedy: { settings: ['upstreamConnectionsTotalMax'] },
  })
  t.equal(pool.book.dialing, 0)
  others[1]!.release(third.got, 'keep')
})
