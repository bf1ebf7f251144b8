import type { DeadlineName } from '../link/deadlines.js'
import type { Clock, Timer } from './clock.js'

/**
 * All deadlines of the process on one interval timer, which runs only while a deadline is armed. A deadline never expires early;
 * it expires late by at most one tick, plus the delay of the event loop and of deadlines that are due before it.
 *
 * The wheel is a ring of buckets, one per tick. A deadline that is postponed stays in its bucket and is moved when that bucket
 * comes up. So a typical deadline, set again with every read and cleared at the end, costs a few writes to its own fields.
 */
export class DeadlineWheel {
  readonly clock: Clock
  readonly #tickMs: number
  readonly #onError: (error: unknown) => void
  /** The first deadline of each bucket; the last entry is the bucket that is being emptied. */
  readonly #buckets: (Deadline | null)[] = new Array(BUCKETS + 1).fill(null)
  #interval: Timer | null = null
  /** Runs the due deadlines that were too many for one turn of the event loop. */
  #rest: NodeJS.Immediate | null = null
  /** The next tick to process; every linked deadline has this tick or a later one. */
  #tick = 0
  #armed = 0

  /** @param options.onError receives what an `expired` callback throws; the wheel continues. */
  constructor(clock: Clock, options: { tickMs?: number; onError: (error: unknown) => void }) {
    this.clock = clock
    this.#tickMs = options.tickMs ?? 100
    this.#onError = options.onError
  }

  /** The number of armed deadlines. */
  get armed(): number {
    return this.#armed
  }

  /** For `Deadline` only. */
  arm(deadline: Deadline, wasArmed: boolean): void {
    if (!wasArmed) this.#armed++
    if (this.#interval === null) this.#start()
    const tick = this.#tickOf(deadline)
    if (deadline.tick >= 0) {
      if (tick >= deadline.tick) return
      this.#unlink(deadline)
    }
    this.#link(deadline, tick)
  }

  /** For `Deadline` only. The deadline stays linked until its bucket comes up or the wheel stops. */
  disarm(): void {
    this.#armed--
  }

  /** For `Deadline` only: the deadline will not be set again, and the wheel must not keep its owner in memory. */
  forget(deadline: Deadline): void {
    if (deadline.tick >= 0) this.#unlink(deadline)
  }

  #start(): void {
    this.#tick = Math.floor(this.clock.now() / this.#tickMs)
    this.#interval = this.clock.every(this.#tickMs, () => this.#turn())
  }

  #stop(): void {
    this.#interval!.cancel()
    this.#interval = null
    if (this.#rest !== null) clearImmediate(this.#rest)
    this.#rest = null
    for (let bucket = 0; bucket <= EMPTYING; bucket++) {
      for (let deadline = this.#firstIn(bucket); deadline !== null; deadline = this.#firstIn(bucket))
        this.#unlink(deadline)
    }
  }

  #turn(): void {
    const now = this.clock.now()
    const from = this.#tick
    // The bucket of the current tick is processed again next time: its deadlines may be due a little later within the tick.
    this.#tick = Math.floor(now / this.#tickMs)
    const to = Math.min(this.#tick, from + BUCKETS - 1)
    for (let tick = to; tick >= from; tick--) this.#gather(tick & MASK)
    this.#empty(now)
  }

  /**
   * Moves the contents of a bucket to the front of the list being emptied: a deadline that still waits may belong in the same
   * bucket again, and callbacks may set and clear any deadline.
   */
  #gather(bucket: number): void {
    const first = this.#firstIn(bucket)
    if (first === null) return
    this.#buckets[bucket] = null
    let last = first
    for (let deadline: Deadline | null = first; deadline !== null; deadline = deadline.after) {
      deadline.bucket = EMPTYING
      last = deadline
    }
    const before = this.#firstIn(EMPTYING)
    last.after = before
    if (before !== null) before.before = last
    this.#buckets[EMPTYING] = first
  }

  /** Thousands may be due at once, and each ends a connection: after a batch the event loop gets a turn for other work. */
  #empty(now: number): void {
    let expired = 0
    for (let deadline = this.#firstIn(EMPTYING); deadline !== null; deadline = this.#firstIn(EMPTYING)) {
      if (expired === EXPIRED_AT_ONCE) {
        // An immediate, not a timer: deadlines that become due meanwhile run in the same turn.
        this.#rest ??= setImmediate(() => {
          this.#rest = null
          this.#empty(this.clock.now())
        })
        break
      }
      this.#unlink(deadline)
      if (deadline.at > now) this.#link(deadline, this.#tickOf(deadline))
      else if (deadline.at >= 0) {
        expired++
        this.#expire(deadline)
      }
    }
    if (this.#armed === 0 && this.#interval !== null) this.#stop()
  }

  #firstIn(bucket: number): Deadline | null {
    return this.#buckets[bucket] ?? null
  }

  #expire(deadline: Deadline): void {
    deadline.at = -1
    this.#armed--
    try {
      deadline.expired(deadline)
    } catch (error) {
      this.#onError(error)
    }
  }

  #tickOf(deadline: Deadline): number {
    const tick = Math.floor(deadline.at / this.#tickMs)
    return tick < this.#tick ? this.#tick : tick >= this.#tick + BUCKETS ? this.#tick + BUCKETS - 1 : tick
  }

  #link(deadline: Deadline, tick: number): void {
    const bucket = tick & MASK
    const first = this.#firstIn(bucket)
    deadline.tick = tick
    deadline.bucket = bucket
    deadline.after = first
    if (first !== null) first.before = deadline
    this.#buckets[bucket] = deadline
  }

  #unlink(deadline: Deadline): void {
    if (deadline.before === null) this.#buckets[deadline.bucket] = deadline.after
    else deadline.before.after = deadline.after
    if (deadline.after !== null) deadline.after.before = deadline.before
    deadline.before = null
    deadline.after = null
    deadline.tick = -1
  }
}

/** One deadline, created once for its owner (such as one side of a connection), then set and cleared many times. */
export class Deadline {
  readonly expired: (deadline: Deadline) => void
  readonly #wheel: DeadlineWheel
  /** What is being waited for, or what was being waited for when it expired. */
  name: DeadlineName = 'exchangeMs'
  /** The time of expiry on the wheel's clock; -1: not armed. */
  at = -1
  /** The four below belong to the wheel. `tick` -1: not linked. */
  tick = -1
  bucket = 0
  before: Deadline | null = null
  after: Deadline | null = null

  /** @param expired is called once for each `set` that expires; it may set the deadline again. */
  constructor(wheel: DeadlineWheel, expired: (deadline: Deadline) => void) {
    this.#wheel = wheel
    this.expired = expired
  }

  get armed(): boolean {
    return this.at >= 0
  }

  /**
   * Replaces the current deadline. O(1), a few writes, no allocation.
   *
   * @param ms 0: no limit, as in `Deadlines`
   * @param now saves a reading of the clock when the caller already has one
   */
  set(name: DeadlineName, ms: number, now: number = this.#wheel.clock.now()): void {
    this.name = name
    if (ms === 0) {
      this.clear()
      return
    }
    const wasArmed = this.at >= 0
    this.at = now + ms
    this.#wheel.arm(this, wasArmed)
  }

  clear(): void {
    if (this.at < 0) return
    this.at = -1
    this.#wheel.disarm()
  }

  /**
   * Its owner is gone. A deadline that is only cleared stays in its bucket until that comes up, and keeps its owner in memory
   * until then.
   */
  end(): void {
    this.clear()
    this.#wheel.forget(this)
  }
}

/** 51 s at the usual tick; a deadline further away comes up once per round and is moved on. A power of two. */
const BUCKETS = 512
const MASK = BUCKETS - 1
const EMPTYING = BUCKETS
/** Ending a connection takes about 20 µs. */
const EXPIRED_AT_ONCE = 100
