import { test } from 'tap'
import { RESERVED_REST_MS } from '../../lib/link/reserved-list.js'
import { bench, w1, w2 } from './pool-bench.js'

test('R225: a reserved connection goes only to its client, however many requests wait', async t => {
  const { book, dialed, closed } = bench()
  const own = dialed('own')
  book.reserve(own)
  t.equal(book.release(own, 'keep', 0), null)
  t.equal(own.entry.state, 'reserved')
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 1 reserved, 0 dialing, 0 waiting')
  t.equal(book.longestIdle, null)
  t.equal(book.longestReserved, own)
  t.equal(book.acquire(w1, 1), 'dial', 'another one is dialled while there is room')
  t.equal(book.acquire(w2, 1), 'wait')
  t.ok(book.acquireReserved(own, 2))
  t.equal(own.entry.state, 'busy')
  t.equal(own.entry.served, 2)
  t.equal(book.longestReserved, null)
  t.equal(book.release(own, 'keep', 3), null, 'who waits does not get it')
  t.equal(book.open, 1)
  t.strictSame(closed, [])
})

test('R225: when all places are taken, a reserved connection gives up its own after it was idle for a moment', async t => {
  const { book, dialed, closed } = bench()
  const [a, b] = [dialed('a'), dialed('b')]
  for (const [at, own] of [
    [0, a],
    [500, b],
  ] as const) {
    book.reserve(own)
    book.release(own, 'keep', at)
  }
  t.equal(book.acquire(w1, RESERVED_REST_MS - 1), 'wait')
  t.equal(book.expire(RESERVED_REST_MS - 1), RESERVED_REST_MS, 'that is when to look again')
  t.equal(book.expire(RESERVED_REST_MS), 500 + 4_000, 'no request waits for the other one: its idle limit is next')
  t.strictSame(closed, ['a login-surplus'])
  t.match(book.dialDue(), { waiter: w1, connection: null })
  t.equal(book.acquire(w2, RESERVED_REST_MS + 499), 'wait')
  t.ok(book.withdraw(w2))
  t.equal(book.acquire(w2, RESERVED_REST_MS + 500), 'dial', 'who comes later need not wait')
  t.strictSame(closed, ['a login-surplus', 'b login-surplus'])
})

test('R225: an idle connection is closed before a reserved one', async t => {
  const { book, dialed, closed } = bench()
  const [own, idle] = [dialed('own'), dialed('idle')]
  book.reserve(own)
  book.release(own, 'keep', 0)
  book.release(idle, 'keep', 1)
  t.equal(book.acquire(w1, 3_000, true), 'dial')
  t.strictSame(closed, ['idle surplus-idle'])
})

test('R225: reserved connections have the same idle limits, but no limits of requests, of age, or of the number of idle ones', async t => {
  const { book, dialed, closed } = bench({
    upstreamConnectionsMax: 4,
    upstreamIdleMax: 0,
    upstreamRequestsMax: 1,
    upstreamAgeMs: 100,
  })
  const [a, b, c] = [dialed('a'), dialed('b'), dialed('c')]
  t.ok(book.isLast(a, 0))
  for (const own of [a, b, c]) {
    book.reserve(own)
    t.notOk(book.isLast(own, 200))
    book.release(own, 'keep', 200)
  }
  t.match(book.idleEnd(a, 200), { leftMs: 4_000, limitMs: 4_000, reason: 'upstream-idle' })
  t.notOk(book.acquireReserved(a, 4_200), 'it had idled for too long, its client needs another one')
  t.strictSame(closed, ['a upstream-idle'])
  t.equal(book.acquire(w1, 4_200), 'dial')
  t.equal(book.expire(4_200), Number.POSITIVE_INFINITY)
  t.strictSame(closed, ['a upstream-idle', 'b upstream-idle', 'c upstream-idle'])
  t.equal(book.dialFailed(), null)
  const hinted = dialed('hinted', 5_000)
  book.hint(hinted, -1, 0)
  book.reserve(hinted)
  t.ok(book.isLast(hinted, 5_000), 'the upstream will close it all the same')
})

test('R225: a reserved connection that its upstream ends makes room, and is a lesson', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 1 })
  for (let nth = 0; nth < 8; nth++) {
    const own = dialed('own', nth * 3_000)
    book.reserve(own)
    book.release(own, 'keep', nth * 3_000)
    book.acquire(w1, nth * 3_000)
    t.match(book.remove(own, 'upstream-fin', nth * 3_000 + 2_000), { waiter: w1, connection: null })
    book.dialFailed()
  }
  t.ok(Number.isFinite(book.lesson.limitMs(24_000)))
})

test('R225: closeIdle leaves reserved connections alone, closeReserved does not', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 4 })
  const [a, b, idle] = [dialed('a'), dialed('b'), dialed('idle')]
  for (const own of [a, b]) book.reserve(own)
  for (const each of [a, b, idle]) book.release(each, 'keep', 0)
  book.closeIdle('draining')
  t.strictSame(closed, ['idle draining'])
  book.closeReserved('health')
  t.strictSame(closed, ['idle draining', 'a health', 'b health'])
  t.equal(book.open, 0)
})
