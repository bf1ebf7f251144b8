import t from 'tap'
import { keptWaiting, ran, ranHere } from './running.js'

/**
 * One run for all tests: two rounds, so that something that happens once is distinguished from something that happens each time.
 */
const run = await ran(t, 'pool', { knobs: { rounds: 2 } })

t.test('every GET that crosses a FIN fails through stock http-proxy, none through hopwise', async t => {
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  for (const scene of ['stock', 'hopwise']) t.equal(run.figure(scene, 'crossed'), 2, `${scene}: each one raced`)
  t.equal(run.figure('stock', 'errors'), 2)
  t.equal(run.figure('hopwise', 'errors'), 0)
  t.equal(run.figure('hopwise', 'opened'), 3, 'the first connection, and one for each retry')
})

t.test('hopwise sends a raced GET exactly twice, the second time on a new connection, with the same bytes', async t => {
  const asked = run.of('bytes', 'hopwise').filter(({ by, text }) => by === 'proxy' && text.startsWith('GET'))
  t.equal(asked.length, 6)
  for (const round of [asked.slice(0, 3), asked.slice(3)]) {
    const [warm, raced, again] = round
    t.equal(warm?.connection, raced?.connection)
    t.not(raced?.connection, again?.connection)
    t.equal(raced?.text, again?.text)
    const fin = run
      .of('fin', 'hopwise')
      .find(({ by, connection }) => by === 'origin' && connection === raced?.connection)
    t.ok((fin?.at ?? 0) < (raced?.at ?? 0), 'the FIN had left before the request did')
  }
})

t.test('a POST is sent once, whether the origin has executed it or not: the client gets 502', async t => {
  const sent = run.of('bytes', 'post').filter(({ by, text }) => by === 'proxy' && text.startsWith('POST'))
  t.equal(sent.length, 4)
  t.equal(run.figure('post', 'errors'), 4)
  t.equal(run.figure('post', 'done'), 2)
  const answers = run.of('bytes', 'post').filter(({ by, text }) => by === 'proxy' && text.startsWith('HTTP/1.1 502'))
  t.equal(answers.length, 4)
})

t.test('with the FIN seen in time, with a hint, or with a query now and then, no POST is lost', async t => {
  for (const scene of ['liveness', 'hint', 'query']) t.equal(run.figure(scene, 'errors'), 0, scene)
  t.equal(run.figure('hint', 'crossed'), 0)
  t.equal(run.figure('query', 'opened'), 1)
  const upstream = run.of('open', 'hint').filter(({ from }) => from === 'proxy')
  t.equal(upstream.length, 4)
  for (const { connection } of upstream) {
    const first = run.of('fin', 'hint').find(fin => fin.connection === connection)
    t.equal(first?.by ?? 'proxy', 'proxy', `${connection}: the proxy closed first`)
  }
})

t.test('a machine that is blocked for longer than an idle limit loses no POST that was in time', async t => {
  // Right after the answer to the pool's second query: its next query and the limit of the origin both fall into that time.
  let answers = 0
  const onEvent = keptWaiting(700, event => {
    if (event.kind === 'goes-on' && event.scene === 'query' && event.who === 'client') answers += 1
    return answers === 2
  })
  const run = await ranHere(t, 'pool', { knobs: { rounds: 1 }, onEvent })
  t.equal(run.figure('query', 'errors'), 0)
  t.equal(run.figure('query', 'opened'), 1)
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
})
