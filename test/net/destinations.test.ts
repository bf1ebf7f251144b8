import { isIPv6 } from 'node:net'
import { test } from 'tap'
import { ProxyError } from '../../lib/link/proxy-error.js'
import type { Address } from '../../lib/net/names/resolver.js'
import { Destinations } from '../../lib/net/upstream/destinations.js'

/** Each literal: null if permitted; otherwise what the refusal says about it, and the option that it names. */
const LITERALS: readonly (readonly [literal: string, kind: string | null, option?: string])[] = [
  ['8.8.8.8', null],
  ['1.1.1.1', null],
  ['100.63.255.255', null],
  ['100.128.0.0', null],
  ['172.15.255.255', null],
  ['172.32.0.0', null],
  ['223.255.255.255', null],
  ['0.0.0.0', 'an unspecified address', '0.0.0.0/32'],
  ['0.1.2.3', 'an unspecified address', '0.1.2.3/32'],
  ['10.0.0.1', 'a private address', '10.0.0.1/32'],
  ['100.64.0.0', 'a carrier-grade NAT address', '100.64.0.0/32'],
  ['100.127.255.255', 'a carrier-grade NAT address', '100.127.255.255/32'],
  ['127.0.0.1', 'a loopback address', '127.0.0.1/32'],
  ['127.255.255.254', 'a loopback address', '127.255.255.254/32'],
  ['169.254.169.254', 'a link-local address', '169.254.169.254/32'],
  ['172.16.0.1', 'a private address', '172.16.0.1/32'],
  ['172.31.255.255', 'a private address', '172.31.255.255/32'],
  ['192.0.0.8', 'a reserved address', '192.0.0.8/32'],
  ['192.0.2.1', 'a documentation address', '192.0.2.1/32'],
  ['192.88.99.1', 'a reserved address', '192.88.99.1/32'],
  ['192.168.1.1', 'a private address', '192.168.1.1/32'],
  ['198.18.0.1', 'a benchmarking address', '198.18.0.1/32'],
  ['198.19.255.255', 'a benchmarking address', '198.19.255.255/32'],
  ['198.51.100.7', 'a documentation address', '198.51.100.7/32'],
  ['203.0.113.7', 'a documentation address', '203.0.113.7/32'],
  ['224.0.0.1', 'a multicast address', '224.0.0.1/32'],
  ['239.255.255.255', 'a multicast address', '239.255.255.255/32'],
  ['240.0.0.1', 'a reserved address', '240.0.0.1/32'],
  ['255.255.255.255', 'the broadcast address', '255.255.255.255/32'],

  ['[2606:4700::1111]', null],
  ['[2a00:1450:4001::1]', null],
  ['[::]', 'the unspecified address', '::/128'],
  ['[::1]', 'the loopback address', '::1/128'],
  ['[0:0:0:0:0:0:0:1]', 'the loopback address', '::1/128'],
  ['[::7f00:1]', 'an IPv4-compatible address', '::7f00:1/128'],
  ['[::8.8.8.8]', 'an IPv4-compatible address', '::808:808/128'],
  ['[::ffff:127.0.0.1]', 'an IPv4-mapped address', '127.0.0.1/32'],
  ['[::ffff:7f00:1]', 'an IPv4-mapped address', '127.0.0.1/32'],
  ['[::ffff:8.8.8.8]', 'an IPv4-mapped address', '8.8.8.8/32'],
  ['[::ffff:0:10.0.0.1]', 'an IPv4-translated address', '::ffff:0:a00:1/128'],
  ['[64:ff9b::10.0.0.1]', 'a NAT64 address', '64:ff9b::a00:1/128'],
  ['[64:ff9b::8.8.8.8]', 'a NAT64 address', '64:ff9b::808:808/128'],
  ['[64:ff9b:1::1]', 'a local NAT64 address', '64:ff9b:1::1/128'],
  ['[100::1]', 'a discard-only address', '100::1/128'],
  ['[2001::1]', 'a Teredo address', '2001::1/128'],
  ['[2001:2::1]', 'a benchmarking address', '2001:2::1/128'],
  ['[2001:db8::1]', 'a documentation address', '2001:db8::1/128'],
  ['[2002:7f00:1::1]', 'a 6to4 address', '2002:7f00:1::1/128'],
  ['[3fff::1]', 'a documentation address', '3fff::1/128'],
  ['[2606:4700::5efe:10.0.0.1]', 'an ISATAP address', '2606:4700::5efe:a00:1/128'],
  ['[2606:4700::200:5efe:8.8.8.8]', 'an ISATAP address', '2606:4700::200:5efe:808:808/128'],
  ['[fc00::1]', 'a private address', 'fc00::1/128'],
  ['[fdff::1]', 'a private address', 'fdff::1/128'],
  ['[fe80::1]', 'a link-local address', 'fe80::1/128'],
  ['[fec0::1]', 'a site-local address', 'fec0::1/128'],
  ['[ff02::1]', 'a multicast address', 'ff02::1/128'],
  ['[4000::1]', 'a reserved address', '4000::1/128'],
  ['[5f00::1]', 'a segment identifier', '5f00::1/128'],
]

for (const [literal, kind, option] of LITERALS) {
  test(`${literal} is ${kind ?? 'permitted'}`, async t => {
    const bare = literal.replace(/[[\]]/g, '')
    const addresses = [of(bare)]
    const answer = new Destinations([]).check(literal, addresses)
    if (kind === null) {
      t.strictSame(answer, addresses)
      return
    }
    t.match(answer, { type: 'destination_ip_prohibited', status: 403, stage: 'route', side: 'client' })
    const message = (answer as ProxyError).told('command-line')
    t.match(message, `${literal} is ${kind} (`)
    t.match(message, `the option --allow ${option} would permit it`)
    t.strictSame(
      new Destinations([option!, '0.0.0.0/0']).check(literal, addresses),
      addresses,
      'the option does what the text says',
    )
  })
}

/** With these allowed: what is permitted, and what is still refused. */
const ALLOWED: readonly (readonly [allow: string[], host: string, address: string, permitted: boolean])[] = [
  [['127.0.0.0/8'], '127.9.9.9', '127.9.9.9', true],
  [['127.0.0.0/8'], '128.0.0.1', '128.0.0.1', true],
  [['127.0.0.0/8'], '10.0.0.1', '10.0.0.1', false],
  [['127.0.0.1/8'], '127.9.9.9', '127.9.9.9', true],
  [['10.1.2.3'], '10.1.2.3', '10.1.2.3', true],
  [['10.1.2.3'], '10.1.2.4', '10.1.2.4', false],
  [['::1'], '[::1]', '::1', true],
  [['[::1]'], '[::1]', '::1', true],
  [['::1/128'], '[::2]', '::2', false],
  [['fd00::/8'], '[fd12::1]', 'fd12::1', true],
  [['fe80::/10'], '[fe80::1]', 'fe80::1%lo', true],
  [['10.0.0.0/8'], 'any.example', '10.1.1.1', true],
  [['127.0.0.0/8'], '[::ffff:127.0.0.1]', '::ffff:127.0.0.1', true],
  [['::ffff:0:0/96'], '[::ffff:8.8.8.8]', '::ffff:8.8.8.8', true],
  [['::ffff:0:0/96'], '[::ffff:127.0.0.1]', '::ffff:127.0.0.1', false],
  [['10.0.0.0/8'], '[64:ff9b::10.0.0.1]', '64:ff9b::10.0.0.1', false],
  [['64:ff9b::/96'], '[64:ff9b::8.8.8.8]', '64:ff9b::8.8.8.8', true],
  [['64:ff9b::/96'], '[64:ff9b::169.254.169.254]', '64:ff9b::169.254.169.254', false],
  [['64:ff9b::/96', '10.0.0.0/8'], '[64:ff9b::10.0.0.1]', '64:ff9b::10.0.0.1', true],
  [['2002::/16'], '[2002:808:808::1]', '2002:808:808::1', true],
  [['2002::/16'], '[2002:7f00:1::1]', '2002:7f00:1::1', false],
  [['2001::/32'], '[2001::f7f7:f7f7]', '2001::f7f7:f7f7', true],
  [['2001::/32'], '[2001::80ff:fffe]', '2001::80ff:fffe', false],
  [['::/0'], '[2606:4700::5efe:10.0.0.1]', '2606:4700::5efe:10.0.0.1', false],
  [['::/0'], '[::127.0.0.1]', '::127.0.0.1', false],
  [['::/0'], '[::1]', '::1', true],
  [['::/0'], '10.0.0.1', '10.0.0.1', false],
  [['host.name'], 'host.name', '127.0.0.1', true],
  [['Host.Name.'], 'hOST.nAME', '127.0.0.1', true],
  [['host.name'], 'host.name.', '127.0.0.1', true],
  [['host.name'], 'a.host.name', '127.0.0.1', false],
  [['host.name'], '127.0.0.1', '127.0.0.1', false],
  [['*.internal'], 'a.internal', '10.0.0.1', true],
  [['*.internal'], 'a.b.INTERNAL.', '10.0.0.1', true],
  [['*.internal'], 'internal', '10.0.0.1', false],
  [['*.internal'], '.internal', '10.0.0.1', false],
  [['*.internal'], 'xinternal', '10.0.0.1', false],
  [['*.internal'], 'a.internal.example', '10.0.0.1', false],
  [['_srv.x_y-z'], '_srv.x_y-z', '10.0.0.1', true],
]

for (const [allow, host, address, permitted] of ALLOWED) {
  test(`--allow ${allow.join(' --allow ')}: ${host} (${address}) is ${permitted ? 'permitted' : 'refused'}`, async t => {
    t.equal(new Destinations(allow).check(host, [of(address)]) instanceof ProxyError, !permitted)
  })
}

test('R166: of several addresses the permitted ones remain, in their order', async t => {
  const addresses = ['10.0.0.1', '2606:4700::1', '127.0.0.1', '8.8.8.8'].map(of)
  t.strictSame(new Destinations([]).check('mixed.example', addresses), [addresses[1], addresses[3]])
})

test('R201: the refusal of a name gives the kind of its address and the option, never the address', async t => {
  const answer = new Destinations([]).check('Db.Example', [of('10.1.2.3'), of('127.0.0.1')])
  t.equal(
    (answer as ProxyError).told('command-line'),
    'Db.Example has a private address (RFC 1918); the option --allow db.example would permit it',
  )
})

test('an address embedded in an allowed one is named if it is the reason for the refusal', async t => {
  const answer = new Destinations(['64:ff9b::/96']).check('[64:ff9b::a00:1]', [of('64:ff9b::a00:1')])
  t.equal(
    (answer as ProxyError).told('file'),
    "[64:ff9b::a00:1] is an address that embeds a private address (RFC 1918); destinations.allow: ['10.0.0.1/32'] would permit it",
  )
})

test('a name without addresses is not found', async t => {
  t.match(new Destinations([]).check('h', []), {
    type: 'dns_error',
    status: 502,
    message: 'h has no address',
  })
})

for (const host of [
  '127.1',
  '2130706433',
  '0x7f.1',
  '0X7F000001',
  '0x',
  '017700000001',
  '127.0.0.01',
  '1.2.3.4.',
  '1.2.3.4.5',
  'a.1',
  '[1.2.3.4]',
  '[v1.x]',
]) {
  test(`${host} is neither a name nor an address, whatever is allowed`, async t => {
    const destinations = new Destinations(['127.0.0.0/8', '0.0.0.0/0', '::/0'])
    t.match(destinations.refuseHost(host), { type: 'http_request_error', status: 400, stage: 'route', side: 'client' })
    t.match(destinations.check(host, [of('127.0.0.1')]), { type: 'http_request_error' })
  })
}

for (const host of ['127.0.0.1', '[::1]', 'localhost', '1.example', '0x7f.example', 'a1', '1a', 'example.']) {
  test(`${host} is a name or an address`, async t => {
    t.equal(new Destinations([]).refuseHost(host), null)
  })
}

for (const entry of [
  '',
  '*',
  '*.',
  'a b',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '10/8',
  '127.1',
  '0x7f.1',
  'http://h',
  'h:80',
  '*.*.x',
  'a..b',
  '10.0.0.0/x',
  '[10.0.0.1]',
]) {
  test(`"${entry}" cannot be allowed`, async t => {
    t.throws(() => new Destinations(['::1', entry]), {
      name: 'TypeError',
      message: `"${entry}" is not a destination: write an address, a CIDR block, a host name or *.suffix`,
    })
  })
}

function of(address: string): Address {
  return { address, family: isIPv6(address) ? 6 : 4 }
}
