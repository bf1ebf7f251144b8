import { test } from 'tap'
import { inSlices } from '../../lib/net/slices.js'
import { FakeClock } from '../support/fake-clock.js'

test('between two slices all other work has its turn', async t => {
  const clock = new FakeClock()
  const order: string[] = []
  function* steps() {
    for (const step of ['a', 'b', 'c', 'd']) {
      order.push(step)
      clock.advance(1)
      yield
    }
    return order
  }
  setImmediate(() => order.push('other work'))
  t.same(await inSlices(steps(), clock), ['a', 'b', 'other work', 'c', 'd'])
})

test('an exception in a step rejects', async t => {
  function* steps() {
    yield
    throw new Error('no')
  }
  await t.rejects(inSlices(steps()), { message: 'no' })
})
