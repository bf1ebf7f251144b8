import type { RateSettings } from '../../link/rate-limit.js'
import type { ProxyOptions } from './proxy-options.js'

// How often one address may do something.

/** Addresses that are remembered: each is some hundred octets. */
const RATE_KEYS_MAX = 100_000

/** How many may come at once after a pause: as many as in one second, whoever asks. nginx: none beyond the rate unless `burst` is given. */
export function burstOf(perSecond: number): number {
  return Math.max(1, perSecond)
}

/** @throws TypeError */
export function rateOf({
  perSecond,
  burst = burstOf(perSecond),
}: NonNullable<ProxyOptions['requestRate']>): RateSettings {
  if (perSecond === 0 || burst < 1) throw new TypeError('requestRate needs perSecond above 0 and a burst from 1 on')
  return { perSecond, burst, keysMax: RATE_KEYS_MAX }
}

/** Connections; null: as many as come. */
export function connectionRateOf(clients: ProxyOptions['clients']): RateSettings | null {
  const perSecond = clients?.connectionsPerSecond ?? 0
  return perSecond > 0 ? rateOf({ perSecond, burst: connectionBurstOf(perSecond) }) : null
}

/** Twice as many as in one second: who opens a page opens six connections at once, and then none for long. */
function connectionBurstOf(perSecond: number): number {
  return Math.max(1, perSecond * 2)
}

/** More than people mistype, too few to guess: 43,200 a day. Squid, nginx, Apache: no limit; sshd: 6 on one connection. */
export const FAILED_LOGINS_PER_MINUTE = 30

/** Wrong passwords; null: any number. */
export function failedLoginRateOf(clients: ProxyOptions['clients']): RateSettings | null {
  const perMinute = clients?.failedLoginsPerMinute ?? FAILED_LOGINS_PER_MINUTE
  return perMinute === 0 ? null : rateOf({ perSecond: perMinute / 60, burst: perMinute })
}
