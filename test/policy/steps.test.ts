import { test } from 'tap'
import { atOnce } from '../../lib/policy/steps.js'

test('all steps, and their result', async t => {
  const done: number[] = []
  function* steps() {
    for (let step = 1; step <= 3; step++) {
      done.push(step)
      yield
    }
    return 'over'
  }
  t.equal(atOnce(steps()), 'over')
  t.same(done, [1, 2, 3])
})
