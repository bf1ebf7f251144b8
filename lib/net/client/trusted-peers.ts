import { isIP } from 'node:net'
import { networkHabit } from '../../policy/habits.js'
import { OptionError } from '../../policy/option-error.js'
import { isMapped, readIpv4, readIpv6 } from '../../wire/ip-address.js'
import { type Network, Networks } from '../networks.js'

/** Peers that are trusted about the client's identity: addresses, CIDR blocks, and `unix` for peers on a unix socket. */
export class TrustedPeers {
  readonly #networks: Networks
  readonly #any: boolean
  /** Peers without an address are included. */
  readonly #unix: boolean

  /**
   * @param option the name of the list
   * @throws OptionError for an entry that is neither an address nor a block
   */
  constructor(blocks: readonly string[], option = 'trust') {
    this.#any = blocks.length > 0
    this.#unix = blocks.includes('unix')
    this.#networks = new Networks(blocks.filter(block => block !== 'unix').flatMap(block => networksOf(block, option)))
  }

  /** An IPv4 address that a dual-stack socket reports as `::ffff:a.b.c.d` counts as that IPv4 address. */
  has(address: string): boolean {
    if (!this.#any) return false
    if (address === '') return this.#unix
    const octets = octetsOf(address)
    return octets !== null && this.#networks.has(unmapped(octets))
  }
}

/** One network, or two if an IPv6 network contains all IPv4-mapped addresses. */
function networksOf(block: string, option: string): Network[] {
  const [address = '', length, ...more] = block.split('/')
  const family = isIP(address)
  const most = family === 4 ? 32 : 128
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1
  const octets = octetsOf(address)
  if (octets === null || family === 0 || more.length > 0 || bits < 0 || bits > most) {
    const habit = networkHabit(block)
    if (habit !== null) throw new OptionError(`${option}: ${JSON.stringify(block)} ${habit.what}: ${habit.right}`)
    throw new OptionError(
      `${option}: ${JSON.stringify(block)} is neither an address nor a CIDR block, for example 10.0.0.0/8 (or unix)`,
    )
  }
  const network = { octets, bits }
  if (family === 4) return [network]
  if (bits > 96) return [isMapped(octets, 0) ? { octets: octets.slice(12), bits: bits - 96 } : network]
  const reachesMapped = MAPPED.every(
    (octet, at) => at * 8 >= bits || (octet ^ octets[at]!) >> Math.max(0, 8 - (bits - at * 8)) === 0,
  )
  return reachesMapped ? [network, { octets: [0, 0, 0, 0], bits: 0 }] : [network]
}

/** ::ffff:0:0/96 */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

/** A zone (`fe80::1%eth0`) says on which link an address is, not which address it is. */
function octetsOf(address: string): number[] | null {
  if (!address.includes(':')) return readIpv4(address)
  const zone = address.indexOf('%')
  return readIpv6(zone < 0 ? address : address.slice(0, zone))
}

function unmapped(octets: number[]): number[] {
  return octets.length === 16 && isMapped(octets, 0) ? octets.slice(12) : octets
}
