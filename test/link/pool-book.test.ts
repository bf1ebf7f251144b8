import { test } from 'tap'
import { PoolBook, PoolEntry, type PoolLimits, RESERVED_REST_MS } from '../../lib/link/pool-book.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'

const LIMITS: PoolLimits = {
  upstreamConnectionsMax: 2,
  upstreamIdleMax: 2,
  upstreamWaitingMax: 2,
  upstreamRequestsMax: 0,
  upstreamAgeMs: 0,
  upstreamIdleMs: 4_000,
}

class Connection {
  readonly entry: PoolEntry<Connection> = new PoolEntry<Connection>(this)
  constructor(readonly name: string) {}
}

interface Waiter {
  readonly name: string
}

const w1 = { name: 'w1' }
const w2 = { name: 'w2' }
const w3 = { name: 'w3' }

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

test('whoever waits already cannot wait once more', async t => {
  const { book } = bench({ upstreamConnectionsMax: 1 })
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  t.throws(() => book.acquire(w2, 0), { message: 'http://h:1: waits already' })
})

test('R73, R87: one that was handed out at its end is discarded; the next one is acquired, or its place is dialled for', async t => {
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

test('R87: a connection that ends with its first answer: seen while it idles, as it is handed out, or by the request that it loses', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 10 })
  const ends = [
    (nth: number) => {
      const a = dialed(`a${nth}`)
      book.release(a, 'keep', 0)
      book.remove(a, 'upstream-fin', 100)
    },
    (nth: number) => {
      const b = dialed(`b${nth}`)
      book.release(b, 'keep', 0)
      book.acquire(w1, 100, false)
      book.discard(b, 'upstream-reset', 100)
    },
    (nth: number) => {
      const c = dialed(`c${nth}`)
      book.release(c, 'keep', 0)
      book.acquire(w1, 100)
      book.lost(c, 100, 200)
      book.remove(c, 'stale', 200)
    },
  ]
  for (const end of ends) {
    for (const nth of [1, 2, 3]) {
      t.equal(book.lesson.limitMs(200), Number.POSITIVE_INFINITY)
      end(nth)
    }
    t.equal(book.lesson.limitMs(200), 0)
    book.lesson.kept()
  }
})

test('R87: no such lesson: too late, of use before, idle for long, or for a reason of ours', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 10 })
  const late = dialed('late')
  book.release(late, 'keep', 0)
  book.remove(late, 'upstream-fin', 101)
  const twice = dialed('twice')
  book.release(twice, 'keep', 0)
  book.acquire(w1, 0)
  book.release(twice, 'keep', 0)
  book.remove(twice, 'upstream-fin', 1)
  const ours = dialed('ours')
  book.release(ours, 'keep', 0)
  book.remove(ours, 'shutdown', 1)
  const slow = dialed('slow')
  book.release(slow, 'keep', 0)
  book.acquire(w1, 0)
  book.lost(slow, 0, 101) // it may have failed on that request
  const old = dialed('old')
  book.release(old, 'keep', 0)
  book.acquire(w1, 101)
  book.lost(old, 101, 102)
  const third = dialed('third')
  for (let nth = 0; nth < 2; nth++) {
    book.release(third, 'keep', 0)
    book.acquire(w1, 0)
  }
  book.lost(third, 0, 1)
  t.equal(book.lesson.keeps, 'unknown')
})

test('R72: a released connection goes to who waits for longest, one exchange at a time', async t => {
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

test('a place that becomes free is a dial for who waits for longest', async t => {
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

test('a dial that nobody wants any more is a connection for the next one', async t => {
  const { book } = bench({ upstreamConnectionsMax: 1 })
  book.acquire(w1, 0)
  book.acquire(w2, 0)
  const a = new Connection('a')
  book.dialed(a, 10, 0)
  t.strictSame(book.release(a, 'keep', 10), { waiter: w2, connection: a })
})

test('a smaller limit lets nobody dial before there is room again', async t => {
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

test('R86: more idle ones than are kept: the one that idles for longest goes', async t => {
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

test('R87: an idle one past its limit is closed and never handed out, at the limit to the millisecond', async t => {
  const { book, dialed, closed } = bench()
  const [a, b] = [dialed('a'), dialed('b')]
  book.release(a, 'keep', 1_000)
  book.release(b, 'keep', 2_000)
  t.equal(book.acquire(w1, 5_999), b)
  t.equal(book.acquire(w2, 5_999), 'dial', 'a was due at 5000')
  t.strictSame(closed, ['a upstream-idle'])
  t.equal(`${book}`, 'http://h:1: 1 busy, 0 idle, 1 dialing, 0 waiting')
})

test('R87: without an idle limit a connection is kept', async t => {
  const { book, dialed } = bench({ upstreamIdleMs: 0 })
  const a = dialed('a')
  book.release(a, 'keep', 0)
  t.equal(book.expire(1e9), Number.POSITIVE_INFINITY)
  t.equal(book.acquire(w1, 1e9), a)
})

test('R87: the upstream hints at its idle limit: it is kept one second less', async t => {
  const { book, dialed, closed } = bench({ upstreamIdleMs: 60_000 })
  const [a, b] = [dialed('a'), dialed('b')]
  book.hint(a, 5, -1)
  book.hint(b, 5, -1)
  book.hint(b, -1, -1)
  book.release(a, 'keep', 0)
  book.release(b, 'keep', 0)
  t.equal(book.expire(3_999), 4_000)
  t.equal(book.acquire(w1, 3_999), b)
  t.equal(book.expire(4_000), Number.POSITIVE_INFINITY)
  t.strictSame(closed, ['a upstream-hint'])
})

test('R87: a hint never lengthens our own limit', async t => {
  const { book, dialed, closed } = bench()
  const a = dialed('a')
  book.hint(a, 75, -1)
  book.release(a, 'keep', 0)
  book.expire(4_000)
  t.strictSame(closed, ['a upstream-idle'])
})

for (const timeoutS of [0, 1]) {
  test(`R87: a hint of ${timeoutS} s leaves nothing to keep, not even for who waits`, async t => {
    const { book, dialed, closed } = bench({ upstreamConnectionsMax: 1 })
    const a = dialed('a')
    book.acquire(w1, 0)
    book.hint(a, timeoutS, -1)
    t.strictSame(book.release(a, 'keep', 0), { waiter: w1, connection: null })
    t.strictSame(closed, ['a upstream-hint'])
  })
}

test('R101: the upstream hints how many requests it still answers', async t => {
  const { book, dialed, closed } = bench()
  const a = dialed('a')
  book.hint(a, -1, 1)
  t.equal(book.isLast(a, 0), false)
  book.release(a, 'keep', 0)
  t.equal(book.acquire(w1, 0), a)
  t.equal(book.isLast(a, 0), true)
  book.release(a, 'keep', 0)
  t.strictSame(closed, ['a upstream-hint'])
})

test('R87: the idle limit that FINs have taught holds for all, those that idle already too', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 9, upstreamIdleMax: 9, upstreamIdleMs: 60_000 })
  const kept = dialed('kept')
  for (const [name, idleSince, reason] of [
    ['first', 10_000, 'upstream-fin'],
    ['second', 20_000, 'upstream-reset'],
  ] as const) {
    const connection = dialed(name)
    book.release(connection, 'keep', idleSince)
    book.remove(connection, reason, idleSince + 5_000)
  }
  book.release(kept, 'keep', 25_000)
  t.equal(book.lesson.limitMs(25_000), 4_000)
  t.equal(book.expire(28_999), 29_000)
  t.equal(book.acquire(w1, 29_000), 'dial')
  t.strictSame(closed, ['kept upstream-learned'])
})

test('R87: the end that an idle connection is coming to, as things stand', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 9, upstreamIdleMax: 9 })
  const [plain, hinted, old, busy] = [dialed('plain'), dialed('hinted'), dialed('old'), dialed('busy')]
  book.hint(hinted, 3, -1)
  old.entry.oldAt = 1_500
  for (const connection of [plain, hinted, old]) book.release(connection, 'keep', 1_000)
  t.strictSame(book.idleEnd(plain, 1_400), { leftMs: 3_600, limitMs: 4_000, reason: 'upstream-idle' })
  t.strictSame(book.idleEnd(hinted, 1_400), { leftMs: 1_600, limitMs: 2_000, reason: 'upstream-hint' })
  t.strictSame(book.idleEnd(old, 1_400), { leftMs: 100, limitMs: 500, reason: 'upstream-age' })
  t.strictSame(book.idleEnd(old, 1_600), { leftMs: 0, limitMs: 500, reason: 'upstream-age' }, 'overdue, not closed yet')
  t.equal(book.idleEnd(busy, 1_400), null)
  for (const at of [10_000, 20_000]) book.lesson.observe(2_500, at)
  t.strictSame(book.idleEnd(plain, 1_400), { leftMs: 1_100, limitMs: 1_500, reason: 'upstream-learned' })
  t.equal(book.acquire(w1, 1_400), old, 'nothing has changed by it')

  const endless = bench({ upstreamIdleMs: 0 })
  const kept = endless.dialed('kept')
  endless.book.release(kept, 'keep', 0)
  t.equal(endless.book.idleEnd(kept, 1e9), null)
})

test('R59, R73: an octet or a FIN on an idle connection ends it; only the FIN is a lesson', async t => {
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
  t.strictSame(closed, [], 'whoever removes closes')
})

test('R80: what is released with a reason is closed, and busy ones teach nothing when they break', async t => {
  const { book, dialed, closed } = bench()
  const [a, b] = [dialed('a'), dialed('b')]
  book.release(a, 'client-gone', 0)
  t.strictSame(closed, ['a client-gone'])
  book.remove(b, 'upstream-fin', 5_000)
  const c = dialed('c', 60_000)
  book.remove(c, 'upstream-fin', 65_000)
  t.equal(book.lesson.limitMs(65_000), Number.POSITIVE_INFINITY)
})

test('requests on one connection: judged when it is released', async t => {
  const { book, dialed, closed } = bench({ upstreamRequestsMax: 2 })
  const a = dialed('a')
  book.release(a, 'keep', 0)
  t.equal(book.acquire(w1, 0), a)
  t.equal(book.isLast(a, 0), true)
  book.release(a, 'keep', 0)
  t.strictSame(closed, ['a upstream-requests-max'])
})

test('age of a connection: judged when it is released, while it idles, and before it is handed out', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 9, upstreamIdleMax: 9, upstreamAgeMs: 1_000 })
  const [a, b, c] = [dialed('a'), dialed('b', 500), dialed('c', 600)]
  t.equal(book.isLast(a, 999), false)
  t.equal(book.isLast(a, 1_000), true)
  book.release(a, 'keep', 1_000)
  book.release(c, 'keep', 1_000)
  book.release(b, 'keep', 1_000)
  t.equal(book.expire(1_499), 1_500)
  t.equal(book.expire(1_500), 1_600)
  t.equal(book.acquire(w1, 1_600), 'dial')
  t.strictSame(closed, ['a upstream-age', 'b upstream-age', 'c upstream-age'])
})

test('jitter shortens requests and age by up to a fifth', async t => {
  const { book, dialed } = bench({ upstreamConnectionsMax: 9, upstreamRequestsMax: 100, upstreamAgeMs: 1_000 })
  for (const [jitter, servedMax, ageMs] of [
    [0, 100, 1_000],
    [0.5, 90, 900],
    [1, 80, 800],
  ] as const) {
    const { entry } = dialed('a', 5_000, jitter)
    t.match(entry, { servedMax, openedAt: 5_000, oldAt: 5_000 + ageMs })
  }
  t.equal(book.open, 3)
  t.equal(bench({ upstreamRequestsMax: 1 }).dialed('once', 0, 1).entry.servedMax, 1, 'once at least')
})

test('all idle ones go when the book is told, the busy ones stay', async t => {
  const { book, dialed, closed } = bench({ upstreamConnectionsMax: 3 })
  const [a, b, c] = [dialed('a'), dialed('b'), dialed('c')]
  book.release(a, 'keep', 0)
  book.release(b, 'keep', 0)
  book.closeIdle('draining')
  t.strictSame(closed, ['a draining', 'b draining'])
  t.equal(book.release(c, 'draining', 0), null)
  t.equal(`${book}`, 'http://h:1: 0 busy, 0 idle, 0 dialing, 0 waiting')
})

test('what is closed may be reported gone as often as sockets do that', async t => {
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

test('a second release throws, in whatever way it comes about', async t => {
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

// Reserved: for the one client that has logged in on it.

test('R225: a reserved connection goes to nobody but its client, however many wait', async t => {
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

test('R225: where all places are taken a reserved connection gives its own after it has rested for a moment', async t => {
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
  t.equal(book.expire(RESERVED_REST_MS), 500 + 4_000, 'nobody waits for the other one: its idle limit is next')
  t.strictSame(closed, ['a login-surplus'])
  t.match(book.dialDue(), { waiter: w1, connection: null })
  t.equal(book.acquire(w2, RESERVED_REST_MS + 499), 'wait')
  t.ok(book.withdraw(w2))
  t.equal(book.acquire(w2, RESERVED_REST_MS + 500), 'dial', 'who comes later need not wait')
  t.strictSame(closed, ['a login-surplus', 'b login-surplus'])
})

test('R225: an idle connection goes before a reserved one', async t => {
  const { book, dialed, closed } = bench()
  const [own, idle] = [dialed('own'), dialed('idle')]
  book.reserve(own)
  book.release(own, 'keep', 0)
  book.release(idle, 'keep', 1)
  t.equal(book.acquire(w1, 3_000, true), 'dial')
  t.strictSame(closed, ['idle surplus-idle'])
})

test('R225: reserved connections have the idle limits of others, and none of requests, of age, or of idle ones kept', async t => {
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

/** A book, what it has let be closed, and a way to a connection that was dialed and is busy. */
function bench(limits: Partial<PoolLimits> = {}) {
  const closed: string[] = []
  const book = new PoolBook<Connection, Waiter>('http://h:1', { ...LIMITS, ...limits }, (connection, reason) => {
    closed.push(`${connection.name} ${reason}`)
  })
  const dialed = (name: string, now = 0, jitter = 0): Connection => {
    if (book.acquire({ name }, now, true) !== 'dial') throw new Error(`no room for ${name}`)
    const connection = new Connection(name)
    book.dialed(connection, now, jitter)
    return connection
  }
  return { book, closed, dialed }
}
