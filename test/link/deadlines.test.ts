import { test } from 'tap'
import { DEADLINE_NOTES, DEADLINES, type DeadlineName, optionName } from '../../lib/link/deadlines.js'

const NAMES = Object.keys(DEADLINES) as DeadlineName[]

test('every deadline has a default that ends the wait, and a sentence for --help', async t => {
  for (const name of NAMES) {
    t.match(name, /Ms$/)
    // The only one that does not end a wait but creates one, and only if configured.
    const least = name === 'announceMs' ? 0 : 1
    t.ok(Number.isSafeInteger(DEADLINES[name]) && DEADLINES[name] >= least, name)
    t.equal(DEADLINE_NOTES[name].unit, 'ms')
    t.match(DEADLINE_NOTES[name].sentence, /^[A-Z].*\.$/)
  }
  t.strictSame(Object.keys(DEADLINE_NOTES).sort(), [...NAMES].sort(), 'no note without a deadline')
})

test('R79, R87, R96, R170: the defaults that the rules decide', async t => {
  t.match(DEADLINES, { clientIdleHttp10Ms: 5_000, halfClosedMs: 500, continueMs: 1_000, discardMs: 1_000 })
})

test('R87, R88: a client may idle longer than a load balancer in front lets it, an upstream connection is closed before the upstream closes it', async t => {
  const balancer = 60_000
  const shortestUpstream = 5_000
  const margin = 1_000
  t.ok(DEADLINES.clientIdleMs >= balancer + 10_000)
  t.ok(DEADLINES.upstreamIdleMs <= shortestUpstream - margin)
})

test('the whole exchange has more time than any wait within it', async t => {
  for (const name of NAMES) t.ok(DEADLINES.exchangeMs >= DEADLINES[name], name)
})

test('the option of a deadline or limit', async t => {
  t.equal(optionName('requestHeadMs'), 'request-head-ms')
  t.equal(optionName('clientIdleHttp10Ms'), 'client-idle-http10-ms')
})
