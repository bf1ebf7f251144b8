import fc from 'fast-check'
import { test } from 'tap'

/** How often a property is tried; `HOPWISE_RUNS` tries harder, `HOPWISE_SEED` repeats a run. */
export const RUNS = Number(process.env.HOPWISE_RUNS ?? 300)
export const SEED = Number(process.env.HOPWISE_SEED ?? Date.now() % 2 ** 31)

/** A property as a test: the seed is printed at the start and with the failure. */
export function checked<T>(name: string, property: fc.IProperty<T>, numRuns: number = RUNS): void {
  test(name, async t => {
    t.comment(`HOPWISE_SEED=${SEED}, ${numRuns} runs`)
    const details = fc.check(property, { seed: SEED, numRuns })
    t.notOk(details.failed, details.failed ? `HOPWISE_SEED=${SEED}: ${fc.defaultReportMessage(details)}` : name)
  })
}
