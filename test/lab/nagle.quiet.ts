import t from 'tap'
import { ranHere } from './running.js'

t.test('with three writes for a message there is one wait, not two: all that waits leaves together', async t => {
  const run = await ranHere(t, 'nagle', { knobs: { writes: 3 } })
  t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
  const later = run.figure('nagle', 'later')
  t.ok(later >= 20 && later < 2 * 40, `${later} ms, where Linux holds an ACK back for 40`)
})
