import { BlockList, isIPv4 } from 'node:net'
import fc from 'fast-check'
import { test } from 'tap'
import { TrustedPeers } from '../../lib/net/client/trusted-peers.js'
import { Networks, Ranges } from '../../lib/net/networks.js'
import { checked } from '../wire/property.js'

test('ranges: none, in any order, nested, adjacent, up to the limits', async t => {
  t.equal(new Ranges<number>([]).has(0), false)
  const ranges = new Ranges<number>([
    [10, 20],
    [0, 0],
    [12, 14],
    [18, 25],
    [26, 26],
    [30, 4_294_967_295],
  ])
  t.equal(ranges.size, 4)
  for (const [number, expected] of [
    [0, true],
    [1, false],
    [9, false],
    [10, true],
    [14, true],
    [25, true],
    [26, true],
    [27, false],
    [29, false],
    [30, true],
    [4_294_967_295, true],
  ] as const)
    t.equal(ranges.has(number), expected, `${number}`)
})

test('bits behind the prefix do not count; the families are separate', async t => {
  const networks = new Networks([
    { octets: [10, 1, 2, 3], bits: 8 },
    { octets: [255, 255, 255, 255], bits: 32 },
    { octets: [0x20, 1, 0xd, 0xb8, ...new Array<number>(12).fill(9)], bits: 32 },
  ])
  t.ok(networks.has([10, 255, 255, 255]))
  t.ok(networks.has([255, 255, 255, 255]))
  t.notOk(networks.has([11, 0, 0, 0]))
  t.ok(networks.has([0x20, 1, 0xd, 0xb8, ...new Array<number>(12).fill(255)]))
  t.notOk(networks.has([0x20, 1, 0xd, 0xb9, ...new Array<number>(12).fill(0)]))
  t.notOk(networks.has(new Array<number>(16).fill(0)))
  t.notOk(new Networks([]).has([10, 0, 0, 0]))
  t.ok(new Networks([{ octets: new Array<number>(16).fill(0), bits: 0 }]).has(new Array<number>(16).fill(255)))
})

// Compared with Node's own list, which checks every entry.

const four = fc.ipV4()
const six = fc.oneof(
  fc.ipV6(),
  four.map(address => `::ffff:${address}`),
  fc.constantFrom('::', '::1', '::ffff:0:0', '::fffe:ffff:ffff', '::1:0:0:0', 'fe80::1'),
)
const network = fc.oneof(
  fc.tuple(four, fc.nat(32)),
  fc.tuple(six, fc.oneof(fc.nat(128), fc.integer({ min: 90, max: 100 }))),
)

checked(
  'the same result as BlockList, for any networks and addresses',
  fc.property(
    fc.array(network, { maxLength: 12 }),
    fc.array(fc.oneof(four, six), { maxLength: 12 }),
    (networks, more) => {
      const judge = new BlockList()
      for (const [address, bits] of networks) judge.addSubnet(address, bits, isIPv4(address) ? 'ipv4' : 'ipv6')
      const peers = new TrustedPeers(networks.map(([address, bits]) => `${address}/${bits}`))
      for (const address of [...more, ...networks.map(([one]) => one)]) {
        const bare = address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
        const expected = judge.check(bare, isIPv4(bare) ? 'ipv4' : 'ipv6')
        if (peers.has(address) !== expected) return false
      }
      return true
    },
  ),
)

test('a list of 10,000 takes about as many steps as one of 10: 1,000 times the entries, not 100 times the time', async t => {
  const listOf = (size: number) =>
    new TrustedPeers(Array.from({ length: size }, (_, nth) => `10.${nth >> 8}.${nth & 255}.0/25`))
  const cost = (peers: TrustedPeers): number => {
    let best = Number.POSITIVE_INFINITY
    for (let round = 0; round < 20; round++) {
      const before = process.cpuUsage()
      for (let nth = 0; nth < 2_000; nth++) peers.has(`10.${nth & 63}.${nth & 255}.200`)
      const { user, system } = process.cpuUsage(before)
      best = Math.min(best, user + system)
    }
    return best
  }
  const [small, large] = [cost(listOf(10)), cost(listOf(10_000))]
  t.ok(large < 100 * small, `${large} µs for 2,000 questions, ${small} µs with 10 entries`)
})
