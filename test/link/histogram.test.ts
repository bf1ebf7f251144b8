import fc from 'fast-check'
import { test } from 'tap'
import { HISTOGRAM_BOUNDS_S, Histogram } from '../../lib/link/histogram.js'
import { checked } from '../wire/property.js'

const BOUNDS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** The bucket that one value falls in. */
function bucketOf(ms: number): number {
  const histogram = new Histogram()
  histogram.note(ms)
  return histogram.counts.indexOf(1)
}

/** The same by a simple search. */
function byHand(ms: number): number {
  const found = BOUNDS_S.findIndex(bound => ms <= bound * 1_000)
  return found < 0 ? BOUNDS_S.length : found
}

/** The next double above or below. */
function neighbour(value: number, direction: 1 | -1): number {
  const bits = new BigInt64Array(1)
  const double = new Float64Array(bits.buffer)
  double[0] = value
  bits[0]! += BigInt(direction)
  return double[0]!
}

test('the bounds are those of Prometheus, in seconds', async t => {
  t.same(HISTOGRAM_BOUNDS_S, BOUNDS_S)
})

for (const [index, bound] of BOUNDS_S.entries()) {
  test(`le="${bound}": a value at the bound is in, the next one above is not`, async t => {
    const ms = bound * 1_000
    t.equal(bucketOf(ms), index)
    t.equal(bucketOf(neighbour(ms, -1)), index)
    t.equal(bucketOf(neighbour(ms, 1)), index + 1)
  })
}

test('from nothing to years', async t => {
  for (const [ms, bucket] of [
    [0, 0],
    [Number.MIN_VALUE, 0],
    [0.499, 0],
    [60_001, 16],
    [2 ** 31 / 1_000, 16],
    [2 ** 32 / 1_000 + 0.1, 16],
    [1e15, 16],
  ] as const) {
    t.equal(bucketOf(ms), bucket, `${ms} ms`)
  }
})

test('powers of two of microseconds, where the table changes its row', async t => {
  for (let power = 0; power < 34; power++) {
    const ms = 2 ** power / 1_000
    for (const near of [neighbour(ms, -1), ms, neighbour(ms, 1)]) t.equal(bucketOf(near), byHand(near), `${near} ms`)
  }
})

checked(
  'any value falls where a search by hand finds it',
  fc.property(
    fc.oneof(fc.double({ min: 0, max: 120_000, noNaN: true }), fc.double({ min: 0, max: 20, noNaN: true })),
    ms => bucketOf(ms) === byHand(ms),
  ),
  3_000,
)

test('counts, sum, count; a snapshot does not change with its histogram', async t => {
  const histogram = new Histogram()
  for (const ms of [0.25, 0.5, 3, 3, 70_000]) histogram.note(ms)
  const snapshot = histogram.snapshot()
  histogram.note(1)
  t.same(snapshot, {
    bounds: BOUNDS_S,
    counts: [2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    sum: 70.00675,
    count: 5,
  })
  t.equal(histogram.count, 6)
  t.equal(histogram.sum, 70.00775)
})

test('the sum of workers, also from JSON', async t => {
  const [one, other, all] = [new Histogram(), new Histogram(), new Histogram()]
  for (const ms of [0.25, 2_000]) one.note(ms)
  for (const ms of [0.25, 12]) other.note(ms)
  for (const each of [one, other]) all.add(JSON.parse(JSON.stringify(each.snapshot())))
  t.equal(all.count, 4)
  t.ok(Math.abs(all.sum - 2.0125) < 1e-12)
  t.equal(all.counts[0], 2)
})

test('counts continue beyond 32 bits', async t => {
  const histogram = new Histogram()
  const counts = [2 ** 32 - 1, ...new Array<number>(16).fill(0)]
  histogram.add({ counts, sum: 0 })
  histogram.note(0)
  t.equal(histogram.count, 2 ** 32)
})
