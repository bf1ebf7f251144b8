import ipaddr from 'ipaddr.js'

/**
 * The key under which connections of an address are counted: an IPv4 address itself; for IPv6 its /64, because a single household
 * or host is given that much (RFC 6177) and may use any address in it.
 * @param address as the kernel formats it, possibly with a zone
 */
export function siteOf(address: string): string {
  if (!address.includes(':')) return address
  const bare = address.split('%', 1)[0]!
  if (!ipaddr.IPv6.isValid(bare)) return address
  return `${ipaddr.IPv6.parse(bare)
    .parts.slice(0, 4)
    .map(part => part.toString(16))
    .join(':')}::/64`
}
