import { test } from 'tap'
import { busiest } from '../../lib/daemon/views/busiest.js'

const itself = (number: number): number => number

test('the greatest first, no more than asked for', async t => {
  t.strictSame(busiest([3, 1, 4, 1, 5, 9, 2, 6], 3, itself), [9, 6, 5])
  t.strictSame(busiest([3, 1], 3, itself), [3, 1])
  t.strictSame(busiest([3, 1], 0, itself), [])
  t.strictSame(busiest([], 3, itself), [])
})

test('of equals those that came first, in their order', async t => {
  const all = ['a1', 'b2', 'c1', 'd2', 'e1']
  t.strictSame(
    busiest(all, 4, name => Number(name[1])),
    ['b2', 'd2', 'a1', 'c1'],
  )
})

test('the same as sorting all of them', async t => {
  // A simple linear congruence: scattered, and the same every time.
  const all = Array.from({ length: 2_000 }, (_, i) => (i * 7_919) % 2_003)
  const sorted = all.toSorted((a, b) => b - a)
  for (const max of [1, 10, 1_999, 5_000]) t.strictSame(busiest(all, max, itself), sorted.slice(0, max))
})
