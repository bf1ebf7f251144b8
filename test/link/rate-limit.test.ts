import fc from 'fast-check'
import { test } from 'tap'
import { RateLimit, type RateSettings } from '../../lib/link/rate-limit.js'
import { checked } from '../wire/property.js'

const settings = (perSecond: number, burst: number, keysMax = 100): RateSettings => ({ perSecond, burst, keysMax })

test('a burst, then as many as are refilled in a second', async t => {
  const limit = new RateLimit(settings(10, 3))
  t.same(
    [0, 0, 0, 0].map(now => limit.take('a', now)),
    [0, 0, 0, 100],
  )
  t.equal(limit.take('a', 99), 1, 'and nothing is lost by asking')
  t.equal(limit.take('a', 100), 0)
  t.equal(limit.take('a', 100), 100)
  t.equal(limit.take('b', 100), 0, 'another key has its own')
})

test('a pause saves up no more than the burst', async t => {
  const limit = new RateLimit(settings(10, 2))
  for (const now of [0, 3_600_000, 3_600_000]) t.equal(limit.take('a', now), 0)
  t.equal(limit.take('a', 3_600_000), 100)
})

test('less than one in a second; a wait is in whole milliseconds', async t => {
  const slow = new RateLimit(settings(0.5, 1))
  t.equal(slow.take('a', 5), 0)
  t.equal(slow.take('a', 5), 2_000)
  const third = new RateLimit(settings(3, 1))
  t.equal(third.take('a', 0), 0)
  t.equal(third.take('a', 0), 334)
  t.equal(third.take('a', 334), 0)
})

test('the clock goes back: nothing is gained, neither then nor when it is where it was', async t => {
  const limit = new RateLimit(settings(10, 1))
  t.equal(limit.take('a', 10_000), 0)
  for (const now of [9_000, 0, 9_999, 10_000]) t.equal(limit.take('a', now), 100)
  t.equal(limit.take('b', 0), 0)
  t.equal(limit.take('b', 100), 100, 'also a key that came meanwhile')
  t.equal(limit.take('a', 10_100), 0)
})

test('full buckets are forgotten as others come', async t => {
  const limit = new RateLimit(settings(1, 1))
  for (let i = 0; i < 50; i++) limit.take(`early ${i}`, 0)
  t.equal(limit.size, 50)
  for (let i = 0; i < 25; i++) limit.take(`late ${i}`, 1_000)
  t.equal(limit.size, 25, 'the early ones are full again')
  t.equal(limit.take('early 1', 1_000), 0)
})

test('more keys than may be remembered: the one nearest to full is forgotten early, the one deep in debt is not', async t => {
  const limit = new RateLimit(settings(1, 10, 4))
  for (let i = 0; i < 10; i++) limit.take('flood', 0)
  for (const key of ['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i']) {
    limit.take(key, 0)
    t.ok(limit.size <= 4)
  }
  t.equal(limit.take('flood', 0), 1_000)
  t.equal(new RateLimit(settings(1, 1, 1)).take('a', 0), 0, 'one key is enough')
})

test('reconfigured: what is spent stays spent', async t => {
  const limit = new RateLimit(settings(10, 10))
  for (let i = 0; i < 10; i++) limit.take('a', 0)
  limit.take('b', 0)
  limit.take('c', 0)
  limit.reconfigure(settings(1, 2), 100)
  t.equal(limit.size, 1, 'b and c were full by the old rate')
  t.equal(limit.take('a', 100), 0, 'as was what a got back: one token')
  t.equal(limit.take('a', 100), 1_000)
  t.same(
    [100, 100, 100].map(now => limit.take('b', now)),
    [0, 0, 1_000],
    'no key has more than the new burst',
  )
  limit.take('d', 100)
  limit.take('e', 100)
  limit.reconfigure(settings(1, 2, 2), 50)
  t.equal(limit.size, 2)
})

test('no key has more than a smaller burst after the change', async t => {
  const limit = new RateLimit(settings(1, 10))
  limit.take('a', 0)
  limit.reconfigure(settings(1, 2), 0)
  t.same(
    [0, 0, 0].map(now => limit.take('a', now)),
    [0, 0, 1_000],
  )
})

checked(
  'whole numbers: exactly what a reference gives, the wait is exact, and no span of time gives more than burst + rate',
  fc.property(
    fc.integer({ min: 1, max: 20 }),
    fc.integer({ min: 1, max: 8 }),
    fc.array(fc.integer({ min: -300, max: 700 }), { minLength: 1, maxLength: 60 }),
    (perSecond, burst, steps) => {
      const limit = new RateLimit(settings(perSecond, burst))
      const granted: number[] = []
      let now = 0
      let latest = Number.NEGATIVE_INFINITY
      for (const step of steps) {
        now += step
        latest = Math.max(latest, now)
        const wait = limit.take('key', now)
        // After exactly `wait` milliseconds one more is available: not before, not after.
        const free = (at: number) =>
          granted.every((from, i) => (granted.length - i + 1 - burst) * 1_000 <= (at - from) * perSecond)
        if ((wait === 0) !== free(latest)) return false
        if (wait > 0 && (free(latest + wait - 1) || !free(latest + wait))) return false
        if (wait === 0) granted.push(latest)
      }
      return true
    },
  ),
)

checked(
  'any keys: never more than may be remembered, and who was told to wait is not served before',
  fc.property(
    fc.integer({ min: 1, max: 5 }),
    fc.array(fc.record({ key: fc.integer({ min: 0, max: 9 }), ms: fc.nat(400) }), { maxLength: 100 }),
    (keysMax, steps) => {
      const limit = new RateLimit(settings(2, 2, keysMax))
      let now = 0
      for (const { key, ms } of steps) {
        now += ms
        const wait = limit.take(String(key), now)
        if (limit.size > keysMax || limit.size === 0) return false
        if (wait > 1 && limit.take(String(key), now + wait - 1) === 0) return false
        if (wait > 1) now += wait - 1
      }
      return true
    },
  ),
)

test('waitMs: like take, but nothing is taken, and nothing remembered', async t => {
  const limit = new RateLimit(settings(0.5, 2))
  t.equal(limit.waitMs('a', 0), 0)
  t.equal(limit.size, 0)
  limit.take('a', 0)
  t.equal(limit.waitMs('a', 0), 0)
  limit.take('a', 0)
  for (const _ of [1, 2]) t.equal(limit.waitMs('a', 500), 1_500)
  t.equal(limit.take('a', 500), 1_500)
  t.equal(limit.waitMs('a', 2_000), 0)
  t.equal(limit.waitMs('b', 2_000), 0)
})
