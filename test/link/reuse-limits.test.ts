import { test } from 'tap'
import { ReuseLimits } from '../../lib/link/reuse-limits.js'
import { bench, Connection, w1, w2 } from './pool-bench.js'

test('R87: a connection that ends with its first answer: noticed while it is idle, when it is handed out, or by the request that it loses', async t => {
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

test('R87: no such lesson: too late, used before, idle for long, or closed by this proxy', async t => {
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

test('R87: an idle connection past its limit is closed and never handed out, exact to the millisecond', async t => {
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
  test(`R87: a hint of ${timeoutS} s leaves nothing to keep, not even for a waiting request`, async t => {
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

test('R87: the idle limit learned from FINs applies to all connections, also to those that are idle already', async t => {
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

test('R87: when and why an idle connection will be closed', async t => {
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

test('the shortest hint is what the origin announces', async t => {
  const { book, dialed } = bench()
  t.equal(book.announcedMs, Number.POSITIVE_INFINITY)
  const a = dialed('a')
  for (const timeoutS of [30, 5, -1, 60]) book.hint(a, timeoutS, -1)
  t.equal(book.announcedMs, 5_000)
})

// The limits alone, without a book.

const IDLE_SINCE = 100_000

for (const [what, settings, said, idleMs, reason, dueAt] of [
  ['no limit at all', {}, {}, 1e9, null, Number.POSITIVE_INFINITY],
  ['our idle limit, a moment before', { upstreamIdleMs: 4_000 }, {}, 3_999, null, 104_000],
  ['our idle limit, at it', { upstreamIdleMs: 4_000 }, {}, 4_000, 'upstream-idle', 104_000],
  ['a hint of less', { upstreamIdleMs: 4_000 }, { timeoutS: 3 }, 2_000, 'upstream-hint', 102_000],
  ['a hint of more', { upstreamIdleMs: 4_000 }, { timeoutS: 60 }, 4_000, 'upstream-idle', 104_000],
  ['a lesson of less', { upstreamIdleMs: 4_000 }, { fins: 2_500 }, 1_500, 'upstream-learned', 101_500],
  ['a hint and a lesson that say the same', {}, { timeoutS: 2, fins: 2_000 }, 1_000, 'upstream-hint', 101_000],
  ['its age, a moment before', { upstreamAgeMs: 101_000, upstreamIdleMs: 4_000 }, {}, 999, null, 101_000],
  [
    'its age and our idle limit, at both',
    { upstreamAgeMs: 101_000, upstreamIdleMs: 1_000 },
    {},
    1_000,
    'upstream-age',
    101_000,
  ],
] as const) {
  test(`R87: is an idle connection overdue? ${what}`, async t => {
    const limits = new ReuseLimits({ upstreamRequestsMax: 0, upstreamAgeMs: 0, upstreamIdleMs: 0, ...settings })
    const { entry } = new Connection('a')
    limits.begin(entry, 0, 0)
    entry.idleSince = IDLE_SINCE
    if ('timeoutS' in said) limits.hint(entry, said.timeoutS, -1)
    if ('fins' in said) for (const at of [80_000, 90_000]) limits.lesson.observe(said.fins, at)
    const now = IDLE_SINCE + idleMs
    t.equal(limits.overdue(entry, now), reason)
    t.equal(limits.dueAt(entry, now), dueAt)
    if (reason !== null) t.match(limits.idleEnd(entry, now), { leftMs: 0, limitMs: dueAt - IDLE_SINCE, reason })
  })
}
