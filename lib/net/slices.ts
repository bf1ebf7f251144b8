import type { Steps } from '../policy/steps.js'
import { type Clock, systemClock } from './clock.js'

/** So long other work may be kept waiting: as long as a few requests take, however much there is to do. */
const SLICE_MS = 2

/**
 * Does long work in slices; between two of them everything else that is due has its turn. Rejects with what a step throws.
 * @param clock to see how long a slice has taken
 */
export async function inSlices<T>(steps: Steps<T>, clock: Clock = systemClock): Promise<T> {
  for (;;) {
    const until = clock.now() + SLICE_MS
    do {
      const { done, value } = steps.next()
      if (done === true) return value
    } while (clock.now() < until)
    await new Promise<void>(resolve => setImmediate(resolve))
  }
}
