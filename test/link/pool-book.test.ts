import { test } from 'tap'
import { PoolBook } from '../../lib/link/pool-book.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'
import { bench, Connection, LIMITS, type Waiter, w1, w2, w3 } from './pool-bench.js'

test('a book reads as a sentence', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 3 })
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 0 dialing, 0 waiting')
  const [idle] = [dialed('idle'), dialed('busy')]
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  t.equal(`${book}`, 'http://h:1: 2 busy, 0 idle, 1 dialing, 1 waiting')
  book.withdraw(w2)
  book.release(idle, 'keep', 0)
  t.equal(`${book}`, 'http://h:1: 1 busy, 1 idle, 1 dialing, 0 waiting')
  t.match(book, { origin: 'http://h:1', open: 2, busy: 1, idle: 1, dialing: 1, waiting: 0 })
})

test('R74: a released connection is used again, the most recently used one first', async t => {
  const { book, dialed } = bench()
  const [a, b] = [dialed('a'), dialed('b')]
  t.equal(book.longestIdle, null)
  t.equal(book.release(a, 'keep', 10), null)
  t.equal(book.release(b, 'keep', 20), null)
  t.equal(book.longestIdle, a)
  t.equal(book.acquire(w1, 30), b)
  t.equal(book.acquire(w2, 30), a)
  t.equal(book.longestIdle, null)
  t.equal(a.entry.served, 2, 'above one: it is a reused connection')
})

test('R86: no more connections than the limit, dials included; the others wait in their order, then are turned away', async t => {
  const { book } = bench()
  t.equal(book.acquire(w1, 0), 'dial')
  t.equal(book.acquire(w2, 0), 'dial')
  t.equal(book.acquire(w1, 0), 'wait')
  t.equal(book.acquire(w2, 0), 'wait')
  t.equal(book.acquire(w3, 0), 'full')
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 2 dialing, 2 waiting')
})

test('a waiter cannot wait twice', async t => {
  const { book } = bench({ upstreamConnectionsMax: 1 })
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  t.throws(() => book.acquire(w2, 0), { message: 'http://h:1: waits already' })
})

test('R73, R87: a connection that had ended when it was handed out is discarded; another one is acquired, or dialled in its place', async t => {
  const { book, closed, dialed } = bench()
  const [a, b] = [dialed('a'), dialed('b')]
  book.release(a, 'keep', 0)
  book.release(b, 'keep', 0)
  t.equal(book.acquire(w1, 300), b)
  book.discard(b, 'upstream-fin', 300)
  t.equal(b.entry.state, 'closed')
  t.equal(book.acquire(w1, 300), a)
  book.discard(a, 'upstream-unsolicited', 300)
  book.redial()
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 1 dialing, 0 waiting')
  t.same(closed, [], 'who discards closes')
  t.equal(book.lesson.keeps, 'unknown', 'it was idle for too long to have been closed with its first answer')
})

test('R72: a released connection goes to the request that has waited longest, one exchange at a time', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 1 })
  const a = dialed('a')
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  t.strictSame(book.release(a, 'keep', 10), { waiter: w1, connection: a })
  t.equal(`${book}`, 'http://h:1: 1 busy, 0 idle, 0 dialing, 1 waiting')
  t.strictSame(book.release(a, 'keep', 20), { waiter: w2, connection: a })
  t.equal(book.release(a, 'keep', 30), null)
  t.equal(a.entry.served, 3)
})

test('a place that becomes free is a dial for the request that has waited longest', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 1, upstreamWaitingMax: 3 })
  const a = dialed('a')
  for (const waiter of [w1, w2, w3]) book.acquire(waiter, 0)
  t.strictSame(book.release(a, 'upstream-close', 10), { waiter: w1, connection: null })
  t.strictSame(closed, ['a upstream-close'])
  t.strictSame(book.dialFailed(), { waiter: w2, connection: null })
  const b = new Connection('b')
  book.dialed(b, 20, 0)
  t.strictSame(book.remove(b, 'upstream-reset', 30), { waiter: w3, connection: null })
  t.equal(book.dialFailed(), null)
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 0 dialing, 0 waiting')
})

test('a dial that is no longer needed is a connection for the next request', async t => {
  const { book } = bench({ upstreamConnectionsMax: 1 })
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  const a = new Connection('a')
  book.dialed(a, 10, 0)
  t.strictSame(book.release(a, 'keep', 10), { waiter: w2, connection: a })
})

test('a smaller limit allows no dial before there is room again', async t => {
  const limits = { ...LIMITS, upstreamConnectionsMax: 2 }
  const book = new PoolBook<Connection, Waiter>('http://h:1', limits, () => {})
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  limits.upstreamConnectionsMax = 1
  book.acquire(w3, 0)
  t.equal(book.dialFailed(), null)
  t.strictSame(book.dialFailed(), { waiter: w3, connection: null })
})

for (const [who, left] of [
  [w1, [w2, w3]],
  [w2, [w1, w3]],
  [w3, [w1, w2]],
] as const) {
  test(`${who.name} withdraws from the queue of three, the others keep their order`, async t => {
    const { book, dialed } = bench({ upstreamConnectionsMax: 1, upstreamWaitingMax: 3 })
    const a = dialed('a')
    for (const waiter of [w1, w2, w3]) book.acquire(waiter, 0)
    t.equal(book.withdraw(who), true)
    t.equal(book.withdraw(who), false)
    t.equal(book.waiting, 2)
    for (const waiter of left) t.strictSame(book.release(a, 'keep', 0), { waiter, connection: a })
    t.equal(book.release(a, 'keep', 0), null)
  })
}

test('R151: a retry gets no idle connection: they may all be stale', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 2 })
  const a = dialed('a')
  t.equal(book.release(a, 'keep', 0), null)
  t.equal(book.acquire(w1, 1, true), 'dial', 'there is room beside it')
  t.strictSame(closed, [])
  t.equal(book.acquire(w2, 1, true), 'dial', 'there is none, so it makes room')
  t.strictSame(closed, ['a surplus-idle'])
  t.equal(book.acquire(w3, 1, true), 'wait')
})

test('R86: more idle connections than are kept: the one that has been idle longest is closed', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 3, upstreamIdleMax: 1 })
  const [a, b, c] = [dialed('a'), dialed('b'), dialed('c')]
  for (const connection of [b, a, c]) book.release(connection, 'keep', 0)
  t.strictSame(closed, ['b surplus-idle', 'a surplus-idle'])
  t.equal(book.acquire(w1, 0), c)
})

test('with no idle ones kept, each connection serves once', async t => {
  const { book, dialed, closed } = bench({ upstreamIdleMax: 0 })
  book.release(dialed('a'), 'keep', 0)
  t.strictSame(closed, ['a surplus-idle'])
})

test('R59, R73: a byte or a FIN on an idle connection ends it; only the FIN is a lesson', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 5, upstreamIdleMax: 5 })
  const [a, b, c, d] = [dialed('a'), dialed('b'), dialed('c'), dialed('d')]
  for (const connection of [a, b, c, d]) book.release(connection, 'keep', 0)
  t.equal(book.remove(b, 'upstream-unsolicited', 1_500), null, 'from the middle')
  t.equal(book.remove(d, 'upstream-unsolicited', 2_900), null, 'from the top')
  t.equal(book.lesson.limitMs(3_000), Number.POSITIVE_INFINITY)
  t.equal(book.remove(a, 'upstream-fin', 3_000), null, 'from the bottom')
  t.equal(book.longestIdle, c)
  t.equal(book.acquire(w1, 3_000), c)
  t.equal(book.acquire(w2, 3_000), 'dial')
  t.strictSame(closed, [], 'the caller of remove closes')
})

test('R80: a connection released with a reason is closed, and a busy one that fails is not a lesson', async t => {
  const { book, dialed, closed } = bench()
  const [a, b] = [dialed('a'), dialed('b')]
  book.release(a, 'client-gone', 0)
  t.strictSame(closed, ['a client-gone'])
  book.remove(b, 'upstream-fin', 5_000)
  const c = dialed('c', 60_000)
  book.remove(c, 'upstream-fin', 65_000)
  t.equal(book.lesson.limitMs(65_000), Number.POSITIVE_INFINITY)
})

test('closeIdle closes all idle connections, the busy ones stay', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 3 })
  const [a, b, c] = [dialed('a'), dialed('b'), dialed('c')]
  book.release(a, 'keep', 0)
  book.release(b, 'keep', 0)
  book.closeIdle('draining')
  t.strictSame(closed, ['a draining', 'b draining'])
  t.equal(book.release(c, 'draining', 0), null)
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 0 dialing, 0 waiting')
})

test('a closed connection may be reported gone several times, as sockets do', async t => {
  const reports: CloseReason[] = []
  const book = new PoolBook<Connection, Waiter>('http://h:1', LIMITS, (connection, reason) => {
    reports.push(reason)
    t.equal(book.remove(connection, 'upstream-reset', 0), null)
  })
  book.acquire(w1, 0)
  const a = new Connection('a')
  book.dialed(a, 0, 0)
  book.release(a, 'upstream-close', 0)
  t.equal(book.remove(a, 'upstream-fin', 0), null)
  t.strictSame(reports, ['upstream-close'])
  t.equal(book.open, 0)
})

test('a second release throws, however it comes about', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 4 })
  const [idle, closed, removed] = [dialed('idle'), dialed('closed'), dialed('removed')]
  book.release(idle, 'keep', 0)
  book.release(closed, 'client-gone', 0)
  book.remove(removed, 'upstream-reset', 0)
  for (const [connection, state] of [
    [idle, 'idle'],
    [closed, 'closed'],
    [removed, 'closed'],
    [new Connection('never dialed'), 'new'],
  ] as const) {
    t.throws(() => book.release(connection, 'keep', 0), { message: `a connection that is ${state} cannot be released` })
  }
  t.equal(`${book}`, 'http://h:1: 0 busy, 1 idle, 0 dialing, 0 waiting', 'and changes nothing')
})

test('a dial ends once', async t => {
  const { book, dialed } = bench()
  const a = dialed('a')
  t.throws(() => book.dialed(a, 0, 0), { message: 'http://h:1: no dial was under way' })
  t.throws(() => book.dialFailed(), { message: 'http://h:1: no dial was under way' })
  book.acquire(w1, 0)
  t.throws(() => book.dialed(a, 0, 0), { message: 'a connection that is busy cannot be dialed' })
})
