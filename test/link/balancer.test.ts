import { test } from 'tap'
import { Balancer } from '../../lib/link/balancer.js'
import { EJECTION, Group, HEALTH, type Peer, SETTINGS, tally } from './group.js'

test('round robin: in turn, and by weight as evenly as can be', async t => {
  t.equal(new Group('a b c').run(7), 'abcabca')
  t.equal(new Group('a*5 b c').run(14), 'aabacaaaabacaa', 'as nginx has it')
  t.equal(new Group('a*2 b*3').run(5), 'babab')
  t.equal(new Group('').run(1), '-', 'no member')
  t.equal(new Balancer<Peer>(SETTINGS).choose(0, -1, []), null, 'nor before the first replace')
})

test('round robin: whose turn it is, stays when the group changes', async t => {
  const group = new Group('a b c')
  t.equal(group.run(1), 'a')
  group.replace('a b c')
  t.equal(group.run(1), 'b')
  group.replace('a c d')
  t.equal(group.run(3), 'cda')
})

test('round robin: a member that was out does not catch up on what went to others, nor others on it', async t => {
  const group = new Group('a*1000 b c', { health: HEALTH })
  group.run(700)
  group.check('a', '-')
  t.same(tally(group.run(20)), { b: 10, c: 10 })
  group.check('a', '++')
  const { b = 0, c = 0 } = tally(group.run(1_002))
  t.ok(b <= 2 && c <= 2, `b ${b}, c ${c}`)
})

test('a request is never given to a member that it has tried', async t => {
  const group = new Group('a b c')
  t.equal(group.next(0, 'a'), 'b')
  t.equal(group.next(0, 'ab'), 'c')
  t.equal(group.next(0, 'abc'), '-')
})

test('least connections: load by weight, equals by round robin', async t => {
  const group = new Group('a b*3 c', { balance: 'least-connections' })
  t.equal(group.run(5), 'babcb', 'all idle')
  Object.assign(group.peer('a'), { load: 1 })
  Object.assign(group.peer('b'), { load: 2 })
  Object.assign(group.peer('c'), { load: 4 })
  t.equal(group.run(2), 'bb', '2 / 3 is the least')
  group.peer('b').load = 3
  t.same(tally(group.run(8)), { a: 2, b: 6 }, '1 / 1 and 3 / 3 are equal')
  group.peer('c').load = 0
  t.equal(group.run(1), 'c')
  t.equal(group.next(0, 'c'), 'b')
  t.equal(group.next(0, 'abc'), '-')
})

test('backups only when no primary may be chosen', async t => {
  const group = new Group('a b Y Z', { ejection: { ...EJECTION, ejectedPercentMax: 100 } })
  t.equal(group.run(4), 'abab')
  t.equal(group.next(0, 'ab'), 'Y', 'both were tried')
  group.fail('a')
  t.equal(group.run(2), 'bb')
  group.fail('b')
  t.same(tally(group.run(4)), { Y: 2, Z: 2 })
  t.notOk(group.balancer.panics(0))
  group.replace('a*0 Z')
  t.equal(group.run(1), 'Z', 'also when all primaries have weight 0')
})

test('weight 0: only requests that stick to it', async t => {
  const group = new Group('a*0 b')
  t.equal(group.run(3), 'bbb')
  t.equal(group.next(0, 'b'), '-')
  t.equal(group.balancer.byKey('a', 0), group.peer('a'))
  group.replace('a*0')
  t.equal(group.run(1), '-')
  t.notOk(group.balancer.panics(0), 'no member has a weight: that is not a panic')
  const hash = new Group('a*0 b*0', { balance: 'hash' })
  t.equal(hash.next(0, '', 7), '-')
  t.equal(new Group('', { balance: 'hash' }).next(0, '', 7), '-')
})

test('sticky: the member itself while it is usable, also a backup; no other member', async t => {
  const group = new Group('a b Z', { health: HEALTH })
  const { balancer } = group
  t.equal(balancer.byKey('b', 0), group.peer('b'))
  t.equal(balancer.byKey('Z', 0), group.peer('Z'))
  t.equal(balancer.byKey('nobody', 0), null)
  group.check('b', '-')
  t.equal(balancer.byKey('b', 0), null)
  group.check('a', '-')
  group.check('Z', '-')
  t.equal(balancer.byKey('b', 0), group.peer('b'), 'when no member is usable, it is as good as any')
})

test('panic: when no member is usable, all are tried, primaries first', async t => {
  const group = new Group('a b Z', { health: HEALTH })
  for (const key of ['a', 'b', 'Z']) t.equal(group.check(key, '-'), 'down')
  t.ok(group.balancer.panics(0))
  t.equal(group.run(4), 'abab')
  t.equal(group.next(0, 'ab'), 'Z')
  t.equal(group.next(0, 'abZ'), '-')
  t.equal(group.states(), 'a down, b down, Z down')
  group.check('b', '++')
  t.equal(group.run(2), 'bb')
  t.equal(group.next(0, 'b'), '-', 'one is fit, so those that are down are not asked after it')
})

test('panic: a usable member of weight 0 does not prevent it', async t => {
  const group = new Group('a b*0', { health: HEALTH })
  group.check('a', '-')
  t.ok(group.balancer.panics(0))
  t.equal(group.run(2), 'aa')
})

test('health: the first check decides alone, after that it takes several in a row', async t => {
  const group = new Group('a b', { health: HEALTH })
  t.equal(group.check('a', '+'), null, 'it was up before')
  t.equal(group.check('a', '--'), null)
  t.equal(group.check('a', '+--'), null, 'not in a row')
  t.equal(group.check('a', '-'), 'down')
  t.equal(group.check('a', '-'), null)
  t.equal(group.check('a', '+'), null)
  t.equal(group.check('a', '-+'), null)
  t.equal(group.check('a', '+'), 'up')
  t.equal(group.check('a', '---'), 'down')
  t.equal(group.check('b', '-'), 'down', 'the first check')
})

test('health: what is known stays when the group changes, unless checks are switched off', async t => {
  const group = new Group('a b', { health: HEALTH })
  group.check('a', '-')
  group.replace('a b c')
  t.equal(group.states(), 'a down, b up, c up')
  group.replace('a b c', { health: null })
  t.equal(group.states(), 'a up, b up, c up')
  t.equal(group.check('a', '---'), null, 'checks are off')
})

test('a member with the same key is the same member, even as another object', async t => {
  const group = new Group('a b', { health: HEALTH })
  const old = group.peer('a')
  group.check('a', '-')
  group.peers.delete('a')
  group.replace('a b')
  t.not(group.peer('a'), old)
  t.equal(group.states(), 'a down, b up')
  group.balancer.checked(old, true, 0)
  t.equal(group.balancer.checked(old, true, 0), 'up')
  t.equal(group.next(0, 'b'), 'a')
  t.equal(group.balancer.byKey('a', 0), group.peer('a'), 'what is chosen is the new object')
})

test('results of a member that is gone are ignored', async t => {
  const group = new Group('a b', { health: HEALTH, ejection: EJECTION })
  group.replace('b c')
  t.equal(group.check('a', '-'), null)
  t.notOk(group.fail('a'))
  group.balancer.succeeded(group.peer('a'), 0)
  t.equal(group.states(), 'b up, c up')
  group.replace('a b c')
  t.equal(group.states(), 'a up, b up, c up', 'and nothing is remembered of it')
})

test('two members with the same key are refused, and nothing changes', async t => {
  const group = new Group('a b')
  const [one] = group.memberships('a')
  const { balancer } = group
  t.throws(() => balancer.replace([one!, { ...one!, weight: 9 }], SETTINGS, 0), {
    message: 'two members of the group have the key "a": leave one out',
  })
  t.equal(group.run(4), 'abab')
})

test('ejection: out, on trial with one exchange, back', async t => {
  const group = new Group('a b c', { ejection: EJECTION })
  t.ok(group.fail('a'))
  t.same(tally(group.run(4)), { b: 2, c: 2 })
  t.equal(group.states(999), 'a ejected, b up, c up')
  t.equal(group.states(1_000), 'a trial, b up, c up')
  t.equal(tally(group.run(9, 1_000)).a, 1)
  group.balancer.succeeded(group.peer('a'), 1_001)
  t.equal(tally(group.run(9, 1_001)).a, 3)
})

test('ejection: what sticks to a member can be its trial', async t => {
  const group = new Group('a b', { ejection: EJECTION })
  group.fail('a')
  t.equal(group.balancer.byKey('a', 1_000), group.peer('a'))
  t.equal(group.balancer.byKey('a', 1_000), null)
  t.equal(group.run(2, 1_000), 'bb')
})

/** So many members, the most percent: how many of them are ejected when all fail at once. */
const SHARES: readonly (readonly [names: string, percent: number, ejected: number])[] = [
  ['a', 100, 0],
  ['a b', 0, 1],
  ['a b', 50, 1],
  ['a b', 100, 2],
  ['a b c', 50, 1],
  ['a b c', 67, 2],
  ['a b c d', 50, 2],
  ['a b c d', 49, 1],
  ['a b Z', 67, 2],
]

for (const [names, ejectedPercentMax, ejected] of SHARES) {
  test(`ejection: at most ${ejectedPercentMax} % of "${names}"`, async t => {
    const group = new Group(names, { ejection: { ...EJECTION, ejectedPercentMax } })
    const count = [...group.peers.keys()].filter(key => group.fail(key)).length
    t.equal(count, ejected)
    t.equal(group.states().match(/ejected/g)?.length ?? 0, ejected)
  })
}

test('ejection: there is room again when one of them is back', async t => {
  const group = new Group('a b c', { ejection: EJECTION })
  t.ok(group.fail('a'))
  t.notOk(group.fail('b'))
  t.notOk(group.fail('a', 500), 'it is out already')
  t.ok(group.fail('b', 1_000))
  t.ok(group.fail('b', 2_000), 'its trial failed')
  group.next(2_000, 'bc')
  t.equal(group.states(2_000), 'a trial, b ejected, c up')
  t.notOk(group.fail('a', 2_001), 'no room: it goes on in service')
  t.equal(group.states(2_001), 'a up, b ejected, c up')
})

test('ejection: switched off, or with the last other member gone', async t => {
  const group = new Group('a b', { ejection: EJECTION })
  group.fail('a')
  group.replace('a b')
  t.equal(group.states(), 'a ejected, b up', 'it stays through a change')
  group.replace('a')
  t.equal(group.states(), 'a up')
  t.notOk(group.fail('a'), 'the only one is never ejected')
  group.replace('a b')
  group.fail('a')
  group.replace('a b', { ejection: null })
  t.equal(group.states(), 'a up, b up')
  t.notOk(group.fail('a'))
})

test('ejection and health: a member that is down is not ejected, too', async t => {
  const group = new Group('a b', { ejection: EJECTION, health: HEALTH })
  group.fail('a')
  t.equal(group.states(), 'a ejected, b up')
  group.check('a', '+')
  t.equal(group.states(), 'a ejected, b up', 'a check says nothing about exchanges')
  group.check('a', '---')
  t.equal(group.states(), 'a down, b up')
  t.notOk(group.fail('a'))
  t.ok(group.fail('b'), 'it does not take up the room of others')
  group.check('a', '++', 10)
  t.equal(group.states(10), 'a up, b ejected')
})

test('slow start: from a tenth to all of the weight, evenly', async t => {
  const group = new Group('a', { slowStartMs: 10_000 })
  t.equal(group.states(), 'a up', 'no slow start in a group that was empty')
  group.replace('a b', {}, 0)
  t.equal(group.states(9_999), 'a up, b slow-start')
  t.equal(group.states(10_000), 'a up, b up')
  t.same(tally(group.run(110, 0)), { a: 100, b: 10 })
  t.same(tally(group.run(155, 5_000)), { a: 100, b: 55 })
  t.same(tally(group.run(200, 10_000)), { a: 100, b: 100 })
})

test('slow start: by a check, and by the end of a trial', async t => {
  const group = new Group('a b', { slowStartMs: 1_000, health: HEALTH, ejection: EJECTION })
  group.check('a', '-')
  t.equal(group.check('a', '++', 100), 'up')
  t.equal(group.states(1_099), 'a slow-start, b up')
  t.equal(group.states(1_100), 'a up, b up')
  group.fail('a', 2_000)
  group.next(3_000, 'b')
  group.balancer.succeeded(group.peer('a'), 3_100)
  t.equal(group.states(4_099), 'a slow-start, b up')
  group.balancer.succeeded(group.peer('a'), 4_000)
  t.equal(group.states(4_100), 'a up, b up', 'once')
})

test('slow start: least connections use the current weight', async t => {
  const group = new Group('a', { balance: 'least-connections', slowStartMs: 1_000 })
  group.replace('a b', {}, 0)
  group.peer('a').load = 9
  group.peer('b').load = 1
  t.equal(group.next(0), 'a', '9 / 1 is less than 1 / 0.1')
  group.peer('a').load = 11
  t.equal(group.next(0), 'b')
})

test('states: everything that the live page shows', async t => {
  const group = new Group('a*2 b c Z', { slowStartMs: 50, ejection: { ...EJECTION, failures: 2 }, health: HEALTH })
  group.fail('a', 10)
  group.fail('b', 10)
  group.fail('b', 20)
  group.check('c', '-')
  group.replace('a*2 b c Z d', {}, 30)
  const [a, b, c, z, d] = ['a', 'b', 'c', 'Z', 'd'].map(key => group.peer(key))
  t.same(group.balancer.states(40), [
    { member: a, weight: 2, backup: false, state: 'up', failures: 1, checked: false },
    { member: b, weight: 1, backup: false, state: 'ejected', until: 1_020, failures: 0, checked: false },
    { member: c, weight: 1, backup: false, state: 'down', failures: 0, checked: true },
    { member: z, weight: 1, backup: true, state: 'up', failures: 0, checked: false },
    { member: d, weight: 1, backup: false, state: 'slow-start', until: 80, failures: 0, checked: false },
  ])
})

test('only: the single member when there is nothing to decide', async t => {
  const only = (names: string, settings = {}) => new Group(names, settings).balancer.only?.key ?? null
  t.equal(new Balancer<Peer>(SETTINGS).only, null)
  t.equal(only('a'), 'a')
  t.equal(only('a', { balance: 'hash', slowStartMs: 100 }), 'a')
  t.equal(only(''), null)
  t.equal(only('a b'), null)
  t.equal(only('Z'), null)
  t.equal(only('a Z'), null)
  t.equal(only('a*0'), null)
  t.equal(only('a', { ejection: EJECTION }), null)
  t.equal(only('a', { health: HEALTH }), null)
  const group = new Group('a')
  group.replace('b')
  t.equal(group.balancer.only, group.peer('b'))
})
