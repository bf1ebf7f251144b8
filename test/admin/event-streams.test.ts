import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type Test, test } from 'tap'
import type { Look } from '../../lib/admin/look.js'
import { FakeClock } from '../support/fake-clock.js'
import type { Scene } from './scene.js'
import { openStream, withAdmin } from './with-admin.js'

test('a look at once, then one each second, the same for all; without a page nothing is requested', async t => {
  const clock = new FakeClock()
  const { scene, port } = await withAdmin(t, { clock })
  scene.pass(10_000)
  t.equal(scene.watching, false)
  const first = await openStream(t, port)
  t.equal(first.response.headers['content-type'], 'text/event-stream; charset=utf-8')
  t.match(await first.events('history', 1), [{ data: '[]' }])
  await first.events('look', 1)
  t.equal(scene.watching, true)
  for (let second = 2; second <= 4; second++) {
    scene.pass(1_000)
    clock.advance(1_000)
    await first.events('look', second)
  }
  const late = await openStream(t, port)
  const [history] = await late.events('history', 1)
  t.equal(JSON.parse(history!.data).length, 3, 'a later page gets the history')
  const looks = (await first.events('look', 4)).map(({ data }): Look => JSON.parse(data))
  t.equal(looks[0]!.pulse, null)
  t.same(
    looks.slice(1).map(({ pulse }) => pulse),
    JSON.parse(history!.data),
  )
  t.match(looks[3], {
    at: scene.now,
    ready: true,
    totals: { name: 'edge-1' },
    snapshot: { clients: { total: scene.clients.size } },
  })
  t.notMatch(first.text(), /s3cr3t/)
  t.match(first.text(), /^retry: \d+\n/)
  t.equal(clock.timers, 1, 'one timer for all')

  for (const { response } of [first, late]) response.destroy()
  await Promise.all([first.closed, late.closed])
  await until(() => !scene.watching)
  t.equal(clock.timers, 0)
})

test('after a while without a page the first pulse does not cover the gap', async t => {
  const clock = new FakeClock()
  const { scene, port } = await withAdmin(t, { clock })
  const look = async () => {
    const stream = await openStream(t, port)
    await stream.events('look', 1)
    scene.pass(1_000)
    clock.advance(1_000)
    await stream.events('look', 2)
    stream.response.destroy()
    await until(() => !scene.watching)
    return stream
  }
  await look()
  scene.pass(60_000)
  const [history, ...looks] = await Promise.all([(await look()).events('history', 1), (await look()).events('look', 1)])
  t.equal(JSON.parse(history[0]!.data).length, 1)
  t.equal(JSON.parse(looks[0]![0]!.data).pulse, null)
})

test('streams beyond the limit get 503; a place becomes free', async t => {
  const { scene, port, ask } = await withAdmin(t, { streamsMax: 2 })
  const [one] = await Promise.all([openStream(t, port), openStream(t, port)])
  t.match(await ask('/events'), { status: 503, text: /^2 live pages are open/, headers: { 'retry-after': '10' } })
  one!.response.destroy()
  await until(async () => (await ask('/events', { method: 'HEAD' })).status === 200 && scene.watching)
  const again = await openStream(t, port)
  t.equal(again.response.statusCode, 200)
})

test('a reader that reads nothing misses looks, then loses the stream; the others do not notice', async t => {
  const clock = new FakeClock()
  const { scene, port, ask } = await withAdmin(t, { clock, streamsMax: 2 })
  // So large that no kernel buffer takes many of them.
  const version = 'x'.repeat(2_000_000)
  const { stats } = scene
  scene.stats = () => ({ ...stats.call(scene), version })
  await rawStream(t, port, socket => socket.pause())
  const quick = await rawStream(t, port, socket => socket.resume())
  await until(() => quick.bytes() > version.length)
  // The reader that reads nothing does not notice its end, either, but its place becomes free.
  const isDropped = async () => (await ask('/events', { method: 'HEAD' })).status === 200
  t.notOk(await isDropped())
  let looks = 1
  for (; looks < 30 && !(await isDropped()); looks++) {
    const before = quick.bytes()
    clock.advance(1_000)
    await until(() => quick.bytes() >= before + version.length)
  }
  t.ok(looks > 5 && looks < 30, `dropped after ${looks} looks`)
  t.notOk(quick.isGone())
  t.ok(scene.watching)
})

test('a source that fails: a comment, a warning, and the stream stays', async t => {
  const clock = new FakeClock()
  const warned: string[] = []
  const { scene, port } = await withAdmin(t, { clock, warn: message => warned.push(message) })
  const { snapshot } = scene
  scene.snapshot = () => {
    throw new Error('no')
  }
  const stream = await openStream(t, port)
  await until(() => stream.text().includes(': no data'))
  t.same(warned, ['no data for the live page'])
  scene.snapshot = snapshot
  clock.advance(1_000)
  await stream.events('look', 1)
})

test('a source that hangs has a limit, and is asked again', async t => {
  const clock = new FakeClock()
  const warned: unknown[] = []
  const { scene, port } = await withAdmin(t, { clock, warn: (_, cause) => warned.push(cause) })
  const { snapshot } = scene
  scene.snapshot = (() => new Promise(() => {})) as unknown as Scene['snapshot']
  const stream = await openStream(t, port)
  await stream.events('history', 1)
  scene.snapshot = snapshot
  clock.advance(4_000)
  t.same(warned, [], 'one question at a time')
  clock.advance(1_000)
  await until(() => stream.text().includes(': no data'))
  t.match(warned, [{ message: 'the workers did not answer within 5000 ms' }])
  clock.advance(1_000)
  await stream.events('look', 1)
})

/** A stream whose reader reads or does not read; it notices a reset either way. */
async function rawStream(t: Test, port: number, then: (socket: Socket) => void) {
  let bytes = 0
  let gone = false
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write('GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n')
  socket
    .on('error', () => {})
    .on('close', () => {
      gone = true
    })
  socket.on('data', part => {
    bytes += part.length
  })
  await once(socket, 'connect')
  then(socket)
  return { bytes: () => bytes, isGone: () => gone }
}

/** Resolves when the condition holds. */
async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await new Promise(done => setImmediate(done))
}
