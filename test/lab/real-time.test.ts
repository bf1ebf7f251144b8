import t from 'tap'
import { EXPERIMENTS } from '../../lib/lab/catalogue.js'
import { ranHere, wasSeen } from './running.js'

// As a learner runs it: in real time, beside other work, on a machine that may be busy. The other tests use an ideal clock.

/** Nearly all of the time is waiting. */
t.jobs = 3
/** Their own tests run only in real time. */
const OTHERS = ['handshake', 'nagle', 'tcp-keepalive']

for (const { id } of EXPERIMENTS.filter(({ id }) => !OTHERS.includes(id)))
  t.test(`${id} shows its effect`, { buffered: true }, async t => {
    const run = await ranHere(t, id)
    wasSeen(t, run)
    const times = run.events.map(({ at }) => at)
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
      'the events are in order of time',
    )
  })
