import { test } from 'tap'
import { difference, quantile } from '../../lib/admin/histogram-view.js'

const of = (...counts: number[]) => ({
  bounds: [0.1, 0.2, 0.4],
  counts,
  sum: 1,
  count: counts.reduce((sum, count) => sum + count, 0),
})

test('a quantile is linear within its bucket', async t => {
  t.equal(quantile(of(0, 0, 0, 0), 0.5), null)
  t.equal(quantile(of(10, 0, 0, 0), 0.5), 0.05)
  t.equal(quantile(of(10, 0, 0, 0), 1), 0.1)
  t.ok(Math.abs(quantile(of(5, 0, 5, 0), 0.75)! - 0.3) < 1e-9)
  t.equal(quantile(of(5, 0, 5, 0), 0.5), 0.1, 'an empty bucket counts for nothing')
  t.equal(quantile(of(0, 0, 0, 3), 0.5), 0.4, 'above the last bound: that bound')
  t.equal(quantile({ bounds: [], counts: [1], sum: 1, count: 1 }, 0.5), null)
})

test('the difference is what was observed in between', async t => {
  t.same(difference(of(1, 2, 0, 0), of(1, 5, 0, 1)).counts, [0, 3, 0, 1])
  t.equal(difference(of(1, 2, 0, 0), of(1, 5, 0, 1)).count, 4)
  t.same(difference(of(4, 2, 0, 0), of(1, 0, 0, 0)), of(1, 0, 0, 0), 'it started over')
  t.same(difference(of(4, 0, 0, 0), of(1, 9, 0, 0)), of(1, 9, 0, 0), 'it started over and has overtaken')
})
