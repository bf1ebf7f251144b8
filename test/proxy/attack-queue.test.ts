import { test } from 'tap'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { originOf } from '../../lib/link/origin.js'
import { ProxyError } from '../../lib/link/proxy-error.js'
import { type Deadline, DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import { UpstreamPool } from '../../lib/net/upstream/upstream-pool.js'
import type { UpstreamHandler } from '../../lib/net/upstream/upstream-shared.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { FakeClock } from '../support/fake-clock.js'
import { delivery, gateway, head, heard, ok, READ_MODES, until } from './conversation.js'

// Requests that wait for a connection.

test('a long queue for a name that turns out to be unknown: every request is told, and the origin is not stuck afterwards', t => {
  const clock = new FakeClock()
  const unknown = new ProxyError('destination_not_found', 'no such name', { stage: 'resolve', side: 'upstream' })
  let answer = (): void => {}
  let known = false
  const handler: UpstreamHandler = {
    locate: (_host, _port, done) => {
      if (known) done(unknown, [])
      else answer = () => done(unknown, [])
      return null
    },
    opened: () => {},
    closed: () => {},
    fault: fault => t.fail('a fault', { error: fault }),
  }
  const pools = new UpstreamPool({
    handler,
    dial: { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} },
    limits: { ...LIMITS, upstreamConnectionsMax: 1, upstreamWaitingMax: 20_000 },
    deadlines: DEADLINES,
    grammar: GRAMMAR_LIMITS,
    strict: false,
    wheel: new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) }),
    clock,
    proxyProtocol: 'off',
  })
  const pool = pools.of(originOf('http', 'unknown.test', -1))
  let told = 0
  const waiter = () => ({
    waiting: null as Deadline | null,
    onlyOnce: false,
    onUpstream: () => t.fail('no connection was made'),
    onNoUpstream: () => {
      told++
    },
    preface: () => Buffer.alloc(0),
    clientAddress: '192.0.2.7',
  })
  for (let nth = 0; nth < 20_001; nth++) pool.acquire(waiter(), false, clock.now())
  t.equal(pool.book.waiting, 20_000)
  known = true // remembered from now on, so that each further failure occurs within the call that asks
  answer()
  t.equal(told, 20_001)
  t.same([pool.book.dialing, pool.book.waiting, pool.inUse], [0, 0, false])
  t.end()
})

for (const readMode of READ_MODES) {
  const limits = { upstreamConnectionsMax: 1 }
  const deadlines = { queueMs: 5_000, requestBodyMs: 1_000 }
  const GET = head('GET /1 HTTP/1.1', 'Host: a')
  const PUT = head('PUT /2 HTTP/1.1', 'Host: a', 'Content-Length: 10')

  test(`a client that is not read while its request waits is not blamed for its silence (${readMode})`, async t => {
    const { connect, upstream, clock, proxy } = await gateway(t, { readMode, limits, deadlines })
    const first = await connect()
    await first.send(GET)
    const origin = await upstream()
    await heard(t, origin, GET)
    const second = await connect()
    await second.send(`${PUT}hello`)
    await until(() => proxy.stats().upstream.waiting === 1)
    await second.send('world')
    await delivery()
    clock.advance(3_000)
    await origin.send(ok('one'))
    await heard(t, first, ok('one'))
    await heard(t, origin, `${PUT}helloworld`)
    await origin.send(ok('two'))
    await heard(t, second, ok('two'))
  })

  test(`… and is again when there is a connection (${readMode})`, async t => {
    const { connect, upstream, clock, proxy } = await gateway(t, { readMode, limits, deadlines })
    const first = await connect()
    await first.send(GET)
    const origin = await upstream()
    await heard(t, origin, GET)
    const second = await connect()
    await second.send(`${PUT}hello`)
    await until(() => proxy.stats().upstream.waiting === 1)
    await origin.send(ok('one'))
    await heard(t, first, ok('one'))
    await heard(t, origin, `${PUT}hello`)
    clock.advance(1_200)
    t.match(await second.readUntil('\r\n\r\n'), /^HTTP\/1\.1 408 /)
  })
}
