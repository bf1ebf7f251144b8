import { test } from 'tap'
import { Remembered } from '../../lib/link/remembered.js'

test('known until the expiry time, and then forgotten', async t => {
  const known = new Remembered(10)
  t.equal(known.until('a', 0), 0)
  known.note('a', 100)
  t.equal(known.until('a', 99), 100)
  t.equal(known.until('a', 100), 0)
  t.equal(known.size, 0)
})

test('at the maximum, the one that was noted longest ago is forgotten', async t => {
  const known = new Remembered(2)
  known.note('a', 100)
  known.note('b', 100)
  known.note('a', 200)
  known.note('c', 100)
  t.same(
    ['a', 'b', 'c'].map(key => known.until(key, 0)),
    [200, 0, 100],
  )
  t.equal(known.size, 2)
})
