import t from 'tap'
import type { LabEvent } from '../../../lib/lab/events.js'
import { plain } from '../../../lib/lab/said.js'
import { ran } from '../running.js'
import { load } from './modules.js'

const { recordOf } = await load('player.js')
const { rowsOf } = await load('rows.js')

t.test('fields that a dumb proxy forwards stand out; those that hopwise writes itself do not', async t => {
  const { events } = await ran(t, 'hang', { knobs: { timeout: 1 } })
  const [dumb, hopwise] = recordOf(events).scenes
  const leaked = (scene: typeof dumb) =>
    rowsOf(scene!).flatMap(({ by, tags }) => tags.filter(tag => tag.leaked).map(({ name }) => `${by} ${name}`))
  t.strictSame(leaked(dumb), ['proxy Connection', 'proxy Connection', 'proxy Keep-Alive'])
  t.strictSame(leaked(hopwise), [])
  const kept = rowsOf(hopwise!).flatMap(({ tags }) => tags.filter(({ verdict }) => verdict === 'keep'))
  t.ok(
    kept.every(({ name }) => name === 'Via'),
    'of the fields that go on, only interesting ones are shown',
  )
})

const PARTIES = (['client', 'origin'] as const).map(id => ({ id, role: id, what: id, name: plain(id) }))
const SCENE: LabEvent = { at: 0, kind: 'scene', scene: 's', title: plain('s'), parties: PARTIES }
const opened = (at: number, n: number): LabEvent => ({
  ...{ at, kind: 'open', scene: 's', connection: `c${n}`, from: 'client', to: 'origin' },
})
const piece = (at: number, size: number, startLine = ''): LabEvent => ({
  ...{ at, kind: 'bytes', scene: 's', connection: 'c1', by: 'origin', size, text: 'x' },
  ...(startLine === '' ? {} : { heads: [{ from: 0, to: 1, startLine, fields: [] }] }),
})
const rowsFor = (...events: LabEvent[]) => rowsOf(recordOf([SCENE, ...events]).scenes[0]!)

t.test('content in many pieces is one row; a few slow pieces each have their own', async t => {
  const head = piece(2, 100, 'HTTP/1.1 200 OK')
  const fast = rowsFor(opened(1, 1), head, ...[2.1, 2.2, 2.3].map(at => piece(at, 10)))
  t.match(fast, [{ kind: 'open' }, { kind: 'bytes', size: 130 }])
  const slow = rowsFor(opened(1, 1), head, piece(500, 10), piece(900, 10))
  t.equal(slow.length, 4)
  const stream = rowsFor(opened(1, 1), head, ...[100, 200, 300, 400, 500, 600].map(at => piece(at, 10)))
  t.match(stream, [{ kind: 'open' }, { kind: 'bytes', size: 160, members: [1, 2, 3, 4, 5, 6, 7] }])
})

t.test('many connections that open are one row, and none of its events is lost', async t => {
  const rows = rowsFor(...Array.from({ length: 200 }, (_, i) => opened(i / 10, i + 1)))
  t.match(rows, [{ kind: 'open', n: 200, connection: 'c1' }])
  t.equal(rows[0]?.members.length, 200)
})

t.test('with very many different rows the rest is only counted', async t => {
  const notes = Array.from(
    { length: 500 },
    (_, i): LabEvent => ({ at: i, kind: 'note', scene: 's', text: plain(`${i}`) }),
  )
  const rows = rowsFor(...notes)
  t.equal(rows.length, 161)
  t.match(rows.at(-1), { kind: 'more', n: 340 })
})
