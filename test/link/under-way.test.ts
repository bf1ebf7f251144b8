import { test } from 'tap'
import { UnderWay } from '../../lib/link/under-way.js'

test('each key has its own count, and a key with nothing under way is not remembered', async t => {
  const underWay = new UnderWay()
  t.same(
    [1, 2, 3].map(() => underWay.begin('a', 2)),
    [true, true, false],
  )
  t.equal(underWay.begin('b', 2), true)
  underWay.end('a')
  t.equal(underWay.begin('a', 2), true)
  for (const key of ['a', 'a', 'b']) underWay.end(key)
  t.equal(underWay.size, 0)
  underWay.end('a')
  t.equal(underWay.begin('a', 1), true, 'an end too many gives nothing')
})
