import type { CloseReason } from '../../policy/close-reason.js'

/** Addresses, as many as there are; `TrustedPeers` is one. */
export interface AddressList {
  has(address: string): boolean
}

/** How often something may happen for one key, on the clock that `now` is from. */
export interface Rate {
  /** 0: it may happen now, and is counted. Else in how many milliseconds to come again. */
  take(key: string, now: number): number
}

/** Who may connect at all. A peer without an address (a unix socket's) always may: whoever reaches the socket file has its permission. */
export interface ClientGuards {
  /** Null: everybody. */
  readonly allow: AddressList | null
  /** Goes before `allow`. */
  readonly deny: AddressList | null
  /** Of new connections; by site: an IPv4 address, or an IPv6 /64. */
  readonly connections: Rate | null
}

/** What refused a client, with the reason of its end. */
export const GUARDS = {
  deny: 'client-denied',
  allow: 'client-denied',
  connections: 'client-rate',
} as const satisfies Record<keyof ClientGuards, CloseReason>

/** By which guard a client may not connect; null: it may. */
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
