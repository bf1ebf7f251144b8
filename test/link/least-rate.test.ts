import fc from 'fast-check'
import { test } from 'tap'
import { GRACE_MS, LeastRate } from '../../lib/link/least-rate.js'
import { checked } from '../wire/property.js'

/** One that has to send 1,000 bytes a second. */
function begun(now = 0): LeastRate {
  const rate = new LeastRate(1_000)
  rate.begin(now)
  return rate
}

/** So many bytes every 100 ms, from the one time to the other. */
function send(rate: LeastRate, octets: number, from: number, to: number): void {
  for (let now = from; now < to; now += 100) rate.moved(octets, now)
}

test('nothing at all: too slow after the grace period', async t => {
  const rate = begun(70_000)
  t.notOk(rate.tooSlow(70_000))
  t.notOk(rate.tooSlow(70_000 + GRACE_MS - 1))
  t.ok(rate.tooSlow(70_000 + GRACE_MS))
  t.ok(rate.tooSlow(500_000))
})

test('just fast enough, and one byte less', async t => {
  const enough = begun()
  const less = begun()
  send(enough, 100, 0, 20_000)
  send(less, 99, 0, 20_000)
  t.notOk(enough.tooSlow(20_000))
  t.ok(less.tooSlow(20_000))
})

test('a burst at the beginning is no excuse for a trickle', async t => {
  const rate = begun()
  rate.moved(10_000_000, 10)
  send(rate, 1, 100, 5_000)
  t.notOk(rate.tooSlow(5_000), 'the burst is among the last five seconds')
  send(rate, 1, 5_000, 6_000)
  t.ok(rate.tooSlow(6_000))
  send(rate, 100, 6_000, 11_500)
  t.notOk(rate.tooSlow(11_500), 'a sender that continues at the rate is fine again')
})

test('a trickle at the beginning is excused by a burst', async t => {
  const rate = begun()
  send(rate, 1, 0, 4_900)
  rate.moved(5_000, 4_900)
  t.notOk(rate.tooSlow(5_000))
})

test('a silence longer than the period that is judged', async t => {
  const rate = begun()
  send(rate, 200, 0, 5_000)
  t.notOk(rate.tooSlow(5_000))
  rate.moved(1, 60_000)
  t.ok(rate.tooSlow(60_000))
})

test('time in which the proxy does not read does not count', async t => {
  const rate = begun()
  send(rate, 100, 0, 6_000)
  rate.paused(6_000)
  t.notOk(rate.tooSlow(90_000), 'no sender is judged in a pause')
  rate.paused(50_000)
  rate.moved(5, 80_000)
  rate.resumed(100_000)
  rate.resumed(110_000)
  t.notOk(rate.tooSlow(100_000), 'as it was before the pause')
  send(rate, 1, 100_000, 102_000)
  t.ok(rate.tooSlow(102_000), 'and the time after it counts again')
})

test('a pause in the grace period does not count either', async t => {
  const rate = begun()
  rate.paused(1_000)
  rate.resumed(31_000)
  t.notOk(rate.tooSlow(34_999))
  t.ok(rate.tooSlow(35_000))
})

test('a sender that was too slow already is not judged in a pause, but after it', async t => {
  const rate = begun()
  t.ok(rate.tooSlow(6_000))
  rate.paused(6_000)
  t.notOk(rate.tooSlow(6_000))
  rate.resumed(9_000)
  t.ok(rate.tooSlow(9_000))
})

test('the period that is judged ends now, also in the middle of a slot', async t => {
  const rate = begun()
  send(rate, 100, 0, 20_000)
  t.notOk(rate.tooSlow(20_000))
  t.ok(rate.tooSlow(20_400), 'nothing has come for 400 ms')
})

test('another message starts from scratch, also in a pause', async t => {
  const rate = begun()
  rate.moved(9_999, 5_600)
  rate.paused(5_700)
  rate.begin(10_000)
  t.notOk(rate.tooSlow(14_999))
  t.ok(rate.tooSlow(15_000))
})

test('0: no sender is too slow', async t => {
  const rate = new LeastRate(0)
  rate.begin(0)
  t.notOk(rate.tooSlow(1_000_000))
})

checked(
  'who never falls below the rate is never too slow; who sends less than it in every span always is',
  fc.property(
    fc.array(fc.record({ ms: fc.integer({ min: 1, max: 400 }), pauseMs: fc.nat(3_000) }), { minLength: 1 }),
    fc.integer({ min: 0, max: 1_000_000 }),
    (steps, start) => {
      const good = begun(start)
      const bad = begun(start)
      let now = start
      let counted = 0
      for (const { ms, pauseMs } of steps) {
        // The good sender sends what is due for the next period before it; the other one half of it, and late.
        good.moved(ms, now)
        now += ms
        counted += ms
        bad.moved(ms / 2, now)
        if (good.tooSlow(now)) return false
        if (bad.tooSlow(now) !== counted >= GRACE_MS) return false
        for (const rate of [good, bad]) {
          rate.paused(now)
          rate.resumed(now + pauseMs)
        }
        now += pauseMs
      }
      return true
    },
  ),
)
