import { isIP } from 'node:net'

export interface Address {
  /** Without brackets. */
  readonly address: string
  readonly family: 4 | 6
}

/** A dual-stack socket reports an IPv4 peer as `::ffff:a.b.c.d`; the peer's address is a.b.c.d. */
export function unmapped(address: string): string {
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

/** The address in `host` if it is an IP literal (RFC 3986 3.2.2), IPv6 with or without brackets; otherwise null. */
export function readLiteral(host: string): Address | null {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const family = isIP(bare)
  if (family === 6) return { address: bare, family }
  return family === 4 && bare === host ? { address: bare, family } : null
}
