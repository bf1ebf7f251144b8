import ipaddr from 'ipaddr.js'
import { ProxyError } from '../link/proxy-error.js'
import { type Address, readLiteral } from './resolver.js'

/**
 * Where a forward proxy connects to: the public Internet, and what its operator has allowed. Everything that only means
 * something near the proxy (loopback, private, link-local, carrier-grade, …) is refused, since a client there would act with the
 * proxy's place in the network; and so is every IPv6 address that holds an IPv4 one, since a gateway on the way may unpack it.
 *
 * Ask twice: `refuseHost` before a name is resolved, `check` with the addresses, and connect to those that `check` gives back
 * (a second resolution could say something else: DNS rebinding).
 */
export class Destinations {
  readonly #allowed: Places
  readonly #only: Places | null
  readonly #denied: Places

  /**
   * Each list: CIDR blocks, addresses, host names, `*.suffix` (every name below the suffix, not itself).
   * @param allow may be connected to although it is not public
   * @param only nothing else may be connected to, be it public or not; empty: no such limit
   * @param deny may not be connected to, whatever the other two say
   * @throws TypeError that names the first entry that is none of these
   */
  constructor(allow: readonly string[], only: readonly string[] = [], deny: readonly string[] = []) {
    this.#allowed = new Places(allow)
    this.#only = only.length === 0 ? null : new Places(only)
    this.#denied = new Places(deny)
  }

  /** What can be said of a host before it is resolved, or when somebody else resolves it; null: nothing against it. */
  refuseName(host: string): ProxyError | null {
    const odd = this.refuseHost(host)
    if (odd !== null) return odd
    const literal = readLiteral(host)
    if (literal !== null) return this.#mayReach(host, parse(literal.address)) ? null : denied(host)
    // Whoever resolves it may decode it first, and it would be another name than the one that was looked for in the lists.
    if (!NAME.test(host)) return oddName(host)
    if (this.#denied.hasName(host)) return denied(host)
    // What only an address could let in is refused, when nobody here will see the address.
    return this.#only === null || this.#only.hasName(host) ? null : denied(host)
  }

  /** Refuses what is neither a name nor an address but read as one by the machine's resolver: `0x7f.1`, `2130706433`, `127.1`. */
  refuseHost(host: string): ProxyError | null {
    return isOddLiteral(host) ? oddName(host) : null
  }

  /**
   * The addresses that may be connected to, in their order; or the error that says why none of them may.
   *
   * @param host as in the request-target, an IPv6 literal with its brackets
   */
  check(host: string, addresses: readonly Address[]): Address[] | ProxyError {
    const odd = this.refuseHost(host)
    if (odd !== null) return odd
    if (this.#denied.hasName(host)) return denied(host)
    const within = addresses.filter(({ address }) => this.#mayReach(host, parse(address)))
    if (within.length === 0 && addresses.length > 0) return denied(host)
    const literal = readLiteral(host) !== null
    if (!literal && this.#allowed.hasName(host)) return within
    const permitted: Address[] = []
    let refusal: Refusal | null = null
    for (const address of within) {
      const why = this.#refuse(parse(address.address))
      if (why === null) permitted.push(address)
      else refusal ??= why
    }
    if (permitted.length > 0) return permitted
    return prohibited(host, literal, refusal)
  }

  /** By `only` and `deny`. An address that holds another one is denied for either of them. */
  #mayReach(host: string, address: Parsed): boolean {
    const inner = innerOf(address)
    if (this.#denied.hasAddress(address) || (inner !== null && this.#denied.hasAddress(inner.address))) return false
    const only = this.#only
    if (only === null || only.hasName(host) || only.hasAddress(address)) return true
    return inner?.isMapped === true && only.hasAddress(inner.address)
  }

  /**
   * Null: it may be connected to. Of an address that holds another one, both must be permitted; only in a mapped one the inner
   * address speaks for both, since a mapped address *is* the inner one to every socket.
   */
  #refuse(address: Parsed): Refusal | null {
    const inner = innerOf(address)
    if (inner?.isMapped && this.#allowed.hasAddress(inner.address)) return null
    if (!this.#allowed.hasAddress(address)) {
      const kind = kindOf(address)
      return kind === null ? null : { what: kind, option: inner?.isMapped ? inner.address : address }
    }
    const refusal = inner === null ? null : this.#refuse(inner.address)
    return refusal === null ? null : { what: `an address that holds ${refusal.what}`, option: refusal.option }
  }
}

/** A list of hosts, by name and by address. */
class Places {
  readonly #networks: Network[] = []
  readonly #names = new Set<string>()
  readonly #suffixes: string[] = []

  /** @throws TypeError */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry)
  }

  #add(entry: string): void {
    const network = readNetwork(entry)
    if (network !== null) {
      this.#networks.push(network)
    } else if (NAME.test(entry) && !isOddLiteral(entry)) {
      const name = bareName(entry)
      if (name.startsWith('*')) this.#suffixes.push(name.slice(1))
      else this.#names.add(name)
    } else {
      throw new TypeError(`"${entry}" is none of what can be allowed: an address, a CIDR block, a host name, *.suffix`)
    }
  }

  hasName(host: string): boolean {
    const name = bareName(host)
    return this.#names.has(name) || this.#suffixes.some(suffix => name.endsWith(suffix) && name.length > suffix.length)
  }

  hasAddress(address: Parsed): boolean {
    return this.#networks.some(network => within(address, network))
  }
}

/** An address for each kind of host that is never the public Internet (the special-purpose registries, RFC 6890). First match counts. */
const KINDS: readonly (readonly [block: string, kind: string])[] = [
  ['0.0.0.0/8', 'an unspecified address (RFC 1122 3.2.1.3)'],
  ['10.0.0.0/8', 'a private address (RFC 1918)'],
  ['100.64.0.0/10', 'a carrier-grade NAT address (RFC 6598)'],
  ['127.0.0.0/8', 'a loopback address (RFC 1122 3.2.1.3)'],
  ['169.254.0.0/16', 'a link-local address (RFC 3927)'],
  ['172.16.0.0/12', 'a private address (RFC 1918)'],
  ['192.0.0.0/24', 'a reserved address (RFC 6890)'],
  ['192.0.2.0/24', 'a documentation address (RFC 5737)'],
  ['192.88.99.0/24', 'a reserved address (RFC 7526)'],
  ['192.168.0.0/16', 'a private address (RFC 1918)'],
  ['198.18.0.0/15', 'a benchmarking address (RFC 2544)'],
  ['198.51.100.0/24', 'a documentation address (RFC 5737)'],
  ['203.0.113.0/24', 'a documentation address (RFC 5737)'],
  ['224.0.0.0/4', 'a multicast address (RFC 5771)'],
  ['255.255.255.255/32', 'the broadcast address (RFC 919)'],
  ['240.0.0.0/4', 'a reserved address (RFC 1112)'],

  ['::/128', 'the unspecified address (RFC 4291 2.5.2)'],
  ['::1/128', 'the loopback address (RFC 4291 2.5.3)'],
  ['::/96', 'an IPv4-compatible address (RFC 4291 2.5.5.1)'],
  ['::ffff:0:0/96', 'an IPv4-mapped address (RFC 4291 2.5.5.2)'],
  ['::ffff:0:0:0/96', 'an IPv4-translated address (RFC 7915)'],
  ['64:ff9b::/96', 'a NAT64 address (RFC 6052)'],
  ['64:ff9b:1::/48', 'a local NAT64 address (RFC 8215)'],
  ['100::/64', 'a discard-only address (RFC 6666)'],
  ['2001::/32', 'a Teredo address (RFC 4380)'],
  ['2001::/23', 'a reserved address (RFC 2928)'],
  ['2001:db8::/32', 'a documentation address (RFC 3849)'],
  ['2002::/16', 'a 6to4 address (RFC 3056)'],
  ['3fff::/20', 'a documentation address (RFC 9637)'],
  ['fc00::/7', 'a private address (RFC 4193)'],
  ['fe80::/10', 'a link-local address (RFC 4291 2.5.6)'],
  ['fec0::/10', 'a site-local address (RFC 3879)'],
  ['ff00::/8', 'a multicast address (RFC 4291 2.7)'],
]
const RANGES = KINDS.map(([block, kind]) => ({ network: ipaddr.parseCIDR(block), kind }))
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

function kindOf(address: Parsed): string | null {
  for (const { network, kind } of RANGES) if (within(address, network)) return kind
  const bytes = address.toByteArray()
  if (bytes.length === 4) return null
  if (isIsatap(bytes)) return 'an ISATAP address (RFC 5214)'
  return within(address, GLOBAL_UNICAST) ? null : 'a reserved address (RFC 4291 2.4)'
}

/** Where an IPv6 address of a block holds an IPv4 one. First match counts; ISATAP goes by the interface identifier instead. */
const EMBEDDINGS: readonly { network: Network; offset: number; mask: number; isMapped?: boolean }[] = [
  { network: ipaddr.parseCIDR('::ffff:0:0/96'), offset: 12, mask: 0, isMapped: true },
  { network: ipaddr.parseCIDR('::ffff:0:0:0/96'), offset: 12, mask: 0 },
  { network: ipaddr.parseCIDR('64:ff9b::/96'), offset: 12, mask: 0 },
  { network: ipaddr.parseCIDR('::/96'), offset: 12, mask: 0 },
  { network: ipaddr.parseCIDR('2002::/16'), offset: 2, mask: 0 },
  { network: ipaddr.parseCIDR('2001::/32'), offset: 12, mask: 0xff }, // every bit turned over (RFC 4380 4)
]
const ISATAP = { offset: 12, mask: 0, isMapped: false }
/** `::` and `::1` are no IPv4-compatible addresses. */
const NO_EMBEDDING = ipaddr.parseCIDR('::/127')

/** The IPv4 address within an IPv6 one, however it got there; null: there is none. */
function innerOf(address: Parsed): { address: Parsed; isMapped: boolean } | null {
  const bytes = address.toByteArray()
  if (bytes.length === 4 || within(address, NO_EMBEDDING)) return null
  const found = EMBEDDINGS.find(({ network }) => within(address, network)) ?? (isIsatap(bytes) ? ISATAP : null)
  if (found === null) return null
  const octets = bytes.slice(found.offset, found.offset + 4).map(octet => octet ^ found.mask)
  return { address: new ipaddr.IPv4(octets), isMapped: found.isMapped === true }
}

/** The interface identifier of RFC 5214 6.1, whatever the prefix. */
function isIsatap(bytes: readonly number[]): boolean {
  return (bytes[8]! & 0xfd) === 0 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe
}

function within(address: Parsed, network: Network): boolean {
  return address.kind() === network[0].kind() && address.match(network)
}

/**
 * What ends in a number (as the URL standard has it) and is no address in its usual form. No top-level domain is a number, but
 * `getaddrinfo` reads such things as IPv4, in octal and hexadecimal too.
 */
function isOddLiteral(host: string): boolean {
  if (readLiteral(host) !== null) return false
  if (host.startsWith('[')) return true
  const name = bareName(host)
  return /^(?:\d+|0x[0-9a-f]*)$/.test(name.slice(name.lastIndexOf('.') + 1))
}

function bareName(host: string): string {
  const name = host.toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}

function readNetwork(entry: string): Network | null {
  const [address, length, more] = entry.split('/')
  const literal = readLiteral(address!)
  if (literal === null || more !== undefined) return null
  const bits = literal.family === 4 ? 32 : 128
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > bits)) return null
  return [parse(literal.address), length === undefined ? bits : Number(length)]
}

/**
 * A valid address to its octets. The dotted end of an IPv6 one is turned into groups first: ipaddr.js 2.5 reads `::127.0.0.1` as
 * `::ffff:127.0.0.1`.
 */
function parse(address: string): Parsed {
  if (!address.includes(':')) return ipaddr.parse(address)
  return ipaddr.parse(address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)/, (_, a, b, c, d) => `${hex(a, b)}:${hex(c, d)}`))
}

function hex(high: string, low: string): string {
  return (Number(high) * 256 + Number(low)).toString(16)
}

/** For a name the text tells the kind of its address, not the address: that is the proxy's own view of the network (RFC 9209 2.1.5). */
function prohibited(host: string, literal: boolean, refusal: Refusal | null): ProxyError {
  const facts = { stage: 'route', side: 'client', status: 403 } as const
  if (refusal === null)
    return new ProxyError('destination_not_found', `${host} has no address`, { ...facts, status: 500 })
  const { what, option } = refusal
  const text = literal
    ? `${host} is ${what}; the option --allow ${option}/${option.toByteArray().length * 8} would permit it`
    : `${host} has ${what}; the option --allow ${bareName(host)} would permit it`
  return new ProxyError('destination_ip_prohibited', text, facts)
}

function oddName(host: string): ProxyError {
  return new ProxyError('http_request_error', `${host} is neither a host name nor an address in its usual form`, {
    stage: 'route',
    side: 'client',
  })
}

/** By a list of the operator's; what stands in the list is not told. */
function denied(host: string): ProxyError {
  const text = `${host} is not among the destinations that this proxy serves`
  return new ProxyError('destination_ip_prohibited', text, { stage: 'route', side: 'client', status: 403 })
}

const NAME = /^(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/i

type Parsed = ipaddr.IPv4 | ipaddr.IPv6
type Network = [Parsed, number]

interface Refusal {
  /** What kind of address it is, in words. */
  readonly what: string
  /** The address to allow. */
  readonly option: Parsed
}
