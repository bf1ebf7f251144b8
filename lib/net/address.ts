import { isIP } from 'node:net'

export interface Address {
  /** Without brackets. */
  readonly address: string
  readonly family: 4 | 6
}

/** The address that `host` is when it is an IP literal as RFC 3986 3.2.2 has it, IPv6 with or without brackets. */
export function readLiteral(host: string): Address | null {
  const bare = host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host
  const family = isIP(bare)
  if (family === 6) return { address: bare, family }
  return family === 4 && bare === host ? { address: bare, family } : null
}
