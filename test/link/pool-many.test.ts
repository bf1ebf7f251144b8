import { test } from 'tap'
import { PoolBook, type PoolLimits } from '../../lib/link/pool-book.js'
import { PoolEntry } from '../../lib/link/pool-entry.js'
import { inSlices } from '../../lib/net/slices.js'

class Connection {
  readonly entry = new PoolEntry<Connection>(this)
}

const LIMITS: PoolLimits = {
  upstreamConnectionsMax: 10_000,
  upstreamIdleMax: 10_000,
  upstreamWaitingMax: 0,
  upstreamRequestsMax: 0,
  upstreamAgeMs: 0,
  upstreamIdleMs: 1_000,
}

function idleBook(count: number, close: (connection: Connection) => void): PoolBook<Connection, object> {
  const book = new PoolBook<Connection, object>('o', LIMITS, close)
  const all = Array.from({ length: count }, () => {
    book.acquire({}, 0)
    const connection = new Connection()
    book.dialed(connection, 0, 0)
    return connection
  })
  for (const connection of all) book.release(connection, 'keep', 0)
  return book
}

test('of a long list of overdue idle connections a part is closed, and expire reports that the rest is due', async t => {
  let closed = 0
  const book = idleBook(250, () => closed++)
  t.equal(book.expire(999), 1_000)
  t.equal(book.expire(1_000), 1_000)
  t.equal(closed, 100)
  t.equal(book.expire(1_001), 1_001)
  t.equal(book.expire(1_002), Number.POSITIVE_INFINITY)
  t.equal(closed, 250)
  t.equal(book.idle, 0)
})

test('other work gets its turn while a long list of idle connections is closed', async t => {
  let now = 0
  let turns = 0
  const turn = () => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  const book = idleBook(1_000, () => now++) // a millisecond each
  const clock = { now: () => now } as Parameters<typeof inSlices>[1]
  await inSlices(book.closingIdle('draining'), clock)
  clearImmediate(immediate)
  t.equal(book.idle, 0)
  t.ok(turns > 100)
})
