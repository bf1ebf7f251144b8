import { test } from 'tap'
import { party } from '../../lib/lab/bench.js'
import type { LabEvent, SeenHead } from '../../lib/lab/events.js'
import { plain } from '../../lib/lab/said.js'
import { handled } from '../../lib/lab/workbench-fields.js'
import { HangWatch } from '../../lib/lab/workbench-verdict.js'

const PARTIES = [party('client'), party('dumb', 'proxy'), party('origin')]
const waits = (at: number, who: string, on: string, scene = 's'): LabEvent => ({
  kind: 'waits',
  at,
  scene,
  who,
  on,
  what: plain(''),
})
const goesOn = (at: number, who: string): LabEvent => ({ kind: 'goes-on', at, scene: 's', who })

test('a client hangs when a circle held it for most of its wait', async t => {
  const seen: LabEvent[] = []
  const watch = new HangWatch(seen, 's', PARTIES, 0.02)
  watch.begin()
  seen.push(waits(0, 'client', 'proxy'), waits(1, 'proxy', 'origin'), waits(2, 'origin', 'proxy'))
  seen.push(
    { kind: 'fin', at: 89, scene: 's', connection: 'c2', by: 'origin' },
    goesOn(90, 'origin'),
    goesOn(95, 'client'),
  )
  t.same(watch.end(95), { cycle: ['origin', 'proxy'], ms: 88 })
  watch.begin()
  seen.push(waits(100, 'client', 'proxy'), waits(101, 'origin', 'proxy'), goesOn(103, 'client'))
  t.equal(watch.end(100), null, 'a short circle is only the order in which events were seen')
})

test('a circle without the client, and one in another scene, does not count', async t => {
  const seen: LabEvent[] = []
  const watch = new HangWatch(seen, 's', PARTIES, 0.02)
  watch.begin()
  seen.push(waits(0, 'proxy', 'origin'), waits(1, 'origin', 'proxy'), goesOn(90, 'origin'))
  seen.push(waits(100, 'client', 'origin', 'other'), waits(101, 'origin', 'client', 'other'))
  t.equal(watch.end(100), null)
})

test('what a proxy did with fields: died, added, passed on although they should have died', async t => {
  const head = (...fields: readonly [name: string, value: string, verdict?: 'drop'][]): SeenHead => ({
    from: 0,
    to: 0,
    startLine: 'GET / HTTP/1.1',
    fields: fields.map(([name, value, verdict]) => ({
      name,
      value,
      verdict: verdict ?? 'keep',
      reason: '',
      section: '',
    })),
  })
  const inbound = head(['Host', 'a'], ['Connection', 'X', 'drop'], ['X', '1', 'drop'], ['TE', 'trailers', 'drop'])
  const outbound = head(['host', 'b'], ['connection', 'close'], ['X', '1'], ['Via', '1.1 p'])
  t.same(handled(inbound, outbound), { died: ['TE'], added: ['Via'], passedOn: ['X'] })
  t.equal(handled(null, outbound), null)
  t.equal(handled(inbound, null), null)
})
