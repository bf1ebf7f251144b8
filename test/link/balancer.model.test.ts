import fc from 'fast-check'
import { test } from 'tap'
import { Balancer, type BalanceSettings, type MemberStatus } from '../../lib/link/balancer.js'
import { RUNS, SEED } from '../wire/property.js'
import { Peer } from './group.js'
import { type Row, read, type State } from './member-story.js'

/**
 * For any sequence of events in a group: a simple model, which keeps the whole history of each member and derives its state from
 * that each time, agrees about which members are usable, which are candidates, and which are ejected.
 */
const KEYS = 'abcdef'

const STEP = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('choose' as const),
      hash: fc.oneof(fc.constant(-1), fc.nat()),
      tried: fc.subarray([...KEYS]),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('stick' as const), key: fc.constantFrom(...KEYS) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('fail' as const), key: fc.constantFrom(...KEYS) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('succeed' as const), key: fc.constantFrom(...KEYS) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('check' as const), key: fc.constantFrom(...KEYS), ok: fc.boolean() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('load' as const), key: fc.constantFrom(...KEYS), load: fc.nat(4) }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.nat(900) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('replace' as const),
      members: fc
        .subarray([...KEYS])
        .chain(keys =>
          fc.tuple(
            ...keys.map(key =>
              fc.record({ key: fc.constant(key), weight: fc.nat(3), backup: fc.boolean(), anew: fc.boolean() }),
            ),
          ),
        ),
    }),
  },
)
type Step = typeof STEP extends fc.Arbitrary<infer S> ? S : never

const RULES: fc.Arbitrary<BalanceSettings> = fc.record({
  balance: fc.constantFrom('round-robin' as const, 'least-connections' as const, 'hash' as const),
  ejection: fc.option(
    fc.record({
      failures: fc.integer({ min: 1, max: 3 }),
      withinMs: fc.constantFrom(500, 2_000),
      ejectMs: fc.constantFrom(300, 1_000),
      ejectedPercentMax: fc.constantFrom(0, 34, 50, 100),
    }),
  ),
  slowStartMs: fc.constantFrom(0, 1_000),
  health: fc.option(
    fc.record({ healthyAfter: fc.integer({ min: 1, max: 3 }), unhealthyAfter: fc.integer({ min: 1, max: 3 }) }),
  ),
})

class Bench {
  readonly #settings: BalanceSettings
  readonly #balancer: Balancer<Peer>
  #rows: Row[] = []
  #now = 1_000

  constructor(settings: BalanceSettings) {
    this.#settings = settings
    this.#balancer = new Balancer(settings)
    this.#replace([...KEYS].slice(0, 3).map(key => ({ key, weight: 1, backup: false, anew: false })))
  }

  do(step: Step): void {
    const row = 'key' in step ? this.#rows.find(({ peer }) => peer.key === step.key) : undefined
    if (step.do === 'pass') this.#now += step.ms
    if (step.do === 'replace') this.#replace(step.members)
    if (step.do === 'choose') this.#choose(step.hash, step.tried)
    if (step.do === 'load' && row !== undefined) row.peer.load = step.load
    if (step.do === 'stick') this.#stick(step.key, row)
    if (step.do === 'check') this.#check(step.key, row, step.ok)
    if (step.do === 'fail') this.#fail(step.key, row)
    if (step.do === 'succeed') {
      this.#balancer.succeeded(row?.peer ?? new Peer(step.key), this.#now)
      row?.story.push({ at: this.#now, what: 'succeeded' })
    }
    this.#compare()
  }

  #replace(members: readonly { key: string; weight: number; backup: boolean; anew: boolean }[]): void {
    const bornAt = this.#rows.length === 0 ? Number.NEGATIVE_INFINITY : this.#now
    this.#rows = members.map(({ key, weight, backup, anew }) => {
      const known = this.#rows.find(({ peer }) => peer.key === key)
      const peer = known === undefined || anew ? new Peer(key) : known.peer
      const story = known?.story ?? []
      if (members.length === 1) story.push({ at: this.#now, what: 'pardoned' })
      return { peer, weight, backup, bornAt: known?.bornAt ?? bornAt, story }
    })
    const given = this.#rows.map(({ peer, weight, backup }) => ({ member: peer, weight, backup }))
    this.#balancer.replace(given, this.#settings, this.#now)
  }

  #choose(hash: number, keys: readonly string[]): void {
    const tried = this.#rows.filter(({ peer }) => keys.includes(peer.key)).map(({ peer }) => peer)
    const chosen = this.#balancer.choose(this.#now, hash, tried)
    const among = this.#candidates(tried)
    const row = among.find(({ peer }) => peer === chosen)
    expect((row === undefined) === (among.length === 0), `one of those that may be chosen, if any: ${chosen?.key}`)
    expect(chosen === (row?.peer ?? null), 'no other member')
    if (row === undefined) return
    const loads = among.map(one => this.#loadOf(one))
    if (this.#settings.balance === 'least-connections') {
      expect(this.#loadOf(row) === Math.min(...loads), 'no member has less')
    }
    row.story.push({ at: this.#now, what: 'taken' })
  }

  #stick(key: string, row: Row | undefined): void {
    const chosen = this.#balancer.byKey(key, this.#now)
    const may = row !== undefined && (this.#isFit(row) || this.#panics())
    expect(chosen === (may ? row.peer : null), 'the one itself, if it may be')
    if (may) row.story.push({ at: this.#now, what: 'taken' })
  }

  #check(key: string, row: Row | undefined, ok: boolean): void {
    const before = row !== undefined && this.#read(row).down
    const change = this.#balancer.checked(row?.peer ?? new Peer(key), ok, this.#now)
    if (this.#settings.health !== null) row?.story.push({ at: this.#now, what: ok ? 'good' : 'bad' })
    const after = row !== undefined && this.#read(row).down
    expect(change === (before === after ? null : after ? 'down' : 'up'), `what changes is told: ${change}`)
  }

  #fail(key: string, row: Row | undefined): void {
    const rules = this.#settings.ejection
    const out = this.#rows.filter(other => other !== row && this.#isOut(this.#read(other)))
    const told = this.#balancer.failed(row?.peer ?? new Peer(key), this.#now)
    if (row === undefined || rules === null) {
      expect(!told, 'that ejects no member')
      return
    }
    const before = this.#read(row).ejections
    const most = Math.max(1, Math.floor((this.#rows.length * rules.ejectedPercentMax) / 100))
    const allowed = this.#rows.length > 1 && out.length < most
    row.story.push({ at: this.#now, what: allowed ? 'failed' : 'denied' })
    expect(told === this.#read(row).ejections > before, `ejected: ${told}`)
    expect(!told || out.length + 1 <= most, 'never more than may be')
  }

  // What follows from the stories.

  #read(row: Row): State {
    return read(row, this.#settings)
  }

  #isOut(state: State): boolean {
    return this.#now < state.ejectedUntil || this.#now < state.trialUntil
  }

  #isFit(row: Row): boolean {
    const state = this.#read(row)
    return !state.down && !this.#isOut(state)
  }

  #panics(): boolean {
    const weighty = this.#rows.filter(({ weight }) => weight > 0)
    return weighty.length > 0 && weighty.every(row => !this.#isFit(row))
  }

  #candidates(tried: readonly Peer[]): Row[] {
    const left = this.#rows.filter(({ peer, weight }) => weight > 0 && !tried.includes(peer))
    const fit = this.#panics() ? left : left.filter(row => this.#isFit(row))
    const primaries = fit.filter(({ backup }) => !backup)
    return primaries.length > 0 ? primaries : fit
  }

  #loadOf(row: Row): number {
    return row.peer.load / (row.weight * this.#shareOf(row))
  }

  #shareOf(row: Row): number {
    const age = this.#now - this.#read(row).upAt
    const { slowStartMs } = this.#settings
    return age >= slowStartMs ? 1 : 0.1 + (1 - 0.1) * (age / slowStartMs)
  }

  #compare(): void {
    const told = this.#balancer.states(this.#now)
    expect(told.length === this.#rows.length, 'all are there')
    for (const [i, row] of this.#rows.entries()) {
      const one = told[i]!
      expect(one.member === row.peer && one.weight === row.weight && one.backup === row.backup, 'as it was given')
      expect(one.state === this.#stateOf(row), `${one.member.key} is ${this.#stateOf(row)}, not ${one.state}`)
    }
    expect(this.#balancer.panics(this.#now) === this.#panics(), 'panic')
  }

  #stateOf(row: Row): MemberStatus<Peer>['state'] {
    const state = this.#read(row)
    if (state.down) return 'down'
    if (this.#now < state.ejectedUntil) return 'ejected'
    if (state.onTrial) return 'trial'
    return this.#shareOf(row) < 1 ? 'slow-start' : 'up'
  }
}

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(`does not hold: ${what}`)
}

test(`a balancer does what its model says (HOPWISE_SEED=${SEED})`, async t => {
  fc.assert(
    fc.property(RULES, fc.array(STEP, { maxLength: 60, size: 'max' }), (settings, steps) => {
      const bench = new Bench(settings)
      for (const step of steps) bench.do(step)
    }),
    { seed: SEED, numRuns: RUNS * 3 },
  )
  t.pass(`${RUNS * 3} runs`)
})
