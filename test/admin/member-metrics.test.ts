import { Gauge, Registry } from 'prom-client'
import { test } from 'tap'
import { memberMetrics } from '../../lib/admin/member-metrics.js'
import type { MemberTotals } from '../../lib/admin/source.js'
import { inSlices } from '../../lib/net/slices.js'
import { atOnce } from '../../lib/policy/steps.js'

const member = (name: string, more: Partial<MemberTotals> = {}): MemberTotals => ({
  name,
  state: 'up',
  weight: 1,
  backup: false,
  ...{
    idle: 1,
    busy: 2,
    reserved: 0,
    dialing: 3,
    waiting: 4,
    requests: 5,
    failures: 6,
    ejections: 7,
    queued: 8,
    refused: 9,
    failuresInRow: 0,
    compressedSeen: 0,
    plainSeen: 0,
  },
  checked: true,
  closes: {},
  ...more,
})

test('the text is the one that the library writes for the same values', async t => {
  const names = ['http://a:80', 'unix:/a "b"\\c\nd']
  const text = atOnce(memberMetrics([{ name: 'g', members: names.map(name => member(name)) }]))
  const registry = new Registry()
  const gauge = new Gauge({
    name: 'hopwise_member_waiting_requests',
    help: 'Requests that are waiting for a connection to a server of a group.',
    labelNames: ['group', 'member'],
    registers: [registry],
  })
  for (const name of names) gauge.set({ group: 'g', member: name }, 4)
  t.ok(text.includes((await registry.metrics()).trim()))
  t.match(text, 'hopwise_member_state{group="g",member="http://a:80",state="up"} 1\n')
  t.match(text, 'hopwise_member_state{group="g",member="http://a:80",state="down"} 0\n')
  t.match(text, 'hopwise_member_checked{group="g",member="http://a:80"} 1\n')
  t.match(text, 'hopwise_member_connections{group="g",member="http://a:80",state="dialing"} 3\n')
  t.match(text, 'hopwise_member_connections{group="g",member="http://a:80",state="reserved"} 0\n')
})

test('families are there without servers, and a learned limit only where there is one', async t => {
  const none = atOnce(memberMetrics([]))
  t.equal(none.match(/^# TYPE hopwise_member_\w+ (gauge|counter)$/gm)?.length, 10)
  const text = atOnce(memberMetrics([{ name: 'g', members: [member('a'), member('b', { learnedIdleMs: 1500 })] }]))
  t.same(text.match(/^hopwise_member_learned.*$/gm), ['hopwise_member_learned_idle_seconds{group="g",member="b"} 1.5'])
})

test('other work gets its turn while thousands of servers are written', async t => {
  const members = Array.from({ length: 10_000 }, (_, i) => member(`http://10.0.0.1:${i}`))
  let turns = 0
  const turn = () => {
    turns++
    immediate = setImmediate(turn)
  }
  let immediate = setImmediate(turn)
  await inSlices(memberMetrics([{ name: 'g', members }]))
  clearImmediate(immediate)
  t.ok(turns > 1, `${turns} turns`)
})
