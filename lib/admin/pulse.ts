import { difference, quantile } from './histogram-view.js'
import type { Totals } from './source.js'

/** Recent activity: a point in each chart of the live page. Rates are since the last look, the rest covers several seconds. */
export interface Pulse {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly requestsPerS: number
  /** Responses of class 5xx. */
  readonly errorsPerS: number
  /** Seconds, for whole exchanges; null: none ended. */
  readonly p50S: number | null
  readonly p99S: number | null
  /** The share of requests that found an open connection, 0 to 1; null: no request was sent to an upstream. */
  readonly reuse: number | null
}

/**
 * @param earlier a look some seconds ago: a single second often has too few requests for a p99
 * @param before the last look
 */
export function pulseBetween(earlier: Looked, before: Looked, now: Looked): Pulse {
  const seconds = Math.max(0.001, (now.at - before.at) / 1000)
  const grown = (since: Looked, of: (totals: Totals) => number) => Math.max(0, of(now.totals) - of(since.totals))
  const total = difference(earlier.totals.phases.total, now.totals.phases.total)
  const dialed = grown(earlier, totals => totals.upstream.dialed)
  const reused = grown(earlier, totals => totals.upstream.reused)
  return {
    at: now.at,
    requestsPerS: grown(before, totals => totals.client.requests) / seconds,
    errorsPerS: grown(before, totals => totals.statuses['5xx']) / seconds,
    p50S: quantile(total, 0.5),
    p99S: quantile(total, 0.99),
    reuse: dialed + reused === 0 ? null : reused / (dialed + reused),
  }
}

export interface Looked {
  readonly at: number
  readonly totals: Totals
}
