import { test } from 'tap'
import { systemClock } from '../../lib/net/clock.js'

test('the system clock does not go back, and its wall time is a date', async t => {
  const first = systemClock.now()
  t.ok(systemClock.now() >= first)
  t.ok(systemClock.wallMs() > Date.UTC(2024, 0, 1))
})

test('after runs once, every repeats until it is cancelled', t => {
  let repeated = 0
  const held = setInterval(() => {}, 1_000) // the timers of the clock do not keep the process alive
  const timer = systemClock.every(1, () => {
    if (++repeated < 3) return
    timer.cancel()
    timer.cancel()
    systemClock.after(1, () => {
      clearInterval(held)
      t.equal(repeated, 3)
      t.end()
    })
  })
  systemClock.after(1, () => t.fail('was cancelled')).cancel()
})
