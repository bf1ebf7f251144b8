import t from 'tap'
import { ranHere } from './running.js'

t.test(
  'with three writes for each message there is one wait, not two: everything that waits leaves together',
  async t => {
    const run = await ranHere(t, 'nagle', { knobs: { writes: 3 } })
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    const later = run.figure('nagle', 'later')
    t.ok(later >= 20 && later < 2 * 40, `${later} ms, where Linux holds an ACK back for 40`)
  },
)
