import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import * as net from 'node:net'
import t, { type Test } from 'tap'
import { IdealClock } from './ideal-clock.js'

function clockOf(t: Test): IdealClock {
  const clock = new IdealClock()
  t.teardown(() => clock.stop())
  return clock
}

const after = (clock: IdealClock, ms: number) => new Promise<number>(done => clock.after(ms, () => done(clock.now())))

t.test('it moves at once to the next wait, in order, and exact to a fraction of a millisecond', async t => {
  const clock = clockOf(t)
  const began = clock.now()
  const due = await Promise.all([after(clock, 3_600_000.5), after(clock, 20), after(clock, 1_000)])
  t.strictSame(
    due.map(at => at - began),
    [3_600_000.5, 20, 1_000],
  )
  t.equal(clock.real(), clock.now())
})

t.test('it stands still while any code can go on without it, for however long', async t => {
  const clock = clockOf(t)
  const server = net.createServer(socket => socket.pipe(socket)).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const began = clock.now()
  let isDone = false
  const limit = after(clock, 1).then(() => isDone)
  for (let nth = 0; nth < 200; nth++) {
    const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
    socket.write('ping')
    await once(socket, 'data')
    await readFile('/dev/null')
    socket.destroy()
  }
  t.equal(clock.now(), began)
  isDone = true
  t.equal(await limit, true)
  t.equal(clock.now(), began + 1)
})

t.test('code that waits on two of them finishes on both', async t => {
  const [one, other] = [clockOf(t), clockOf(t)]
  const rounds = async (clock: IdealClock) => {
    for (let nth = 0; nth < 20; nth++) await after(clock, 100)
    return clock.now()
  }
  const [begun, ended] = [one.now(), await Promise.all([rounds(one), rounds(other)])]
  t.strictSame(ended, [begun + 2_000, begun + 2_000])
})

t.test('when stopped it stands still for ever', async t => {
  const clock = clockOf(t)
  clock.after(10, () => t.fail('it passed'))
  clock.stop()
  const other = clockOf(t)
  await after(other, 100)
  await after(other, 100)
  t.pass('nothing ran')
})
