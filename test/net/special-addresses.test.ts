import { test } from 'tap'
import { ProxyError } from '../../lib/link/proxy-error.js'
import { Destinations } from '../../lib/net/upstream/destinations.js'
import { METADATA_NAMES, SPECIAL_BLOCKS } from '../../lib/net/upstream/special-addresses.js'

// Each block of IANA's registries and of the clouds: its first and last address, and the addresses before and after it.

const EDGES: readonly (readonly [block: string, before: string, first: string, last: string, behind: string])[] = [
  ['169.254.169.254/32', '169.254.169.253 special', '169.254.169.254', '169.254.169.254', '169.254.169.255 special'],
  ['169.254.170.2/32', '169.254.170.1 special', '169.254.170.2', '169.254.170.2', '169.254.170.3 special'],
  ['168.63.129.16/32', '168.63.129.15 public', '168.63.129.16', '168.63.129.16', '168.63.129.17 public'],
  ['100.100.100.200/32', '100.100.100.199 special', '100.100.100.200', '100.100.100.200', '100.100.100.201 special'],
  ['192.0.0.192/32', '192.0.0.191 special', '192.0.0.192', '192.0.0.192', '192.0.0.193 special'],
  ['fd00:ec2::254/128', 'fd00:ec2::253 special', 'fd00:ec2::254', 'fd00:ec2::254', 'fd00:ec2::255 special'],
  ['fd20:ce::254/128', 'fd20:ce::253 special', 'fd20:ce::254', 'fd20:ce::254', 'fd20:ce::255 special'],
  ['0.0.0.0/8', '', '0.0.0.0', '0.255.255.255', '1.0.0.0 public'],
  ['10.0.0.0/8', '9.255.255.255 public', '10.0.0.0', '10.255.255.255', '11.0.0.0 public'],
  ['100.64.0.0/10', '100.63.255.255 public', '100.64.0.0', '100.127.255.255', '100.128.0.0 public'],
  ['127.0.0.0/8', '126.255.255.255 public', '127.0.0.0', '127.255.255.255', '128.0.0.0 public'],
  ['169.254.0.0/16', '169.253.255.255 public', '169.254.0.0', '169.254.255.255', '169.255.0.0 public'],
  ['172.16.0.0/12', '172.15.255.255 public', '172.16.0.0', '172.31.255.255', '172.32.0.0 public'],
  ['192.0.0.0/24', '191.255.255.255 public', '192.0.0.0', '192.0.0.255', '192.0.1.0 public'],
  ['192.0.2.0/24', '192.0.1.255 public', '192.0.2.0', '192.0.2.255', '192.0.3.0 public'],
  ['192.31.196.0/24', '192.31.195.255 public', '192.31.196.0', '192.31.196.255', '192.31.197.0 public'],
  ['192.52.193.0/24', '192.52.192.255 public', '192.52.193.0', '192.52.193.255', '192.52.194.0 public'],
  ['192.88.99.0/24', '192.88.98.255 public', '192.88.99.0', '192.88.99.255', '192.88.100.0 public'],
  ['192.168.0.0/16', '192.167.255.255 public', '192.168.0.0', '192.168.255.255', '192.169.0.0 public'],
  ['192.175.48.0/24', '192.175.47.255 public', '192.175.48.0', '192.175.48.255', '192.175.49.0 public'],
  ['198.18.0.0/15', '198.17.255.255 public', '198.18.0.0', '198.19.255.255', '198.20.0.0 public'],
  ['198.51.100.0/24', '198.51.99.255 public', '198.51.100.0', '198.51.100.255', '198.51.101.0 public'],
  ['203.0.113.0/24', '203.0.112.255 public', '203.0.113.0', '203.0.113.255', '203.0.114.0 public'],
  ['224.0.0.0/4', '223.255.255.255 public', '224.0.0.0', '239.255.255.255', '240.0.0.0 special'],
  ['255.255.255.255/32', '255.255.255.254 special', '255.255.255.255', '255.255.255.255', ''],
  ['240.0.0.0/4', '239.255.255.255 special', '240.0.0.0', '255.255.255.255', ''],
  ['::/128', '', '::', '::', '::1 special'],
  ['::1/128', ':: special', '::1', '::1', '::2 special'],
  ['::/96', '', '::', '::ffff:ffff', '::1:0:0 special'],
  ['::ffff:0:0/96', '::fffe:ffff:ffff special', '::ffff:0:0', '::ffff:ffff:ffff', '::1:0:0:0 special'],
  ['::ffff:0:0:0/96', '::fffe:ffff:ffff:ffff special', '::ffff:0:0:0', '::ffff:0:ffff:ffff', '::ffff:1:0:0 special'],
  [
    '64:ff9b::/96',
    '64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff special',
    '64:ff9b::',
    '64:ff9b::ffff:ffff',
    '64:ff9b::1:0:0 special',
  ],
  [
    '64:ff9b:1::/48',
    '64:ff9b:0:ffff:ffff:ffff:ffff:ffff special',
    '64:ff9b:1::',
    '64:ff9b:1:ffff:ffff:ffff:ffff:ffff',
    '64:ff9b:2:: special',
  ],
  [
    '100::/64',
    'ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff special',
    '100::',
    '100::ffff:ffff:ffff:ffff',
    '100:0:0:1:: special',
  ],
  [
    '100:0:0:1::/64',
    '100::ffff:ffff:ffff:ffff special',
    '100:0:0:1::',
    '100::1:ffff:ffff:ffff:ffff',
    '100:0:0:2:: special',
  ],
  [
    '2001::/32',
    '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff public',
    '2001::',
    '2001:0:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:1:: special',
  ],
  [
    '2001:1::/32',
    '2001:0:ffff:ffff:ffff:ffff:ffff:ffff special',
    '2001:1::',
    '2001:1:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:2:: special',
  ],
  [
    '2001:2::/48',
    '2001:1:ffff:ffff:ffff:ffff:ffff:ffff special',
    '2001:2::',
    '2001:2:0:ffff:ffff:ffff:ffff:ffff',
    '2001:2:1:: special',
  ],
  [
    '2001:3::/32',
    '2001:2:ffff:ffff:ffff:ffff:ffff:ffff special',
    '2001:3::',
    '2001:3:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:4:: special',
  ],
  [
    '2001:4:112::/48',
    '2001:4:111:ffff:ffff:ffff:ffff:ffff special',
    '2001:4:112::',
    '2001:4:112:ffff:ffff:ffff:ffff:ffff',
    '2001:4:113:: special',
  ],
  [
    '2001:10::/28',
    '2001:f:ffff:ffff:ffff:ffff:ffff:ffff special',
    '2001:10::',
    '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:20:: special',
  ],
  [
    '2001:20::/28',
    '2001:1f:ffff:ffff:ffff:ffff:ffff:ffff special',
    '2001:20::',
    '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:30:: special',
  ],
  [
    '2001:30::/28',
    '2001:2f:ffff:ffff:ffff:ffff:ffff:ffff special',
    '2001:30::',
    '2001:3f:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:40:: special',
  ],
  [
    '2001::/23',
    '2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff public',
    '2001::',
    '2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:200:: public',
  ],
  [
    '2001:db8::/32',
    '2001:db7:ffff:ffff:ffff:ffff:ffff:ffff public',
    '2001:db8::',
    '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff',
    '2001:db9:: public',
  ],
  [
    '2002::/16',
    '2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff public',
    '2002::',
    '2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '2003:: public',
  ],
  [
    '2620:4f:8000::/48',
    '2620:4f:7fff:ffff:ffff:ffff:ffff:ffff public',
    '2620:4f:8000::',
    '2620:4f:8000:ffff:ffff:ffff:ffff:ffff',
    '2620:4f:8001:: public',
  ],
  [
    '3fff::/20',
    '3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff public',
    '3fff::',
    '3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff',
    '3fff:1000:: public',
  ],
  [
    '5f00::/16',
    '5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff special',
    '5f00::',
    '5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '5f01:: special',
  ],
  [
    'fc00::/7',
    'fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff special',
    'fc00::',
    'fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'fe00:: special',
  ],
  [
    'fe80::/10',
    'fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff special',
    'fe80::',
    'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'fec0:: special',
  ],
  [
    'fec0::/10',
    'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff special',
    'fec0::',
    'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    'ff00:: special',
  ],
  [
    'ff00::/8',
    'feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff special',
    'ff00::',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '',
  ],
]

/** Blocks whose first or last address belongs to a narrower block. */
const NARROWER: Readonly<Record<string, string>> = {
  '240.0.0.0/4 255.255.255.255': '255.255.255.255/32',
  '::/96 ::': '::/128',
  '2001::/23 2001::': '2001::/32',
}

const answerFor = (address: string) => {
  const family = address.includes(':') ? 6 : 4
  return new Destinations([]).check(family === 6 ? `[${address}]` : address, [{ address, family }])
}

test('each block has its row', async t => {
  t.same(
    EDGES.map(([block]) => block),
    SPECIAL_BLOCKS.map(({ block }) => block),
  )
})

for (const [block, before, first, last, behind] of EDGES) {
  test(`${block} from its first address to its last, and no more`, async t => {
    for (const address of new Set([first, last])) {
      const { kind } = SPECIAL_BLOCKS.find(one => one.block === (NARROWER[`${block} ${address}`] ?? block))!
      const answer = answerFor(address)
      t.ok(answer instanceof ProxyError, address)
      const written = kind.startsWith('an IPv4-mapped') ? /^\[::ffff:/ : /./ // there the option names the IPv4 address
      t.match(answer, { type: 'destination_ip_prohibited', status: 403, message: written })
      t.match((answer as ProxyError).told('command-line'), `is ${kind}; the option --allow `)
    }
    for (const [address = '', kind] of [before, behind].filter(one => one !== '').map(one => one.split(' ')))
      t.equal(Array.isArray(answerFor(address)), kind === 'public', address)
  })
}

const CLOUDS = [
  ['169.254.169.254', 'AWS, Google, Azure, Oracle, DigitalOcean, OpenStack'],
  ['169.254.170.2', 'Amazon ECS'],
  ['168.63.129.16', 'Azure'],
  ['100.100.100.200', 'Alibaba'],
  ['192.0.0.192', 'Oracle'],
  ['fd00:ec2::254', 'AWS'],
  ['fd20:ce::254', 'Google'],
  ['::ffff:168.63.129.16', 'Azure, mapped'],
  ['64:ff9b::a83f:8110', 'Azure, by NAT64'],
  ['2002:a83f:8110::1', 'Azure, by 6to4'],
  ['2001:0:1:1:0:0:57c0:7eef', 'Azure, by Teredo'],
] as const

for (const [address, cloud] of CLOUDS) {
  test(`${address} (${cloud}) is not requested from another proxy either, unless allowed`, async t => {
    const host = address.includes(':') ? `[${address}]` : address
    t.match(new Destinations([]).refuseName(host), { type: 'destination_ip_prohibited', status: 403 })
    t.match(answerFor(address), { type: 'destination_ip_prohibited', status: 403 })
    t.equal(new Destinations(['0.0.0.0/0', '::/0']).refuseName(host), null)
    t.match(new Destinations(['0.0.0.0/0', '::/0'], [], [address]).refuseName(host), { status: 403 })
  })
}

test('names of metadata services are not requested from another proxy, unless allowed', async t => {
  for (const name of [...METADATA_NAMES, 'METADATA.google.internal.']) {
    const refused = new Destinations([]).refuseName(name)
    t.match(refused, { type: 'destination_ip_prohibited', status: 403 }, name)
    t.match(refused?.told('command-line'), '--allow')
    t.equal(new Destinations([name]).refuseName(name), null)
  }
  for (const name of ['metadata.example', 'google.internal', 'a.metadata.google.internal'])
    t.equal(new Destinations([]).refuseName(name), null, name)
})

test('other special addresses are left to the next proxy, which knows what is near it', async t => {
  for (const host of ['127.0.0.1', '10.0.0.1', '168.63.129.17', '169.254.169.253', '[::1]', 'localhost'])
    t.equal(new Destinations([]).refuseName(host), null, host)
})
