import { MEMBER_STATES, type MemberState, type MemberTotals } from './source.js'

/** The state of a server as operators see it: one that gets requests although the last ones failed is not just up. */
export function stateNow(state: MemberState, failuresInRow: number): MemberState {
  return failuresInRow > 0 && (state === 'up' || state === 'slow-start') ? 'failing' : state
}

/**
 * What several processes know of one server, together. Each knows only its own requests: the worst state is reported, but
 * failures that are older than the last answer to any process no longer count.
 */
export function mergedStanding(a: Standing, b: Standing): Standing {
  const lastAnswerAt = later(a.lastAnswerAt, b.lastAnswerAt)
  const lastFailure = (a.lastFailure?.at ?? 0) >= (b.lastFailure?.at ?? 0) ? a.lastFailure : b.lastFailure
  const stillTrue = (one: Standing, other: Standing) =>
    (other.lastAnswerAt ?? 0) > (one.lastFailure?.at ?? 0) ? 0 : one.failuresInRow
  const failuresInRow = stillTrue(a, b) + stillTrue(b, a)
  const worst = [a.state, b.state].map(state => MEMBER_STATES.indexOf(state === 'failing' ? 'up' : state))
  return {
    state: stateNow(MEMBER_STATES[Math.max(...worst)]!, failuresInRow),
    checked: a.checked || b.checked,
    failuresInRow,
    ...(lastAnswerAt === undefined ? {} : { lastAnswerAt }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
  }
}

type Standing = Pick<MemberTotals, 'state' | 'checked' | 'failuresInRow' | 'lastAnswerAt' | 'lastFailure'>

const later = (a: number | undefined, b: number | undefined) => (a === undefined || (b !== undefined && b > a) ? b : a)
