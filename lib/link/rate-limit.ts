/**
 * How often something may happen for each key (an address, a /64): token buckets. A bucket holds `burst` tokens at most and gets
 * `perSecond` of them, evenly; each time costs one.
 *
 * A full bucket is as good as none, so only keys that have spent something are remembered, and `keysMax` of them at most: whenever
 * a new key comes, those that nobody has looked at for longest are looked at, and the full ones forgotten. If all are remembered
 * that may be, the one of them that is nearest to full is forgotten early: who floods us from many addresses gains a few tokens
 * with that, but no memory.
 *
 * Should the clock go back, nothing is gained: time stands still until it is where it was.
 */
export class RateLimit {
  #settings: RateSettings
  readonly #buckets = new Map<string, Bucket>()
  #now = Number.NEGATIVE_INFINITY

  constructor(settings: RateSettings) {
    this.#settings = settings
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#buckets.size
  }

  /**
   * Takes a token.
   *
   * @returns 0: taken; otherwise there was none, and the next one is there after so many milliseconds (a whole number)
   */
  take(key: string, now: number): number {
    this.#now = Math.max(this.#now, now)
    const bucket = this.#buckets.get(key) ?? this.#remember(key)
    this.#refill(bucket)
    if (bucket.level < TOKEN) return Math.ceil((TOKEN - bucket.level) / this.#settings.perSecond)
    bucket.level -= TOKEN
    return 0
  }

  /** As `take`, but nothing is taken, and the key is not remembered for it. */
  waitMs(key: string, now: number): number {
    this.#now = Math.max(this.#now, now)
    const bucket = this.#buckets.get(key)
    if (bucket === undefined) return 0
    this.#refill(bucket)
    return bucket.level < TOKEN ? Math.ceil((TOKEN - bucket.level) / this.#settings.perSecond) : 0
  }

  /** Other settings from now on. What was spent stays spent; nobody has more than the new `burst`. */
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

  /** Looks at the first few in line: full ones are forgotten, the others go to the end of it. Then there is room for one more. */
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

  /** True when it is full then. */
  #refill(bucket: Bucket): boolean {
    const full = this.#settings.burst * TOKEN
    bucket.level = Math.min(full, bucket.level + (this.#now - bucket.at) * this.#settings.perSecond)
    bucket.at = this.#now
    return bucket.level === full
  }
}

export interface RateSettings {
  /** Tokens for each key. Above 0. */
  readonly perSecond: number
  /** Tokens that a key can save up. At least 1. */
  readonly burst: number
  /** Keys remembered at once. At least 1. */
  readonly keysMax: number
}

interface Bucket {
  /** Thousandths of a token: at so many a second a millisecond brings that many, and whole numbers stay exact. */
  level: number
  at: number
}

const TOKEN = 1_000
/** More than one, so that the line gets shorter while only few come. */
const LOOKS = 4
