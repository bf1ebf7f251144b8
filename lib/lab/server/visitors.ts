import { unmapped } from '../../net/address.js'
import { siteOf } from '../../net/site-of.js'

/**
 * The visitor behind an address, for counting runs: the address itself, or its IPv6 /64. Null for this machine: its users could
 * also start the programs themselves, and a proxy in front of this server stands for many visitors.
 */
export function visitorOf(address: string | undefined): string | null {
  const bare = unmapped(address ?? '')
  return bare === '' || bare === '::1' || bare.startsWith('127.') ? null : siteOf(bare)
}

/**
 * May a visitor with so many runs start another one? The more runs a visitor has, the more places must be left for others: the
 * first and only visitor gets half of all places, and each later visitor still gets one.
 */
export function mayBegin(own: number, free: number): boolean {
  return free > own
}
