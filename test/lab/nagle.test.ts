import t from 'tap'
import type { LabEvent } from '../../lib/lab/events.js'
import { quantile } from '../../lib/lab/experiments/handshake-parts.js'
import { type Ran, ranHere, wasSeen } from './running.js'
import { hangIn, waitingAfter } from './waits.js'

t.test('two small writes wait for a delayed ACK, again and again; with TCP_NODELAY they do not', async t => {
  const run = await ranHere(t, 'nagle')
  if (!wasSeen(t, run)) return
  t.ok(run.figure('nagle', 'later') >= 20, 'at least half of the 40 ms of Linux')
  t.ok(quick(run, 'nodelay') * 3 <= run.figure('nagle', 'later'))
  const from =
    run.figure('nagle', 'first') < 20
      ? { en: /From the second/, ko: /두 번째/ }
      : { en: /From the first/, ko: /첫 번째/ }
  t.match(run.verdict.text, from, 'which is what the verdict says')
})

t.test('hopwise gets the pieces one by one, passes each on at once, and waits for no ACK', async t => {
  const run = await ranHere(t, 'nagle', { knobs: { exchanges: 8, writes: 3 } })
  const toOrigin = run.of('open', 'hopwise').find(({ to }) => to === 'origin')
  const pieces = run.of('bytes', 'hopwise').filter(({ connection, by }) => {
    return connection === toOrigin?.connection && by === 'proxy'
  })
  t.equal(pieces.length, 24, 'a head and two pieces of content for each exchange')
  if (wasSeen(t, run)) t.ok(quick(run, 'hopwise') < 20 && run.figure('nagle', 'later') >= 20)
})

t.test('while it waits, the two ends wait for each other', async t => {
  const { events } = await ranHere(t, 'nagle', { knobs: { exchanges: 4 } })
  const step = (n: number) => events.findIndex(event => isStep(event) && event.scene === 'nagle' && event.n === n)
  const between = events.slice(0, step(3)).findLastIndex(({ kind }) => kind === 'waits')
  t.ok(between > step(2))
  t.strictSame(hangIn(waitingAfter(events.slice(0, between + 1), 'nagle'))?.cycle, ['client', 'origin'])
  t.equal(hangIn(waitingAfter(events, 'nagle')), null, 'and it goes on')
})

t.test('a message in one write does not wait, a message in three writes does', async t => {
  const one = await ranHere(t, 'nagle', { knobs: { writes: 1 } })
  const three = await ranHere(t, 'nagle', { knobs: { writes: 3, exchanges: 8 } })
  t.equal(one.of('bytes', 'nodelay').filter(({ by }) => by === 'client').length, 12)
  t.equal(three.of('bytes', 'nodelay').filter(({ by }) => by === 'client').length, 24)
  if (![one, three].map(run => wasSeen(t, run)).every(Boolean)) return
  t.ok(quick(one, 'nagle') < 20)
  t.ok(three.figure('nagle', 'later') >= 20)
})

/**
 * The lower quartile of the later exchanges, from the last write to the response: a busy machine delays some, a delayed ACK all.
 */
function quick(run: Ran, scene: string): number {
  const [, ...waits] = run.of('bar', scene).filter(({ part }) => part === 'wait')
  return quantile(
    waits.map(({ from, to }) => to - from),
    0.25,
  )
}

function isStep(event: LabEvent): event is Extract<LabEvent, { kind: 'step' }> {
  return event.kind === 'step'
}
