import t from 'tap'
import { ran } from './running.js'
import { hangIn, waitingAfter } from './waits.js'

t.test(
  'through the dumb proxy the second request hangs until the idle limit of the origin; through hopwise it does not',
  async t => {
    const run = await ran(t, 'hang', { knobs: { timeout: 6 } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.ok(run.figure('dumb', 'second') >= 300, 'most of the idle limit of 600 ms')
    t.equal(
      run.of('bytes', 'dumb').filter(({ by }) => by === 'proxy').length,
      2,
      'one request to the origin, one response to the client',
    )
    t.equal(run.of('bytes', 'hopwise').filter(({ by }) => by === 'proxy').length, 4)
    t.match(run.of('note', 'dumb')[0]?.text, { en: /bytes were left here and never read/, ko: /바이트/ })
    t.strictSame(
      run.of('step', 'dumb').map(({ n }) => n),
      [1, 2, 3, 4, 5],
    )
  },
)

t.test('the waits form a cycle, and the client is caught by it', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 6 } })
  const second = events.findIndex(({ kind, ...rest }) => kind === 'step' && (rest as { n: number }).n === 5)
  const closed = events.findIndex(({ kind }, i) => i > second && kind === 'fin')
  const before = events.slice(0, closed)
  t.strictSame(hangIn(waitingAfter(before, 'dumb')), { cycle: ['origin', 'proxy'], caught: ['client'] })
  t.equal(hangIn(waitingAfter(before, 'hopwise')), null)
})

t.test(
  'the field that should have died is marked where it is seen behind the dumb proxy, and is not there behind hopwise',
  async t => {
    const run = await ran(t, 'hang', { knobs: { timeout: 1 } })
    const fields = (scene: string) =>
      run
        .of('bytes', scene)
        .filter(({ by, connection }) => by === 'proxy' && connection !== 'c1')
        .flatMap(({ heads }) => heads ?? [])
        .flatMap(({ fields }) => fields)
    t.match(
      fields('dumb').find(({ name }) => name === 'Connection'),
      { verdict: 'drop', section: /RFC/ },
    )
    t.equal(
      fields('hopwise').find(({ name, value }) => name === 'Connection' && /keep-alive/i.test(value)),
      undefined,
    )
  },
)
