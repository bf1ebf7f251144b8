import { test } from 'tap'
import { readLiteral } from '../../lib/net/address.js'
import { inOrder, OwnAddresses } from '../../lib/net/names/address-order.js'
import { FakeClock } from '../support/fake-clock.js'

const all = ['192.0.2.2', '2001:db8::2', '127.0.0.1', '::1', 'fd00::2', '192.0.2.1', '2001:db8::1', 'fe80::1']
const ordered = (reach: { loopback6?: boolean; local6?: boolean; global6?: boolean }) =>
  inOrder(
    all.map(address => readLiteral(address)!),
    { loopback6: false, local6: false, global6: false, ...reach },
  ).map(({ address }) => address)

test('RFC 6724: IPv6 first where this machine has a source address; otherwise the order of the answer', async t => {
  const v4 = ['192.0.2.2', '127.0.0.1', '192.0.2.1']
  t.same(ordered({}), [...v4, '2001:db8::2', '::1', 'fd00::2', '2001:db8::1', 'fe80::1'])
  t.same(ordered({ global6: true }), ['2001:db8::2', '2001:db8::1', ...v4, '::1', 'fd00::2', 'fe80::1'])
  t.same(ordered({ loopback6: true, local6: true }), ['::1', 'fd00::2', ...v4, '2001:db8::2', '2001:db8::1', 'fe80::1'])
})

test('its own addresses are read again from time to time', async t => {
  const clock = new FakeClock()
  const own = new OwnAddresses(clock)
  const first = own.get()
  t.equal(own.get(), first)
  clock.advance(10_000)
  t.not(own.get(), first)
  t.same(own.get(), first)
})
