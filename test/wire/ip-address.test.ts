import { isIPv4, isIPv6 } from 'node:net'
import fc from 'fast-check'
import { test } from 'tap'
import { isMapped, readIpv4, readIpv6, writeIpv4, writeIpv6 } from '../../lib/wire/ip-address.js'
import { checked, RUNS } from './property.js'

const octets = (length: number) => fc.array(fc.integer({ min: 0, max: 255 }), { minLength: length, maxLength: length })
/** With zeros in it, as addresses have. */
const sixteen = fc.array(fc.constantFrom(0, 0, 0, 1, 0xff, 0x20), { minLength: 16, maxLength: 16 })

test('IPv4: four numbers without leading zeros', async t => {
  t.same(readIpv4('0.10.200.255'), [0, 10, 200, 255])
  for (const no of ['', '1.2.3', '1.2.3.4.5', '1.2.3.', '01.2.3.4', '1.2.3.256', '1.2.3.x', ' 1.2.3.4', '1.2.3.4000'])
    t.equal(readIpv4(no), null, no)
  t.equal(writeIpv4([9, 1, 2, 3, 4], 1), '1.2.3.4')
})

test('IPv6: read and written in the form of RFC 5952', async t => {
  const rows = [
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'],
    ['::FFFF:1.2.3.4', '::ffff:1.2.3.4'],
    ['::ffff:102:304', '::ffff:1.2.3.4'],
    ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ] as const
  for (const [text, canonical] of rows) t.equal(writeIpv6(readIpv6(text) ?? [], 0), canonical, text)
  for (const no of [
    ...['', ':', ':::', '1::2::3', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::', '::1:2:3:4:5:6:7:8'],
    ...['12345::', 'g::', '1.2.3.4', '1.2.3.4::', '::1.2.3.4:5', '::1.2.3.256', 'fe80::1%eth0', '1:', ':1', ' ::1'],
  ])
    t.equal(readIpv6(no), null, no)
})

test('what is mapped', async t => {
  t.equal(isMapped(readIpv6('::ffff:1.2.3.4') ?? [], 0), true)
  t.equal(isMapped(readIpv6('::1.2.3.4') ?? [], 0), false)
  t.equal(isMapped(readIpv6('1::ffff:1.2.3.4') ?? [], 0), false)
})

checked(
  'any bytes survive being written and read, and Node accepts the text as an address',
  fc.property(octets(4), fc.oneof(octets(16), sixteen), (four, six) => {
    const [text4, text6] = [writeIpv4(four, 0), writeIpv6(six, 0)]
    return isIPv4(text4) && isIPv6(text6) && `${readIpv4(text4)}` === `${four}` && `${readIpv6(text6)}` === `${six}`
  }),
  RUNS * 3,
)

checked(
  'the reader accepts what Node accepts as an address',
  fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcF:.', ':', ':', '::'), maxLength: 40 }), text => {
    return (readIpv4(text) !== null) === isIPv4(text) && (readIpv6(text) !== null) === isIPv6(text)
  }),
  RUNS * 10,
)
