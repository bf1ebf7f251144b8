import { test } from 'tap'
import type { GroupTotals, MemberState } from '../../lib/admin/source.js'
import { NeededGroups } from '../../lib/daemon/needed-groups.js'

/** `up+ down 0up`: states, with a plus for a checked server, and a 0 for no weight. */
const group = (name: string, states: string): GroupTotals => ({
  name,
  members: states.split(' ').flatMap(word => {
    const [, zero, state, checked] = /^(0?)([a-z-]+)(\+?)$/.exec(word) ?? []
    if (state === undefined) return []
    const member = { name: word, state: state as MemberState, weight: zero === '0' ? 0 : 1, checked: checked === '+' }
    return [member as unknown as GroupTotals['members'][number]]
  }),
})

test('which states of its servers make a needed group count as missing: row by row', async t => {
  const down = 'all servers of upstreams.app are down'
  const rows: [states: string, reason: string][] = [
    ['up+', ''],
    ['down+ up+', ''],
    ['down+ slow-start+', ''],
    ['down+', down],
    ['down+ down+', down],
    ['down+ 0up+', down],
    ['failing+', ''],
    ['ejected+', ''],
    ['', 'upstreams.app has no server'],
    ['up', 'no server of upstreams.app has been checked yet'],
    ['up down+', 'no server of upstreams.app has been checked yet'],
  ]
  for (const [states, reason] of rows)
    t.equal(new NeededGroups().missing(['app'], [group('app', states)]), reason, states)
  t.equal(new NeededGroups().missing([], null), '')
  t.equal(new NeededGroups().missing(['app'], null), 'upstreams.app has no server')
  t.equal(
    new NeededGroups().missing(['shop', 'app'], [group('app', 'down+'), group('shop', 'up+')]),
    down,
    'all of them',
  )
})

test('after a group was once found to be up, new servers do not make it missing', async t => {
  const groups = new NeededGroups()
  t.equal(groups.missing(['app'], [group('app', 'up+')]), '')
  t.equal(groups.missing(['app'], [group('app', 'up')]), '')
  t.match(groups.missing(['app'], [group('app', 'down+')]), 'are down')
})
