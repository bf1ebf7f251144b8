import type { RateSettings } from '../../link/rate-limit.js'
import { OptionError } from '../../policy/option-error.js'
import type { ProxyOptions } from './proxy-options.js'

// How often one address may do something.

/** How many addresses are remembered, at some hundred bytes each. */
const RATE_KEYS_MAX = 100_000

/** How many may come at once after a pause: as many as in one second. nginx: none beyond the rate unless `burst` is given. */
export function burstOf(perSecond: number): number {
  return Math.max(1, perSecond)
}

/** @throws OptionError */
export function rateOf({
  perSecond,
  burst = burstOf(perSecond),
}: NonNullable<ProxyOptions['requestRate']>): RateSettings {
  if (perSecond === 0 || burst < 1)
    throw new OptionError('requestRate needs a perSecond above 0 and a burst of at least 1')
  return { perSecond, burst, keysMax: RATE_KEYS_MAX }
}

/** The rate of connections; null: unlimited. */
export function connectionRateOf(clients: ProxyOptions['clients']): RateSettings | null {
  const perSecond = clients?.connectionsPerSecond ?? 0
  return perSecond > 0 ? rateOf({ perSecond, burst: connectionBurstOf(perSecond) }) : null
}

/** Twice as many as in one second: a browser that loads a page opens six connections at once, and then none for a long time. */
function connectionBurstOf(perSecond: number): number {
  return Math.max(1, perSecond * 2)
}

/** More than people mistype, too few to guess: 43,200 a day. Squid, nginx, Apache: no limit; sshd: 6 on one connection. */
export const FAILED_LOGINS_PER_MINUTE = 30

/** The rate of wrong passwords; null: unlimited. */
export function failedLoginRateOf(clients: ProxyOptions['clients']): RateSettings | null {
  const perMinute = clients?.failedLoginsPerMinute ?? FAILED_LOGINS_PER_MINUTE
  return perMinute === 0 ? null : rateOf({ perSecond: perMinute / 60, burst: perMinute })
}
