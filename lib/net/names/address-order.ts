import { networkInterfaces } from 'node:os'
import type { Address } from '../address.js'
import type { Clock } from '../clock.js'

/** What this machine can reach, as far as its own addresses tell. */
export interface OwnReach {
  /** `::1`; a unique local address (RFC 4193); a global one. */
  readonly loopback6: boolean
  readonly local6: boolean
  readonly global6: boolean
}

/**
 * The order of RFC 6724 as far as it matters when all of them are tried anyway: IPv6 first where this machine has an address to
 * come from, IPv4, then IPv6 that it has none for. Within these the order of the answer stays: that is how name servers
 * spread the load.
 */
export function inOrder(addresses: readonly Address[], reach: OwnReach): Address[] {
  const rank = ({ address, family }: Address): number => (family === 4 ? 1 : reaches(address, reach) ? 0 : 2)
  return [0, 1, 2].flatMap(wanted => addresses.filter(one => rank(one) === wanted))
}

function reaches(address: string, { loopback6, local6, global6 }: OwnReach): boolean {
  const lower = address.toLowerCase()
  if (lower === '::1') return loopback6
  if (/^f[cd]/.test(lower)) return local6
  return /^[23]/.test(lower) && global6
}

/** The addresses of this machine, asked for every ten seconds at most. */
export class OwnAddresses {
  private askedAt = Number.NEGATIVE_INFINITY
  private known: OwnReach = { loopback6: false, local6: false, global6: false }

  constructor(private readonly clock: Clock) {}

  get(): OwnReach {
    const now = this.clock.now()
    if (now - this.askedAt < ASK_MS) return this.known
    this.askedAt = now
    const own = Object.values(networkInterfaces()).flatMap(list => (list ?? []).map(({ address }) => address))
    this.known = {
      loopback6: own.includes('::1'),
      local6: own.some(address => /^f[cd]/.test(address)),
      global6: own.some(address => address.includes(':') && /^[23]/.test(address)),
    }
    return this.known
  }
}

const ASK_MS = 10_000
