import fc from 'fast-check'
import { test } from 'tap'
import { type Handout, PoolBook, type PoolLimits } from '../../lib/link/pool-book.js'
import { PoolEntry } from '../../lib/link/pool-entry.js'
import { RESERVED_REST_MS } from '../../lib/link/reserved-list.js'
import type { CloseReason } from '../../lib/policy/close-reason.js'

/**
 * For any sequence of calls to a book: a simple model, with lists instead of links, gives the same answers, and the invariants
 * hold after every step.
 */
const SEED = Number(process.env.FC_SEED ?? Date.now() % 2 ** 31)
const RUNS = Number(process.env.FC_RUNS ?? 1_000)

type Step =
  | { do: 'acquire'; fresh: boolean }
  | { do: 'dialed'; jitter: number }
  | { do: 'dialFailed' | 'expire' | 'closeIdle' | 'closeReserved' }
  | { do: 'release'; which: number; verdict: 'keep' | CloseReason }
  | { do: 'remove'; which: number; reason: CloseReason }
  | { do: 'hint'; which: number; timeoutS: number; max: number }
  | { do: 'reserve' | 'acquireReserved' | 'withdraw'; which: number }
  | { do: 'pass'; ms: number }

const WHICH = fc.nat(1_000)
const STEP: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('acquire' as const), fresh: fc.boolean() }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('dialed' as const), jitter: fc.double({ min: 0, max: 1, noNaN: true }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('dialFailed' as const, 'expire' as const, 'closeIdle' as const, 'closeReserved' as const),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('release' as const),
      which: WHICH,
      verdict: fc.constantFrom('keep' as const, 'keep' as const, 'keep' as const, 'upstream-close' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('remove' as const),
      which: WHICH,
      reason: fc.constantFrom('upstream-fin' as const, 'upstream-unsolicited' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('hint' as const),
      which: WHICH,
      timeoutS: fc.integer({ min: -1, max: 5 }),
      max: fc.integer({ min: -1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('withdraw' as const), which: WHICH }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reserve' as const), which: WHICH }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('acquireReserved' as const), which: WHICH }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(2_000) }) },
)

const LIMITS: fc.Arbitrary<PoolLimits> = fc.record({
  upstreamConnectionsMax: fc.integer({ min: 1, max: 4 }),
  upstreamIdleMax: fc.integer({ min: 0, max: 4 }),
  upstreamWaitingMax: fc.integer({ min: 0, max: 3 }),
  upstreamRequestsMax: fc.integer({ min: 0, max: 5 }),
  upstreamAgeMs: fc.constantFrom(0, 3_000, 10_000),
  upstreamIdleMs: fc.constantFrom(0, 1_000, 4_000),
})

interface Connection {
  readonly id: number
  readonly entry: PoolEntry<Connection>
}

class Bench {
  readonly book: PoolBook<Connection, object>
  readonly #limits: PoolLimits
  #now = 0
  #ids = 0
  #dialing = 0
  #busy: Connection[] = []
  /** Longest idle first. */
  #idle: Connection[] = []
  /** Idle longest first. */
  #reserved: Connection[] = []
  #waiting: object[] = []
  #gone: Connection[] = []

  constructor(limits: PoolLimits) {
    this.#limits = limits
    this.book = new PoolBook('http://h:1', limits, (connection, reason) => this.#onClose(connection, reason))
  }

  do(step: Step): void {
    switch (step.do) {
      case 'acquire':
        this.#acquire(step.fresh)
        break
      case 'dialed':
        this.#dialed(step.jitter)
        break
      case 'dialFailed':
        if (this.#dialing === 0) break
        this.#dialing--
        this.#expectDial(this.book.dialFailed())
        break
      case 'release':
        this.#release(pick(this.#busy, step.which), step.verdict)
        break
      case 'remove':
        this.#remove(pick([...this.#busy, ...this.#idle, ...this.#reserved, ...this.#gone], step.which), step.reason)
        break
      case 'hint': {
        const connection = pick(this.#busy, step.which)
        if (connection !== undefined) this.book.hint(connection, step.timeoutS, step.max)
        break
      }
      case 'withdraw': {
        const waiter = pick(this.#waiting, step.which)
        if (waiter === undefined) break
        expect(this.book.withdraw(waiter), 'who waits can withdraw')
        this.#waiting = this.#waiting.filter(other => other !== waiter)
        break
      }
      case 'expire':
        this.#expire()
        break
      case 'closeIdle':
        this.book.closeIdle('draining')
        expect(this.#idle.length === 0, 'all idle ones are closed')
        break
      case 'closeReserved':
        this.book.closeReserved('health')
        expect(this.#reserved.length === 0, 'all reserved ones are closed')
        this.#dialAll()
        break
      case 'reserve': {
        const connection = pick(this.#busy, step.which)
        if (connection !== undefined) this.book.reserve(connection)
        break
      }
      case 'acquireReserved':
        this.#acquireReserved(pick(this.#reserved, step.which))
        break
      case 'pass':
        this.#now += step.ms
    }
    this.#check()
  }

  /** What `expire` and `closeReserved` leave to their callers: waiters may dial now. */
  #dialAll(): void {
    for (let due = this.book.dialDue(); due !== null; due = this.book.dialDue()) this.#expectDial(due)
  }

  #expire(): void {
    const next = this.book.expire(this.#now)
    this.#dialAll()
    expect(next > this.#now, 'what is due has gone')
    const endless = [...this.#idle, ...this.#reserved].every(idle => this.#dueAt(idle) === Number.POSITIVE_INFINITY)
    expect(next !== Number.POSITIVE_INFINITY || endless, 'due')
    expect(
      this.#waiting.length === 0 || this.#reserved.every(({ entry }) => this.#now - entry.idleSince < RESERVED_REST_MS),
      'no request waits for what has rested',
    )
  }

  #acquireReserved(connection: Connection | undefined): void {
    if (connection === undefined) return
    const usable = this.#dueAt(connection) > this.#now
    expect(this.book.acquireReserved(connection, this.#now) === usable, 'its client gets it unless it is overdue')
    if (usable) {
      this.#reserved = this.#reserved.filter(other => other !== connection)
      this.#busy.push(connection)
    } else this.#dialAll()
  }

  #acquire(fresh: boolean): void {
    const waiter = {}
    const usable = this.#idle.filter(idle => this.#dueAt(idle) > this.#now)
    const answer = this.book.acquire(waiter, this.#now, fresh)
    if (typeof answer === 'object') {
      expect(!fresh && answer === usable.at(-1), 'the most recently used one that is not overdue')
      this.#idle = this.#idle.filter(idle => idle !== answer)
      this.#busy.push(answer)
      return
    }
    expect(fresh || usable.length === 0, 'no idle one is passed over')
    if (answer === 'dial') {
      this.#dialing++
      return
    }
    expect(
      this.#busy.length + this.#reserved.length + this.#dialing === this.#limits.upstreamConnectionsMax,
      'no request waits while there is room',
    )
    const rested = this.#reserved.some(({ entry }) => this.#now - entry.idleSince >= RESERVED_REST_MS)
    expect(!rested, 'no request waits while one has rested for a moment')
    if (answer === 'wait') this.#waiting.push(waiter)
    expect((answer === 'full') === (answer !== 'wait'), 'one of four answers')
    expect(answer === 'wait' || this.#waiting.length === this.#limits.upstreamWaitingMax, 'full when the queue is full')
  }

  #dialed(jitter: number): void {
    if (this.#dialing === 0) return
    this.#dialing--
    const connection: { id: number; entry: PoolEntry<Connection> } = { id: this.#ids++, entry: undefined as never }
    connection.entry = new PoolEntry<Connection>(connection)
    this.book.dialed(connection, this.#now, jitter)
    this.#busy.push(connection)
  }

  #release(connection: Connection | undefined, verdict: 'keep' | CloseReason): void {
    if (connection === undefined) return
    const gone = this.#gone.length
    this.#busy = this.#busy.filter(busy => busy !== connection)
    // Recorded as idle first: from there the close sink may remove it, or another one in its place.
    const rests = connection.entry.isReserved ? this.#reserved : this.#idle
    rests.push(connection)
    const handout = this.book.release(connection, verdict, this.#now)
    expect(verdict === 'keep' || this.#gone.length > gone, 'what is not kept is closed')
    if (handout?.connection) {
      expect(!connection.entry.isReserved, 'a reserved one is not handed out')
      expect(
        handout.connection === connection && handout.waiter === this.#waiting.shift(),
        'it goes to the first in the queue',
      )
      this.#idle = this.#idle.filter(idle => idle !== connection)
      this.#busy.push(connection)
    } else this.#expectDial(handout)
  }

  #remove(connection: Connection | undefined, reason: CloseReason): void {
    if (connection === undefined) return
    const wasGone = this.#gone.includes(connection)
    this.#busy = this.#busy.filter(busy => busy !== connection)
    this.#idle = this.#idle.filter(idle => idle !== connection)
    this.#reserved = this.#reserved.filter(idle => idle !== connection)
    if (!wasGone) this.#gone.push(connection)
    const handout = this.book.remove(connection, reason, this.#now)
    if (wasGone) expect(handout === null, 'what is gone frees no place')
    this.#expectDial(handout)
  }

  #expectDial(handout: Handout<Connection, object> | null): void {
    if (handout === null) return
    expect(handout.connection === null && handout.waiter === this.#waiting.shift(), 'the first in the queue dials')
    this.#dialing++
  }

  #onClose(connection: Connection, reason: CloseReason): void {
    const { isReserved } = connection.entry
    const rests = isReserved ? this.#reserved : this.#idle
    expect(rests.includes(connection), 'only what is idle, or being released, is closed')
    if (
      reason === 'upstream-idle' ||
      reason === 'upstream-hint' ||
      reason === 'upstream-learned' ||
      reason === 'upstream-age'
    ) {
      const { entry } = connection
      const worn = entry.served >= entry.hintServedMax
      expect(worn || this.#dueAt(connection) <= this.#now, `closed for ${reason} only when that is due`)
    }
    if (reason === 'surplus-idle') expect(this.#idle[0] === connection, 'the longest idle one goes')
    if (reason === 'login-surplus') {
      expect(this.#reserved[0] === connection, 'the one that has rested for longest goes')
      expect(this.#now - connection.entry.idleSince >= RESERVED_REST_MS, 'and not before it has rested for a moment')
    }
    expect(!isReserved || !/age|requests/.test(reason), 'neither age nor requests end a reserved one')
    this.#idle = this.#idle.filter(idle => idle !== connection)
    this.#reserved = this.#reserved.filter(idle => idle !== connection)
    this.#gone.push(connection)
  }

  #dueAt({ entry }: Connection): number {
    const ours = this.#limits.upstreamIdleMs || Number.POSITIVE_INFINITY
    return Math.min(entry.oldAt, entry.idleSince + Math.min(ours, entry.hintMs, this.book.lesson.limitMs(this.#now)))
  }

  #check(): void {
    const { book } = this
    expect(book.busy === this.#busy.length, 'busy')
    expect(book.idle === this.#idle.length, 'idle')
    expect(book.dialing === this.#dialing, 'dialing')
    expect(book.waiting === this.#waiting.length, 'waiting')
    expect(book.reserved === this.#reserved.length, 'reserved')
    expect(book.open === book.busy + book.idle + book.reserved, 'open')
    expect(book.open + book.dialing <= this.#limits.upstreamConnectionsMax, 'never more than the limit')
    expect(book.idle <= this.#limits.upstreamIdleMax, 'never more idle ones than the limit')
    expect(book.waiting <= this.#limits.upstreamWaitingMax, 'never more waiting than the limit')
    const room = book.idle > 0 || book.open + book.dialing < this.#limits.upstreamConnectionsMax
    expect(book.waiting === 0 || !room, 'no request waits while there is room')
    expect(book.longestIdle === (this.#idle[0] ?? null), 'longest idle')
    expect(book.longestReserved === (this.#reserved[0] ?? null), 'longest reserved')
    for (const connection of this.#busy) expect(connection.entry.state === 'busy', `${connection.id} is busy`)
    for (const connection of this.#idle) expect(connection.entry.state === 'idle', `${connection.id} is idle`)
    for (const connection of this.#reserved)
      expect(connection.entry.state === 'reserved', `${connection.id} is reserved`)
    for (const connection of this.#gone) expect(connection.entry.state === 'closed', `${connection.id} is closed`)
  }
}

function pick<T>(from: readonly T[], which: number): T | undefined {
  return from[which % from.length]
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}

test(`R72, R86, R87: a book does what its model says (FC_SEED=${SEED})`, async t => {
  fc.assert(
    fc.property(LIMITS, fc.array(STEP, { maxLength: 80, size: 'max' }), (limits, steps) => {
      const bench = new Bench(limits)
      for (const step of steps) bench.do(step)
    }),
    { seed: SEED, numRuns: RUNS },
  )
  t.pass(`${RUNS} runs`)
})
