import { networkInterfaces } from 'node:os'
import type { Address } from '../address.js'
import type { Clock } from '../clock.js'

/** What this machine can reach, judging by its own addresses. */
export interface OwnReach {
  /** `::1`; a unique local address (RFC 4193); a global one. */
  readonly loopback6: boolean
  readonly local6: boolean
  readonly global6: boolean
}

/**
 * The order of RFC 6724, as far as it matters when all addresses are tried anyway: first IPv6 for which this machine has a source
 * address, then IPv4, then other IPv6. Within these groups the order of the answer is kept: name servers use it to spread the
 * load.
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

/** The addresses of this machine, read at most every ten seconds. */
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
