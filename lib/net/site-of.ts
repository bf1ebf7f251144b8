import ipaddr from 'ipaddr.js'

/**
 * Whom an address stands for where connections are counted: itself for IPv4; for IPv6 its /64, because that much is handed out
 * to a single household or host (RFC 6177), which may then use any address of it.
 * @param address as the kernel writes it, possibly with a zone
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
