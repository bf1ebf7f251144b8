import t, { type Test } from 'tap'
import type { LabEvent } from '../../lib/lab/events.js'
import { fieldValues } from './fields.js'
import { type Ran, ran } from './running.js'
import { hangIn, waitingAfter } from './waits.js'

t.test('dumb before smart: the two wait for each other, client and origin are caught', async t => {
  const run = await two(t, 'behind')
  t.strictSame(hangIn(waitingBefore(run, 'dumb-smart')), { cycle: ['proxy', 'proxy2'], caught: ['client', 'origin'] })
  t.strictSame(fieldValues(run, 'dumb-smart', 'proxy2', 'Connection'), ['Keep-Alive'], 'written by the smart one')
  t.strictSame(fieldValues(run, 'dumb-smart', 'proxy', 'Proxy-Connection'), ['Keep-Alive', 'Keep-Alive'], 'both ways')
  t.ok(run.figure('dumb-smart', 'second') >= 300, 'most of the idle limit of 600 ms')
})

t.test(
  'smart before dumb: the circle is one hop further away, and the smart one is caught with the client',
  async t => {
    const run = await two(t, 'behind')
    t.strictSame(hangIn(waitingBefore(run, 'smart-dumb')), { cycle: ['origin', 'proxy2'], caught: ['client', 'proxy'] })
    t.strictSame(fieldValues(run, 'smart-dumb', 'proxy', 'Proxy-Connection'), ['Keep-Alive'], 'in its answer alone')
    t.equal(
      run.of('bytes', 'smart-dumb').filter(({ by, connection }) => by === 'proxy2' && connection === 'c3').length,
      1,
      'the second request never reached the origin',
    )
    t.ok(run.figure('smart-dumb', 'second') >= 300)
  },
)

t.test('with hopwise in the place of the smart one there is no hang, in either order', async t => {
  for (const hopwise of ['behind', 'before']) {
    const run = await two(t, hopwise)
    t.equal(hangIn(waitingBefore(run, 'hopwise')), null)
    t.ok(run.figure('hopwise', 'second') < run.figure('dumb-smart', 'second') / 2)
    const own = hopwise === 'behind' ? 'proxy2' : 'proxy'
    t.strictSame(fieldValues(run, 'hopwise', own, 'Proxy-Connection'), [])
    t.equal(
      fieldValues(run, 'hopwise', own, 'Connection').find(value => /keep-alive/i.test(value)),
      undefined,
    )
  }
})

t.test('configured to keep HTTP/1.0 clients behind a dumb proxy, hopwise waits in the circle, too', async t => {
  const run = await two(t, 'allowed')
  t.strictSame(hangIn(waitingBefore(run, 'hopwise'))?.cycle, ['proxy', 'proxy2'])
  t.ok(run.figure('hopwise', 'second') >= 300)
})

t.test(
  'a dumb proxy that passes on the HTTP/1.1 of its origin makes hopwise wait, which then asks once more',
  async t => {
    const run = await two(t, 'before11')
    t.strictSame(hangIn(waitingBefore(run, 'hopwise')), { cycle: ['origin', 'proxy2'], caught: ['client', 'proxy'] })
    t.ok(run.figure('hopwise', 'second') >= 300)
    t.equal(
      run.of('bytes', 'hopwise').filter(({ by, text }) => by === 'proxy' && text.startsWith('HTTP/1.1 200')).length,
      2,
      'the client gets both answers',
    )
  },
)

t.test('the idle limit alone decides how long it hangs', async t => {
  const run = await two(t, 'behind', 15)
  for (const scene of ['dumb-smart', 'smart-dumb']) t.ok(run.figure(scene, 'second') >= 750, 'most of 1500 ms')
})

async function two(t: Test, hopwise: string, timeout = 6): Promise<Ran> {
  const run = await ran(t, 'two-proxies', { knobs: { timeout, hopwise } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  return run
}

/** The waits in a scene right before the first FIN after the second request of its client. */
function waitingBefore({ events }: Ran, scene: string) {
  const inScene = (event: LabEvent) => (event as { scene?: string }).scene === scene
  const asked = events.findLastIndex(event => inScene(event) && event.kind === 'bytes' && event.by === 'client')
  const fin = events.findIndex((event, i) => i > asked && inScene(event) && event.kind === 'fin')
  return waitingAfter(events.slice(0, fin), scene)
}
