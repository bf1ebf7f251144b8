import t from 'tap'
import { ran } from './running.js'

t.test('every GET that crosses a FIN fails through stock http-proxy, none through hopwise', async t => {
  const run = await ran(t, 'pool', { knobs: { rounds: 2 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  for (const scene of ['stock', 'hopwise']) t.equal(run.figure(scene, 'crossed'), 2, `${scene}: each one raced`)
  t.equal(run.figure('stock', 'errors'), 2)
  t.equal(run.figure('hopwise', 'errors'), 0)
  t.equal(run.figure('hopwise', 'opened'), 3, 'the first connection, and one for each retry')
})

t.test(
  'hopwise sends a raced GET exactly twice, the second time on a new connection, with the same octets',
  async t => {
    const run = await ran(t, 'pool', { knobs: { rounds: 1 } })
    const asked = run.of('bytes', 'hopwise').filter(({ by, text }) => by === 'proxy' && text.startsWith('GET'))
    t.equal(asked.length, 3)
    const [warm, raced, again] = asked
    t.equal(warm?.connection, raced?.connection)
    t.not(raced?.connection, again?.connection)
    t.equal(raced?.text, again?.text)
    const fin = run
      .of('fin', 'hopwise')
      .find(({ by, connection }) => by === 'origin' && connection === raced?.connection)
    t.ok((fin?.at ?? 0) < (raced?.at ?? 0), 'the FIN had left before the request did')
  },
)

t.test('a POST is sent once, whether the origin has done it or not: the client is told 502', async t => {
  const run = await ran(t, 'pool', { knobs: { rounds: 2 } })
  const sent = run.of('bytes', 'post').filter(({ by, text }) => by === 'proxy' && text.startsWith('POST'))
  t.equal(sent.length, 4)
  t.equal(run.figure('post', 'errors'), 4)
  t.equal(run.figure('post', 'done'), 2)
  const answers = run.of('bytes', 'post').filter(({ by, text }) => by === 'proxy' && text.startsWith('HTTP/1.1 502'))
  t.equal(answers.length, 4)
})

t.test('with the FIN seen in time, with a hint, or with a query now and then, no POST is lost', async t => {
  const run = await ran(t, 'pool', { knobs: { rounds: 2, timeout: 3 } })
  for (const scene of ['liveness', 'hint', 'query']) t.equal(run.figure(scene, 'errors'), 0, scene)
  t.equal(run.figure('hint', 'crossed'), 0)
  t.equal(run.figure('query', 'opened'), 1)
  const upstream = run.of('open', 'hint').filter(({ from }) => from === 'proxy')
  t.equal(upstream.length, 4)
  for (const { connection } of upstream) {
    const first = run.of('fin', 'hint').find(fin => fin.connection === connection)
    t.equal(first?.by ?? 'proxy', 'proxy', `${connection}: the proxy was the first to let go`)
  }
})
