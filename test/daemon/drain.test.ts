import { test } from 'tap'
import { Drain } from '../../lib/daemon/drain.js'
import { FakeClock } from '../support/fake-clock.js'
import { settled } from './fixture/fake-workers.js'

/** A drain of a target that records its calls, and that ends when the test says so. */
function drainOf({ endsDestroyed = true } = {}) {
  const clock = new FakeClock()
  const told: string[] = []
  let finish = () => {}
  const target = {
    announce: () => void told.push('announce'),
    drain: (graceMs: number) => {
      told.push(`drain ${graceMs}`)
      return new Promise<void>(done => {
        finish = done
      })
    },
    destroy: () => {
      told.push('destroy')
      if (endsDestroyed) finish()
    },
  }
  const drain = new Drain(target, clock, phase => told.push(phase))
  return { clock, drain, told, finish: () => finish() }
}

test('announced, drained, over', async t => {
  const { clock, drain, told, finish } = drainOf()
  t.equal(drain.phase, 'serving')
  const over = drain.begin({ announceMs: 500, graceMs: 1_000 })
  t.strictSame(told, ['announcing', 'announce'], 'nothing closes yet')
  clock.advance(499)
  t.equal(drain.phase, 'announcing')
  clock.advance(1)
  t.strictSame(told.slice(2), ['draining', 'drain 0'])
  finish()
  await over
  t.equal(drain.phase, 'over')
  t.equal(clock.timers, 0)
  t.notOk(told.includes('destroy'))
})

test('what does not end in time is cut off', async t => {
  const { clock, drain, told } = drainOf()
  const over = drain.begin({ announceMs: 0, graceMs: 1_000 })
  t.strictSame(told, ['announcing', 'announce', 'draining', 'drain 0'], 'without an announcement: at once')
  clock.advance(999)
  await settled()
  t.equal(drain.phase, 'draining')
  clock.advance(1)
  await over
  t.strictSame(told.slice(4), ['destroy', 'over'])
})

test('what does not end even when it is cut off is not waited for', async t => {
  const { clock, drain } = drainOf({ endsDestroyed: false })
  const over = drain.begin({ announceMs: 0, graceMs: 1_000 })
  clock.advance(1_000)
  await settled()
  t.equal(drain.phase, 'draining')
  clock.advance(1_000)
  await over
  t.equal(drain.phase, 'over')
})

test('without a limit it takes as long as it takes', async t => {
  const { clock, drain, told, finish } = drainOf()
  const over = drain.begin({ announceMs: 0, graceMs: 0 })
  clock.advance(86_400_000)
  t.notOk(told.includes('destroy'))
  finish()
  await over
})

test('a second begin gets the same end', async t => {
  const { clock, drain, told, finish } = drainOf()
  const over = drain.begin({ announceMs: 100, graceMs: 1_000 })
  t.equal(drain.begin({ announceMs: 0, graceMs: 1 }), over)
  clock.advance(100)
  finish()
  await over
  t.equal(told.filter(it => it === 'announce').length, 1)
})

test('a drain that fails rejects', async t => {
  const failing = {
    announce() {},
    destroy() {},
    drain: async () => {
      throw new Error('no end')
    },
  }
  await t.rejects(new Drain(failing, new FakeClock()).begin({ announceMs: 0, graceMs: 1 }), { message: 'no end' })
})
