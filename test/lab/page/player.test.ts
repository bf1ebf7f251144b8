import t from 'tap'
import type { LabEvent } from '../../../lib/lab/events.js'
import { said } from '../../../lib/lab/said.js'
import { ran } from '../running.js'
import { field } from '../terminal-story.js'
import { load } from './modules.js'

const { recordOf, stateAt } = await load('player.js')

t.test('the hang can be scrubbed: connections, waits, and the cycle at each moment', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 4 } })
  const record = recordOf(events)
  t.strictSame(
    record.scenes.map(({ id }) => id),
    ['dumb', 'hopwise'],
  )
  const stateOf = (position: number, scene: string) => stateAt(record, position).find(it => it.scene === scene)!
  t.strictSame(stateOf(0, 'dumb').connections, [], 'nothing has happened yet')
  const before = record.moments.findIndex(
    ({ scene, first }) => scene === 'dumb' && record.scenes[0]!.events[first]!.event.kind === 'fin',
  )
  t.ok(record.moments[before - 1]?.gap, 'before the end there is a long silence, which is a moment of its own')
  const hung = stateOf(before, 'dumb')
  t.match(hung.hang, { cycle: ['origin', 'proxy'], caught: ['client'] })
  t.match(hung.connections, [
    { id: 'c1', phase: 'open' },
    { id: 'c2', phase: 'idle' },
  ])
  t.equal(stateOf(before, 'hopwise').hang, null)
  const all = record.moments.length
  t.equal(stateOf(all, 'dumb').hang, null, 'the end of the connection ended it')
  t.strictSame(
    stateOf(all, 'dumb').connections.find(({ id }) => id === 'c2')?.by,
    'origin',
    'and it is known who closed first',
  )
  t.strictSame(
    stateOf(all, 'dumb').figures.map(({ id }) => id),
    ['first', 'second'],
  )
  t.equal(record.verdict?.outcome, 'observed')
})

t.test('moments come in order, and each event is reached by exactly one of them', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 1 } })
  const record = recordOf(events)
  const times = record.moments.map(({ at }) => at)
  t.strictSame(
    times,
    times.toSorted((a, b) => a - b),
  )
  const stops = record.moments.filter(({ gap }) => !gap).map(({ scene, first }) => `${scene} ${first}`)
  t.equal(new Set(stops).size, stops.length)
  for (const { gap } of record.moments) if (gap) t.ok(gap.to - gap.from >= 20)
})

const RUN: LabEvent = {
  at: 0,
  kind: 'run',
  format: 'hopwise-lab/1',
  experiment: 'x',
  knobs: {},
  scale: 1,
  startedAt: '2026-01-02T03:04:05Z',
  machine: 'a machine',
}
const PARTIES = (['client', 'origin'] as const).map(id => ({ id, role: id, what: id, name: said(id, id) }))
const SCENE: LabEvent = { at: 1, kind: 'scene', scene: 's', title: said('s', 's'), parties: PARTIES }
const open: LabEvent = { at: 2, kind: 'open', scene: 's', connection: 'c1', from: 'client', to: 'origin' }
/** A message without content, or with this many bytes of content, none of which has come yet. */
const passed = (at: number, by: string, startLine: string, length = 0): LabEvent => ({
  ...{ at, kind: 'bytes', scene: 's', connection: 'c1', by, size: 10, text: 'x' },
  heads: [{ from: 0, to: 10, startLine, fields: [field('Content-Length', `${length}`)] }],
})
const content = (at: number, size: number): LabEvent => ({
  ...{ at, kind: 'bytes', scene: 's', connection: 'c1', by: 'origin', size, text: '.' },
})
const waits = (at: number, who: string, on: string): LabEvent => ({
  ...{ at, kind: 'waits', scene: 's', who, on, what: said('for it', '기다린다') },
})
const goesOn = (at: number, who: string): LabEvent => ({ at, kind: 'goes-on', scene: 's', who })

t.test('an answer that is on its way for a long time is not a hang', async t => {
  const events = [
    ...[RUN, SCENE, open, waits(2.5, 'origin', 'client'), passed(3, 'client', 'GET / HTTP/1.1')],
    ...[waits(4, 'client', 'origin'), goesOn(1_504, 'origin'), passed(1_505, 'origin', 'HTTP/1.1 200 OK')],
    ...[waits(1_506, 'origin', 'client'), goesOn(3_000, 'client')],
  ]
  const record = recordOf(events)
  for (let n = 0; n <= record.moments.length; n++) t.equal(stateAt(record, n)[0]?.hang, null, `moment ${n}`)
})

t.test('a cycle that still lasts is a hang after half a second of the story, not before', async t => {
  const events = [
    ...[RUN, SCENE, open, passed(3, 'client', 'GET / HTTP/1.1'), passed(4, 'origin', 'HTTP/1.1 200 OK')],
    ...[waits(5, 'origin', 'client'), waits(6, 'client', 'origin')],
  ]
  const record = recordOf(events)
  const at = (now: number) => stateAt(record, record.moments.length, now)[0]?.hang
  t.equal(at(400), null)
  t.match(at(600), { cycle: ['client', 'origin'] })
})

t.test('a head is not a whole response: while its content comes there is no hang, however long that takes', async t => {
  const asked = [RUN, SCENE, open, passed(3, 'client', 'GET / HTTP/1.1'), waits(4, 'client', 'origin')]
  const begun = [...asked, waits(5, 'origin', 'client'), passed(300, 'origin', 'HTTP/1.1 200 OK', 10_000)]
  const pieces = [1_300, 2_300, 3_300, 4_300].map(at => content(at, 2_000))
  for (let n = 0; n <= pieces.length; n++) {
    const record = recordOf([...begun, ...pieces.slice(0, n)])
    const last = record.moments.at(-1)!.at
    t.equal(stateAt(record, record.moments.length, last + 1_500)[0]?.hang, null, `${n} pieces`)
  }
  // The last bytes never come: an observer with enough patience can see that nothing moves.
  const stuck = recordOf([...begun, ...pieces])
  t.match(stateAt(stuck, stuck.moments.length, 4_300 + 2_001)[0]?.hang, { cycle: ['client', 'origin'] })
  // A response that was completed while its sender waited was not a hang, however long it took.
  const whole = recordOf([...begun, ...pieces, content(9_000, 2_000), goesOn(9_001, 'client')])
  for (let n = 0; n <= whole.moments.length; n++) t.equal(stateAt(whole, n)[0]?.hang, null, `moment ${n}`)
})

t.test('a client that gives up in a circle has hung, like one whose connection ended', async t => {
  const events = [
    ...[RUN, SCENE, open, passed(3, 'client', 'GET / HTTP/1.1'), waits(4, 'client', 'origin')],
    ...[passed(5, 'origin', 'HTTP/1.1 200 OK', 10_000), waits(6, 'origin', 'client'), goesOn(4_000, 'client')],
  ]
  const record = recordOf([...events, content(4_010, 1)])
  t.ok(record.moments.at(-2)?.gap)
  t.match(stateAt(record, record.moments.length - 1)[0]?.hang, { cycle: ['client', 'origin'] })
  t.equal(stateAt(record, record.moments.length)[0]?.hang, null)
})

t.test('sent bytes take a moment until they are seen: at no scale is there a hang at once', async t => {
  const fast = { ...RUN, scale: 0.05 } as LabEvent
  const events = [fast, SCENE, open, waits(3, 'client', 'origin'), waits(4, 'origin', 'client')]
  const record = recordOf(events)
  t.equal(stateAt(record, record.moments.length, 240)[0]?.hang, null)
  t.match(stateAt(record, record.moments.length, 260)[0]?.hang, { cycle: ['client', 'origin'] })
})

t.test('a connection is idle when all its requests are answered, and an interim response answers none', async t => {
  const events = [RUN, SCENE, open, passed(3, 'client', 'GET / HTTP/1.1'), passed(4, 'origin', 'HTTP/1.1 103 Early')]
  const phase = (list: LabEvent[]) => {
    const record = recordOf(list)
    return stateAt(record, record.moments.length)[0]?.connections[0]?.phase
  }
  t.equal(phase(events), 'open')
  t.equal(phase([...events, passed(5, 'origin', 'HTTP/1.1 200 OK')]), 'idle')
  t.equal(phase([...events, { at: 6, kind: 'fin', scene: 's', connection: 'c1', by: 'origin' }]), 'closing')
})
