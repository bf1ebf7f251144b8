import type { HistogramSnapshot } from '../link/histogram.js'
import { PHASES, type Phase } from './source.js'

const NAME = 'hopwise_phase_seconds'
const HELP =
  'Time of exchanges by phase, in seconds: reading the request head (head), waiting for an upstream connection (wait), from sending the request to the first byte of the response (firstByte), and the whole exchange (total).'

/**
 * The histogram of phases, in Prometheus' text format. It is written here because prom-client has no collector for a histogram whose
 * values are counted elsewhere.
 */
export function phaseMetrics(phases: Readonly<Record<Phase, HistogramSnapshot>>): string {
  const lines = PHASES.flatMap(phase => linesOf(phase, phases[phase]))
  return `# HELP ${NAME} ${HELP}\n# TYPE ${NAME} histogram\n${lines.join('\n')}\n`
}

/** Prometheus' buckets are cumulative: each one includes all below it. */
function linesOf(phase: Phase, { bounds, counts, sum, count }: HistogramSnapshot): string[] {
  let below = 0
  const buckets = bounds.map((le, i) => {
    below += counts[i] ?? 0
    return `${NAME}_bucket{le="${le}",phase="${phase}"} ${below}`
  })
  return [
    ...buckets,
    `${NAME}_bucket{le="+Inf",phase="${phase}"} ${count}`,
    `${NAME}_sum{phase="${phase}"} ${sum}`,
    `${NAME}_count{phase="${phase}"} ${count}`,
  ]
}
