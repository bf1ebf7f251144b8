import { test } from 'tap'
import { RetryBudget } from '../../lib/link/retry-budget.js'

test('three at once may always be sent again, and a fifth of many', async t => {
  for (const [load, most] of [
    [1, 3],
    [15, 3],
    [20, 4],
    [1_000, 200],
  ] as const) {
    const budget = new RetryBudget()
    while (budget.admits(load)) budget.underWay++
    t.equal(budget.underWay, most, `${load} under way`)
    budget.underWay--
    t.ok(budget.admits(load), 'one has its answer: the next may')
  }
})
