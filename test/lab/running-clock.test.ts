import t from 'tap'
import { RunningClock } from '../../lib/lab/running-clock.js'

/** The effect of a busy machine on a process: nothing in it runs. */
function keepWaiting(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

function clockOf(): RunningClock {
  const clock = new RunningClock()
  t.teardown(() => clock.stop())
  return clock
}

t.test('it stands still while the machine does not let us run, and says how long that was', async t => {
  const clock = clockOf()
  const before = clock.now()
  keepWaiting(400)
  t.ok(clock.now() - before < 50, `${clock.now() - before} ms counted`)
  t.ok(clock.lost.longestMs >= 380, `${clock.lost.longestMs} ms at once`)
  await new Promise(done => setTimeout(done, 20))
  t.ok(clock.lost.sumMs >= 380, 'it is still lost after it was read')
  const lost = clock.lost.longestMs
  keepWaiting(30)
  await new Promise(done => setTimeout(done, 20))
  t.ok(clock.lost.longestMs >= lost, 'the longest')
})

t.test('its time never goes back', async t => {
  const clock = clockOf()
  let last = clock.now()
  for (let n = 0; n < 200; n++) {
    if (n % 50 === 0) keepWaiting(60)
    await new Promise(done => setTimeout(done, n % 4))
    const now = clock.now()
    if (now < last) t.fail(`from ${last} to ${now}`)
    last = now
  }
  t.pass('200 looks')
})

t.test(
  'an idle connection is still there for a request that came in time, whatever the machine takes in between',
  async t => {
    const clock = clockOf()
    const order: string[] = []
    await new Promise<void>(over => {
      clock.hold(100, () => {
        order.push('the idle limit')
        over()
      })
      clock.hold(60, () => {
        // A chain of turns, as a request on its way through proxies.
        let turns = 4
        const turn = () => {
          turns -= 1
          if (turns > 0) setImmediate(turn)
          else order.push('a request')
        }
        turn()
      })
      keepWaiting(500)
    })
    t.strictSame(order, ['a request', 'the idle limit'])
  },
)

t.test('its timers run once, not before their time, and not at all when cancelled', async t => {
  const clock = clockOf()
  const began = performance.now()
  clock.after(20, () => t.fail('cancelled')).cancel()
  clock.hold(20, () => t.fail('cancelled')).cancel()
  await new Promise<void>(done => clock.hold(50, done))
  t.ok(performance.now() - began >= 49)
})

t.test('when stopped, it keeps no process alive: its waits are over', async t => {
  const waiting = () => process.getActiveResourcesInfo().filter(resource => resource === 'Timeout').length
  const clock = new RunningClock()
  const before = waiting()
  clock.hold(20, () => t.fail('it ran'))
  t.equal(waiting(), before + 1)
  clock.stop()
  // Later than it was due.
  for (let turns = 0; turns < 50 || waiting() > before; turns++) await new Promise(done => setTimeout(done, 1))
  t.equal(waiting(), before)
})
