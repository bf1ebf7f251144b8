import t from 'tap'
import type { LabEvent } from '../../lib/lab/events.js'
import { Stage } from '../../lib/lab/terminal/stage.js'
import { widthOf } from '../../lib/lab/terminal/width.js'
import { at, LOOK, lines, message, open, RUN, setScene, step, VERDICT, waits } from './terminal-story.js'

const REQUEST = { startLine: 'GET / HTTP/1.1' }
const SLOW: LabEvent[] = [RUN, setScene(0, 'a'), setScene(0, 'b')]

/** Events in two scenes at the same time. */
function together(...scenes: string[]): LabEvent[] {
  return scenes.flatMap((scene, i) => [
    step(10 + i, scene, 1, `step of ${scene}`),
    open(12 + i, scene, 'c1', 'client', 'proxy'),
    message(14 + i, scene, 'c1', 'client', REQUEST),
  ])
}

/** The order in which scenes come onto the screen. */
function order(shown: readonly string[]): string[] {
  return shown.flatMap(line => [...line.matchAll(/Scene (\w+)/g)].map(([, scene = '']) => scene))
}

t.test('scenes that run together are shown one after another, each complete', async t => {
  const events = [...SLOW, ...together('a', 'b').sort((x, y) => x.at - y.at), VERDICT]
  const shown = lines(events)
  t.strictSame(order(shown), ['a', 'b'])
  t.match(
    shown.filter(line => /step|opens|GET/.test(line)),
    ['step of a', 'c1 opens', 'GET', 'step of b', 'c1 opens', 'GET'],
  )
})

t.test('if there is room they are side by side, a column for each', async t => {
  const events = [...SLOW, ...together('a', 'b'), VERDICT]
  t.strictSame(lines(events, { width: 140, sideBySide: true }).slice(1), [
    'Scene a                                                              ╎  Scene b',
    '',
    '     ms client                  dumb proxy            origin server  ╎       ms client                  dumb proxy            origin server',
    '   10.0 │ (1) step of a              │                            │  ╎     11.0 │ (1) step of b              │                            │',
    '   12.0 ├┄┄ c1 opens ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄►│                            │  ╎     13.0 ├┄┄ c1 opens ┄┄┄┄┄┄┄┄┄┄┄┄┄┄┄►│                            │',
    '   14.0 ├── GET / HTTP/1.1 ───── c1 ►│                            │  ╎     15.0 ├── GET / HTTP/1.1 ───── c1 ►│                            │',
  ])
  for (const width of [100, 118, 119, 200]) {
    const count = order(lines(events, { width, sideBySide: true }).slice(1, 2)).length
    t.equal(count, width < 119 ? 1 : 2, `${width} columns`)
  }
  t.strictSame(order(lines(events, { width: 200 }).slice(1, 2)), ['a'], 'only if it is wanted')
})

t.test('the shown scene goes on while nothing happens in the other: a blank cell with lifelines', async t => {
  const stage = new Stage({ ...LOOK, width: 140, sideBySide: true })
  stage.take([...SLOW, step(60, 'a', 1, 'first')])
  const [line = ''] = stage.take([step(61, 'b', 1, 'second')])
  t.match(line, /^ {8}│ {28}│ {28}│ {2}╎ {5}61\.0 │ \(1\) second/)
})

t.test('events are held back while another scene may still be set beside', async t => {
  const stage = new Stage(LOOK)
  t.strictSame(stage.take([RUN, setScene(0, 'a'), step(1, 'a', 1, 'x')]), [])
  t.strictSame(stage.tick(20), [])
  t.match(stage.tick(51), ['', 'Scene a', '', 'client', '(1) x'])
})

t.test('scenes set at one moment are side by side; scenes set later, however soon, are not', async t => {
  const headings = (ms: number) => {
    const stage = new Stage({ ...LOOK, width: 140, sideBySide: true })
    const events = [RUN, setScene(0, 'a'), setScene(ms, 'b'), step(100, 'b', 1, 'x')]
    return [...events.flatMap(event => stage.take([event])), ...stage.end()].filter(line => line.includes('Scene'))
  }
  t.match(headings(0), [/^Scene a +╎ {2}Scene b$/])
  t.match(headings(0.001), [/^Scene a$/, /^Scene b$/])
})

t.test('a scene that is set later comes when it is set, after the remaining events of the one before', async t => {
  const shown = lines([
    RUN,
    setScene(0, 'a'),
    ...together('a'),
    setScene(500, 'b'),
    at(510, { kind: 'closed', scene: 'a', connection: 'c1', by: 'proxy', how: 'fin' }),
    step(600, 'b', 1, 'later'),
    at(700, { kind: 'closed', scene: 'a', connection: 'c1', by: 'proxy', how: 'fin' }),
  ])
  t.strictSame(order(shown), ['a', 'b', 'a'], 'much later events are shown at the end')
  t.match(
    shown.filter(line => /✕|later/.test(line)),
    ['510.0', 'later', '700.0'],
  )
})

t.test('a scene is left when it is over, and another one has something to show', async t => {
  const stage = new Stage(LOOK)
  const first = stage.take([
    ...SLOW,
    ...together('a', 'b'),
    waits(20, 'b', 'client', 'proxy'),
    step(60, 'a', 2, 'end of a'),
  ])
  t.strictSame(order(first), ['a'])
  t.strictSame(order(stage.tick(2_000)), [], 'not yet')
  t.strictSame(order(stage.tick(2_600)), ['b'])
  t.match(stage.clock(3_000), '… 3.0 s  client waits for dumb proxy')
  t.strictSame(order(stage.end()), [])
})

t.test('it is not left while its client waits', async t => {
  const stage = new Stage(LOOK)
  stage.take([...SLOW, ...together('a', 'b'), waits(60, 'a', 'client', 'proxy')])
  t.strictSame(stage.tick(60_000), [])
  t.match(stage.clock(60_000), /… 60\.0 s {2}client waits for dumb proxy/)
  t.strictSame(order(stage.end()), ['b'])
})

t.test('in a scaled run it is left sooner', async t => {
  const stage = new Stage(LOOK)
  const run = { ...RUN, scale: 0.1 } as LabEvent
  stage.take([run, ...SLOW.slice(1), ...together('a', 'b'), step(60, 'a', 2, 'end of a')])
  t.strictSame(order(stage.tick(440)), [])
  t.strictSame(order(stage.tick(470)), ['b'])
})

t.test('the clock: when it starts, which party waits for which, and how much of it fits', async t => {
  const hang = [
    waits(13, 'a', 'proxy', 'origin'),
    waits(14, 'a', 'origin', 'proxy'),
    waits(15, 'a', 'client', 'proxy'),
    step(60, 'a', 2, 'x'),
  ]
  const stage = new Stage(LOOK)
  stage.take([...SLOW, ...together('a'), ...hang])
  t.equal(stage.clock(100), '', 'not at once')
  t.equal(stage.clock(3_260).trimEnd(), '  … 3.2 s  a cycle: client → dumb proxy ⇄ origin server')
  const korean = new Stage({ ...LOOK, language: 'ko' })
  korean.take([...SLOW, ...together('a'), ...hang])
  t.equal(korean.clock(3_260).trimEnd(), '  … 3.2초  순환: 클라이언트 → 멍청한 프록시 ⇄ 원 서버')
  for (const [width, language] of [
    [38, 'ko'],
    [60, 'en'],
    [139, 'ko'],
  ] as const) {
    const any = new Stage({ ...LOOK, width, language, sideBySide: true })
    any.take([...SLOW, ...together('a', 'b'), ...hang])
    t.ok(widthOf(any.clock(9_999)) <= width, `${width}`)
  }
})

t.test('a run without scenes, and one without events in them', async t => {
  t.strictSame(lines([RUN, VERDICT]), [])
  t.match(lines([RUN, setScene(0, 'a'), VERDICT]), ['', 'Scene a'])
})
