import { unmapped } from '../../net/address.js'
import { siteOf } from '../../net/site-of.js'

/**
 * Whom an address stands for where runs are counted: itself, or its IPv6 /64. Null for this machine: whoever works on it could as well start
 * the programs themselves, and a proxy in front of us is many visitors in one.
 */
export function visitorOf(address: string | undefined): string | null {
  const bare = unmapped(address ?? '')
  return bare === '' || bare === '::1' || bare.startsWith('127.') ? null : siteOf(bare)
}

/**
 * May a visitor who has so many runs begin another one? The more one has, the more must be left for others: whoever comes first and
 * alone gets half of all places, and there is one for each who comes later.
 */
export function mayBegin(own: number, free: number): boolean {
  return free > own
}
