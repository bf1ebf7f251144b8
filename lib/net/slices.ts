import type { Steps } from '../policy/steps.js'
import { type Clock, systemClock } from './clock.js'

/** How long other work may be kept waiting: the time that a few requests take, however long the job is. */
const SLICE_MS = 2

/**
 * Does a long job in slices; between them the event loop handles everything else that is due. Rejects with what a step throws.
 * @param clock measures how long a slice has taken
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
