import { test } from 'tap'
import { mergedStanding, stateNow } from '../../lib/admin/member-state.js'
import type { MemberState } from '../../lib/admin/source.js'

test('a server that gets requests, and whose last one failed, is failing: row by row', async t => {
  const rows: [MemberState, number, MemberState][] = [
    ['up', 0, 'up'],
    ['up', 1, 'failing'],
    ['slow-start', 7, 'failing'],
    ['trial', 7, 'trial'],
    ['ejected', 7, 'ejected'],
    ['down', 7, 'down'],
    ['slow-start', 0, 'slow-start'],
  ]
  for (const [state, inRow, now] of rows) t.equal(stateNow(state, inRow), now, `${state} ${inRow}`)
})

test('what several processes know of one server: row by row', async t => {
  const up = (lastAnswerAt?: number) =>
    ({
      state: 'up',
      checked: false,
      failuresInRow: 0,
      ...(lastAnswerAt === undefined ? {} : { lastAnswerAt }),
    }) as const
  const failing = (at: number, failuresInRow: number) =>
    ({
      state: 'failing',
      checked: false,
      failuresInRow,
      lastFailure: { at, error: 'connection_refused', message: `at ${at}` },
    }) as const
  const rows = [
    [up(), up(), { state: 'up', failuresInRow: 0 }],
    [up(), failing(5, 7), { state: 'failing', failuresInRow: 7, lastFailure: { at: 5 } }],
    [up(4), failing(5, 7), { state: 'failing', failuresInRow: 7, lastAnswerAt: 4 }],
    [up(6), failing(5, 7), { state: 'up', failuresInRow: 0, lastAnswerAt: 6, lastFailure: { at: 5 } }],
    [failing(4, 2), failing(5, 3), { state: 'failing', failuresInRow: 5, lastFailure: { at: 5, message: 'at 5' } }],
    [{ ...failing(3, 2), lastAnswerAt: 1 }, up(2), { state: 'failing', failuresInRow: 2, lastAnswerAt: 2 }],
    [{ ...up(), checked: true }, up(), { state: 'up', checked: true }],
    [{ ...up(9), state: 'down' }, failing(5, 7), { state: 'down', failuresInRow: 0 }],
    [{ ...up(), state: 'slow-start' }, { ...up(), state: 'ejected' }, { state: 'ejected' }],
  ] as const
  for (const [i, [a, b, both]] of rows.entries()) {
    t.match(mergedStanding(a, b), both, `row ${i + 1}`)
    t.match(mergedStanding(b, a), both, `row ${i + 1}, the other way round`)
  }
})
