import { type Balance, Tier } from './balance-tier.js'
import type { EjectionRules } from './ejection.js'
import { type Balanced, type HealthRules, type MemberStatus, type Membership, Standing } from './standing.js'

export type { Balanced, MemberStatus, Membership } from './standing.js'

export interface BalanceSettings {
  balance: Balance
  /** null: failures eject nobody. */
  ejection: EjectionRules | null
  /** 0: whoever comes up gets its whole share at once. */
  slowStartMs: number
  /** null: nobody is checked, all are up. */
  health: HealthRules | null
}

/**
 * Chooses the member of an upstream group that gets a request. It knows no clock: `now` is milliseconds of one that never goes
 * back.
 *
 * Who may be chosen, in this order; in each row as `balance` says (`Tier`), and never whoever has failed this request already:
 *
 * 1. primaries that are neither down nor ejected;
 * 2. backups that are neither;
 * 3. when nobody in the whole group is fit (all down or ejected): any primary, then any backup. Better a try than none: a health
 *    check that is wrong, or a network that failed for a moment, must not switch a service off. `panics` and `states` show it.
 *
 * Weight 0 is for a member that is to be emptied: it gets nothing but what sticks to it (`byKey`), in no row.
 *
 * Health (active): a member counts as up until a check has said otherwise. Its first check decides alone; after that it takes
 * `unhealthyAfter` in a row to go down and `healthyAfter` to come up. Ejection (passive): see `Ejection`. At most
 * `ejectedPercentMax` of the members are ejected at once, but always one of two or more; the only member of a group never is.
 *
 * Slow start: who came up (by a check, by the end of a trial, or new in a group that had members) counts for a tenth of its
 * weight at first and for all of it after `slowStartMs`.
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

  /** The one member of a group in which there is nothing to decide: no backup, no ejection, no health check, some weight. */
  get only(): M | null {
    return this.#only
  }

  /**
   * The whole membership. What is known of those that stay (the same key, also as another object) is kept: health, ejection, slow
   * start, whose turn it is. New ones start slowly unless the group was empty.
   *
   * @throws Error when two members have the same key; nothing has changed then
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
   * The member that gets this request: it counts as chosen.
   *
   * @param hash of the request's key (`keyHash`), 0 to 2^32 - 1; -1 when there is no key: then it is round robin
   * @param tried those that have failed this request: never chosen again
   * @returns null: nobody is left
   */
  choose(now: number, hash: number, tried: readonly M[]): M | null {
    const chosen =
      this.#primaries.choose(now, hash, tried, false) ??
      this.#backups.choose(now, hash, tried, false) ??
      this.#chooseInPanic(now, hash, tried)
    return chosen === null ? null : this.#take(chosen, now)
  }

  /**
   * For what sticks to a member: that one, if it is fit, or if nobody is. Also one of weight 0, and also a backup while there are
   * primaries: a session that began there ends there (as with HAProxy). It counts as chosen.
   */
  byKey(key: string, now: number): M | null {
    const standing = this.#standings.get(key)
    if (standing === undefined || !(standing.isUsable(now) || this.panics(now))) return null
    return this.#take(standing, now)
  }

  /** True when nobody who has a weight is fit, so that those who are not get the requests. */
  panics(now: number): boolean {
    let weights = 0
    for (const standing of this.#all) {
      if (standing.weight > 0 && standing.isUsable(now)) return false
      weights += standing.weight
    }
    return weights > 0
  }

  /** An exchange went well. Of a member that is gone, this says nothing; the same for the next two. */
  succeeded(member: M, now: number): void {
    this.#standings.get(member.key)?.succeeded(now)
  }

  /** An exchange failed by the member's fault. True when this ejected it. */
  failed(member: M, now: number): boolean {
    const standing = this.#standings.get(member.key)
    const rules = this.#settings.ejection
    if (standing === undefined || rules === null) return false
    return standing.failed(now, rules, this.#mayEject(standing, rules, now))
  }

  /** A health check has ended. What the member is from now on, or null when nothing changes. */
  checked(member: M, ok: boolean, now: number): 'up' | 'down' | null {
    const rules = this.#settings.health
    if (rules === null) return null
    return this.#standings.get(member.key)?.checked(ok, rules, now) ?? null
  }

  /** All members in the order in which they were given. */
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
