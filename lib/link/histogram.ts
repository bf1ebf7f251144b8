/** Upper bounds in milliseconds, ascending; a value at a bound is below it, as Prometheus's `le` says. */
const BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const

/** The same in seconds, the unit of Prometheus. */
export const HISTOGRAM_BOUNDS_S: readonly number[] = BOUNDS_MS.map(ms => ms / 1_000)

/**
 * How many durations fell between which bounds. To note one is a table, a comparison and two additions; nothing is allocated.
 *
 * Counts are doubles: exact up to 2^53, which is 14,000 years at 20,000 a second (32 bits are full after two and a half days).
 */
export class Histogram {
  /** A count for each bound, one for what is above the last, then the sum in milliseconds. */
  readonly #cells = new Float64Array(SUM + 1)

  /** @param ms 0 or more, finite */
  note(ms: number): void {
    const microseconds = Math.min(ms * 1_000, LONGEST_US)
    const first = FIRST_BUCKETS[Math.clz32(microseconds)]!
    const bucket = ms > UPPER_MS[first]! ? first + 1 : first
    this.#cells[bucket]! += 1
    this.#cells[SUM]! += ms
  }

  /** For each bound how many values lay between the one before and it; one more for those above the last. A copy. */
  get counts(): Float64Array {
    return this.#cells.slice(0, SUM)
  }

  /** Of all values, in seconds. */
  get sum(): number {
    return this.#cells[SUM]! / 1_000
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** What it holds now, in plain values that can go to another process. */
  snapshot(): HistogramSnapshot {
    return { bounds: HISTOGRAM_BOUNDS_S, counts: [...this.counts], sum: this.sum, count: this.count }
  }

  /** Adds what another one held, one with the same bounds: for the sum of all workers. */
  add({ counts, sum }: Pick<HistogramSnapshot, 'counts' | 'sum'>): void {
    for (let i = 0; i < SUM; i++) this.#cells[i]! += counts[i]!
    this.#cells[SUM]! += sum * 1_000
  }
}

export interface HistogramSnapshot {
  /** `HISTOGRAM_BOUNDS_S` */
  readonly bounds: readonly number[]
  /** As `Histogram.counts`: each bucket alone, not with those below it. */
  readonly counts: readonly number[]
  /** Seconds. */
  readonly sum: number
  readonly count: number
}

const SUM = BOUNDS_MS.length + 1
const UPPER_MS: readonly number[] = [...BOUNDS_MS, Number.POSITIVE_INFINITY]
/** Above the last bound, and a whole number of 31 bits. */
const LONGEST_US = 2 ** 31 - 1

/**
 * By the leading zeros of a duration in whole microseconds: the first bucket it can be in. Each bound is at least twice the one
 * before, so from one power of two to the next there is at most one bound, and one comparison tells the two buckets apart.
 */
const FIRST_BUCKETS = Uint8Array.from({ length: 33 }, (_, zeros) => {
  const leastMs = zeros === 32 ? 0 : 2 ** (31 - zeros) / 1_000
  return UPPER_MS.findIndex(upper => upper >= leastMs)
})
