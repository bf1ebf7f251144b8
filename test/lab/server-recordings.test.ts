import * as net from 'node:net'
import { type Test, test } from 'tap'
import { LAB_LIMITS, type LabLimits } from '../../lib/lab/server/limits.js'
import { FakeClock } from '../support/fake-clock.js'
import { ODD, type Visited, visited } from './server-visitor.js'

const odd = (t: Test, limits: Partial<LabLimits> = {}, clock?: FakeClock): Promise<Visited> =>
  visited(t, { catalogue: ODD, limits, ...(clock ? { clock } : {}) })

test('a recording that grows too large ends its run; its verdict is always there', async t => {
  const { start, follow, ask } = await odd(t, { recordingBytesMax: 200_000 })
  const run = await start('talks')
  const stream = await follow(run)
  await stream.closed
  t.match(stream.events.at(-1), { kind: 'verdict', text: { en: /grew too large/, ko: /너무 커졌다/ } })
  const { text } = await ask(`/runs/${run}`)
  t.ok(text.length > 150_000 && text.length < 210_000, `${text.length} bytes`)
})

test('recordings are kept for a while: so many, so large, so long', async t => {
  const clock = new FakeClock()
  const over = async ({ start, recording }: Visited) => {
    const run = await start('well')
    await recording(run)
    return run
  }
  const statusOf = async ({ ask }: Visited, run: string) => (await ask(`/runs/${run}`)).status
  const few = await odd(t, { keptMax: 1 }, clock)
  const runs = [await over(few), await over(few)]
  t.same(await Promise.all(runs.map(run => statusOf(few, run))), [404, 200], 'the oldest has gone')
  clock.advance(LAB_LIMITS.keptMs - 1)
  t.equal(await statusOf(few, runs[1]!), 200)
  clock.advance(1)
  t.equal(await statusOf(few, runs[1]!), 404)
  t.match(JSON.parse((await few.ask(`/runs/${runs[1]}/events`)).text), {
    error: { en: /no longer exists/, ko: /더 이상/ },
  })
  const small = await odd(t, { keptBytesMax: 10 }, clock)
  const run = await small.start('well')
  const stream = await small.follow(run)
  await stream.closed
  t.equal(await statusOf(small, run), 404, 'too large for all that may be kept')
})

test('streams are bounded: those of one run, and all together', async t => {
  const { start, follow } = await odd(t, { streamsOfRunMax: 2, streamsMax: 3 })
  const [one, other] = [await start('waits'), await start('waits')]
  const open = [await follow(one), await follow(one)]
  t.equal((await follow(one)).status, 503, 'of this run')
  open.push(await follow(other))
  t.equal((await follow(other)).status, 503, 'of all')
  open[0]!.leave()
  await until(async () => (await follow(other)).status === 200)
})

test('a reader that reads nothing is dropped, and others do not notice', async t => {
  const clock = new FakeClock()
  const { start, follow, port } = await odd(t, { recordingBytesMax: 20_000_000 }, clock)
  const run = await start('talks')
  const quick = await follow(run)
  const slow = net.connect({ port, host: '127.0.0.1' })
  t.teardown(() => slow.destroy())
  slow.pause()
  slow.write(`GET /runs/${run}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  await quick.until(4_000)
  let gone = false
  slow
    .on('error', () => {})
    .on('close', () => {
      gone = true
    })
  let taken = 0
  // One reader has read everything, the other only what its kernel has taken: then time passes, beat by beat.
  for (let beats = 0; beats * LAB_LIMITS.beatMs <= LAB_LIMITS.slowMs; beats++) {
    clock.advance(LAB_LIMITS.beatMs)
    await new Promise(done => setImmediate(done))
  }
  clock.advance(LAB_LIMITS.beatMs)
  slow.on('data', octets => {
    taken += octets.length
  })
  slow.resume()
  await until(async () => gone)
  const whole = quick.events.reduce((sum, event) => sum + JSON.stringify(event).length, 0)
  t.ok(whole > 8_000_000, `${whole} bytes were sent`)
  t.ok(taken < whole, `${taken} of them taken, then it was closed`)
  t.notOk(quick.ended())
})

test('a silent stream says now and then that it is there', async t => {
  const clock = new FakeClock()
  const { start, port } = await odd(t, {}, clock)
  const run = await start('waits')
  const socket = net.connect({ port, host: '127.0.0.1' })
  t.teardown(() => socket.destroy())
  let text = ''
  socket.setEncoding('utf8').on('data', part => {
    text += part
  })
  socket.write(`GET /runs/${run}/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
  await until(async () => text.includes('data: '))
  t.notMatch(text, ': still here')
  const beats = () => text.split(': still here\n\n').length - 1
  for (const beat of [1, 2, 3]) {
    clock.advance(LAB_LIMITS.beatMs)
    await until(async () => beats() === beat)
  }
  t.match(text, /\r\n\r\n[0-9a-f]+\r\nretry: \d+\n\n/)
})

test('closing ends everything: runs, streams, idle connections', async t => {
  const lab = await odd(t)
  const streams = [await lab.follow(await lab.start('waits')), await lab.follow(await lab.start('talks'))]
  await streams[0]!.until(1)
  const idle = net.connect({ port: lab.port, host: '127.0.0.1' })
  await new Promise(done => idle.on('connect', done))
  const idleClosed = new Promise(done => idle.on('error', () => {}).on('close', done))
  await lab.close()
  await Promise.all([...streams.map(({ closed }) => closed), idleClosed])
  await t.rejects(lab.ask('/experiments'), { code: 'ECONNREFUSED' })
})

test('if it cannot listen it says so', async t => {
  const { port } = await odd(t)
  await t.rejects(visited(t, { catalogue: ODD, port }), {
    message: `The laboratory cannot listen on 127.0.0.1:${port}: something else listens there (EADDRINUSE).`,
  })
})

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(done => setTimeout(done, 10))
}
