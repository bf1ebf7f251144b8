import { test } from 'tap'
import type { Address } from '../../lib/net/address.js'
import { CLibrary } from '../../lib/net/names/c-library.js'
import { until } from '../support/conversation.js'

const ONE: readonly Address[] = [{ address: '192.0.2.1', family: 4 }]

/** A C library that answers when the test says so. */
function held(atOnceMax?: number) {
  const open = new Map<string, (addresses: readonly Address[]) => void>()
  const library = new CLibrary((name, done) => open.set(name, done), atOnceMax)
  const told: string[] = []
  const find = (name: string) => library.find(name, addresses => told.push(`${name} ${addresses.length}`))
  const answer = (name: string) => {
    const done = open.get(name)!
    open.delete(name)
    done(ONE)
  }
  return { open, told, find, answer }
}

test('names are looked up one at a time, in order', async t => {
  const { open, told, find, answer } = held()
  for (const name of ['a', 'b', 'c']) find(name)
  t.same([...open.keys()], ['a'])
  answer('a')
  t.same([...open.keys()], ['b'])
  answer('b')
  answer('c')
  t.same(told, ['a 1', 'b 1', 'c 1'])
})

test('an abandoned lookup is not called back, nor started if it has not begun', async t => {
  const { open, told, find, answer } = held()
  const [first, second] = [find('a'), find('b')]
  find('c')
  first()
  second()
  answer('a')
  t.same([...open.keys()], ['c'])
  answer('c')
  first()
  t.same(told, ['c 1'])
})

test('beyond 64 waiting lookups, the next finds nothing without waiting', async t => {
  const { open, told, find } = held()
  for (let nth = 0; nth < 65; nth++) find(`n${nth}`)
  find('late')
  t.same(told, [], 'but not synchronously')
  find('forgotten')()
  await until('it was told', () => told.length > 0, 600_000)
  t.same(told, ['late 0'])
  t.equal(open.size, 1)
})

test('the real C library knows this machine', t => {
  new CLibrary().find('127.0.0.1', addresses => {
    t.same(addresses, [{ address: '127.0.0.1', family: 4 }])
    new CLibrary().find('a..b', none => {
      t.same(none, [])
      t.end()
    })
  })
})
