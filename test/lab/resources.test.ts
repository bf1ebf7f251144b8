import t from 'tap'
import { type Ran, ran } from './running.js'

/** Bytes sent over a connection of a party, in order with all other events. */
const at = (run: Ran, scene: string, is: (event: Ran['events'][number]) => boolean) =>
  run.events.findIndex(event => (event as { scene?: string }).scene === scene && is(event))

const connectionsOf = (run: Ran, scene: string, from: string) =>
  run
    .of('open', scene)
    .filter(open => open.from === from)
    .map(({ connection }) => connection)

const statuses = (run: Ran, scene: string, by: string) =>
  run
    .of('bytes', scene)
    .filter(bytes => bytes.by === by)
    .flatMap(({ heads = [] }) => heads)
    .filter(({ startLine }) => startLine.startsWith('HTTP/'))
    .map(({ startLine }) => startLine.split(' ')[1])

const standard = ran(t, 'resources')

t.test(
  'a process for each connection: the newcomer waits for an idle one to reach its limit; hopwise answers',
  async t => {
    const run = await standard
    t.equal(run.verdict.outcome, 'observed', run.verdict.text.en)
    const waited = run.figure('processes', 'newcomer')
    t.ok(waited >= 200, `${waited} ms, of a limit of 400 ms`)
    t.ok(run.figure('event-loop', 'newcomer') < waited / 2)
    const [newcomer] = connectionsOf(run, 'processes', 'newcomer')
    const idle = connectionsOf(run, 'processes', 'idle')
    t.equal(idle.length, 3)
    const room = at(run, 'processes', e => e.kind === 'fin' && e.by === 'origin' && idle.includes(e.connection))
    const asked = at(run, 'processes', e => e.kind === 'bytes' && e.connection === newcomer && e.by === 'newcomer')
    const answered = at(run, 'processes', e => e.kind === 'bytes' && e.connection === newcomer && e.by === 'origin')
    t.ok(asked >= 0 && asked < room && room < answered, 'asked, room, answered')
    t.match(
      run.of('note', 'processes').map(({ text }) => text.en),
      [/^An emulation/],
    )
  },
)

t.test('the one thing to change: a longer limit makes the newcomer wait longer, but not at hopwise', async t => {
  const run = await ran(t, 'resources', { knobs: { idleMs: 10_000, places: 2 } })
  const waited = run.figure('processes', 'newcomer')
  t.ok(waited >= 700, `${waited} ms, of a limit of 1000 ms`)
  t.ok(run.figure('event-loop', 'newcomer') < waited / 2)
  t.equal(connectionsOf(run, 'processes', 'idle').length, 2)
})

t.test('hopwise under pressure closes the longest idle connection, and refuses if none is idle', async t => {
  const run = await ran(t, 'resources', { knobs: { places: 4 }, scale: 0.05 })
  const [first, ...others] = connectionsOf(run, 'pressure', 'idle')
  const ended = run.of('fin', 'pressure').filter(({ by }) => by === 'proxy')
  t.ok(
    ended.some(({ connection }) => connection === first),
    'the one that came first',
  )
  t.notOk(
    ended.some(({ connection }) => others.includes(connection)),
    'and no other one',
  )
  t.strictSame(
    statuses(run, 'pressure', 'proxy').filter(status => status !== '200'),
    ['503'],
  )
  t.ok(run.of('note', 'pressure').some(({ text }) => text.en.includes('client-evicted')))
})

t.test('one address does not get every place: refused there, served elsewhere, served later', async t => {
  const run = await standard
  const newcomers = connectionsOf(run, 'one-address', 'newcomer')
  const answers = newcomers.map(
    connection =>
      run.of('bytes', 'one-address').find(bytes => bytes.connection === connection && bytes.by === 'proxy')?.heads?.[0]
        ?.startLine,
  )
  t.match(answers[0], / 503 /)
  t.match(answers.at(-1), / 200 /)
  const idle = connectionsOf(run, 'one-address', 'idle')
  const room = at(run, 'one-address', e => e.kind === 'fin' && e.by === 'proxy' && idle.includes(e.connection))
  const last = at(run, 'one-address', e => e.kind === 'bytes' && e.by === 'proxy' && e.connection === newcomers.at(-1))
  t.ok(room >= 0 && room < last, 'when the idle limit had freed a place')
  const elsewhere = run.of('open', 'one-address').findIndex(({ addresses }) => addresses?.[0].startsWith('127.0.0.2:'))
  t.ok(elsewhere >= 0, 'there is a second loopback address')
  t.match(answers[1], / 200 /)
})

t.test(
  'a limit that is too short costs one connection per request, one that is too long keeps a connection uselessly',
  async t => {
    const run = await standard
    t.equal(connectionsOf(run, 'too-short', 'client').length, 5)
    t.equal(connectionsOf(run, 'too-long', 'client').length, 1)
    t.equal(run.figure('too-short', 'connections'), 5)
    t.equal(run.figure('too-long', 'connections'), 1)
    t.ok(run.figure('too-long', 'held') >= 300, 'nearly all of the limit')
    t.ok(run.figure('too-short', 'held') < run.figure('too-long', 'held'))
  },
)

t.test('the cost of an idle connection is measured, and the crowd is not drawn', async t => {
  await standard // which uses and frees memory of this process, too
  const run = await ran(t, 'resources', { knobs: { crowd: 200 }, scale: 0.02 })
  const bytes = run.figure('crowd', 'memory')
  t.ok(bytes > 0 && bytes < 65_536, `${bytes} bytes`)
  t.equal(run.of('open', 'crowd').length, 1)
  t.strictSame(statuses(run, 'crowd', 'proxy'), ['200'])
})

t.test('two at once do not disturb each other', async t => {
  const runs = await Promise.all([ran(t, 'resources'), ran(t, 'resources', { knobs: { places: 5 } })])
  t.strictSame(
    runs.map(({ verdict }) => verdict.outcome),
    ['observed', 'observed'],
    runs.map(({ verdict }) => verdict.text.en).join('\n'),
  )
})
