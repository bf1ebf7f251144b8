/**
 * Passive ejection of one member of a group, based on the results of its exchanges.
 *
 * A member is in service until it has failed `failures` times within `withinMs`. Then it is ejected: it gets no requests for
 * `ejectMs`, for twice that if it is ejected again without a success in between, and so on up to ten times. Exchanges that end
 * meanwhile began before and do not count. After that it is on trial: it gets one exchange, and nothing else until that one has a
 * result (or `ejectMs` have passed: its client may be gone). One success clears its record, one failure ejects it again.
 *
 * A success does not clear the failures of a member in service: one that fails every second exchange is bad, too.
 */
export class Ejection {
  #state: 'in-service' | 'ejected' | 'trial' = 'in-service'
  /** The end of an ejection; on trial with an exchange under way, the time until which it gets nothing else. */
  #until = Number.NEGATIVE_INFINITY
  /** The number of ejections without a success in between. */
  #ejections = 0
  /** The times of the last failures, oldest first: at most as many as it takes to be ejected. */
  #times: number[] = []

  /** True while it must not get a request: ejected, or on trial with an exchange under way. */
  isOut(now: number): boolean {
    return now < this.#until
  }

  stateAt(now: number): 'in-service' | 'ejected' | 'trial' {
    return this.#state === 'ejected' && now >= this.#until ? 'trial' : this.#state
  }

  /** The time (ms) until which it gets nothing, if `isOut`. */
  get until(): number {
    return this.#until
  }

  /** The number of failures in the last `withinMs`, at most as many as it takes to be ejected. */
  failuresAt(now: number, withinMs: number): number {
    return this.#times.filter(time => now - time <= withinMs).length
  }

  /** It was chosen for an exchange. */
  taken(now: number, rules: EjectionRules): void {
    if (this.#state === 'in-service' || now < this.#until) return
    this.#state = 'trial'
    this.#until = now + rules.ejectMs
  }

  /** An exchange succeeded. True if that ended a trial. */
  succeeded(now: number): boolean {
    if (this.#ejections === 0) return false
    const state = this.stateAt(now)
    if (state === 'ejected') return false
    this.clear()
    return state === 'trial'
  }

  /**
   * An exchange failed, and the member is at fault.
   *
   * @param allowed false: too many members of the group are ejected already. It then stays in service, or returns to it.
   * @returns true if this ejected it
   */
  failed(now: number, rules: EjectionRules, allowed: boolean): boolean {
    const state = this.stateAt(now)
    if (state === 'ejected') return false
    this.#times.push(now)
    while (this.#times.length > rules.failures) this.#times.shift()
    const enough = this.#times.length === rules.failures && now - this.#times[0]! <= rules.withinMs
    if (allowed && (enough || state === 'trial')) {
      this.#eject(now, rules)
      return true
    }
    this.#state = 'in-service'
    this.#until = Number.NEGATIVE_INFINITY
    return false
  }

  /** Puts it back in service with a clear record. */
  clear(): void {
    this.#state = 'in-service'
    this.#until = Number.NEGATIVE_INFINITY
    this.#ejections = 0
    this.#times = []
  }

  #eject(now: number, rules: EjectionRules): void {
    this.#ejections++
    this.#state = 'ejected'
    this.#until = now + rules.ejectMs * Math.min(this.#ejections, EJECTIONS_COUNTED_MAX)
    this.#times = []
  }
}

export interface EjectionRules {
  /** At least 1. */
  failures: number
  withinMs: number
  ejectMs: number
  /** The percentage of the members of the group, including backups, that may be ejected: 0 to 100. */
  ejectedPercentMax: number
}

/** No member is ejected for longer than ten times `ejectMs`: even the worst one is tried again now and then. */
const EJECTIONS_COUNTED_MAX = 10
