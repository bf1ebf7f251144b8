import type { HistogramSnapshot } from '../link/histogram.js'
import type { Advice } from './adviser.js'
import { quantile } from './histogram-view.js'
import { reuseRatio } from './metrics.js'
import { PHASES, type Phase, type Totals } from './source.js'

/**
 * What `/status` answers, as JSON: the totals, with durations in seconds where they are sums and in milliseconds where the
 * option is. Fields may be added; none changes its meaning or disappears without a new major version.
 */
export interface Status extends Omit<Totals, 'phases' | 'startedAt'> {
  readonly ready: boolean
  /** Why it is not ready, '' when it is. */
  readonly reason: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly uptimeS: number
  /** 0 to 1, since the start. */
  readonly reuseRatio: number
  readonly phases: Readonly<Record<Phase, PhaseStatus>>
  readonly advice: readonly Advice[]
}

/** Since the start. */
export interface PhaseStatus {
  readonly count: number
  readonly sumS: number
  /** Estimates; null while nothing was observed. */
  readonly p50S: number | null
  readonly p99S: number | null
}

export interface StatusFacts {
  readonly totals: Totals
  readonly ready: boolean
  readonly reason: string
  readonly advice: readonly Advice[]
  /** Milliseconds since 1970. */
  readonly now: number
}

export function statusOf({ totals, ready, reason, advice, now }: StatusFacts): Status {
  const { phases, startedAt } = totals
  return {
    ...totals,
    ready,
    reason,
    startedAt: new Date(startedAt).toISOString(),
    uptimeS: Math.max(0, (now - startedAt) / 1000),
    reuseRatio: reuseRatio(totals),
    phases: Object.fromEntries(PHASES.map(phase => [phase, phaseStatus(phases[phase])])) as Record<Phase, PhaseStatus>,
    advice,
  }
}

function phaseStatus(histogram: HistogramSnapshot): PhaseStatus {
  const { count, sum } = histogram
  return { count, sumS: sum, p50S: quantile(histogram, 0.5), p99S: quantile(histogram, 0.99) }
}
