import ipaddr from 'ipaddr.js'

/** One block of addresses that a forward proxy does not connect to unless allowed. */
export interface SpecialBlock {
  readonly block: string
  /** The kind of address in words, with its specification. */
  readonly kind: string
  /** Why clients must not reach it through this proxy; appears in docs/destinations.md. */
  readonly why: string
}

const NEAR = 'it refers to a host near the proxy'
const SELF = 'it refers to the machine that the proxy runs on'
const NO_HOST = 'no host on the Internet has it'
const ANYCAST = "the nearest host of that service answers, often one in the proxy's own network"
const METADATA = "it hands out the machine's credentials, or data that the operator stored for it"
const INNER = 'a gateway on the path may unpack it and reach any IPv4 address'

/**
 * Addresses that are not part of the public Internet: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890 and later
 * additions, as of 2026), multicast, and addresses that clouds use elsewhere. The first match counts, so a narrower block
 * comes first.
 */
export const SPECIAL_BLOCKS: readonly SpecialBlock[] = [
  // Metadata services of clouds; most of these addresses lie in blocks that are refused anyway.
  special('169.254.169.254/32', 'a link-local address (RFC 3927), the metadata service of most clouds', METADATA),
  special('169.254.170.2/32', 'a link-local address (RFC 3927), where Amazon ECS hands out credentials', METADATA),
  special('168.63.129.16/32', 'the wire server of Azure, public only by its number', METADATA),
  special('100.100.100.200/32', 'a carrier-grade NAT address (RFC 6598), the metadata service of Alibaba', METADATA),
  special('192.0.0.192/32', 'a reserved address (RFC 6890), the metadata service of Oracle', METADATA),
  special('fd00:ec2::254/128', 'a private address (RFC 4193), the metadata service of Amazon', METADATA),
  special('fd20:ce::254/128', 'a private address (RFC 4193), the metadata service of Google', METADATA),

  special('0.0.0.0/8', 'an unspecified address (RFC 1122 3.2.1.3)', SELF),
  special('10.0.0.0/8', 'a private address (RFC 1918)', NEAR),
  special('100.64.0.0/10', 'a carrier-grade NAT address (RFC 6598)', NEAR),
  special('127.0.0.0/8', 'a loopback address (RFC 1122 3.2.1.3)', SELF),
  special('169.254.0.0/16', 'a link-local address (RFC 3927)', NEAR),
  special('172.16.0.0/12', 'a private address (RFC 1918)', NEAR),
  special('192.0.0.0/24', 'a reserved address (RFC 6890)', 'for protocols between a host and its network'),
  special('192.0.2.0/24', 'a documentation address (RFC 5737)', NO_HOST),
  special('192.31.196.0/24', 'an AS112 address (RFC 7535)', ANYCAST),
  special('192.52.193.0/24', 'an AMT relay address (RFC 7450)', ANYCAST),
  special('192.88.99.0/24', 'a reserved address (RFC 7526)', 'formerly the nearest 6to4 relay'),
  special('192.168.0.0/16', 'a private address (RFC 1918)', NEAR),
  special('192.175.48.0/24', 'an AS112 address (RFC 7534)', ANYCAST),
  special('198.18.0.0/15', 'a benchmarking address (RFC 2544)', NEAR),
  special('198.51.100.0/24', 'a documentation address (RFC 5737)', NO_HOST),
  special('203.0.113.0/24', 'a documentation address (RFC 5737)', NO_HOST),
  special('224.0.0.0/4', 'a multicast address (RFC 5771)', NO_HOST),
  special('255.255.255.255/32', 'the broadcast address (RFC 919)', NEAR),
  special('240.0.0.0/4', 'a reserved address (RFC 1112)', NEAR),

  special('::/128', 'the unspecified address (RFC 4291 2.5.2)', SELF),
  special('::1/128', 'the loopback address (RFC 4291 2.5.3)', SELF),
  special('::/96', 'an IPv4-compatible address (RFC 4291 2.5.5.1)', INNER),
  special('::ffff:0:0/96', 'an IPv4-mapped address (RFC 4291 2.5.5.2)', 'the machine treats it as the IPv4 address'),
  special('::ffff:0:0:0/96', 'an IPv4-translated address (RFC 7915)', INNER),
  special('64:ff9b::/96', 'a NAT64 address (RFC 6052)', INNER),
  special('64:ff9b:1::/48', 'a local NAT64 address (RFC 8215)', INNER),
  special('100::/64', 'a discard-only address (RFC 6666)', NO_HOST),
  special('100:0:0:1::/64', 'a dummy address (RFC 9780)', NO_HOST),
  special('2001::/32', 'a Teredo address (RFC 4380)', INNER),
  special('2001:1::/32', 'an anycast address (RFC 7723)', ANYCAST),
  special('2001:2::/48', 'a benchmarking address (RFC 5180)', NEAR),
  special('2001:3::/32', 'an AMT relay address (RFC 7450)', ANYCAST),
  special('2001:4:112::/48', 'an AS112 address (RFC 7535)', ANYCAST),
  special('2001:10::/28', 'an ORCHID (RFC 4843)', 'it identifies a host and is not routed'),
  special('2001:20::/28', 'an ORCHID (RFC 7343)', 'it identifies a host and is not routed'),
  special('2001:30::/28', 'the identity of a drone (RFC 9374)', 'it identifies a device and is not routed'),
  special('2001::/23', 'a reserved address (RFC 2928)', NO_HOST),
  special('2001:db8::/32', 'a documentation address (RFC 3849)', NO_HOST),
  special('2002::/16', 'a 6to4 address (RFC 3056)', INNER),
  special('2620:4f:8000::/48', 'an AS112 address (RFC 7534)', ANYCAST),
  special('3fff::/20', 'a documentation address (RFC 9637)', NO_HOST),
  special('5f00::/16', 'a segment identifier (RFC 9602)', 'it steers packets within one network'),
  special('fc00::/7', 'a private address (RFC 4193)', NEAR),
  special('fe80::/10', 'a link-local address (RFC 4291 2.5.6)', NEAR),
  special('fec0::/10', 'a site-local address (RFC 3879)', NEAR),
  special('ff00::/8', 'a multicast address (RFC 4291 2.7)', NO_HOST),
]

/** Names of clouds' metadata services. They must be known where another proxy resolves names. */
export const METADATA_NAMES: ReadonlySet<string> = new Set([
  'instance-data',
  'instance-data.ec2.internal',
  'metadata',
  'metadata.goog',
  'metadata.google.internal',
  'metadata.tencentyun.com',
])

function special(block: string, kind: string, why: string): SpecialBlock {
  return { block, kind, why }
}

const RANGES = SPECIAL_BLOCKS.map(({ block, kind, why }) => {
  return { network: ipaddr.parseCIDR(block), kind, isMetadata: why === METADATA }
})
const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3')

/** Null: public, judging by its number. */
export function kindOf(address: ParsedAddress): string | null {
  for (const { network, kind } of RANGES) if (within(address, network)) return kind
  const bytes = address.toByteArray()
  if (bytes.length === 4) return null
  if (isIsatap(bytes)) return 'an ISATAP address (RFC 5214)'
  return within(address, GLOBAL_UNICAST) ? null : 'a reserved address (RFC 4291 2.4)'
}

/** A metadata service of a cloud, where a machine learns its identity. */
export function isMetadata(address: ParsedAddress): boolean {
  return RANGES.some(({ network, isMetadata }) => isMetadata && within(address, network))
}

/**
 * Where an IPv6 address of a block embeds an IPv4 one. First match counts; ISATAP depends on the interface identifier instead.
 */
const EMBEDDINGS: readonly { network: Network; offset: number; mask: number; isMapped?: boolean }[] = [
  { network: ipaddr.parseCIDR('::ffff:0:0/96'), offset: 12, mask: 0, isMapped: true },
  { network: ipaddr.parseCIDR('::ffff:0:0:0/96'), offset: 12, mask: 0 },
  { network: ipaddr.parseCIDR('64:ff9b::/96'), offset: 12, mask: 0 },
  { network: ipaddr.parseCIDR('::/96'), offset: 12, mask: 0 },
  { network: ipaddr.parseCIDR('2002::/16'), offset: 2, mask: 0 },
  { network: ipaddr.parseCIDR('2001::/32'), offset: 12, mask: 0xff }, // every bit inverted (RFC 4380 4)
]
const ISATAP = { offset: 12, mask: 0, isMapped: false }
/** `::` and `::1` are not IPv4-compatible addresses. */
const NO_EMBEDDING = ipaddr.parseCIDR('::/127')

/** The IPv4 address embedded in an IPv6 one, in whatever way; null: none. */
export function innerOf(address: ParsedAddress): { address: ParsedAddress; isMapped: boolean } | null {
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

function within(address: ParsedAddress, network: Network): boolean {
  return address.kind() === network[0].kind() && address.match(network)
}

/**
 * Parses a valid address. The dotted end of an IPv6 address is first turned into groups: ipaddr.js 2.5 reads `::127.0.0.1` as
 * `::ffff:127.0.0.1`.
 */
export function parseAddress(address: string): ParsedAddress {
  if (!address.includes(':')) return ipaddr.parse(address)
  return ipaddr.parse(address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)/, (_, a, b, c, d) => `${hex(a, b)}:${hex(c, d)}`))
}

function hex(high: string, low: string): string {
  return (Number(high) * 256 + Number(low)).toString(16)
}

export type ParsedAddress = ipaddr.IPv4 | ipaddr.IPv6
type Network = [ParsedAddress, number]
