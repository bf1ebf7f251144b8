/**
 * Passive ejection of one member of a group: what its exchanges have told of it.
 *
 * It is in service until it has failed `failures` times within `withinMs`. Then it is ejected: it gets nothing for `ejectMs`, for
 * twice that when it is ejected again without a success in between, and so on up to ten times. What still ends meanwhile, well or
 * badly, began before and counts for nothing. After that it is on trial: it gets one exchange, and nothing else until that one has
 * told (or `ejectMs` have passed: its client may have gone). One success and all is forgotten, one failure and it is ejected again.
 *
 * So a success does not wipe out the failures of a member in service: one that fails every second exchange is no good either.
 */
export class Ejection {
  #state: 'in-service' | 'ejected' | 'trial' = 'in-service'
  /** Of an ejected one: until then. Of one on trial: until then nothing else, for an exchange is under way. */
  #until = Number.NEGATIVE_INFINITY
  /** In a row, without a success in between. */
  #ejections = 0
  /** When it has failed, the last ones only, the oldest first: as many as it takes to be ejected. */
  #times: number[] = []

  /** True while it must get nothing: ejected, or on trial with an exchange under way. */
  isOut(now: number): boolean {
    return now < this.#until
  }

  stateAt(now: number): 'in-service' | 'ejected' | 'trial' {
    return this.#state === 'ejected' && now >= this.#until ? 'trial' : this.#state
  }

  /** Until when it gets nothing (ms), if it does not now. */
  get until(): number {
    return this.#until
  }

  /** The failures of the last `withinMs`, as many as it takes to be ejected at most. */
  failuresAt(now: number, withinMs: number): number {
    return this.#times.filter(time => now - time <= withinMs).length
  }

  /** It was chosen for an exchange. */
  taken(now: number, rules: EjectionRules): void {
    if (this.#state === 'in-service' || now < this.#until) return
    this.#state = 'trial'
    this.#until = now + rules.ejectMs
  }

  /** An exchange went well. True when that was the end of a trial. */
  succeeded(now: number): boolean {
    if (this.#ejections === 0) return false
    const state = this.stateAt(now)
    if (state === 'ejected') return false
    this.clear()
    return state === 'trial'
  }

  /**
   * An exchange failed by the member's fault.
   *
   * @param allowed false: too many of the group are ejected already. It stays in service then, or goes back to it.
   * @returns true when this ejected it
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

  /** Back in service, nothing known against it. */
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
  /** Of the members of the group, backups included: 0 to 100. */
  ejectedPercentMax: number
}

/** Longer than ten times `ejectMs` nobody is ejected: even the worst is asked again now and then. */
const EJECTIONS_COUNTED_MAX = 10
