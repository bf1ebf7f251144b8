import { test } from 'tap'
import { TrustedPeers } from '../../lib/net/client/trusted-peers.js'

const rows: [string[], string, boolean][] = [
  [[], '127.0.0.1', false],
  [['127.0.0.1'], '127.0.0.1', true],
  [['127.0.0.1'], '127.0.0.2', false],
  [['10.0.0.0/8'], '10.255.0.1', true],
  [['10.0.0.0/8'], '11.0.0.1', false],
  [['10.0.0.0/8', '192.0.2.7'], '192.0.2.7', true],
  [['0.0.0.0/0'], '203.0.113.9', true],
  [['0.0.0.0/0'], '2001:db8::1', false],
  [['10.0.0.0/8'], '::ffff:10.1.2.3', true],
  [['10.0.0.0/8'], '::ffff:11.1.2.3', false],
  [['::1'], '::1', true],
  [['2001:db8::/32'], '2001:db8:1::1', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['::/0'], '2001:db9::1', true],
  [['10.0.0.0/8'], '', false],
  [['10.0.0.0/8'], 'not an address', false],
  [['10.0.0.0/8', 'unix'], '', true],
  [['10.0.0.0/8', 'unix'], '10.0.0.1', true],
  [['unix'], '127.0.0.1', false],
]
for (const [trusted, peer, expected] of rows) {
  test(`[${trusted}] ${expected ? 'trusts' : 'does not trust'} ${peer}`, async t => {
    t.equal(new TrustedPeers(trusted).has(peer), expected)
  })
}

for (const wrong of [
  '',
  'localhost',
  '10.0.0.0/33',
  '10.0.0.0/',
  '10.0.0.0/x',
  '10.0.0.0/8/8',
  '10.0.0',
  '::/129',
  '10.0.0.0/-1',
  ' 10.0.0.1',
]) {
  test(`${JSON.stringify(wrong)} is refused with an error that says what to write`, async t => {
    t.throws(() => new TrustedPeers(['10.0.0.1', wrong]), {
      name: 'TypeError',
      message: /trust: .*for example 10\.0\.0\.0\/8/,
    })
  })
}
