import t from 'tap'
import { type Ran, ran } from './running.js'

/** The fields about the connection in all messages of a scene. */
function words(run: Ran, scene: string): string[] {
  return run
    .of('bytes', scene)
    .flatMap(({ heads = [] }) => heads)
    .flatMap(({ fields }) => fields)
    .filter(({ name }) => /^(connection|keep-alive)$/i.test(name))
    .map(({ value }) => value)
}

t.test('without a Connection field the connection persists until the idle limit of the origin', async t => {
  const run = await ran(t, 'persistent', { knobs: { timeout: 5 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.strictSame(words(run, 'persistent'), [])
  t.equal(run.of('open', 'persistent').length, 1)
  t.equal(run.of('bytes', 'persistent').filter(({ by }) => by === 'origin').length, 3)
  t.match(run.of('closed', 'persistent'), [{ by: 'origin', how: 'fin' }])
  t.ok(run.figure('persistent', 'idle') >= 450, 'its limit is 500 ms')
})

t.test('the thing to change: the limit of requests ends it, with a close in the last response', async t => {
  for (const max of [2, 6]) {
    const run = await ran(t, 'persistent', { knobs: { timeout: 4, max } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.equal(run.figure('limit', 'responses'), max)
    t.equal(run.of('open', 'limit').length, 1)
    t.strictSame(words(run, 'limit'), ['close'])
    const last = run.of('bytes', 'limit').at(-1)
    t.match(last, { by: 'origin', text: /\r\nConnection: close\r\n/ })
  }
})

t.test('close ends it from either side, and a request after it is not answered', async t => {
  const run = await ran(t, 'persistent', { knobs: { timeout: 4 } })
  const requests = run.of('bytes', 'close').filter(({ by }) => by === 'client')
  const responses = run.of('bytes', 'close').filter(({ by }) => by === 'origin')
  t.equal(requests.flatMap(({ heads = [] }) => heads).length, 4)
  t.equal(responses.flatMap(({ heads = [] }) => heads).length, 2)
  t.match(requests[0]?.text, /\r\nConnection: close/, 'said by the client')
  t.notMatch(requests[1]?.text, /\r\nConnection: close/)
  t.match(responses[1]?.text, /\r\nConnection: close/, 'said by the origin alone')
  t.equal(run.figure('close', 'answered'), 2)
  t.match(run.of('closed', 'close'), [
    { by: 'origin', how: 'fin' },
    { by: 'origin', how: 'fin' },
  ])
})

t.test('1.0 asks to keep, 1.1 asks to end', async t => {
  const run = await ran(t, 'persistent', { knobs: { timeout: 4 } })
  const answers = (connection: string) =>
    run.of('bytes', 'versions').filter(event => event.connection === connection && event.by === 'origin').length
  t.strictSame(['c1', 'c2', 'c3', 'c4'].map(answers), [1, 2, 2, 1])
  t.strictSame(
    run.of('closed', 'versions').map(({ by }) => by),
    ['origin', 'client', 'client', 'origin'],
  )
})
