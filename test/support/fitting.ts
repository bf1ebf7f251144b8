import type { Test } from 'tap'

/**
 * For work that must be done within a time that the real command is given: how much a machine does in that time varies, so
 * if it was not enough the attempt is repeated with four times as much.
 * @param attempt does the work and reports how long it took; it asserts nothing yet
 */
export async function fitting<T extends { tookMs: number; discard(): unknown }>(
  t: Test,
  attempt: (timeMs: number) => Promise<T>,
): Promise<T & { timeMs: number }> {
  for (let timeMs = 1_000; ; timeMs *= 4) {
    const done = await attempt(timeMs)
    if (done.tookMs < timeMs) return { ...done, timeMs }
    t.comment(`${Math.round(done.tookMs)} ms did not fit into ${timeMs} ms: trying again`)
    await done.discard()
  }
}
