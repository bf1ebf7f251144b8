import { test } from 'tap'
import { Turns, turnsAt } from '../../lib/net/turns.js'

test('a limited number at once, the others in order; one that gives up is skipped', async t => {
  const turns = new Turns(2)
  const began: string[] = []
  const ends = ['a', 'b', 'c', 'd', 'e'].map(name => turns.take(() => began.push(name)))
  t.same(began, ['a', 'b'])
  ends[2]!()
  ends[0]!()
  ends[0]!()
  t.same(began, ['a', 'b', 'd'])
  ends[1]!()
  t.same(began, ['a', 'b', 'd', 'e'])
  for (const end of ends) end()
  turns.take(() => began.push('f'))
  turns.take(() => began.push('g'))
  t.same(began.slice(-2), ['f', 'g'], 'all turns were returned')
})

test('a limited number begin in one turn of the event loop', async t => {
  const turns = new Turns(100, 3)
  const began: number[] = []
  const loop = () => new Promise(done => setImmediate(done))
  for (let nth = 0; nth < 8; nth++) turns.take(() => began.push(nth))
  t.equal(began.length, 3)
  await loop()
  t.equal(began.length, 6)
  await loop()
  t.same(began, [0, 1, 2, 3, 4, 5, 6, 7])
})

test('the same name servers share the same turns', async t => {
  t.equal(turnsAt(['127.0.0.1:53']), turnsAt(['127.0.0.1:53']))
  t.not(turnsAt(['127.0.0.1:53']), turnsAt(['127.0.0.2:53']))
  t.equal(turnsAt(null), turnsAt(null))
  for (let nth = 0; nth < 70; nth++) turnsAt([`127.0.1.${nth}`])
  t.equal(turnsAt(['127.0.1.69']), turnsAt(['127.0.1.69']), 'the most recently used are kept')
})
