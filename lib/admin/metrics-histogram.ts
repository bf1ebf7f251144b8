import { Histogram, type Registry } from 'prom-client'
import type { HistogramSnapshot } from '../link/histogram.js'
import { PHASES, type Phase } from './source.js'

const NAME = 'hopwise_phase_seconds'
const HELP =
  'Where the time of exchanges went: to the end of the request head, waiting for an upstream connection, to the first octet of the response, and in all.'

/**
 * A histogram of prom-client's that observes nothing: its values are read when it is scraped. The library has no such thing for
 * histograms, so what it asks of one is answered here.
 */
export function totalsHistogram(
  registry: Registry,
  phases: () => Readonly<Record<Phase, HistogramSnapshot>> | undefined,
): void {
  const histogram = new Histogram({ name: NAME, help: HELP, labelNames: ['phase'], registers: [] })
  const get = async () => {
    const now = phases()
    const values = now === undefined ? [] : PHASES.flatMap(phase => valuesOf(phase, now[phase]))
    return { name: NAME, help: HELP, type: 'histogram', values, aggregator: 'sum' }
  }
  registry.registerMetric(Object.assign(histogram, { get, getForPromString: get }) as typeof histogram)
}

/** As Prometheus has them: each bucket with all below it. */
function valuesOf(phase: Phase, { bounds, counts, sum, count }: HistogramSnapshot) {
  let below = 0
  const buckets = bounds.map((le, i) => {
    below += counts[i] ?? 0
    return { metricName: `${NAME}_bucket`, labels: { le: String(le), phase }, value: below }
  })
  return [
    ...buckets,
    { metricName: `${NAME}_bucket`, labels: { le: '+Inf', phase }, value: count },
    { metricName: `${NAME}_sum`, labels: { phase }, value: sum },
    { metricName: `${NAME}_count`, labels: { phase }, value: count },
  ]
}
