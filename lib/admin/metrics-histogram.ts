import { Histogram, type Registry } from 'prom-client'
import type { HistogramSnapshot } from '../link/histogram.js'
import { PHASES, type Phase } from './source.js'

const NAME = 'hopwise_phase_seconds'
const HELP =
  'Time of exchanges by phase, in seconds: reading the request head (head), waiting for an upstream connection (wait), from sending the request to the first byte of the response (firstByte), and the whole exchange (total).'

/**
 * A prom-client histogram that observes nothing: its values are read when it is scraped. The library has no such collector for
 * histograms, so the methods that it calls on one are implemented here.
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

/** Prometheus' buckets are cumulative: each one includes all below it. */
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
