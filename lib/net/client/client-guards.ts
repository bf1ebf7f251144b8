import type { CloseReason } from '../../policy/close-reason.js'

/** A set of addresses; `TrustedPeers` is one. */
export interface AddressList {
  has(address: string): boolean
}

/** How often something may happen for one key, by the clock that `now` comes from. */
export interface Rate {
  /** 0: it may happen now and is counted. Otherwise the number of milliseconds after which to retry. */
  take(key: string, now: number): number
}

/** Which clients may connect at all. A peer without an address (on a unix socket) always may: file permissions guard that. */
export interface ClientGuards {
  /** Null: all addresses. */
  readonly allow: AddressList | null
  /** Takes precedence over `allow`. */
  readonly deny: AddressList | null
  /** Limits new connections per site: an IPv4 address, or an IPv6 /64. */
  readonly connections: Rate | null
}

/** The guards that can refuse a client, with the close reason of each. */
export const GUARDS = {
  deny: 'client-denied',
  allow: 'client-denied',
  connections: 'client-rate',
} as const satisfies Record<keyof ClientGuards, CloseReason>

/** The guard that refuses the client; null: it may connect. */
export function refusedBy(
  { allow, deny, connections }: ClientGuards,
  address: string,
  site: string,
  now: number,
): keyof ClientGuards | null {
  if (deny?.has(address) === true) return 'deny'
  if (allow?.has(address) === false) return 'allow'
  return connections === null || connections.take(site, now) === 0 ? null : 'connections'
}
