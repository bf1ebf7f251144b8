import type { Clock } from '../net/clock.js'

/**
 * A clock in the time of the story: a proxy with this clock applies its deadlines in that time, so they can be written as in real
 * life, and its own steps of a tenth of a second are scaled with everything else.
 */
export function storyClock({ scale, clock }: { readonly scale: number; readonly clock: Clock }): Clock {
  return {
    now: () => clock.now() / scale,
    wallMs: () => clock.wallMs(),
    after: (ms, run) => clock.after(ms * scale, run),
    every: (ms, run) => clock.every(ms * scale, run),
  }
}
