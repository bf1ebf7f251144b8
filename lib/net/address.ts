import { isIP } from 'node:net'

export interface Address {
  /** Without brackets. */
  readonly address: string
  readonly family: 4 | 6
}

/** A socket that takes both families shows an IPv4 peer as `::ffff:a.b.c.d`: the address of the peer is a.b.c.d. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** The address that `host` is when it is an IP literal as RFC 3986 3.2.2 has it, IPv6 with or without brackets. */
export function readLiteral(host: string): Address | null {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const family = isIP(bare)
  if (family === 6) return { address: bare, family }
  return family === 4 && bare === host ? { address: bare, family } : null
}
