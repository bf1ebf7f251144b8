import type { DeadlineName } from '../link/deadlines.js'
import type { Clock, Timer } from './clock.js'

/**
 * All deadlines of the process on one interval, which runs only while one of them is armed. A deadline never expires early, and
 * late by at most one tick, and by what the event loop is late itself or what is due before it takes.
 *
 * The wheel is a ring of buckets, one for each tick. A deadline that is moved further off stays in its bucket and is moved
 * when that comes up; so the usual life of one, set anew with every read and cleared at the end, is a few writes to itself.
 */
export class DeadlineWheel {
  readonly clock: Clock
  readonly #tickMs: number
  readonly #onError: (error: unknown) => void
  /** First deadline of each bucket; the last entry is the bucket being emptied. */
  readonly #buckets: (Deadline | null)[] = new Array(BUCKETS + 1).fill(null)
  #interval: Timer | null = null
  /** For those that are due and were too many for one turn. */
  #rest: NodeJS.Immediate | null = null
  /** The tick that is looked at next; every linked deadline's tick is this or later. */
  #tick = 0
  #armed = 0

  /** @param options.onError is told what an `expired` callback throws; the wheel goes on. */
  constructor(clock: Clock, options: { tickMs?: number; onError: (error: unknown) => void }) {
    this.clock = clock
    this.#tickMs = options.tickMs ?? 100
    this.#onError = options.onError
  }

  /** Deadlines that are armed. */
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

  /** For `Deadline` only. It stays linked until its bucket comes up, or the wheel stops. */
  disarm(): void {
    this.#armed--
  }

  /** For `Deadline` only: it will not be set again, and nothing may hold on to what it belongs to. */
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
    // The bucket of this very moment is looked at again next time: what lies in it may be due a little later.
    this.#tick = Math.floor(now / this.#tickMs)
    const to = Math.min(this.#tick, from + BUCKETS - 1)
    for (let tick = to; tick >= from; tick--) this.#gather(tick & MASK)
    this.#empty(now)
  }

  /**
   * Moves a bucket aside, before those that lie there: what goes on waiting may belong into this bucket again, and callbacks may set and
   * clear any deadline.
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

  /** Thousands may be due in one moment, and each ends a connection: after some of them whatever else is due has its turn. */
  #empty(now: number): void {
    let expired = 0
    for (let deadline = this.#firstIn(EMPTYING); deadline !== null; deadline = this.#firstIn(EMPTYING)) {
      if (expired === EXPIRED_AT_ONCE) {
        // No timer: those that are due meanwhile run in the same turn.
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

/** One deadline, made once for whatever may wait (a connection's side), set and cleared many times. */
export class Deadline {
  readonly expired: (deadline: Deadline) => void
  readonly #wheel: DeadlineWheel
  /** What is being waited for, or what was when it expired. */
  name: DeadlineName = 'exchangeMs'
  /** On the wheel's clock; -1: not armed. */
  at = -1
  /** The four below belong to the wheel. `tick` -1: not linked. */
  tick = -1
  bucket = 0
  before: Deadline | null = null
  after: Deadline | null = null

  /** @param expired is called once for each `set` that runs out; it may set the deadline again. */
  constructor(wheel: DeadlineWheel, expired: (deadline: Deadline) => void) {
    this.#wheel = wheel
    this.expired = expired
  }

  get armed(): boolean {
    return this.at >= 0
  }

  /**
   * From now on it is this. O(1), a few writes, no allocation.
   *
   * @param ms 0: no limit, as in `Deadlines`
   * @param now spares a look at the clock when somebody has looked already
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
   * What it belongs to is gone. A deadline that is merely cleared stays in its bucket until that comes up, and keeps its owner
   * in memory for so long.
   */
  end(): void {
    this.clear()
    this.#wheel.forget(this)
  }
}

/** 51 s at the usual tick; what is further off passes by once in a while and is moved on. A power of two. */
const BUCKETS = 512
const MASK = BUCKETS - 1
const EMPTYING = BUCKETS
/** To end a connection takes some 20 µs. */
const EXPIRED_AT_ONCE = 100
