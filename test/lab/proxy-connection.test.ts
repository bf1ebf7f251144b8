import t from 'tap'
import { fieldValues, headsBy } from './fields.js'
import { ran } from './running.js'

t.test(
  'through the dumb proxy: the origin ignores it, so there is no agreement, no hang, and nothing kept',
  async t => {
    const run = await ran(t, 'proxy-connection')
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.equal(Math.round(run.figure('dumb', 'slowest')), 0, 'no party waits for the idle limit of 1500 ms')
    t.strictSame(fieldValues(run, 'dumb', 'proxy', 'Proxy-Connection'), ['Keep-Alive', 'Keep-Alive', 'Keep-Alive'])
    t.strictSame(fieldValues(run, 'dumb', 'origin', 'Connection'), ['close', 'close', 'close'])
    t.equal(run.figure('dumb', 'near'), 3)
    t.equal(run.figure('dumb', 'far'), 3)
  },
)

t.test('through a proxy that knows it both hops persist, each by its own agreement', async t => {
  const run = await ran(t, 'proxy-connection', { knobs: { requests: 4 } })
  const toOrigin = headsBy(run, 'smart', 'proxy').filter(({ startLine }) => startLine.startsWith('GET'))
  t.equal(toOrigin.length, 4)
  for (const { fields } of toOrigin) {
    t.match(
      fields.find(({ name }) => name === 'Connection'),
      { value: 'Keep-Alive' },
    )
    t.notOk(
      fields.find(({ name }) => name === 'Proxy-Connection'),
      'it is never passed on as it came',
    )
  }
  t.strictSame(fieldValues(run, 'smart', 'origin', 'Connection'), Array(4).fill('Keep-Alive'))
  t.strictSame(fieldValues(run, 'smart', 'proxy', 'Proxy-Connection'), Array(4).fill('Keep-Alive'), 'in the answers')
  t.equal(run.of('open', 'smart').length, 2, 'one connection on each side')
})

t.test('hopwise drops it; an HTTP/1.0 client is kept only if that is configured', async t => {
  for (const [http10, connections] of [
    ['closed', 3],
    ['kept', 1],
  ] as const) {
    const run = await ran(t, 'proxy-connection', { knobs: { http10 } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.strictSame(fieldValues(run, 'hopwise', 'proxy', 'Proxy-Connection'), [], 'in no direction')
    t.equal(run.figure('hopwise', 'near'), connections)
    t.equal(run.figure('hopwise', 'far'), 1, 'its own side persists by itself')
  }
})

t.test('the steps say what was seen', async t => {
  const run = await ran(t, 'proxy-connection', { knobs: { requests: 2 } })
  for (const scene of ['dumb', 'smart', 'hopwise'])
    t.strictSame(
      run.of('step', scene).map(({ n }) => n),
      [1, 2, 3, 4],
    )
  t.match(run.of('step', 'dumb')[2]?.text.en, /ignores/)
  t.match(run.of('step', 'smart')[2]?.text.en, /agrees/)
  t.match(run.of('step', 'hopwise')[1]?.text.en, /drops/)
})
