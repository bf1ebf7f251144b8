import fc from 'fast-check'
import { test } from 'tap'
import { Balancer } from '../../lib/link/balancer.js'
import { checked } from '../wire/property.js'
import { Group, Peer, SETTINGS, tally } from './group.js'

const WEIGHTS = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 7 })
const named = (weights: readonly number[]) => weights.map((weight, i) => `${'abcdefg'[i]}*${weight}`).join(' ')
const sumOf = (weights: readonly number[]) => weights.reduce((sum, weight) => sum + weight, 0)

for (const balance of ['round-robin', 'least-connections'] as const) {
  checked(
    `${balance}: after k times the sum of the weights each was chosen k times its weight`,
    fc.property(WEIGHTS, fc.integer({ min: 1, max: 4 }), (weights, k) => {
      const counts = tally(new Group(named(weights), { balance }).run(k * sumOf(weights)))
      return weights.every((weight, i) => counts['abcdefg'[i]!] === k * weight)
    }),
  )
}

checked(
  'round robin: the same order in each round, however long it goes on',
  fc.property(WEIGHTS, weights => {
    const group = new Group(named(weights))
    const round = group.run(sumOf(weights))
    return Array.from({ length: 50 }, () => group.run(sumOf(weights))).every(again => again === round)
  }),
  50,
)

checked(
  'no starvation: whatever happens to the others, a member that is always usable gets its turn',
  fc.property(
    fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 2, maxLength: 6 }),
    fc.array(fc.record({ who: fc.nat(5), turns: fc.nat(40), tries: fc.nat(2) }), { minLength: 1, maxLength: 40 }),
    (weights, changes) => {
      const group = new Group(named(weights), { health: { healthyAfter: 1, unhealthyAfter: 1 } })
      // Until `a` is next, the others can get what is their share while `a` gets one, and one each for having been away.
      const patience = Math.ceil((2 * sumOf(weights)) / weights[0]!) + 2 * weights.length
      let waited = 0
      for (const { who, turns, tries } of changes) {
        const key = 'bcdefg'[who % (weights.length - 1)]!
        const down = group.states().includes(`${key} down`)
        group.check(key, down ? '+' : '-')
        for (const letter of group.run(turns, 0, 'bcd'.slice(0, Math.min(tries, weights.length - 1)))) {
          waited = letter === 'a' ? 0 : waited + 1
          if (waited > patience) return false
        }
      }
      return true
    },
  ),
)

test('a thousand members: each has its share of turns and of keys', async t => {
  const members = Array.from({ length: 1_000 }, (_, i) => ({
    member: new Peer(`10.0.${i >> 8}.${i & 255}`),
    weight: 1 + (i % 3),
    backup: false,
  }))
  const sum = sumOf(members.map(({ weight }) => weight))
  const turns = new Balancer<Peer>(SETTINGS)
  turns.replace(members, SETTINGS, 0)
  const counts = new Map<Peer, number>()
  for (let i = 0; i < sum; i++) {
    const chosen = turns.choose(0, -1, [])!
    counts.set(chosen, (counts.get(chosen) ?? 0) + 1)
  }
  t.ok(members.every(({ member, weight }) => counts.get(member) === weight))
  const keys = new Balancer<Peer>({ ...SETTINGS, balance: 'hash' })
  keys.replace(members, { ...SETTINGS, balance: 'hash' }, 0)
  const found = new Set<Peer>()
  for (let i = 0; i < 20_000; i++) found.add(keys.choose(0, Math.imul(i, 2_654_435_761) >>> 0, [])!)
  t.ok(found.size > 990, `${found.size} of 1,000 have keys`)
})
