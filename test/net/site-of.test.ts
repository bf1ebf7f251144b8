import { test } from 'tap'
import { siteOf } from '../../lib/net/site-of.js'

for (const [address, site] of [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['no:address', 'no:address'],
] as const) {
  test(`${address} is counted as ${site}`, async t => t.equal(siteOf(address), site))
}
