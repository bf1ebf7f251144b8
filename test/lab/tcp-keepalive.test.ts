import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { ranHere } from './running.js'

const VANISHED = ['without', 'probed', 'data']

t.test(
  'a vanished peer is found by probes or by retransmission, otherwise never; a living one is not kept',
  async t => {
    const run = await ranHere(t, 'tcp-keepalive')
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    for (const scene of VANISHED) t.equal(run.of('fin', scene).length, 0, `no FIN in ${scene}`)
    const ends = (scene: string) => run.of('closed', scene).map(({ by, how }) => ({ by, how }))
    t.strictSame(ends('without'), [], 'the origin still believes in it')
    t.strictSame(ends('probed'), [{ by: 'client', how: 'vanished' }])
    t.strictSame(ends('data'), [{ by: 'client', how: 'vanished' }])
    t.strictSame(ends('alive'), [{ by: 'origin', how: 'fin' }])
    t.ok(run.figure('probed', 'found') >= 2_900, 'time + 2 probes at an interval of 1 s')
    t.equal(run.figure('probed', 'probes'), 2)
    t.ok(run.figure('data', 'retransmits') >= 1)
    t.ok(run.figure('without', 'unnoticed') >= run.figure('probed', 'found'))
    t.ok(run.figure('alive', 'answered') >= 2)
    for (const scene of [...VANISHED, 'alive']) {
      const steps = run.of('step', scene).map(({ n }) => n)
      t.strictSame(
        steps,
        steps.map((_, i) => i + 1),
        `steps of ${scene}`,
      )
    }
  },
)

t.test('fewer probes find it earlier, a longer time later', async t => {
  const [fewer, longer] = await Promise.all([
    ranHere(t, 'tcp-keepalive', { knobs: { probes: 1 } }),
    ranHere(t, 'tcp-keepalive', { knobs: { time: 3, retries: 2 } }),
  ])
  for (const { verdict } of [fewer, longer]) t.equal(verdict.outcome, 'observed', verdict.text.en)
  t.equal(fewer.figure('probed', 'probes'), 1)
  t.ok(fewer.figure('probed', 'found') >= 1_900)
  t.ok(longer.figure('probed', 'found') >= 4_900)
  t.ok(longer.figure('data', 'retransmits') > fewer.figure('data', 'retransmits'), 'more patience, more attempts')
})

t.test('without namespaces it is impossible, with the reason', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hopwise-'))
  const before = process.env.PATH
  process.env.PATH = folder
  t.teardown(() => {
    process.env.PATH = before
    rmSync(folder, { recursive: true })
  })
  const { verdict, of } = await ranHere(t, 'tcp-keepalive')
  t.match(verdict, { outcome: 'impossible', text: { en: /unshare/, ko: /unshare/ } })
  t.strictSame(of('open'), [])
})
