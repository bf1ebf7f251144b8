import { Ejection, type EjectionRules } from './ejection.js'
import { keyHash } from './key-hash.js'

/** How one member of a group stands: its place and weight, whether it may get an exchange now, and how much of its weight counts. */
export class Standing<M extends Balanced> {
  readonly key: string
  /** Two hashes of its key: two members would have to agree in both to be the same to `draw`. */
  readonly seeds: readonly [number, number]
  readonly ejection = new Ejection()
  member: M
  weight: number
  backup: boolean
  /** By how many exchanges it is behind its share: who is furthest behind is next. */
  lag = 0
  #down = false
  /** Whether there was a check at all. */
  #checked = false
  /** Checks in a row that speak against the state it is in. */
  #contrary = 0
  #startedAt: number

  /** @param startedAt when it begins its slow start, `-Infinity`: it needs none */
  constructor(membership: Membership<M>, startedAt: number) {
    this.key = membership.member.key
    this.seeds = [keyHash(this.key, 1), keyHash(this.key, 2)]
    this.member = membership.member
    this.weight = membership.weight
    this.backup = membership.backup
    this.#startedAt = startedAt
  }

  /** Neither down nor ejected nor in the middle of its trial. */
  isUsable(now: number): boolean {
    return !this.#down && !this.ejection.isOut(now)
  }

  /** @param panic whoever has a weight will do */
  isEligible(now: number, tried: readonly M[], panic: boolean): boolean {
    return this.weight > 0 && (panic || this.isUsable(now)) && !tried.includes(this.member)
  }

  /** Its weight, or as much of it as counts so far: from a tenth, growing evenly over `slowStartMs`. */
  weightAt(now: number, slowStartMs: number): number {
    const age = now - this.#startedAt
    if (age >= slowStartMs) return this.weight
    return this.weight * (SLOW_START_SHARE + (1 - SLOW_START_SHARE) * (age / slowStartMs))
  }

  succeeded(now: number): void {
    if (this.ejection.succeeded(now)) this.#startedAt = now
  }

  /** @returns true when this ejected it. One that is down is out already and is not ejected. */
  failed(now: number, rules: EjectionRules, allowed: boolean): boolean {
    return !this.#down && this.ejection.failed(now, rules, allowed)
  }

  /** @returns what it is from now on, or null when nothing changes */
  checked(ok: boolean, rules: HealthRules, now: number): 'up' | 'down' | null {
    const needed = ok ? rules.healthyAfter : this.#checked ? rules.unhealthyAfter : 1
    this.#checked = true
    this.#contrary = ok === this.#down ? this.#contrary + 1 : 0
    if (this.#contrary === 0 || this.#contrary < needed) return null
    this.#contrary = 0
    this.#down = !ok
    this.ejection.clear()
    if (ok) this.#startedAt = now
    return ok ? 'up' : 'down'
  }

  /** Nobody checks it any more: it is up. */
  forgetChecks(): void {
    this.#down = false
    this.#checked = false
    this.#contrary = 0
  }

  describe(now: number, settings: { slowStartMs: number; ejection: EjectionRules | null }): MemberStatus<M> {
    const { member, weight, backup, ejection } = this
    const failures = settings.ejection === null ? 0 : ejection.failuresAt(now, settings.ejection.withinMs)
    const status = { member, weight, backup, failures, checked: this.#checked }
    if (this.#down) return { ...status, state: 'down' }
    const passive = ejection.stateAt(now)
    if (passive === 'ejected') return { ...status, state: 'ejected', until: ejection.until }
    if (passive === 'trial') return { ...status, state: 'trial' }
    const grownAt = this.#startedAt + settings.slowStartMs
    return now < grownAt ? { ...status, state: 'slow-start', until: grownAt } : { ...status, state: 'up' }
  }
}

/** What stands behind a place in a group: one address of one server, with its pool. */
export interface Balanced {
  /** Names it across reconfigurations; nobody else in its group has it. */
  readonly key: string
  /** Exchanges under way and waiting. */
  readonly load: number
}

export interface Membership<M> {
  member: M
  /** Its share beside the others; 0: nothing but what sticks to it. */
  weight: number
  /** Chosen only while no other may be. */
  backup: boolean
}

export interface HealthRules {
  /** Checks in a row that make one that is down come up. */
  healthyAfter: number
  /** Checks in a row that make one that is up go down. */
  unhealthyAfter: number
}

export interface MemberStatus<M> {
  member: M
  weight: number
  backup: boolean
  /**
   * - `down`: says the health check;
   * - `ejected`: by its failures, until `until`;
   * - `trial`: it was ejected; its next exchange decides, or is under way;
   * - `slow-start`: gets less than its share, until `until`;
   * - `up`: none of these.
   */
  state: 'up' | 'slow-start' | 'trial' | 'ejected' | 'down'
  until?: number
  /** Those that count toward an ejection now. */
  failures: number
  /** A health check has told how it is. Otherwise it counts as up because nothing is known against it. */
  checked: boolean
}

/** What a member begins its slow start with. */
const SLOW_START_SHARE = 0.1
