import { test } from 'tap'
import { BoundedMap } from '../../lib/link/bounded-map.js'

test('one entry too many, and the one that was set longest ago is removed', async t => {
  const map = new BoundedMap<number>(2)
  map.set('a', 1)
  map.set('b', 2)
  map.set('a', 3)
  map.set('c', 4)
  t.equal(map.size, 2)
  t.same([map.get('a'), map.get('b'), map.get('c')], [3, undefined, 4])
})

test('a smaller limit takes effect with the next entry', async t => {
  const map = new BoundedMap<number>(3)
  for (const [at, key] of ['a', 'b', 'c'].entries()) map.set(key, at)
  map.max = 1
  t.equal(map.size, 3)
  map.set('d', 3)
  t.same([map.size, map.get('d')], [1, 3])
})

test('entries can be removed', async t => {
  const map = new BoundedMap<number>(3)
  map.set('a', 1)
  map.set('b', 2)
  map.delete('a')
  t.same([map.size, map.get('a'), map.get('b')], [1, undefined, 2])
  map.clear()
  t.equal(map.size, 0)
})
