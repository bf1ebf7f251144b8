import fc from 'fast-check'
import { test } from 'tap'
import { systemClock } from '../../lib/net/clock.js'
import { Deadline, DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import { FakeClock } from '../support/fake-clock.js'

const TICK = 100
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)

class Bench {
  readonly clock = new FakeClock({ now: 12_345.6 })
  readonly errors: unknown[] = []
  readonly wheel = new DeadlineWheel(this.clock, { onError: error => this.errors.push(error) })
  readonly expired: { name: string; ms: number }[] = []
  readonly #start = this.clock.now()

  /** Records when it expires, in milliseconds from the start. */
  deadline(then?: (deadline: Deadline) => void): Deadline {
    return new Deadline(this.wheel, deadline => {
      this.expired.push({ name: deadline.name, ms: Math.round(this.clock.now() - this.#start) })
      then?.(deadline)
    })
  }
}

test('a deadline expires once, under its name, and not before its time', async t => {
  const bench = new Bench()
  const deadline = bench.deadline()
  t.equal(deadline.armed, false)
  deadline.set('connectMs', 250)
  t.equal(deadline.armed, true)
  bench.clock.advance(249.9)
  t.strictSame(bench.expired, [])
  bench.clock.advance(50.1)
  t.strictSame(bench.expired, [{ name: 'connectMs', ms: 300 }])
  t.equal(deadline.armed, false)
  bench.clock.advance(10_000)
  t.equal(bench.expired.length, 1)
})

test('a postponed deadline expires only at its last time', async t => {
  const bench = new Bench()
  const deadline = bench.deadline()
  deadline.set('responseBodyMs', 200)
  for (let i = 0; i < 50; i++) {
    bench.clock.advance(150)
    deadline.set('responseBodyMs', 200)
  }
  t.strictSame(bench.expired, [])
  bench.clock.advance(300)
  t.strictSame(bench.expired, [{ name: 'responseBodyMs', ms: 7_700 }])
})

test('a deadline that is moved closer expires at its new time', async t => {
  const bench = new Bench()
  const deadline = bench.deadline()
  deadline.set('clientIdleMs', 75_000)
  deadline.set('halfClosedMs', 500)
  bench.clock.advance(500)
  t.strictSame(bench.expired, [{ name: 'halfClosedMs', ms: 500 }])
})

test('a deadline of 0 means no limit, and removes the previous one', async t => {
  const bench = new Bench()
  const deadline = bench.deadline()
  deadline.set('exchangeMs', 0)
  t.equal(deadline.armed, false)
  deadline.set('responseHeadMs', 100)
  deadline.set('exchangeMs', 0)
  bench.clock.advance(1_000)
  t.strictSame(bench.expired, [])
  t.equal(bench.wheel.armed, 0)
})

test('a cleared deadline does not expire and may be cleared again', async t => {
  const bench = new Bench()
  const [cleared, kept] = [bench.deadline(), bench.deadline()]
  cleared.set('tlsMs', 100)
  kept.set('tlsMs', 100)
  cleared.clear()
  cleared.clear()
  t.equal(bench.wheel.armed, 1)
  bench.clock.advance(1_000)
  t.equal(bench.expired.length, 1)
})

test('a cleared deadline can be set again, earlier or later', async t => {
  for (const ms of [100, 1_000, 5_000]) {
    const bench = new Bench()
    const deadline = bench.deadline()
    deadline.set('queueMs', 1_000)
    deadline.clear()
    deadline.set('queueMs', ms)
    bench.clock.advance(10_000)
    t.strictSame(bench.expired, [{ name: 'queueMs', ms }])
  }
})

test('a caller that has the time saves the wheel a reading of the clock', async t => {
  const bench = new Bench()
  bench.deadline().set('lingerMs', 1_000, bench.clock.now() - 400)
  bench.clock.advance(600)
  t.strictSame(bench.expired, [{ name: 'lingerMs', ms: 600 }])
})

test('the interval runs only while something is armed', async t => {
  const bench = new Bench()
  const [near, far] = [bench.deadline(), bench.deadline()]
  t.equal(bench.clock.timers, 0)
  near.set('connectMs', 100)
  far.set('tunnelIdleMs', 3_600_000)
  t.equal(bench.clock.timers, 1)
  bench.clock.advance(TICK)
  t.equal(bench.clock.timers, 1)
  far.clear()
  bench.clock.advance(TICK)
  t.equal(bench.clock.timers, 0)
  t.equal(far.tick, -1, 'a stopped wheel keeps no owner in memory')
  bench.clock.advance(10_000)
  far.set('connectMs', 100)
  t.equal(bench.clock.timers, 1)
  bench.clock.advance(TICK)
  t.equal(bench.expired.length, 2)
  t.equal(bench.clock.timers, 0)
})

test('a callback may set and clear deadlines: itself, one due at the same time, one far away', async t => {
  const bench = new Bench()
  let rounds = 0
  const again = bench.deadline(deadline => {
    if (++rounds < 3) deadline.set('continueMs', 300)
  })
  const far = bench.deadline()
  far.set('exchangeMs', 50_000)
  const twins: Deadline[] = []
  for (let i = 0; i < 2; i++) {
    twins.push(
      bench.deadline(() => {
        for (const twin of twins) twin.clear()
        far.set('drainMs', 1_000)
      }),
    )
  }
  for (const twin of twins) twin.set('tlsMs', 300)
  again.set('continueMs', 300)
  bench.clock.advance(60_000)
  t.strictSame(
    bench.expired.map(({ name, ms }) => `${name} ${ms}`),
    ['continueMs 300', 'tlsMs 300', 'continueMs 600', 'continueMs 900', 'drainMs 1300'],
  )
})

test('a callback that throws stops neither the others nor the wheel, and is reported', async t => {
  const bench = new Bench()
  const oops = new Error('oops')
  bench
    .deadline(() => {
      throw oops
    })
    .set('connectMs', 100)
  bench.deadline().set('connectMs', 100)
  bench.deadline().set('connectMs', 200)
  bench.clock.advance(200)
  t.equal(bench.expired.length, 3)
  t.strictSame(bench.errors, [oops])
})

test('after a stall everything that is due expires at once, and nothing else', async t => {
  const bench = new Bench()
  for (const ms of [1_000, 60_000, 119_000, 130_000]) bench.deadline().set('responseHeadMs', ms)
  bench.clock.stall(120_000)
  bench.clock.advance(0)
  t.strictSame(
    bench.expired.map(({ ms }) => ms),
    [120_000, 120_000, 120_000],
  )
  bench.clock.advance(10_000)
  t.equal(bench.expired.at(-1)?.ms, 130_000)
})

test('a different tick', async t => {
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock, { tickMs: 10, onError: () => t.fail() })
  let at = 0
  new Deadline(wheel, () => {
    at = clock.now()
  }).set('connectMs', 25)
  clock.advance(24)
  t.equal(at, 0)
  clock.advance(6)
  t.equal(at, 1_030)
})

type Step = { ms: number; which: number; clear: boolean; pass: number }
const STEPS: fc.Arbitrary<Step[]> = fc.array(
  fc.record({
    ms: fc.oneof(fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 200_000 })),
    which: fc.nat(5),
    clear: fc.boolean(),
    pass: fc.oneof(fc.constant(0), fc.nat(300), fc.nat(60_000)),
  }),
  { maxLength: 60, size: 'max' },
)

test(`never early, late by less than one tick, whatever is set, moved and cleared (FC_SEED=${SEED})`, async t => {
  fc.assert(
    fc.property(STEPS, steps => {
      const clock = new FakeClock()
      const wheel = new DeadlineWheel(clock, {
        onError: error => {
          throw error
        },
      })
      const due = new Map<Deadline, number>()
      const deadlines = Array.from({ length: 6 }, () => {
        return new Deadline(wheel, deadline => {
          const at = due.get(deadline)
          if (at === undefined) throw new Error('expired without being set')
          if (clock.now() < at) throw new Error(`early: ${at - clock.now()} ms`)
          due.delete(deadline)
        })
      })
      for (const { which, ms, clear, pass } of steps) {
        const deadline = deadlines[which]!
        if (clear) {
          deadline.clear()
          due.delete(deadline)
        } else {
          deadline.set('exchangeMs', ms)
          due.set(deadline, clock.now() + ms)
        }
        clock.advance(pass)
        for (const at of due.values()) if (clock.now() - at >= TICK) throw new Error(`late: ${clock.now() - at} ms`)
        if (wheel.armed !== due.size) throw new Error(`${wheel.armed} armed, but ${due.size} set`)
      }
      clock.advance(300_000)
      if (due.size > 0 || clock.timers > 0) throw new Error('the wheel has not come to rest')
    }),
    { seed: SEED, numRuns: 300 },
  )
  t.pass()
})

test('an ended deadline is not kept by the wheel, and may be set again', async t => {
  const bench = new Bench()
  const [ended, other] = [bench.deadline(), bench.deadline()]
  ended.set('clientIdleMs', 75_000)
  other.set('requestHeadMs', 300)
  ended.clear()
  t.not(ended.tick, -1, 'cleared: it stays in its bucket')
  ended.end()
  t.equal(ended.tick, -1)
  ended.end()
  ended.set('lingerMs', 500)
  bench.clock.advance(1_000)
  t.strictSame(
    bench.expired.map(({ name }) => name),
    ['requestHeadMs', 'lingerMs'],
  )
  t.strictSame(bench.errors, [])
})

test('of thousands that are due together some expire, then other work has its turn', async t => {
  const wheel = new DeadlineWheel(systemClock, { tickMs: 1, onError: fault => t.fail(String(fault)) })
  const order: string[] = []
  let turns = 0
  const turn = () => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  await new Promise<void>(resolve => {
    const now = systemClock.now()
    for (let nth = 0; nth < 1_000; nth++) {
      const deadline = new Deadline(wheel, () => {
        if (order.push(`${turns}`) === 1_000) resolve()
      })
      deadline.set('clientIdleMs', 1, now)
    }
  })
  clearImmediate(immediate)
  t.ok(new Set(order).size > 1, 'not all in one turn')
  t.equal(wheel.armed, 0)
})
