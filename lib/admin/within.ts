import type { Clock } from '../net/clock.js'

/** The workers' answer, or an error after `ms`: another process may hang, and the caller must get an answer. */
export function within<T>(ms: number, clock: Clock, answer: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(`the workers did not answer within ${ms} ms`)))
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => timer.cancel())
  })
}
