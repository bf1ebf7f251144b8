import { test } from 'tap'
import { CLOSE_REASONS } from '../../lib/policy/close-reason.js'

const reasons = Object.entries(CLOSE_REASONS)

for (const [reason, sentence] of reasons) {
  test(`${reason}: one sentence, for people`, async t => {
    t.match(reason, /^[a-z]+[a-z0-9-]*$/)
    t.match(sentence, /^[A-Z][^.]*(?:RFC [0-9]+ [0-9.]+[^.]*|HTTP\/1\.0[^.]*)?.*\.$/)
    t.ok(sentence.length < 120, 'it fits a line')
  })
}

test('no two reasons have the same sentence', async t => {
  t.equal(new Set(Object.values(CLOSE_REASONS)).size, reasons.length)
})

test('a reason names the side, or it is one of the proxy', async t => {
  const ours = reasons.map(([reason]) => reason).filter(reason => !/^(client|upstream)-/.test(reason))
  t.same(ours, [
    ...['content-unread', 'response-close-delimited', 'response-truncated', 'refused', 'upgraded-ended'],
    ...[
      'tunnel-ended',
      'tunnel-idle',
      'login-ended',
      'login-surplus',
      'early-response',
      'surplus-idle',
      'stale',
      'exchange-timeout',
    ],
    ...['reconfigured', 'health', 'draining', 'internal-error', 'shutdown'],
  ])
})
