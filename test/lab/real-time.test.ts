import t from 'tap'
import { EXPERIMENTS } from '../../lib/lab/catalogue.js'
import { ranHere, wasSeen } from './running.js'

// As it is run by whoever learns: in real time, beside others, on a machine that may be busy. The other tests run it by an ideal clock.

/** Nearly all of it is waited away. */
t.jobs = 3
/** They have real time in their own tests, and nothing else. */
const OTHERS = ['handshake', 'nagle', 'tcp-keepalive']

for (const { id } of EXPERIMENTS.filter(({ id }) => !OTHERS.includes(id)))
  t.test(`${id} shows what it is about`, { buffered: true }, async t => {
    const run = await ranHere(t, id)
    wasSeen(t, run)
    const times = run.events.map(({ at }) => at)
    t.strictSame(
      times,
      times.toSorted((a, b) => a - b),
      'what is told is in order of time',
    )
  })
