import { test } from 'tap'
import { WaitQueue } from '../../lib/link/wait-queue.js'
import { type Waiter, w1, w2, w3 } from './pool-bench.js'

const queueOf = (...waiters: readonly Waiter[]): WaitQueue<Waiter> => {
  const queue = new WaitQueue<Waiter>()
  for (const waiter of waiters) queue.push(waiter)
  return queue
}

/** The waiters in the queue, in the order in which they leave. */
function emptied(queue: WaitQueue<Waiter>): string {
  const names: string[] = []
  for (let next = queue.shift(); next !== null; next = queue.shift()) names.push(next.name)
  return names.join()
}

test('first come, first served', async t => {
  const queue = queueOf(w2, w1, w3)
  t.match(queue, { size: 3, isEmpty: false })
  t.equal(emptied(queue), 'w2,w1,w3')
  t.match(queue, { size: 0, isEmpty: true })
  t.equal(queue.shift(), null)
})

for (const [who, left] of [
  [w1, 'w2,w3'],
  [w2, 'w1,w3'],
  [w3, 'w1,w2'],
] as const) {
  test(`${who.name} gives up, the others keep their order; it may come again, as the last`, async t => {
    const queue = queueOf(w1, w2, w3)
    t.ok(queue.has(who))
    t.equal(queue.remove(who), true)
    t.equal(queue.remove(who), false)
    t.notOk(queue.has(who))
    queue.push(who)
    t.equal(emptied(queue), `${left},${who.name}`)
  })
}

test('the only one gives up', async t => {
  const queue = queueOf(w1)
  queue.remove(w1)
  t.ok(queue.isEmpty)
  queue.push(w2)
  t.equal(emptied(queue), 'w2')
})
