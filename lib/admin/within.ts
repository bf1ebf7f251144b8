import type { Clock } from '../net/clock.js'

/** The workers' answer, but not later than this: another process may hang, and whoever asked is to be told. */
export function within<T>(ms: number, clock: Clock, answer: T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(ms, () => reject(new Error(`the workers did not answer within ${ms} ms`)))
    Promise.resolve(answer)
      .then(resolve, reject)
      .finally(() => timer.cancel())
  })
}
