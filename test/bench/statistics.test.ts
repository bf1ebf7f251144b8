import { test } from 'tap'
import { median, medianOf, percentile, type Result, ratio, slope } from '../../bench/report/statistics.mjs'

const result = (round: number, peer: string, cpuUs: number, row = 'small'): Result => ({
  round,
  row,
  peer,
  requests: 1,
  failed: 0,
  rssBytes: 0,
  cpuUs,
})

test('median: the middle value, or the mean of the two in the middle; NaN does not count', async t => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 2, 3]), 2.5)
  t.equal(median([Number.NaN, 7, Number.POSITIVE_INFINITY]), 7)
  t.equal(median([]), undefined)
})

test('percentile: the smallest value that this many percent do not exceed', async t => {
  const values = Array.from({ length: 100 }, (_, i) => 100 - i)
  t.equal(percentile(values, 50), 50)
  t.equal(percentile(values, 99), 99)
  t.equal(percentile([5], 99), 5)
  t.equal(percentile([5, 6], 0), 5)
  t.ok(Number.isNaN(percentile([], 99)))
})

test('a ratio is taken within a round, and the median of the ratios counts', async t => {
  // The machine is twice as slow in round 1, for both: medians divided would say 15 / 15.
  const results = [
    result(0, 'nginx', 10),
    result(0, 'hopwise', 11),
    result(1, 'nginx', 20),
    result(1, 'hopwise', 24),
    result(2, 'nginx', 10),
    result(2, 'hopwise', 13),
  ]
  t.same(ratio(results, 'small', 'hopwise', 'nginx', 'cpuUs'), { median: 1.2, low: 1.1, high: 1.3 })
  t.equal(medianOf(results, 'small', 'hopwise', 'cpuUs'), 13)
})

test('no ratio if no round has both', async t => {
  const results = [result(0, 'nginx', 10), result(1, 'hopwise', 11), result(0, 'hopwise', 9, 'fields')]
  t.equal(ratio(results, 'small', 'hopwise', 'nginx', 'cpuUs'), undefined)
  t.equal(ratio(results, 'fields', 'hopwise', 'nginx', 'cpuUs'), undefined)
  t.equal(medianOf(results, '64k', 'hopwise', 'cpuUs'), undefined)
})

test('slope: of the line through the points', async t => {
  t.equal(
    slope([
      [0, 10],
      [1, 12],
      [2, 14],
    ]),
    2,
  )
  t.equal(slope([[1, 5]]), 0)
})
