import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { median, quantile, spoken } from '../../lib/lab/experiments/handshake-parts.js'
import { ranHere, wasSeen } from './running.js'

t.test('a transaction with a handshake takes longer than one without, and more packets', async t => {
  const run = await ranHere(t, 'handshake')
  if (wasSeen(t, run)) t.ok(run.figure('new', 'transaction') > run.figure('kept', 'transaction'))
  t.ok(run.figure('new', 'connect') < run.figure('new', 'transaction'))
  t.equal(run.figure('new', 'handshakes'), 60)
  t.equal(run.figure('kept', 'handshakes'), 1)
  t.ok(run.figure('slow-start', 'packets-kept') >= 20 + 3, 'a request and a response each, and one handshake')
  const [separate, together] = [
    run.figure('slow-start', 'packets-new'),
    run.figure('slow-start', 'packets-kept'),
  ] as const
  t.ok(separate - together >= 9 * 4, 'nine handshakes more, and nine FINs at least, however many ACKs travel alone')
})

t.test('the first transactions are reported in full: one connection each, and one for all', async t => {
  const run = await ranHere(t, 'handshake', { knobs: { transactions: 20 } })
  t.equal(run.of('open', 'new').length, 5)
  t.equal(run.of('open', 'kept').length, 1)
  t.equal(run.of('closed', 'new').length, 5)
  for (const scene of ['new', 'kept'])
    t.equal(run.of('bytes', scene).filter(({ by }) => by === 'client').length, 5, `requests in ${scene}`)
  t.equal(run.of('bar', 'new').filter(({ part }) => part === 'connect').length, 5)
  t.equal(run.of('bar', 'kept').filter(({ part }) => part === 'connect').length, 1)
})

t.test('the window of a new connection grows from 10; a used one begins with the window that it has', async t => {
  const run = await ranHere(t, 'handshake', { knobs: { transactions: 20 } })
  const of = (id: string) => run.figure('slow-start', id)
  t.equal(of('initial'), 10)
  if (wasSeen(t, run)) {
    t.ok(of('grown') >= 100)
    t.ok(of('used') > of('initial'))
    t.ok(of('used-rounds') < of('new-rounds'))
  }
  const content = run.of('bytes', 'slow-start').filter(({ by, text }) => by === 'origin' && text.startsWith('..'))
  t.equal(
    content.reduce((sum, { size }) => sum + size, 0),
    2 * 1_048_576,
  )
  t.equal(content.length, of('new-rounds') + of('used-rounds'))
})

t.test('a used connection that was silent for a while begins with a small window again', async t => {
  const run = await ranHere(t, 'handshake', { knobs: { transactions: 20, silence: 'long' } })
  if (wasSeen(t, run)) t.ok(run.figure('slow-start', 'used') * 4 <= run.figure('slow-start', 'grown'))
})

t.test('without namespaces the handshake is still shown, and the rest says why it is missing', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'hopwise-'))
  const before = process.env.PATH
  writeFileSync(join(folder, 'unshare'), '#!/bin/sh\necho "unshare: Operation not permitted" >&2\nexit 1\n')
  chmodSync(join(folder, 'unshare'), 0o755)
  process.env.PATH = folder
  t.teardown(() => {
    process.env.PATH = before
    rmSync(folder, { recursive: true })
  })
  const run = await ranHere(t, 'handshake')
  wasSeen(t, run)
  t.match(run.verdict.text, { en: /could not be shown/, ko: /보일 수 없었다/ })
  t.match(run.of('note', 'slow-start'), [{ text: { en: /Operation not permitted/ } }])
})

t.test('medians, and how times are written', async t => {
  t.equal(median([3, 1, 100]), 3)
  t.equal(median([]), 0)
  t.equal(quantile([4, 3, 2, 1], 0.25), 2)
  t.strictSame([0.123, 4.56, 43.9].map(spoken), ['0.12', '4.6', '44'])
})
