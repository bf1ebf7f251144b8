import { type Balance, Tier } from './balance-tier.js'
import type { EjectionRules } from './ejection.js'
import { type Balanced, type HealthRules, type MemberStatus, type Membership, Standing } from './standing.js'

export type { Balanced, MemberStatus, Membership } from './standing.js'

export interface BalanceSettings {
  balance: Balance
  /** null: failures eject no member. */
  ejection: EjectionRules | null
  /** 0: a member that comes up gets its whole share immediately. */
  slowStartMs: number
  /** null: members are not checked, and all are up. */
  health: HealthRules | null
}

/**
 * Chooses the member of an upstream group that gets a request. It has no clock of its own: `now` is in milliseconds of a
 * monotonic clock.
 *
 * The candidates, in this order. In each row, `balance` decides (`Tier`), and a member that has failed this request is never
 * chosen again:
 *
 * 1. primaries that are neither down nor ejected;
 * 2. backups that are neither down nor ejected;
 * 3. panic: if no member of the whole group is usable (all are down or ejected), any primary, then any backup. A try is better
 *    than none: a wrong health check, or a network that failed for a moment, must not take a service down. `panics` and `states`
 *    show it.
 *
 * Weight 0 is for a member that is being drained: it is in no row, and gets only the requests that stick to it (`byKey`).
 *
 * Health (active): a member counts as up until a check fails. The first check decides alone; after that it takes `unhealthyAfter`
 * in a row to go down and `healthyAfter` to come up. Ejection (passive): see `Ejection`. At most `ejectedPercentMax` of the
 * members are ejected at once, but one is always allowed in a group of two or more; the only member of a group is never ejected.
 *
 * Slow start: a member that came up (by a check, by the end of a trial, or new in a group that had members) counts with a tenth
 * of its weight at first, and with all of it after `slowStartMs`.
 */
export class Balancer<M extends Balanced> {
  #settings: BalanceSettings
  #standings = new Map<string, Standing<M>>()
  #all: readonly Standing<M>[] = []
  #primaries: Tier<M>
  #backups: Tier<M>
  #only: M | null = null

  constructor(settings: BalanceSettings) {
    this.#settings = settings
    this.#primaries = this.#tier(false)
    this.#backups = this.#tier(true)
  }

  /** The only member of a group in which there is nothing to decide: no backup, no ejection, no health check, weight above 0. */
  get only(): M | null {
    return this.#only
  }

  /**
   * Replaces all members. The state of those that stay (the same key, even as another object) is kept: health, ejection, slow
   * start, turn. New ones start slowly unless the group was empty.
   *
   * @throws Error if two members have the same key; nothing has changed then
   */
  replace(members: readonly Membership<M>[], settings: BalanceSettings, now: number): void {
    const before = this.#standings
    const startedAt = before.size > 0 ? now : Number.NEGATIVE_INFINITY
    refuseDoubles(members)
    this.#settings = settings
    this.#all = members.map(membership => {
      const standing = before.get(membership.member.key) ?? new Standing(membership, startedAt)
      standing.member = membership.member
      standing.weight = membership.weight
      standing.backup = membership.backup
      if (settings.ejection === null || members.length === 1) standing.ejection.clear()
      if (settings.health === null) standing.forgetChecks()
      return standing
    })
    this.#standings = new Map(this.#all.map(standing => [standing.key, standing]))
    this.#primaries = this.#tier(false)
    this.#backups = this.#tier(true)
    this.#only = this.#findOnly()
  }

  /**
   * Chooses the member that gets this request.
   *
   * @param hash the hash of the key of the request (`keyHash`), 0 to 2^32 - 1; -1 without a key: round robin is used
   * @param tried the members that have failed this request: never chosen again
   * @returns null: no member is left
   */
  choose(now: number, hash: number, tried: readonly M[]): M | null {
    const chosen =
      this.#primaries.choose(now, hash, tried, false) ??
      this.#backups.choose(now, hash, tried, false) ??
      this.#chooseInPanic(now, hash, tried)
    return chosen === null ? null : this.#take(chosen, now)
  }

  /**
   * Chooses the member to which a request sticks, if it is usable, or if none is. This includes members of weight 0, and backups
   * while there are primaries: a session that began on a member ends there (as in HAProxy).
   */
  byKey(key: string, now: number): M | null {
    const standing = this.#standings.get(key)
    if (standing === undefined || !(standing.isUsable(now) || this.panics(now))) return null
    return this.#take(standing, now)
  }

  /** True if no member with a weight is usable, so that unusable ones get the requests. */
  panics(now: number): boolean {
    let weights = 0
    for (const standing of this.#all) {
      if (standing.weight > 0 && standing.isUsable(now)) return false
      weights += standing.weight
    }
    return weights > 0
  }

  /** An exchange succeeded. Ignored for a member that is gone, like the next two. */
  succeeded(member: M, now: number): void {
    this.#standings.get(member.key)?.succeeded(now)
  }

  /** An exchange failed, and the member is at fault. True if this ejected it. */
  failed(member: M, now: number): boolean {
    const standing = this.#standings.get(member.key)
    const rules = this.#settings.ejection
    if (standing === undefined || rules === null) return false
    return standing.failed(now, rules, this.#mayEject(standing, rules, now))
  }

  /** A health check has ended. @returns the new state of the member, or null if it does not change */
  checked(member: M, ok: boolean, now: number): 'up' | 'down' | null {
    const rules = this.#settings.health
    if (rules === null) return null
    return this.#standings.get(member.key)?.checked(ok, rules, now) ?? null
  }

  /** The status of all members, in the order in which they were given. */
  states(now: number): readonly MemberStatus<M>[] {
    return this.#all.map(standing => standing.describe(now, this.#settings))
  }

  #chooseInPanic(now: number, hash: number, tried: readonly M[]): Standing<M> | null {
    if (!this.panics(now)) return null
    return this.#primaries.choose(now, hash, tried, true) ?? this.#backups.choose(now, hash, tried, true)
  }

  #take(standing: Standing<M>, now: number): M {
    if (this.#settings.ejection !== null) standing.ejection.taken(now, this.#settings.ejection)
    return standing.member
  }

  #mayEject(standing: Standing<M>, rules: EjectionRules, now: number): boolean {
    if (this.#all.length < 2) return false
    const most = Math.max(1, Math.floor((this.#all.length * rules.ejectedPercentMax) / 100))
    return this.#all.filter(other => other !== standing && other.ejection.isOut(now)).length < most
  }

  #tier(backup: boolean): Tier<M> {
    const members = this.#all.filter(standing => standing.backup === backup)
    return new Tier(members, this.#settings.balance, this.#settings.slowStartMs)
  }

  #findOnly(): M | null {
    const { ejection, health } = this.#settings
    const [first] = this.#all
    if (first === undefined || this.#all.length > 1 || ejection !== null || health !== null) return null
    return first.backup || first.weight === 0 ? null : first.member
  }
}

function refuseDoubles(members: readonly Membership<Balanced>[]): void {
  const keys = new Set<string>()
  for (const { member } of members) {
    if (keys.has(member.key)) throw new Error(`two members of the group have the key "${member.key}": leave one out`)
    keys.add(member.key)
  }
}
