/** Upper bounds in milliseconds, ascending and inclusive, like `le` of Prometheus. */
const BOUNDS_MS = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000] as const

/** The same in seconds, the unit of Prometheus. */
export const HISTOGRAM_BOUNDS_S: readonly number[] = BOUNDS_MS.map(ms => ms / 1_000)

/**
 * A histogram of durations. Recording one costs a table lookup, a comparison and two additions; nothing is allocated.
 *
 * Counts are doubles: exact up to 2^53, which is 14,000 years at 20,000 a second (32 bits are full after two and a half days).
 */
export class Histogram {
  /** A count for each bound, one for values above the last bound, then the sum in milliseconds. */
  readonly #cells = new Float64Array(SUM + 1)

  /** @param ms 0 or more, finite */
  note(ms: number): void {
    const microseconds = Math.min(ms * 1_000, LONGEST_US)
    const first = FIRST_BUCKETS[Math.clz32(microseconds)]!
    const bucket = ms > UPPER_MS[first]! ? first + 1 : first
    this.#cells[bucket]! += 1
    this.#cells[SUM]! += ms
  }

  /** For each bound the number of values between the previous bound and it; one more for values above the last. A copy. */
  get counts(): Float64Array {
    return this.#cells.slice(0, SUM)
  }

  /** The sum of all values in seconds. */
  get sum(): number {
    return this.#cells[SUM]! / 1_000
  }

  get count(): number {
    return this.counts.reduce((sum, count) => sum + count, 0)
  }

  /** The current content as plain values that can be sent to another process. */
  snapshot(): HistogramSnapshot {
    return { bounds: HISTOGRAM_BOUNDS_S, counts: [...this.counts], sum: this.sum, count: this.count }
  }

  /** Adds the content of another histogram with the same bounds: for the sum of all workers. */
  add({ counts, sum }: Pick<HistogramSnapshot, 'counts' | 'sum'>): void {
    for (let i = 0; i < SUM; i++) this.#cells[i]! += counts[i]!
    this.#cells[SUM]! += sum * 1_000
  }
}

export interface HistogramSnapshot {
  /** `HISTOGRAM_BOUNDS_S` */
  readonly bounds: readonly number[]
  /** Like `Histogram.counts`: each bucket on its own, not cumulative. */
  readonly counts: readonly number[]
  /** Seconds. */
  readonly sum: number
  readonly count: number
}

const SUM = BOUNDS_MS.length + 1
const UPPER_MS: readonly number[] = [...BOUNDS_MS, Number.POSITIVE_INFINITY]
/** Above the last bound, and an integer of 31 bits. */
const LONGEST_US = 2 ** 31 - 1

/**
 * By the leading zeros of a duration in whole microseconds: the first bucket it can be in. Each bound is at least twice the
 * previous one, so from one power of two to the next there is at most one bound, and one comparison decides between the two
 * buckets.
 */
const FIRST_BUCKETS = Uint8Array.from({ length: 33 }, (_, zeros) => {
  const leastMs = zeros === 32 ? 0 : 2 ** (31 - zeros) / 1_000
  return UPPER_MS.findIndex(upper => upper >= leastMs)
})
