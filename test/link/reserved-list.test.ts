import { test } from 'tap'
import { RESERVED_REST_MS, ReservedList, restedAt } from '../../lib/link/reserved-list.js'
import { Connection } from './pool-bench.js'

test('R225: the one idle longest comes first; a removed one is not in the list', async t => {
  const list = new ReservedList<Connection>()
  t.match(list, { size: 0, longest: null })
  const [a, b, c] = [new Connection('a').entry, new Connection('b').entry, new Connection('c').entry]
  for (const entry of [a, b, c]) list.add(entry)
  t.equal(list.size, 3)
  t.equal(list.longest, a)
  t.equal(list.remove(a), true)
  t.equal(list.remove(a), false)
  t.equal(list.longest, b)
  list.add(a)
  t.same(
    [...list].map(({ connection }) => connection.name),
    ['b', 'c', 'a'],
  )
})

test('R225: each may be removed during the iteration', async t => {
  const list = new ReservedList<Connection>()
  for (const name of ['a', 'b', 'c']) list.add(new Connection(name).entry)
  for (const entry of list) list.remove(entry)
  t.equal(list.size, 0)
})

test('R225: its place may be given away after enough time for the next step of a login', async t => {
  const { entry } = new Connection('a')
  entry.idleSince = 5_000
  t.equal(restedAt(entry), 5_000 + RESERVED_REST_MS)
})
