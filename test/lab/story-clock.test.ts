import t from 'tap'
import { storyClock } from '../../lib/lab/story-clock.js'
import { systemClock } from '../../lib/net/clock.js'

/** Its timers keep no process alive. */
const alive = setInterval(() => {}, 1_000)
t.teardown(() => clearInterval(alive))

t.test('its time passes faster by the inverse of the scale', async t => {
  const clock = storyClock({ scale: 0.02, clock: systemClock })
  const [began, wall] = [clock.now(), clock.wallMs()]
  await new Promise<void>(resolve => clock.after(1_000, resolve))
  const passed = clock.now() - began
  t.ok(passed >= 900, `${passed} ms of the story`)
  t.ok(clock.wallMs() - wall < passed, 'dates are not scaled')
})

t.test('it runs again and again until it is cancelled, and not at all when it is cancelled before', async t => {
  const clock = storyClock({ scale: 0.02, clock: systemClock })
  clock.after(500, () => t.fail('cancelled')).cancel()
  let times = 0
  await new Promise<void>(resolve => {
    const timer = clock.every(100, () => {
      times += 1
      if (times < 3) return
      timer.cancel()
      resolve()
    })
  })
  await new Promise<void>(resolve => clock.after(2_000, resolve))
  t.equal(times, 3)
})
