import t, { type Test } from 'tap'
import { type Ran, ran, ranHere, wasSeen } from './running.js'

const WAYS = ['serial', 'parallel', 'persistent', 'parallel-persistent', 'pipelined']

/** Exact to a tenth of a ms: only the waits take time. */
function takes(t: Test, run: Ran, scene: string, sum: number): void {
  const measured = run.figure(scene, 'total')
  t.ok(Math.abs(measured - sum) < 0.1, `${scene}: ${measured} ms for ${sum} ms`)
}

const standard = ran(t, 'page-load')

const figures = (run: Ran, id: string) => WAYS.map(scene => run.figure(scene, id))

t.test('four images, two at a time: 6 s with a connection for each, 5 s when the connections are kept', async t => {
  const run = await standard
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.strictSame(
    WAYS.map(scene => run.of('open', scene).length),
    [4, 4, 1, 2, 1],
  )
  t.strictSame(figures(run, 'sum'), [1200, 600, 900, 500, 300], '12 s, 6 s, 9 s, 5 s and 3 s')
  for (const scene of WAYS) takes(t, run, scene, run.figure(scene, 'sum'))
  t.strictSame(figures(run, 'opened'), [4, 4, 1, 2, 1])
  t.strictSame(figures(run, 'saved'), [0, 0, 3, 2, 3])
  t.strictSame(figures(run, 'packets'), [0, 0, 9, 6, 9])
  t.strictSame(figures(run, 'open-at-once'), [1, 2, 1, 2, 1])
})

t.test('a connection for each object is closed by the server after its response, a kept one by the client', async t => {
  const run = await ran(t, 'page-load', { knobs: { objects: 3 }, scale: 0.02 })
  const closers = (scene: string) => [
    ...new Map(
      run
        .of('fin', scene)
        .reverse()
        .map(fin => [fin.connection, fin.by]),
    ).values(),
  ]
  t.strictSame(closers('serial'), ['origin', 'origin', 'origin'])
  t.strictSame(closers('persistent'), ['client'])
  const asked = run.of('bytes', 'serial').filter(({ by }) => by === 'client')
  t.ok(asked.every(({ text }) => text.includes('\r\nConnection: close\r\n')))
})

t.test('on a narrow line many connections take as long as one, but their objects appear together', async t => {
  const run = await standard
  const [one, many] = ['narrow-one', 'narrow-many'].map(scene => run.figure(scene, 'total')) as [number, number]
  t.ok(
    one >= 400 && Math.abs(one - many) < 1,
    `${one} ms and ${many} ms, of which the line needs 400 for content alone`,
  )
  t.ok(run.figure('narrow-many', 'begun') < run.figure('narrow-one', 'begun') / 2)
  const received = (scene: string) => run.of('bar', scene).filter(({ part }) => part === 'receive')
  const firstWhole = Math.min(...received('narrow-many').map(({ to }) => to))
  t.ok(
    received('narrow-many').every(({ from }) => from < firstWhole),
    'all have begun before one is there',
  )
  for (const [i, { from }] of received('narrow-one').entries())
    t.ok(i === 0 || from >= received('narrow-one')[i - 1]!.to, 'one after another')
  t.equal(run.of('open', 'narrow-many').length, 4)
  t.match(
    run.of('note', 'narrow-many').map(({ text }) => text.en),
    [/relay shapes this line/],
  )
})

t.test('the one thing to change: if every page comes over a narrow line, parallel connections help little', async t => {
  const knobs = { bytesPerS: 10_000, connectMs: 100, serverMs: 0 }
  const run = await ran(t, 'page-load', { knobs })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  for (const scene of WAYS) t.ok(run.figure(scene, 'total') >= 380, `${scene}: the line alone needs 400 ms`)
  t.throws(() => run.figure('parallel', 'sum'), 'there is no calculation for a line')
})

t.test('a round trip: pipelining pays for one, persistence for one an object', async t => {
  const knobs = { roundTripMs: 1_000, connectMs: 0, serverMs: 0 }
  const run = await ran(t, 'page-load', { knobs })
  takes(t, run, 'pipelined', 100)
  takes(t, run, 'persistent', 400)
})

t.test('all pipelined requests are sent at once; a server that works on them in turn needs the whole sum', async t => {
  const run = await ran(t, 'page-load', { knobs: { work: 'in-turn', serverMs: 1_000 } })
  takes(t, run, 'pipelined', 500)
  const [asked] = run.of('bytes', 'pipelined').filter(({ by }) => by === 'client')
  t.strictSame(
    asked?.heads?.map(({ startLine }) => startLine),
    [1, 2, 3, 4].map(n => `GET /image-${n} HTTP/1.1`),
  )
})

t.test('the bars of the waterfall: one row for each object, its parts one after another', async t => {
  const run = await ran(t, 'page-load', { scale: 0.02 })
  const parts = (scene: string, row: string) => run.of('bar', scene).filter(bar => bar.row === row)
  t.strictSame(
    parts('serial', '/image-2').map(({ part }) => part),
    ['wait', 'connect', 'server', 'receive'],
  )
  t.strictSame(
    parts('persistent', '/image-2').map(({ part }) => part),
    ['wait', 'server', 'receive'],
  )
  for (const scene of WAYS)
    for (const row of ['/image-1', '/image-4']) {
      const bars = parts(scene, row)
      t.ok(bars.length >= 2)
      for (const [i, bar] of bars.entries()) t.ok(bar.to >= bar.from && bar.from >= (bars[i - 1]?.to ?? 0))
    }
})

t.test('with one object there is nothing to save, and the verdict says so', async t => {
  const run = await ran(t, 'page-load', { knobs: { objects: 1 }, scale: 0.02 })
  t.equal(run.verdict.outcome, 'not-observed')
})

t.test(
  'in real time nothing is quicker than its waits, and the narrow line takes turns on a busy machine, too',
  async t => {
    const run = await ranHere(t, 'page-load')
    wasSeen(t, run)
    for (const scene of WAYS) t.ok(run.figure(scene, 'total') >= run.figure(scene, 'sum') * 0.95, scene)
    for (const scene of ['narrow-one', 'narrow-many']) t.ok(run.figure(scene, 'total') >= 380, scene)
  },
)
