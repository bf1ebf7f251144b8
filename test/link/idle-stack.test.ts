import { test } from 'tap'
import { IdleStack } from '../../lib/link/idle-stack.js'
import { Connection } from './pool-bench.js'

const stackOf = (...connections: readonly Connection[]): IdleStack<Connection> => {
  const stack = new IdleStack<Connection>()
  for (const { entry } of connections) stack.push(entry)
  return stack
}

/** Its connections in both directions, which must agree. */
function namesOf({ newest, oldest, size }: IdleStack<Connection>): string {
  const down: string[] = []
  for (let entry = newest; entry !== null; entry = entry.older) down.push(entry.connection.name)
  const up: string[] = []
  for (let entry = oldest; entry !== null; entry = entry.newer) up.unshift(entry.connection.name)
  return down.join() === up.join() && down.length === size ? down.join() : `${down.join()} | ${up.join()} | ${size}`
}

test('an empty stack has no ends', async t => {
  t.match(stackOf(), { newest: null, oldest: null, size: 0 })
})

for (const [gone, left] of [
  ['a', 'c,b'],
  ['b', 'c,a'],
  ['c', 'b,a'],
] as const) {
  test(`of c, b, a the entry of ${gone} leaves, and may return on top`, async t => {
    const connections = [new Connection('a'), new Connection('b'), new Connection('c')]
    const stack = stackOf(...connections)
    t.equal(namesOf(stack), 'c,b,a')
    const { entry } = connections.find(({ name }) => name === gone)!
    stack.remove(entry)
    t.equal(namesOf(stack), left)
    t.match(entry, { newer: null, older: null })
    stack.push(entry)
    t.equal(namesOf(stack), `${gone},${left}`)
  })
}

test('the last one leaves', async t => {
  const a = new Connection('a')
  const stack = stackOf(a)
  stack.remove(a.entry)
  t.equal(namesOf(stack), '')
})
