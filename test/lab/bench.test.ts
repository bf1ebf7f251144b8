import * as net from 'node:net'
import t, { type Test } from 'tap'
import { Bench, party } from '../../lib/lab/bench.js'
import type { LabEvent } from '../../lib/lab/events.js'
import { experiment, judged } from '../../lib/lab/experiment.js'
import { runExperiment } from '../../lib/lab/run.js'
import { plain } from '../../lib/lab/said.js'

/** The times of the events of a run that does this, by kind. */
async function timesOf(run: (bench: Bench) => Promise<void>): Promise<Map<string, number>> {
  const text = plain('x')
  const it = experiment({
    ...{ id: 'x', title: text, question: text, answers: [], watch: text, lesson: [], change: text, references: [] },
    ...{ knobs: {}, timeMaxMs: 1_000 },
    async run(bench) {
      await run(bench)
      return judged(true, text, text)
    },
  })
  const events = await runExperiment(it)
  const nameOf = (event: LabEvent) => ('scene' in event ? `${event.kind} ${event.scene}` : event.kind)
  return new Map(events.map(event => [nameOf(event), event.at]))
}

function busy(ms: number): void {
  for (const until = performance.now() + ms; performance.now() < until; );
}

t.test('scenes that are set in one turn begin at one moment, whatever the machine takes in between', async t => {
  const times = await timesOf(async bench => {
    const set = (id: string) => bench.scene(id, plain(id), [party('client')])
    await bench.wait(5)
    set('a').note(plain('within the turn'))
    busy(70)
    set('b').note(plain('within the turn'))
    await new Promise(done => setTimeout(done, 1))
    set('c')
  })
  const [a = 0, b, c = 0] = ['scene a', 'scene b', 'scene c'].map(name => times.get(name))
  t.ok(a >= 4)
  t.equal(b, a)
  for (const name of ['note a', 'note b']) t.equal(times.get(name), a, name)
  t.ok(c >= a + 70, `${c} after ${a}`)
  t.ok(times.get('verdict')! >= c)
})

t.test('nothing is opened for a run that is over: it would never be closed', async t => {
  const bench = await closed(t)
  const scene = bench.scene('late', plain('late'), [party('client')])
  const to = { party: 'origin', port: 1, observes: true, expect() {} }
  await t.rejects(bench.listen(net.createServer()), { message: 'The run is over.' })
  await t.rejects(scene.origin(), { message: 'The run is over.' })
  for (const kind of ['dumb', 'hopwise', 'stock', 'smart'] as const)
    await t.rejects(scene.proxy({ kind, to }), { message: 'The run is over.' }, kind)
})

async function closed(t: Test): Promise<Bench> {
  const bench = new Bench(1, new AbortController().signal, () => {})
  t.teardown(() => bench.close())
  await bench.close()
  return bench
}
