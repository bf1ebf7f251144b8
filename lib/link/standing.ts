import { Ejection, type EjectionRules } from './ejection.js'
import { keyHash } from './key-hash.js'

/**
 * The state of one member of a group: its role and weight, whether it may get an exchange now, and how much of its weight counts.
 */
export class Standing<M extends Balanced> {
  readonly key: string
  /** Two hashes of its key: `draw` confuses two members only if both are equal. */
  readonly seeds: readonly [number, number]
  readonly ejection = new Ejection()
  member: M
  weight: number
  backup: boolean
  /** By how many exchanges it is behind its share: the member furthest behind is next. */
  lag = 0
  #down = false
  /** Whether there was any check. */
  #checked = false
  /** The number of checks in a row that contradict its current state. */
  #contrary = 0
  #startedAt: number

  /** @param startedAt when its slow start begins; `-Infinity`: it needs none */
  constructor(membership: Membership<M>, startedAt: number) {
    this.key = membership.member.key
    this.seeds = [keyHash(this.key, 1), keyHash(this.key, 2)]
    this.member = membership.member
    this.weight = membership.weight
    this.backup = membership.backup
    this.#startedAt = startedAt
  }

  /** Whether it is neither down, nor ejected, nor on trial with an exchange under way. */
  isUsable(now: number): boolean {
    return !this.#down && !this.ejection.isOut(now)
  }

  /** @param panic any member with a weight is eligible */
  isEligible(now: number, tried: readonly M[], panic: boolean): boolean {
    return this.weight > 0 && (panic || this.isUsable(now)) && !tried.includes(this.member)
  }

  /** Its weight, or during its slow start a part of it: from a tenth, growing linearly over `slowStartMs`. */
  weightAt(now: number, slowStartMs: number): number {
    const age = now - this.#startedAt
    if (age >= slowStartMs) return this.weight
    return this.weight * (SLOW_START_SHARE + (1 - SLOW_START_SHARE) * (age / slowStartMs))
  }

  succeeded(now: number): void {
    if (this.ejection.succeeded(now)) this.#startedAt = now
  }

  /** @returns true if this ejected it. A member that is down gets nothing already, and is not ejected. */
  failed(now: number, rules: EjectionRules, allowed: boolean): boolean {
    return !this.#down && this.ejection.failed(now, rules, allowed)
  }

  /** @returns its new state, or null if it does not change */
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

  /** It is no longer checked, so it is up. */
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

/** A member that can be balanced: one address of one server, with its pool. */
export interface Balanced {
  /** Identifies it across reconfigurations; unique in its group. */
  readonly key: string
  /** The number of exchanges under way and waiting. */
  readonly load: number
}

export interface Membership<M> {
  member: M
  /** Its share relative to the others; 0: only requests that stick to it. */
  weight: number
  /** Chosen only while no primary may be. */
  backup: boolean
}

export interface HealthRules {
  /** The number of successful checks in a row after which a member that is down comes up. */
  healthyAfter: number
  /** The number of failed checks in a row after which a member that is up goes down. */
  unhealthyAfter: number
}

export interface MemberStatus<M> {
  member: M
  weight: number
  backup: boolean
  /**
   * - `down`: according to the health check;
   * - `ejected`: because of failures, until `until`;
   * - `trial`: it was ejected; its next exchange decides, and may be under way;
   * - `slow-start`: gets less than its share, until `until`;
   * - `up`: none of these.
   */
  state: 'up' | 'slow-start' | 'trial' | 'ejected' | 'down'
  until?: number
  /** The failures that currently count toward an ejection. */
  failures: number
  /** It was checked at least once. A member that was not counts as up. */
  checked: boolean
}

/** The share of its weight with which a member begins its slow start. */
const SLOW_START_SHARE = 0.1
