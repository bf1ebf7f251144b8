import { test } from 'tap'
import type { ClientView, MemberTotals, Snapshot } from '../../lib/admin/source.js'
import { ledgerFrom, mergedSnapshot } from '../../lib/daemon/workers/merged-snapshot.js'
import { Retired, summedStats } from '../../lib/daemon/workers/summed-stats.js'
import { NO_SNAPSHOT, statsOf } from './fixture/stats.js'

const origin = (name: string, idle: number, learnedIdleMs?: number) => ({
  origin: name,
  open: idle,
  idle,
  busy: 0,
  reserved: 0,
  dialing: 0,
  waiting: 0,
  ...(learnedIdleMs === undefined ? {} : { learnedIdleMs }),
})
const member = (name: string, requests: number): MemberTotals => ({
  ...{ name, state: 'up', weight: 1, backup: false, requests, failures: 0, ejections: 0, closes: {} },
  ...{ idle: 0, busy: 0, reserved: 0, dialing: 0, waiting: 0, queued: 0, refused: 0 },
  ...{ checked: false, failuresInRow: 0, compressedSeen: 0, plainSeen: 0 },
})
const upstream = { open: 1, idle: 1, busy: 0, reserved: 0, dialing: 0, waiting: 0, dialed: 5, reused: 10, closes: {} }

test('a total of fractions does not depend on their order: one that shrinks in its last digit looks like a restart', async t => {
  const took = (sum: number) => {
    const stats = statsOf()
    return { ...stats, phases: { ...stats.phases, wait: { ...stats.phases.wait, sum } } }
  }
  const [a, b, c] = [took(0.1), took(0.2), took(0.3)]
  const sums = [
    [a, b, c],
    [b, c, a],
    [c, summedStats([a, b])],
  ].map(all => summedStats(all).phases.wait.sum)
  t.same(sums, [0.6, 0.6, 0.6])
})

test('counts are added, by name where there is one', async t => {
  const a = statsOf({
    upstream: { ...upstream, closes: { 'upstream-idle': 2 }, origins: [origin('http://a', 1, 900)] },
  })
  const b = statsOf(
    {
      upstream: {
        ...upstream,
        closes: { 'upstream-idle': 1, draining: 4 },
        origins: [origin('http://b', 2), origin('http://a', 4, 700)],
      },
    },
    500,
  )
  t.match(summedStats([a, b]), {
    name: 'here',
    startedAt: 500,
    upstream: {
      dialed: 10,
      reused: 20,
      closes: { 'upstream-idle': 3, draining: 4 },
      origins: [
        { origin: 'http://a', idle: 5, learnedIdleMs: 700 },
        { origin: 'http://b', idle: 2 },
      ],
    },
  })
  t.strictSame(summedStats([a]), a)
  t.throws(() => summedStats([]), /no worker/)
})

test('histograms are added bucket by bucket; their bounds are not', async t => {
  const some = statsOf()
  const head = { ...some.phases.head, counts: some.phases.head.counts.map((_, i) => i), sum: 1.5, count: 3 }
  const one = { ...some, phases: { ...some.phases, head } }
  const { phases } = summedStats([one, one])
  t.strictSame(phases.head, { ...head, counts: head.counts.map(count => 2 * count), sum: 3, count: 6 })
})

test('the counts of a process that is gone remain, its gauges do not', async t => {
  const retired = new Retired()
  t.strictSame(retired.stats(), [])
  retired.add(undefined)
  retired.add(statsOf({ upstream: { ...upstream, origins: [origin('http://a', 1)] } }))
  retired.add(statsOf({ upstream: { ...upstream, origins: [origin('http://a', 1)] } }))
  t.match(retired.stats(), [{ upstream: { open: 0, idle: 0, dialed: 10, reused: 20 } }])
})

test('nothing of processes that are gone grows without end: neither names of origins nor servers that no process has', async t => {
  const groups = (requests: number, ...names: string[]) => [
    { name: 'app', members: names.map(name => member(name, requests)) },
  ]
  const served = (names: string[], group = 'app') => ({
    ...statsOf(),
    groups: groups(5, ...names).map(it => ({ ...it, name: group })),
  })
  const retired = new Retired()
  t.equal(retired.addedTo(served(['a'])).groups[0]?.members[0]?.requests, 5)
  retired.add({
    ...served(['a', 'b']),
    ...statsOf({ upstream: { ...upstream, origins: [origin('http://a', 1)] } }),
    groups: groups(3, 'a', 'b'),
  })
  retired.add(served(['x'], 'gone'))
  const all = retired.addedTo(served(['a', 'c']))
  t.match(all, { upstream: { dialed: 5, origins: [] } })
  t.match(all.groups, [
    {
      name: 'app',
      members: [
        { name: 'a', requests: 8 },
        { name: 'c', requests: 5 },
      ],
    },
  ])
  t.equal(all.groups.length, 1)
  t.equal(all.groups[0]?.members.length, 2)
  t.match(retired.stats()[0]?.groups, [{ members: [{ name: 'a', requests: 3 }] }], 'and the rest is forgotten')
})

test('a worker that is gone no longer affects the state of a server, only the times when it last answered or failed', async t => {
  const failure = { at: 5, error: 'connection_refused', message: 'no' } as const
  const of = (more: Partial<MemberTotals>) => ({
    ...statsOf(),
    groups: [{ name: 'app', members: [{ ...member('a', 1), ...more }] }],
  })
  const retired = new Retired()
  retired.add(of({ state: 'ejected', checked: true, failuresInRow: 3, lastFailure: failure, lastAnswerAt: 4 }))
  t.match(retired.addedTo(of({})).groups[0]?.members, [
    { state: 'up', checked: false, failuresInRow: 0, requests: 2, lastFailure: failure, lastAnswerAt: 4 },
  ])
  const both = summedStats([of({ lastAnswerAt: 3 }), of({ state: 'failing', failuresInRow: 3, lastFailure: failure })])
  t.match(both.groups[0]?.members, [{ state: 'failing', failuresInRow: 3, lastAnswerAt: 3, requests: 2 }])
})

test('snapshots: ids name the worker, the busiest of each worker, no more than requested', async t => {
  const client = (id: string): ClientView => ({ id, ageMs: 1, requests: 1, peer: '', listener: '', state: 'idle' })
  const of = (...ids: string[]): Snapshot => ({
    ...NO_SNAPSHOT,
    clients: { list: ids.map(client), total: 10 },
    exchanges: {
      list: [
        {
          ...{ id: 'x1', client: 'c1', upstream: '', origin: '', method: 'GET', target: '/', host: 'a', status: 0 },
          ...{ stage: 'waiting', ageMs: 1, retries: 0 },
        },
      ],
      total: 1,
    },
  })
  const parts = [
    { worker: 1, snapshot: of('c1', 'c2', 'c3') },
    { worker: 3, snapshot: of('c1') },
  ]
  const { clients, exchanges, at } = mergedSnapshot(parts, 3, 77)
  t.equal(at, 77)
  t.strictSame(
    clients.list.map(({ id }) => id),
    ['w1.c1', 'w3.c1', 'w1.c2'],
  )
  t.equal(clients.total, 20)
  t.match(exchanges.list, [{ id: 'w1.x1', client: 'w1.c1', upstream: '' }, { id: 'w3.x1' }])
  t.strictSame(mergedSnapshot([], 3, 0).clients, { list: [], total: 0 })
})

test('the worker of an exchange', async t => {
  t.strictSame(ledgerFrom('w12.x7'), { worker: 12, exchange: 'x7' })
  for (const other of ['x7', 'w.x7', 'w1.', 'wx.1', '']) t.equal(ledgerFrom(other), null)
})
