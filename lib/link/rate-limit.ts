/**
 * Limits how often something may happen for each key (an address, a /64), with token buckets. A bucket holds at most `burst`
 * tokens and is refilled evenly with `perSecond`; each event costs one.
 *
 * A full bucket is equal to none, so only keys that have spent tokens are remembered, at most `keysMax` of them: when a new key
 * comes, those that were checked longest ago are checked, and the full ones forgotten. If the maximum is reached, the one of them
 * that is nearest to full is forgotten early: a flood from many addresses gains a few tokens that way, but no memory.
 *
 * If the clock goes back, nothing is gained: time stands still until the clock has caught up.
 */
export class RateLimit {
  #settings: RateSettings
  readonly #buckets = new Map<string, Bucket>()
  #now = Number.NEGATIVE_INFINITY

  constructor(settings: RateSettings) {
    this.#settings = settings
  }

  /** The number of keys that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /**
   * Takes a token.
   *
   * @returns 0: taken; otherwise the milliseconds until the next token (a whole number)
   */
  take(key: string, now: number): number {
    this.#now = Math.max(this.#now, now)
    const bucket = this.#buckets.get(key) ?? this.#remember(key)
    this.#refill(bucket)
    if (bucket.level < TOKEN) return Math.ceil((TOKEN - bucket.level) / this.#settings.perSecond)
    bucket.level -= TOKEN
    return 0
  }

  /** Like `take`, but takes nothing and does not remember the key. */
  waitMs(key: string, now: number): number {
    this.#now = Math.max(this.#now, now)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) return 0
    this.#refill(bucket)
    return bucket.level < TOKEN ? Math.ceil((TOKEN - bucket.level) / this.#settings.perSecond) : 0
  }

  /** Applies new settings. What was spent stays spent; no key keeps more than the new `burst`. */
  reconfigure(settings: RateSettings, now: number): void {
    this.#now = Math.max(this.#now, now)
    for (const [key, bucket] of this.#buckets) if (this.#refill(bucket)) this.#buckets.delete(key)
    this.#settings = settings
    for (const key of this.#buckets.keys()) {
      if (this.#buckets.size > settings.keysMax) this.#buckets.delete(key)
    }
  }

  #remember(key: string): Bucket {
    this.#forgetSome()
    const bucket = { level: this.#settings.burst * TOKEN, at: this.#now }
    this.#buckets.set(key, bucket)
    return bucket
  }

  /** Checks the first few in line: full ones are forgotten, the others move to the end. Afterwards there is room for one more. */
  #forgetSome(): void {
    let fullest = ''
    let level = Number.NEGATIVE_INFINITY
    let looks = Math.min(LOOKS, this.#buckets.size)
    for (const [key, bucket] of this.#buckets) {
      if (looks-- === 0) break
      this.#buckets.delete(key)
      if (this.#refill(bucket)) continue
      this.#buckets.set(key, bucket)
      if (bucket.level <= level) continue
      fullest = key
      level = bucket.level
    }
    if (this.#buckets.size >= this.#settings.keysMax) this.#buckets.delete(fullest)
  }

  /** True if the bucket is full afterwards. */
  #refill(bucket: Bucket): boolean {
    const full = this.#settings.burst * TOKEN
    bucket.level = Math.min(full, bucket.level + (this.#now - bucket.at) * this.#settings.perSecond)
    bucket.at = this.#now
    return bucket.level === full
  }
}

export interface RateSettings {
  /** Tokens per second for each key. Above 0. */
  readonly perSecond: number
  /** The maximum number of tokens that a key can save up. At least 1. */
  readonly burst: number
  /** The maximum number of keys that are remembered. At least 1. */
  readonly keysMax: number
}

interface Bucket {
  /** In thousandths of a token: one millisecond adds `perSecond` of them, so whole numbers stay exact. */
  level: number
  at: number
}

const TOKEN = 1_000
/** More than one, so that the line gets shorter while few new keys come. */
const LOOKS = 4
