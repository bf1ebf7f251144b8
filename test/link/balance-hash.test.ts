import fc from 'fast-check'
import { test } from 'tap'
import { keyHash, mix32 } from '../../lib/link/key-hash.js'
import { checked } from '../wire/property.js'
import { EJECTION, Group, HEALTH } from './group.js'

const KEYS = Array.from({ length: 5_000 }, (_, i) => keyHash(`key ${i}`))
const LETTERS = 'abcdefghijklmnopqrstuvwxyz'

const hashed = (names: string, settings = {}) => new Group(names, { balance: 'hash', ...settings })
const owners = (group: Group, now = 0, tried = '') => KEYS.map(hash => group.next(now, tried, hash))
const names = (count: number) => [...LETTERS.slice(0, count)].join(' ')

/** The share of the keys that each member has. */
function shares(chosen: readonly string[]): Record<string, number> {
  const found: Record<string, number> = {}
  for (const key of chosen) found[key] = (found[key] ?? 0) + 1 / chosen.length
  return found
}

/** Who of these draws a key most: rendezvous hashing as one writes it down. */
function byHand(hash: number, members: readonly { key: string; weight: number }[]): string {
  const strength = ({ key, weight }: { key: string; weight: number }) => {
    const mixed = mix32(mix32((mix32(hash) >>> 16) ^ keyHash(key, 1)) ^ keyHash(key, 2))
    return weight / -Math.log((mixed + 0.5) / 2 ** 32)
  }
  return members.reduce((best, one) => (strength(one) > strength(best) ? one : best)).key
}

test('hash: a key always has the same member, whatever was chosen before and in whatever order the members are', async t => {
  const group = hashed('a b c d e')
  const chosen = owners(group)
  t.same(owners(group), chosen)
  t.same(owners(hashed('c e b a d')), chosen)
})

test('hash: without a key it is round robin', async t => {
  t.equal(hashed('a b c').run(6), 'abcabc')
})

for (const count of [2, 3, 5, 10, 20]) {
  test(`hash: one of ${count} goes and comes back: its keys move, about one in ${count}, and no other`, async t => {
    const group = hashed(names(count))
    const before = owners(group)
    group.replace(names(count).replace(' b', ''))
    const without = owners(group)
    const moved = before.filter((key, i) => key !== without[i])
    t.ok(
      before.every((key, i) => (key === without[i]) === (key !== 'b')),
      'exactly those of b',
    )
    t.ok(Math.abs(moved.length / KEYS.length - 1 / count) < 0.03, `${moved.length} of ${KEYS.length}`)
    group.replace(names(count))
    t.same(owners(group), before)
  })
}

test('hash: weights are shares', async t => {
  const found = shares(owners(hashed('a b*2 c*3 d*4')))
  for (const [key, share] of Object.entries({ a: 0.1, b: 0.2, c: 0.3, d: 0.4 })) {
    t.ok(Math.abs(found[key]! - share) < 0.03, `${key}: ${found[key]}`)
  }
})

test('hash: more weight takes keys from the others, and moves none among them', async t => {
  const before = owners(hashed('a b c'))
  const after = owners(hashed('a b*2 c'))
  t.ok(before.every((key, i) => key === after[i] || after[i] === 'b'))
})

test('hash: the keys of one that is down spread over all others by weight, and come back', async t => {
  const group = hashed('a b c*2 d', { health: HEALTH })
  const before = owners(group)
  group.check('b', '-')
  const without = owners(group)
  t.ok(before.every((key, i) => (key === without[i]) === (key !== 'b')))
  const found = shares(without.filter((_, i) => before[i] === 'b'))
  for (const [key, share] of Object.entries({ a: 0.25, c: 0.5, d: 0.25 })) {
    t.ok(Math.abs(found[key]! - share) < 0.06, `${key}: ${found[key]}`)
  }
  group.check('b', '++')
  t.same(owners(group), before)
})

test('hash: a second try goes where the key would go without the first', async t => {
  const group = hashed('a b c d')
  t.same(owners(group, 0, 'b'), owners(hashed('a c d')))
  t.equal(group.next(0, 'abcd', 7), '-')
})

test('hash: backups are hashed to as well, and so are all members in panic', async t => {
  const group = hashed('a b Y Z', { health: HEALTH })
  const before = owners(group)
  group.check('a', '-')
  group.check('b', '-')
  t.same(Object.keys(shares(owners(group))).sort(), ['Y', 'Z'])
  group.check('Y', '-')
  group.check('Z', '-')
  t.same(owners(group), before)
})

test('hash: one on trial gets one of its keys only', async t => {
  const group = hashed('a b c', { ejection: EJECTION })
  group.fail('a')
  t.equal(owners(group, 1_000).filter(key => key === 'a').length, 1)
})

test('hash: in a slow start keys arrive one by one, and none goes back', async t => {
  const group = hashed('a b', { slowStartMs: 10_000 })
  const end = owners(hashed('a b c'))
  const start = owners(group)
  group.replace('a b c', {}, 0)
  let held = new Set<number>()
  const counts = [0, 2_500, 5_000, 7_500, 10_000].map(now => {
    const chosen = owners(group, now)
    t.ok(
      chosen.every((key, i) => key === (key === 'c' ? end[i] : start[i])),
      'the others keep the rest',
    )
    const has = new Set(chosen.flatMap((key, i) => (key === 'c' ? [i] : [])))
    t.ok(
      [...held].every(i => has.has(i)),
      'none goes back',
    )
    held = has
    return has.size
  })
  t.ok(Math.abs(counts[0]! / KEYS.length - 0.1 / 2.1) < 0.02, `${counts}`)
  t.same(owners(group, 10_000), end)
})

checked(
  'hash: always who draws the key most of those that may be chosen',
  fc.property(
    fc.array(
      fc.record({
        weight: fc.integer({ min: 0, max: 5 }),
        down: fc.boolean(),
        tried: fc.boolean(),
        late: fc.boolean(),
      }),
      { minLength: 1, maxLength: 8 },
    ),
    fc.array(fc.integer({ min: 0, max: 2 ** 32 - 1 }), { minLength: 1, maxLength: 20 }),
    fc.nat(1_200),
    (rows, hashes, now) => {
      const members = rows.map((row, i) => ({ ...row, key: LETTERS[i]! }))
      const given = (some: typeof members) => some.map(({ key, weight }) => `${key}*${weight}`).join(' ')
      const group = hashed(given(members.filter(({ late }) => !late)), { health: HEALTH, slowStartMs: 1_000 })
      const slow = members.some(({ late }) => !late)
      group.replace(given(members), {}, 0)
      for (const { key, down } of members) if (down) group.check(key, '-')
      const tried = members
        .filter(one => one.tried)
        .map(({ key }) => key)
        .join('')
      const panics = members.every(({ weight, down }) => down || weight === 0)
      const left = members
        .filter(one => !one.tried && one.weight > 0 && (panics || !one.down))
        .map(({ key, weight, late }) => {
          const share = late && slow ? Math.min(1, 0.1 + 0.9 * (now / 1_000)) : 1
          return { key, weight: weight * share }
        })
      return hashes.every(hash => group.next(now, tried, hash) === (left.length === 0 ? '-' : byHand(hash, left)))
    },
  ),
)
