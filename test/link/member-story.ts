import type { BalanceSettings } from '../../lib/link/balancer.js'
import type { Peer } from './group.js'

/** What has happened to one member, in order. `denied`: it failed while too many were ejected already. */
export interface Told {
  at: number
  what: 'failed' | 'denied' | 'succeeded' | 'taken' | 'good' | 'bad' | 'pardoned'
}

export interface Row {
  peer: Peer
  weight: number
  backup: boolean
  bornAt: number
  story: Told[]
}

/** What a story comes to. */
export interface State {
  down: boolean
  ejectedUntil: number
  onTrial: boolean
  trialUntil: number
  failures: number[]
  ejections: number
  upAt: number
}

/** Reads a story from its beginning, with no memory of an earlier reading. */
export function read({ story, bornAt }: Row, settings: BalanceSettings): State {
  const state: State = { down: false, upAt: bornAt, ejections: 0, ...unblemished() }
  for (const [i, told] of story.entries()) {
    if (told.what === 'pardoned') Object.assign(state, unblemished(), { ejections: 0 })
    else if (told.what === 'good' || told.what === 'bad') followCheck(state, story.slice(0, i + 1), settings)
    else if (told.at >= state.ejectedUntil) followExchange(state, told, settings)
  }
  return state
}

const unblemished = () => ({ ejectedUntil: 0, onTrial: false, trialUntil: 0, failures: [] })

function followCheck(state: State, soFar: readonly Told[], { health }: BalanceSettings): void {
  const checks = soFar.filter(({ what }) => what === 'good' || what === 'bad')
  const contrary = state.down ? 'good' : 'bad'
  const needed = state.down ? health!.healthyAfter : checks.length === 1 ? 1 : health!.unhealthyAfter
  const last = checks.slice(-needed)
  if (last.length < needed || last.some(({ what }) => what !== contrary)) return
  Object.assign(state, unblemished(), { ejections: 0, down: !state.down })
  if (!state.down) state.upAt = soFar.at(-1)!.at
}

function followExchange(state: State, { at, what }: Told, { ejection: rules }: BalanceSettings): void {
  if (rules === null) return
  if (what === 'taken') {
    if (state.onTrial && at >= state.trialUntil) state.trialUntil = at + rules.ejectMs
  } else if (what === 'succeeded') {
    if (state.onTrial) state.upAt = at
    if (state.ejections > 0) Object.assign(state, unblemished(), { ejections: 0 })
  } else if (!state.down) followFailure(state, at, what === 'failed', rules)
}

function followFailure(
  state: State,
  at: number,
  allowed: boolean,
  rules: NonNullable<BalanceSettings['ejection']>,
): void {
  const failures = [...state.failures, at]
  const enough = failures.filter(time => at - time <= rules.withinMs).length >= rules.failures
  const ejects = allowed && (enough || state.onTrial)
  Object.assign(state, unblemished(), { failures })
  if (!ejects) return
  const ejections = state.ejections + 1
  const ejectedUntil = at + rules.ejectMs * Math.min(10, ejections)
  Object.assign(state, { ejections, ejectedUntil, onTrial: true, failures: [] })
}
