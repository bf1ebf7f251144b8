import { existsSync, readFileSync } from 'node:fs'
import { type Test, test } from 'tap'
import { LAB_LIMITS, type LabLimits } from '../../lib/lab/server/limits.js'
import { Problem } from '../../lib/lab/server/problem.js'
import { Runs } from '../../lib/lab/server/runs.js'
import { mayBegin, visitorOf } from '../../lib/lab/server/visitors.js'
import type { Clock } from '../../lib/net/clock.js'
import { FakeClock } from '../support/fake-clock.js'
import { type Followed, ODD, type Visited, visited } from './server-visitor.js'

const odd = (
  t: Test,
  limits: Partial<LabLimits> = {},
  more: { runsMax?: number; clock?: Clock } = {},
): Promise<Visited> => visited(t, { catalogue: ODD, limits, ...more })

test('no more runs at once than there are places; a place is free again when its run is gone', async t => {
  const { start, post, ask, follow } = await odd(t, {}, { runsMax: 2 })
  const runs = [await start('waits'), await start('waits')]
  const full = await post('/runs', { experiment: 'well' })
  t.match(full, { status: 503, headers: { 'retry-after': '5' } })
  t.match(JSON.parse(full.text), { error: { en: /places are in use/, ko: /빈자리가 없다/ } })
  t.match(await post('/workbench', {}), { status: 503 }, 'the workbench has no separate places')
  const stream = await follow(runs[0]!)
  await ask(`/runs/${runs[0]}`, { method: 'DELETE' })
  await stream.closed
  await until(async () => (await post('/runs', { experiment: 'waits' })).status === 201)
  t.match(await post('/runs', { experiment: 'waits' }), { status: 503 })
})

test('a flood of starts makes no more runs than there are places', async t => {
  const { post } = await odd(t, {}, { runsMax: 3 })
  const answers = await Promise.all(Array.from({ length: 60 }, () => post('/runs', { experiment: 'waits' })))
  const statuses = answers.map(({ status }) => status)
  t.equal(statuses.filter(status => status === 201).length, 3)
  t.equal(statuses.filter(status => status === 503).length, 57)
})

test('the first visitor leaves room for others, and each of them finds a place', async t => {
  const begun = (places: number, visitors: number) => {
    const own = Array<number>(visitors).fill(0)
    for (let visitor = 0; visitor < visitors; visitor++) {
      const free = () => places - own.reduce((sum, each) => sum + each, 0)
      while (mayBegin(own[visitor]!, free())) own[visitor]! += 1
    }
    return own
  }
  t.same(begun(8, 1), [4])
  t.same(begun(8, 4), [4, 2, 1, 1])
  t.same(begun(8, 5), [4, 2, 1, 1, 0], 'that is all of them')
  t.same(begun(1, 1), [1])
})

test('a visitor is an address or a /64; this machine is not a visitor', async t => {
  for (const here of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1', undefined, ''])
    t.equal(visitorOf(here), null)
  t.equal(visitorOf('192.0.2.7'), '192.0.2.7')
  t.equal(visitorOf('::ffff:192.0.2.7'), '192.0.2.7')
  t.equal(visitorOf('2001:db8::1'), visitorOf('2001:db8::ffff:1'))
  t.not(visitorOf('2001:db8::1'), visitorOf('2001:db8:0:1::1'))
})

test('a visitor from another machine is counted, and told when to try again', async t => {
  const clock = new FakeClock()
  const runs = new Runs({ limits: { ...LAB_LIMITS, runsMax: 6, startsBurst: 4 }, clock, warn: () => {} })
  t.teardown(() => runs.close())
  const task = { catalogue: ODD, experiment: 'waits', knobs: {}, scale: 1 }
  const start = (visitor: string | null) => runs.start(task, 'waits', visitor)
  const refused = (visitor: string) => {
    try {
      start(visitor)
    } catch (fault) {
      if (fault instanceof Problem) return [fault.status, fault.fields['Retry-After']]
    }
    return null
  }
  const own = [start('192.0.2.1'), start('192.0.2.1'), start('192.0.2.1')]
  t.same(refused('192.0.2.1'), [503, '5'], 'half of all places')
  t.ok(start('192.0.2.2'), 'there is one for another visitor')
  for (const run of own) runs.stop(run)
  await until(async () => runs.count === 1)
  start('192.0.2.1')
  t.same(refused('192.0.2.1'), [429, '2'], 'too fast')
  clock.advance(2_000)
  t.ok(start('192.0.2.1'))
  t.ok(start(null), 'visitors on this machine are not counted')
})

test('a run without listeners is stopped: from its start, and when the last one has left', async t => {
  const clock = new FakeClock()
  const graceMs = 10
  const { start, follow, ask, recording } = await odd(t, { graceMs, streamsOfRunMax: 2 }, { clock })
  const alone = { kind: 'verdict', outcome: 'not-observed', text: { en: /no page was watching/ } }
  const nobodys = await start('waits')
  clock.advance(graceMs)
  t.match((await recording(nobodys)).at(-1), alone, 'no listener ever came')
  const run = await start('ticks')
  const first = await follow(run)
  const second = await follow(run)
  await first.until(1)
  first.leave()
  const third = await noticed(() => follow(run))
  clock.advance(graceMs * 100)
  await second.until(second.events.length + 20)
  t.notOk(second.ended(), 'it goes on as long as there is a listener')
  second.leave()
  third.leave()
  await until(async () => {
    clock.advance(graceMs)
    return (await ask(`/runs/${run}`)).status === 200
  })
  t.match((await recording(run)).at(-1), alone, 'all have left')
})

test('a machine that is blocked for longer than the grace stops no run', async t => {
  const { start, follow } = await odd(t, { graceMs: 600 })
  const run = await start('ticks')
  for (const until = performance.now() + 1_200; performance.now() < until; );
  const stream = await follow(run)
  await stream.until(20)
  t.notOk(stream.ended())
})

test('a visitor who comes back in time finds the run going on', async t => {
  const clock = new FakeClock()
  const { start, follow } = await odd(t, { streamsOfRunMax: 1 }, { clock })
  const run = await start('ticks')
  const first = await follow(run)
  await first.until(3)
  first.leave()
  // There is a place for one: it is free when the first is known to have left, and from then on the run's time was short.
  const again = await noticed(() => follow(run, { after: 3 }))
  clock.advance(LAB_LIMITS.graceMs * 2)
  await again.until(20)
  t.equal(again.ids[0], 4)
})

test('a run that takes too long is cancelled; one that ignores orders is terminated', async t => {
  const clock = new FakeClock()
  const { start, follow, ask } = await odd(t, {}, { runsMax: 2, clock })
  const slow = await follow(await start('waits'))
  const deaf = await follow(await start('hogs'))
  await Promise.all([slow.until(2), deaf.until(2)])
  t.match(await ask('/experiments'), { status: 200 }, 'and meanwhile the server serves')
  clock.advance(LAB_LIMITS.runMs)
  await slow.closed
  t.notOk(deaf.ended())
  clock.advance(LAB_LIMITS.stopMs)
  await deaf.closed
  t.match(slow.events.at(-1), { kind: 'verdict', text: { en: /took too long/, ko: /시간을 넘겼다/ } })
  t.match(deaf.events.at(-1), {
    kind: 'verdict',
    outcome: 'not-observed',
    text: { en: /took too long.*terminated/, ko: /강제로/ },
  })
  const begins = () => start('well').catch(() => null) // its place is free when its thread is gone
  await until(async () => (await begins()) !== null)
})

test('a run that is terminated leaves no program and no folder behind', async t => {
  const clock = new FakeClock()
  const { start, follow } = await odd(t, {}, { clock })
  const run = await follow(await start('leaves'))
  await run.until(3)
  const note = run.events.find(({ kind }) => kind === 'note') as { text: { en: string } } | undefined
  const [id = '', folder = ''] = note?.text.en.split(' ') ?? []
  t.doesNotThrow(() => process.kill(Number(id), 0), 'the program runs')
  t.ok(existsSync(folder))
  clock.advance(LAB_LIMITS.runMs)
  clock.advance(LAB_LIMITS.stopMs)
  await run.closed
  await until(async () => !existsSync(folder) && !isRunning(Number(id)))
})

test('a failure in a run ends only that run, with a verdict that says so', async t => {
  const { start, follow, complaints } = await odd(t)
  const well = await follow(await start('waits'))
  for (const [id, en] of [
    ['throws', /it broke/],
    ['bursts', /this was not caught/],
    ['rejects', /this was not awaited/],
    ['exits', /ended without a message/],
  ] as const) {
    const stream = await follow(await start(id))
    await stream.closed
    t.match(stream.events.at(-1), { kind: 'verdict', outcome: 'not-observed', text: { en } }, id)
  }
  t.equal(complaints.length, 2, 'the failures are reported to the operator of the server')
  t.notOk(well.ended())
  const after = await follow(await start('well'))
  await after.closed
  t.match(after.events.at(-1), { kind: 'verdict', outcome: 'observed' })
})

/** Starts a run as soon as there is room for it, after the server has noticed who left. */
async function noticed(follow: () => Promise<Followed>): Promise<Followed> {
  for (;;) {
    const stream = await follow()
    if (stream.status === 200) return stream
    await pause(10)
  }
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await pause(20)
}

function pause(ms: number): Promise<void> {
  return new Promise(done => setTimeout(done, ms))
}

/** A process that has ended may stay in the process table, because its parent is gone and cannot reap it. */
function isRunning(id: number): boolean {
  try {
    process.kill(id, 0)
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${id}/stat`, 'utf8'))
  } catch {
    return false
  }
}
