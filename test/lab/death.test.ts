import t from 'tap'
import { keptWaiting, ran, ranHere, wasSeen } from './running.js'

t.test(
  'through stock http-proxy the client waits until its patience is over; through hopwise its message ends at once',
  async t => {
    const run = await ran(t, 'death', { knobs: { patience: 12 } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    t.equal(
      Math.round(run.figure('stock', 'waited')),
      1_150,
      'patience of 1200 ms, less the 50 ms until the origin died',
    )
    t.equal(Math.round(run.figure('hopwise', 'waited')), 0)
    for (const scene of ['stock', 'hopwise']) t.equal(run.figure(scene, 'content'), 400)
  },
)

t.test('the origin ends its connection in both scenes, and only hopwise ends the one to the client', async t => {
  const run = await ran(t, 'death', { knobs: { patience: 2 } })
  const byProxy = (scene: string) => run.of('fin', scene).filter(({ by }) => by === 'proxy')
  const clientsOf = (scene: string) => run.of('open', scene).find(({ from }) => from === 'client')?.connection
  for (const scene of ['stock', 'hopwise']) t.ok(run.of('fin', scene).some(({ by }) => by === 'origin'))
  t.ok(byProxy('hopwise').some(({ connection }) => connection === clientsOf('hopwise')))
  t.notOk(byProxy('stock').some(({ connection }) => connection === clientsOf('stock')))
})

t.test('with chunks no last chunk is made up by hopwise', async t => {
  const run = await ran(t, 'death', { knobs: { framing: 'chunked', patience: 2 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  t.equal(run.figure('hopwise', 'content'), 400, 'the bytes of the chunk that came')
  const toClient = run.of('open', 'hopwise').find(({ from }) => from === 'client')?.connection
  const sent = run.of('bytes', 'hopwise').filter(({ by, connection }) => by === 'proxy' && connection === toClient)
  t.notMatch(sent.map(({ text }) => text).join(''), /\r\n0\r\n\r\n$/)
})

t.test(
  'stock http-proxy notices a reset: with a length the connection ends, with chunks a cut answer looks complete',
  async t => {
    const [length, chunked] = await Promise.all([
      ran(t, 'death', { knobs: { how: 'reset' } }),
      ran(t, 'death', { knobs: { how: 'reset', framing: 'chunked' } }),
    ])
    t.match(length.verdict, { outcome: 'observed', text: { en: /also ended the client's connection/ } })
    t.match(chunked.verdict, { outcome: 'observed', text: { en: /as if it were complete/ } })
  },
)

t.test('if the machine is blocked when the origin dies, the verdict is that the machine was too busy', async t => {
  const onEvent = keptWaiting(900, event => event.kind === 'fin' && event.scene === 'hopwise' && event.by === 'origin')
  const run = await ranHere(t, 'death', { knobs: { patience: 1 }, onEvent })
  t.equal(run.verdict.outcome, 'too-busy', run.verdict.text.en)
  t.match(run.verdict.text.en, /delayed this run by \d{3,} ms, and 400 ms are enough to hide the effect\. No hang/)
})

t.test('in real time the effect is the same, unless the machine hides it', async t => {
  const run = await ranHere(t, 'death', { knobs: { patience: 12 } })
  if (wasSeen(t, run)) t.ok(run.figure('hopwise', 'waited') < 600, 'as the verdict has it: half of the patience')
  t.ok(run.figure('stock', 'waited') > 600)
})
