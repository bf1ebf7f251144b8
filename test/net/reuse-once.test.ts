import { type Test, test } from 'tap'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS, type Limits } from '../../lib/link/limits.js'
import { originOf } from '../../lib/link/origin.js'
import type { ProxyError } from '../../lib/link/proxy-error.js'
import { type Deadline, DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import { handleOf, unreadOf } from '../../lib/net/socket/handle.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { Logins } from '../../lib/net/upstream/logins.js'
import type { OriginPool } from '../../lib/net/upstream/origin-pool.js'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import { UpstreamPool } from '../../lib/net/upstream/upstream-pool.js'
import type { UpstreamStream } from '../../lib/net/upstream/upstream-stream.js'
import type { UpstreamWaiter } from '../../lib/net/upstream/upstream-waiter.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { connectionOf } from '../support/connection-of.js'
import { until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import type { RawClient } from '../support/raw-client.js'
import { scriptedOrigin } from '../support/scripted-origin.js'

// A request that cannot be sent again must not get a connection whose end is already in the kernel. The origin is in this
// process, so that what it does is in the kernel when its call returns, but the event loop has not reported it yet.

class Waiter implements UpstreamWaiter {
  waiting: Deadline | null = null
  readonly clientAddress = '192.0.2.7'
  got: UpstreamConnection | null = null
  error: ProxyError | null = null
  constructor(readonly onlyOnce: boolean) {}
  onUpstream(stream: UpstreamStream): void {
    this.got = connectionOf(stream)
  }
  onNoUpstream(error: ProxyError): void {
    this.error = error
  }
  preface(): Buffer {
    return Buffer.alloc(0)
  }
}

async function pooled(t: Test, limits: Partial<Limits> = {}, readMode: ReadMode = 'onread') {
  const origin = await scriptedOrigin(t, () => {})
  const clock = new FakeClock()
  const pools = new UpstreamPool({
    handler: {
      locate: (_host, _port, done) => {
        done(null, [{ address: '127.0.0.1', family: 4 }])
        return null
      },
      opened: () => {},
      closed: () => {},
      fault: error => t.fail('a fault', { error }),
    },
    dial: { readMode, noDelay: true, tcpKeepAliveMs: 0, tls: {} },
    limits: { ...LIMITS, ...limits },
    deadlines: DEADLINES,
    grammar: GRAMMAR_LIMITS,
    strict: false,
    wheel: new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) }),
    clock,
    proxyProtocol: 'off',
  })
  t.teardown(() => pools.destroy('shutdown'))
  const pool = pools.of(originOf('http', '127.0.0.1', origin.port))
  return { origin, pools, pool, clock }
}

/** An idle connection to an upstream that has been seen to keep connections, or not yet. */
async function idle(pool: OriginPool, keeps: boolean): Promise<UpstreamConnection> {
  const waiter = new Waiter(false)
  pool.acquire(waiter, true)
  await until('dialled', () => waiter.got !== null)
  const got = waiter.got!
  pool.release(got, 'keep')
  if (keeps) pool.release(connectionOf(pool.acquire(new Waiter(false), false)!), 'keep')
  return got
}

const ENDS: readonly (readonly [string, (origin: RawClient) => unknown, string])[] = [
  ['a FIN', origin => origin.destroy(), 'upstream-fin'],
  ['a reset', origin => origin.reset(), 'upstream-reset'],
  ['a byte', origin => origin.send('H'), 'upstream-unsolicited'],
]

for (const readMode of ['onread', 'data'] as const) {
  for (const [what, end, reason] of ENDS) {
    test(`R73, R87, R150: ${what} in the kernel is seen before a one-time request gets the connection (${readMode})`, async t => {
      const { pool, origin } = await pooled(t, {}, readMode)
      const ends = await idle(pool, true)
      const lives = await idle(pool, true)
      await origin.accepted(2)
      pool.acquire(new Waiter(false), false) // the newer of the two
      pool.release(lives, 'keep')
      end(origin.connections[1]!)
      const once = new Waiter(true)
      t.equal(connectionOf(pool.acquire(once, false)), ends, 'the next one, at once')
      t.equal(lives.reason, reason)
      t.equal(pool.book.busy, 1)
    })
  }

  test(`for a request that can be repeated the kernel is not asked (${readMode})`, async t => {
    const { pool, origin } = await pooled(t, {}, readMode)
    const got = await idle(pool, true)
    await origin.accepted(1)
    origin.connections[0]!.destroy()
    t.equal(connectionOf(pool.acquire(new Waiter(false), false)), got)
  })
}

test('R87: if no other connection is idle, one is dialled', async t => {
  const { pool, origin } = await pooled(t, { upstreamConnectionsMax: 1, upstreamConnectionsTotalMax: 1 })
  const got = await idle(pool, true)
  await origin.accepted(1)
  origin.connections[0]!.destroy()
  const once = new Waiter(true)
  t.equal(connectionOf(pool.acquire(once, false)), null)
  await until('dialled', () => once.got !== null)
  t.not(once.got, got)
  t.equal(`${pool.book}`, `${pool.origin.key}: 1 busy, 0 idle, 0 dialing, 0 waiting`)
})

test('R87, R225: a client’s own connection, on which it has logged in, is checked as well', async t => {
  const { pool, origin, clock } = await pooled(t)
  const own = await idle(pool, true)
  await origin.accepted(1)
  pool.acquire(new Waiter(false), false)
  const logins = new Logins()
  logins.reserve(own)
  pool.release(own, 'keep')
  t.equal(connectionOf(pool.acquire(new Waiter(true), false, clock.now(), logins)), own)
  pool.release(own, 'keep')
  origin.connections[0]!.destroy()
  const once = new Waiter(true)
  t.equal(connectionOf(pool.acquire(once, false, clock.now(), logins)), null)
  t.equal(own.reason, 'upstream-fin')
  await until('dialled', () => once.got !== null)
  t.equal(`${pool.book}`, `${pool.origin.key}: 1 busy, 0 idle, 0 dialing, 0 waiting`)
})

test('R87: from the queue, too: the first waiter keeps its place', async t => {
  const { pool, origin } = await pooled(t, { upstreamConnectionsMax: 1, upstreamConnectionsTotalMax: 1 })
  const got = await idle(pool, true)
  await origin.accepted(1)
  pool.acquire(new Waiter(false), false)
  const [first, second] = [new Waiter(true), new Waiter(false)]
  for (const waiter of [first, second]) t.equal(connectionOf(pool.acquire(waiter, false)), null)
  origin.connections[0]!.destroy()
  pool.release(got, 'keep')
  t.equal(got.reason, 'upstream-fin')
  await until('dialled', () => first.got !== null)
  t.equal(second.got, null)
  pool.release(first.got!, 'keep')
  t.equal(second.got, first.got)
})

test('R87: an upstream that has never been seen to keep a connection has two turns of the event loop to end it', async t => {
  const { pool, origin } = await pooled(t)
  const got = await idle(pool, false)
  await origin.accepted(1)
  const once = new Waiter(true)
  t.equal(connectionOf(pool.acquire(once, false)), null)
  t.equal(pool.book.busy, 1, 'no other request gets it meanwhile')
  await until('it has it', () => once.got !== null)
  t.equal(once.got, got)
  pool.release(got, 'keep')
  t.equal(connectionOf(pool.acquire(new Waiter(true), false)), got, 'now it has been seen: at once')
})

test('R87: after an upstream ended a connection with its first response, one-time requests get new ones', async t => {
  const { pool, origin } = await pooled(t)
  await idle(pool, false)
  await origin.accepted(1)
  const first = new Waiter(true)
  pool.acquire(first, false)
  origin.connections[0]!.destroy() // while it is held
  await until('another', () => first.got !== null)
  t.equal(first.got!.reused, false)
  t.equal(pool.book.lesson.keeps, 'no')
  pool.release(first.got!, 'keep')
  const second = new Waiter(true)
  t.equal(connectionOf(pool.acquire(second, false)), null)
  await until('a third', () => second.got !== null)
  t.equal(origin.connections.length, 3)
  t.equal(connectionOf(pool.acquire(new Waiter(false), false)), first.got, 'a request that can be repeated tries it')
  pool.release(first.got!, 'keep')
  t.equal(pool.book.lesson.keeps, 'yes', 'which proves the lesson wrong')
})

test('R87: the same from the queue', async t => {
  const { pool, origin } = await pooled(t, { upstreamConnectionsMax: 1, upstreamConnectionsTotalMax: 1 })
  const got = await idle(pool, false)
  pool.acquire(new Waiter(false), false)
  const once = new Waiter(true)
  pool.acquire(once, false)
  pool.book.lesson.closedAtOnce(0)
  got.entry.served = 1 // so that this response proves nothing
  pool.release(got, 'keep')
  t.equal(got.reason, 'upstream-learned')
  await until('dialled', () => once.got !== null)
  t.equal(origin.connections.length, 2)
})

/** As on a system where a connection has no file descriptor. */
function hideFromUs(connection: UpstreamConnection): void {
  Object.defineProperty(handleOf(connection.transport.socket), 'fd', { value: -1 })
}

test('R87: if the kernel cannot be asked, every such request waits two turns', async t => {
  const { pool, origin } = await pooled(t)
  const got = await idle(pool, true)
  hideFromUs(got)
  t.equal(unreadOf(got.transport.socket), 'unknown')
  await origin.accepted(1)
  const once = new Waiter(true)
  t.equal(connectionOf(pool.acquire(once, false)), null)
  await until('it has it', () => once.got !== null)
  t.equal(once.got, got)
  pool.release(got, 'keep')
  const other = new Waiter(true)
  t.equal(connectionOf(pool.acquire(other, false)), null)
  origin.connections[0]!.destroy()
  await until('another', () => other.got !== null)
  t.not(other.got, got)
  t.equal(got.reason, 'upstream-fin')
  t.equal(`${pool.book}`, `${pool.origin.key}: 1 busy, 0 idle, 0 dialing, 0 waiting`)
})

test('a waiter that withdraws during the hold returns the connection; after destroy there is no dial for it', async t => {
  const { pool, pools } = await pooled(t)
  const got = await idle(pool, false)
  const once = new Waiter(true)
  pool.acquire(once, false)
  pool.withdraw(once)
  await until('idle again', () => pool.book.idle === 1)
  t.equal(once.got, null)
  t.equal(pool.book.lesson.keeps, 'unknown', 'it has carried no response')
  pool.acquire(once, false)
  pool.withdraw(once)
  got.end('upstream-fin')
  t.equal(`${pool.book}`, `${pool.origin.key}: 0 busy, 0 idle, 0 dialing, 0 waiting`)
  const last = await idle(pool, false)
  pool.acquire(once, false)
  pools.destroy('shutdown')
  await until('closed', () => last.transport.closed)
  t.equal(once.got, null)
  t.equal(pool.book.dialing, 0)
})
