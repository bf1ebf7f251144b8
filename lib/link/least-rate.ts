/**
 * Whether a sender keeps a minimum rate. After `GRACE_MS` it is judged by the last five seconds alone, so a burst at the beginning
 * does not excuse minutes of trickle. Times in which we read nothing (backpressure) do not count at all: neither as time that it
 * had, nor is it judged in them.
 *
 * One for each connection will do: `begin` forgets what was before. Nothing is allocated after that.
 */
export class LeastRate {
  readonly #bytesPerSecondMin: number
  /** Bytes of the last slots of time, in a ring; the present slot is the one of `#slot`. */
  readonly #octets = new Float64Array(SLOTS)
  #slot = 0
  /** The clock minus what did not count: what `#elapsed` is measured from. */
  #beganAt = 0
  #pausedAt = Number.NaN

  /** @param bytesPerSecondMin 0: nobody is too slow */
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

  /** We do not read for now. A second call says nothing new. */
  paused(now: number): void {
    if (!this.#isPaused) this.#pausedAt = now
  }

  /** We read again. */
  resumed(now: number): void {
    if (!this.#isPaused) return
    this.#beganAt += now - this.#pausedAt
    this.#pausedAt = Number.NaN
  }

  /** Ask about once a second while content is expected. */
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

  /** Milliseconds that count since `begin`. */
  #elapsed(now: number): number {
    return (this.#isPaused ? this.#pausedAt : now) - this.#beganAt
  }

  /** Goes on to the slot of this moment; those in between, and it, have had nothing yet. */
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
 * For that long nobody is too slow, and so long is what is looked back on. nginx judges only the pause between two reads (60 s);
 * Apache's mod_reqtimeout gives 20 s and then one more for every 500 bytes.
 */
export const GRACE_MS = 5_000
const SLOT_MS = 500
/** Those of `GRACE_MS`, and the present one, of which only a part has passed. */
const SLOTS = GRACE_MS / SLOT_MS + 1
