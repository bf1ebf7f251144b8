import type { HistogramSnapshot } from '../link/histogram.js'

/** What was observed between two readings of one histogram. If it started over (a worker was replaced), what it has now. */
export function difference(before: HistogramSnapshot, now: HistogramSnapshot): HistogramSnapshot {
  const began = now.count < before.count || now.counts.some((count, i) => count < (before.counts[i] ?? 0))
  if (began) return now
  return {
    bounds: now.bounds,
    counts: now.counts.map((count, i) => count - (before.counts[i] ?? 0)),
    sum: now.sum - before.sum,
    count: now.count - before.count,
  }
}

/**
 * An estimate, as Prometheus makes it: linear within its bucket. Values above the last bound count as that bound.
 * @param share 0.99 for p99
 * @returns seconds, null when nothing was observed
 */
export function quantile({ bounds, counts, count }: HistogramSnapshot, share: number): number | null {
  if (count === 0) return null
  const rank = share * count
  let below = 0
  for (const [i, upper] of bounds.entries()) {
    const here = counts[i] ?? 0
    if (here > 0 && below + here >= rank) {
      const lower = i === 0 ? 0 : bounds[i - 1]!
      return lower + (upper - lower) * ((rank - below) / here)
    }
    below += here
  }
  return bounds.at(-1) ?? null
}
