import { ratio } from './statistics.mjs'

/** A ratio fails if it is worse than the stored one by more than this. */
const ROOM = 0.1

/**
 * hopwise against nginx: CPU for each request (lower is better) in every row that measures it, requests per second
 * (higher is better) where throughput is the goal.
 * @param {import('../rows.mjs').Row[]} rows
 * @param {import('./statistics.mjs').Result[]} results
 * @returns {Record<string, { cpuUs?: number, requestsPerS?: number }>}
 */
export function gateRatios(rows, results) {
  const found = {}
  for (const row of rows) {
    const of = key => ratio(results, row.name, 'hopwise', 'nginx', key)?.median
    const ratios = { cpuUs: of('cpuUs'), ...(row.rates ? { requestsPerS: of('requestsPerS') } : {}) }
    const known = Object.entries(ratios).filter(([, value]) => value !== undefined)
    if (known.length > 0)
      found[row.name] = Object.fromEntries(known.map(([key, value]) => [key, Number(value.toFixed(3))]))
  }
  return found
}

/**
 * @param {ReturnType<typeof gateRatios>} stored
 * @param {ReturnType<typeof gateRatios>} now
 * @returns {{ row: string, key: string, stored: number, now: number, worse: number, failed: boolean }[]} one for each
 *   ratio that both have; `worse` 0.12 is 12 % worse, negative is better
 */
export function compare(stored, now) {
  return Object.entries(stored).flatMap(([row, ratios]) =>
    Object.entries(ratios)
      .filter(([key]) => now[row]?.[key] !== undefined)
      .map(([key, value]) => {
        const measured = now[row][key]
        const worse = (key === 'cpuUs' ? measured / value : value / measured) - 1
        return { row, key, stored: value, now: measured, worse, failed: worse > ROOM }
      }),
  )
}
