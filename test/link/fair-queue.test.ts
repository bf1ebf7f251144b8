import { test } from 'tap'
import { FairQueue } from '../../lib/link/fair-queue.js'

test('a limited number runs; the others wait, and keys take turns', async t => {
  const queue = new FairQueue<string>({ runningMax: 2, waitingMax: 10 })
  for (const work of ['a1', 'a2']) t.same(queue.join('a', work), { state: 'run', displaced: null })
  for (const work of ['a3', 'a4', 'a5']) t.same(queue.join('a', work), { state: 'wait', displaced: null })
  queue.join('b', 'b1')
  queue.join('c', 'c1')
  queue.join('b', 'b2')
  t.match(queue, { running: 2, waiting: 6 })
  t.same(
    [1, 2, 3, 4, 5, 6].map(() => queue.next()),
    ['a3', 'b1', 'c1', 'a4', 'b2', 'a5'],
  )
  t.match(queue, { running: 2, waiting: 0 })
  t.same([queue.next(), queue.next()], [null, null])
  t.match(queue, { running: 0, waiting: 0 })
  t.equal(queue.join('a', 'a6').state, 'run')
})

test('no place is left: the key with most places gives its last one to a key that has fewer', async t => {
  const queue = new FairQueue<string>({ runningMax: 1, waitingMax: 4 })
  queue.join('a', 'running')
  for (const work of ['a1', 'a2', 'a3', 'a4']) queue.join('a', work)
  t.same(queue.join('a', 'a5'), { state: 'full', displaced: null }, 'not for itself')
  t.same(queue.join('b', 'b1'), { state: 'wait', displaced: 'a4' })
  t.same(queue.join('b', 'b2'), { state: 'wait', displaced: 'a3' })
  t.same(queue.join('b', 'b3'), { state: 'full', displaced: null }, 'no key has more than it would have')
  t.same(queue.join('c', 'c1'), { state: 'wait', displaced: 'a2' })
  t.same(queue.join('d', 'd1'), { state: 'wait', displaced: 'b2' })
  t.same(queue.join('e', 'e1'), { state: 'full', displaced: null }, 'each key has one')
  t.equal(queue.waiting, 4)
  t.same(
    [1, 2, 3, 4, 5].map(() => queue.next()),
    ['a1', 'b1', 'c1', 'd1', null],
  )
})

test('no place at all', async t => {
  const queue = new FairQueue<string>({ runningMax: 1, waitingMax: 0 })
  t.equal(queue.join('a', 'a1').state, 'run')
  t.equal(queue.join('b', 'b1').state, 'full')
  t.equal(queue.next(), null)
  t.equal(queue.running, 0)
})
