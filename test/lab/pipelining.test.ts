import t from 'tap'
import { type Ran, ran } from './running.js'

t.test('pipelined requests wait for the line twice, serial ones once for each', async t => {
  const run = await ran(t, 'pipelining', { knobs: { count: 10, roundTrip: 400 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(Math.round(run.figure('serial', 'total')), 400, 'ten round trips of 40 ms')
  t.equal(Math.round(run.figure('pipelined', 'total')), 80, 'two of them')
  for (const scene of ['serial', 'pipelined']) t.equal(run.of('bar', scene).length, 10)
  const sent = run.of('bytes', 'pipelined').filter(({ by }) => by === 'client')
  t.strictSame(
    sent.map(({ heads }) => heads?.length),
    [1, 9],
    'the first one alone, until the connection is known to persist',
  )
})

t.test('answers come in the order of the requests, although the second was ready first', async t => {
  const run = await ran(t, 'pipelining')
  for (const scene of ['direct', 'hopwise']) {
    t.equal(Math.round(run.figure(scene, 'alone')), 0, 'at once')
    t.equal(Math.round(run.figure(scene, 'second')), 80, 'held up by the slow one')
  }
})

t.test('hopwise pipelines nothing to the origin', async t => {
  const run = await ran(t, 'pipelining')
  for (const scene of ['hopwise', 'behind']) {
    const upstream = run.of('open', scene).filter(({ from }) => from === 'proxy')
    for (const { connection } of upstream) {
      const turns = run.of('bytes', scene).filter(bytes => bytes.connection === connection)
      t.notOk(
        turns.some(({ by }, i) => by === 'proxy' && turns[i - 1]?.by === 'proxy'),
        `${scene} ${connection}: no request before the answer to the last one`,
      )
    }
  }
})

t.test('an order that was executed without an answer is placed twice if the client repeats it', async t => {
  const run = await ran(t, 'pipelining')
  t.equal(run.figure('everything', 'answers'), 1)
  t.equal(run.figure('everything', 'orders'), 2)
  t.equal(run.figure('idempotent', 'orders'), 1)
  const posts = (run: Ran, scene: string) =>
    run
      .of('bytes', scene)
      .filter(({ by, connection, text }) => by === 'client' && connection !== 'c1' && /^POST/.test(text))
  t.equal(posts(run, 'everything').length, 1)
  t.equal(posts(run, 'idempotent').length, 0)
})

t.test('through hopwise each of the three has an answer, and the order is never sent again', async t => {
  const run = await ran(t, 'pipelining')
  t.equal(run.figure('behind', 'answers'), 3)
  t.equal(run.figure('behind', 'orders'), 1)
  const sent = run.of('bytes', 'behind').filter(({ by, text }) => by === 'proxy' && text.startsWith('POST'))
  t.equal(sent.length, 1)
})

t.test(
  'requests pipelined before the connection is known to persist are lost when the first answer says close',
  async t => {
    const run = await ran(t, 'pipelining')
    t.equal(run.figure('soon', 'read'), 1)
    const answers = run.of('bytes', 'soon').filter(({ by }) => by === 'origin')
    t.equal(answers.length, 1)
    t.match(answers[0]?.text, /Connection: close/)
  },
)
