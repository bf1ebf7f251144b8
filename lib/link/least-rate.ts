/**
 * Whether a sender keeps a minimum rate. After `GRACE_MS` it is judged only by the last five seconds, so a burst at the beginning
 * does not excuse minutes of trickling. Times in which the proxy does not read (backpressure) are excluded: they do not count,
 * and the sender is not judged in them.
 *
 * One instance per connection is enough: `begin` resets it. After that, nothing is allocated.
 */
export class LeastRate {
  readonly #bytesPerSecondMin: number
  /** The bytes of the last time slots, as a ring; the current one is that of `#slot`. */
  readonly #octets = new Float64Array(SLOTS)
  #slot = 0
  /** The origin of `#elapsed`: the beginning, moved by the times that do not count. */
  #beganAt = 0
  #pausedAt = Number.NaN

  /** @param bytesPerSecondMin 0: no sender is too slow */
  constructor(bytesPerSecondMin: number) {
    this.#bytesPerSecondMin = bytesPerSecondMin
  }

  /** The first bytes are expected from now on. */
  begin(now: number): void {
    this.#octets.fill(0)
    this.#slot = 0
    this.#beganAt = now
    this.#pausedAt = Number.NaN
  }

  moved(octets: number, now: number): void {
    this.#advance(this.#elapsed(now))
    this.#octets[this.#slot % SLOTS]! += octets
  }

  /** The proxy stops reading. A second call has no effect. */
  paused(now: number): void {
    if (!this.#isPaused) this.#pausedAt = now
  }

  /** The proxy reads again. */
  resumed(now: number): void {
    if (!this.#isPaused) return
    this.#beganAt += now - this.#pausedAt
    this.#pausedAt = Number.NaN
  }

  /** To be called about once a second while content is expected. */
  tooSlow(now: number): boolean {
    const elapsed = this.#elapsed(now)
    if (this.#isPaused || elapsed < GRACE_MS) return false
    this.#advance(elapsed)
    const seen = GRACE_MS + (elapsed % SLOT_MS)
    const octets = this.#octets.reduce((sum, each) => sum + each, 0)
    return octets * 1_000 < this.#bytesPerSecondMin * seen
  }

  get #isPaused(): boolean {
    return !Number.isNaN(this.#pausedAt)
  }

  /** The milliseconds since `begin` that count. */
  #elapsed(now: number): number {
    return (this.#isPaused ? this.#pausedAt : now) - this.#beganAt
  }

  /** Moves on to the current slot; that one, and those skipped, are empty. */
  #advance(elapsed: number): void {
    const slot = Math.floor(elapsed / SLOT_MS)
    if (slot - this.#slot >= SLOTS) {
      this.#octets.fill(0)
      this.#slot = slot
    }
    while (this.#slot < slot) {
      this.#slot++
      this.#octets[this.#slot % SLOTS] = 0
    }
  }
}

/**
 * No sender is too slow before this time has passed, and this is the length of the period that is judged. nginx judges only the
 * pause between two reads (60 s); mod_reqtimeout of Apache allows 20 s and then one more for every 500 bytes.
 */
export const GRACE_MS = 5_000
const SLOT_MS = 500
/** The slots of `GRACE_MS`, and the current one, of which only a part has passed. */
const SLOTS = GRACE_MS / SLOT_MS + 1
