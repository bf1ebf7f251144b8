import t from 'tap'
import { type Ran, ran } from './running.js'

/** The heads that a party sent in a scene, in order. */
function heads(run: Ran, scene: string, by: string): string[] {
  return run
    .of('bytes', scene)
    .filter(event => event.by === by)
    .map(({ text }) => text.slice(0, text.indexOf('\r\n\r\n')))
}

t.test('asked and agreed: one connection, max counts down, the timer restarts, and the origin closes', async t => {
  const run = await ran(t, 'keep-alive', { knobs: { timeout: 10, max: 20 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  for (const head of heads(run, 'kept', 'client')) t.match(head, /\r\nConnection: Keep-Alive/, 'each asks again')
  t.strictSame(
    heads(run, 'kept', 'origin').map(head => /\r\nConnection: (.*)\r\nKeep-Alive: (.*)/.exec(head)?.slice(1)),
    ['timeout=10, max=20', 'timeout=10, max=19', 'timeout=10, max=18', 'timeout=10, max=17'].map(said => [
      'Keep-Alive',
      said,
    ]),
  )
  t.equal(run.of('open', 'kept').length, 1)
  t.match(run.of('closed', 'kept'), [{ by: 'origin', how: 'fin' }])
  t.strictSame(
    run.of('step', 'kept').map(({ n }) => n),
    [1, 2, 3, 4, 5],
  )
  const [opened, ended] = [run.of('open', 'kept')[0]?.at ?? 0, run.of('fin', 'kept')[0]?.at ?? 0]
  t.ok(ended - opened > 2_000, 'twice its idle limit of 1000 ms old, and more')
  t.ok(run.figure('kept', 'idle') >= 900)
})

t.test('without keep-alive each response needs a connection, with Connection: close and without it', async t => {
  const run = await ran(t, 'keep-alive', { knobs: { timeout: 4 } })
  t.equal(run.figure('without', 'responses'), 2)
  t.equal(run.figure('without', 'connections'), 2)
  t.equal(run.of('open', 'without').length, 2)
  t.strictSame(
    heads(run, 'without', 'client').map(head => /\r\nConnection: (.*)/.exec(head)?.[1]),
    [undefined, 'close'],
  )
  for (const { by } of run.of('fin', 'without')) t.equal(by, 'origin')
})

t.test('without an agreement the connection ends with its response, and the client may close, too', async t => {
  const run = await ran(t, 'keep-alive', { knobs: { timeout: 4 } })
  const closed = run.of('closed', 'not-kept')
  t.equal(closed.length, run.of('open', 'not-kept').length)
  t.strictSame(
    closed.map(({ by, how }) => `${by} ${how}`),
    [...Array(6).fill('origin fin'), 'client fin'],
  )
  const answers = heads(run, 'not-kept', 'origin')
  t.equal(answers.length, 8, 'the first connection had two')
  t.notMatch(answers[2], /\r\nConnection/, 'no echo')
  t.notMatch(answers[3], /\r\nContent-Length/, 'no length')
  t.match(heads(run, 'not-kept', 'client')[4], /\r\nKeep-Alive: /)
  t.notMatch(heads(run, 'not-kept', 'client')[4], /\r\nConnection: /, 'no token')
  t.match(answers[5], /\r\nKeep-Alive: /)
  t.notMatch(answers[5], /\r\nConnection: /, 'no token either')
  t.match(answers[6], /\r\nKeep-Alive: max=5, timeout=120/, 'a hint, but still closed')
})

t.test('the thing to change: a small max ends the connection before its timer does', async t => {
  for (const max of [1, 2, 3]) {
    const run = await ran(t, 'keep-alive', { knobs: { timeout: 10, max } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.equal(run.figure('kept', 'responses'), max + 1)
    t.match(run.verdict.text.en, 'closed when max was reached', 'at once, not after the 1000 ms of its timer')
    t.match(heads(run, 'kept', 'origin').at(-1), /\r\nConnection: close/)
  }
})

t.test('a longer timeout is a longer wait', async t => {
  const idle = async (timeout: number) => (await ran(t, 'keep-alive', { knobs: { timeout } })).figure('kept', 'idle')
  const [short, long] = [await idle(3), await idle(9)]
  t.ok(short >= 0.9 * 300 && long >= 0.9 * 900, `${short} ms, then ${long} ms`)
})
