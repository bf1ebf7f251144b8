import { type Clock, systemClock } from '../net/clock.js'

/**
 * A clock in the time of the story: a proxy that is given it keeps its deadlines in that time, so they are written as they would be
 * in real life, and its own steps of a tenth of a second are scaled with everything else.
 */
export function storyClock(scale: number): Clock {
  return {
    now: () => systemClock.now() / scale,
    wallMs: () => systemClock.wallMs(),
    after: (ms, run) => systemClock.after(ms * scale, run),
    every: (ms, run) => systemClock.every(ms * scale, run),
  }
}
