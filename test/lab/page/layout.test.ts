import t from 'tap'
import { ran } from '../running.js'
import { load, type SceneLayout } from './modules.js'

const { recordOf } = await load('player.js')
const { layoutsOf, columnsFor } = await load('layout.js')

const { events } = await ran(t, 'hang', { knobs: { timeout: 4 } })
const record = recordOf(events)

for (const [width, size] of [
  [290, 13],
  [590, 15.5],
  [900, 19],
] as const)
  for (const language of ['en', 'ko'] as const)
    t.test(`at ${width} px in ${language} rows are below one another and within the drawing`, async t => {
      const layouts = layoutsOf(record.scenes, { width, size, language })
      for (const { scenes, height } of layouts)
        for (const { rows, gaps } of scenes) {
          const bands = [...rows.map(({ top, bottom }) => [top, bottom]), ...gaps.map(({ y1, y2 }) => [y1, y2])]
          const sorted = bands.sort((a, b) => a[0]! - b[0]!)
          for (const [i, [top]] of sorted.entries()) t.ok(top! >= (sorted[i - 1]?.[1] ?? 0) - 0.01)
          t.ok(sorted.at(-1)![1]! <= height)
          for (const { tags } of rows)
            for (const { x, width: wide } of tags) t.ok(x >= 0 && x + wide <= width + 1, `${x} + ${wide} in ${width}`)
        }
    })

t.test('silences are cut at the same height through all scenes of one axis, and a later event is lower', async t => {
  const [layout] = layoutsOf(record.scenes, { width: 590, size: 15, language: 'en' })
  const [dumb, hopwise] = layout!.scenes as [SceneLayout, SceneLayout]
  t.ok(dumb.gaps.some(({ to, from }) => to - from > 200))
  const shared = (scene: SceneLayout) => scene.gaps.map(({ from, to, y1, y2 }) => [from, to, y1, y2])
  t.strictSame(shared(dumb), shared(hopwise))
  for (const { from, to, y1, y2 } of dumb.gaps)
    for (const { row, y } of [...dumb.rows, ...hopwise.rows]) {
      if (row.t <= from) t.ok(y <= y1)
      if (row.t >= to) t.ok(y >= y2)
    }
})

t.test('the hang is drawn in the silence in which it lasts, once, and not beside it', async t => {
  const [layout] = layoutsOf(record.scenes, { width: 590, size: 15, language: 'en' })
  const hangs = (n: number) => layout!.scenes[n]!.gaps.flatMap(({ hang }) => hang ?? [])
  t.match(hangs(0), [{ cycle: ['origin', 'proxy'], caught: ['client'] }])
  t.equal(hangs(0).length, 1)
  t.strictSame(hangs(1), [])
})

t.test('while the run goes on a silence at the end ticks', async t => {
  const nowAt = record.scenes[0]!.events.at(-1)!.event.at + 3_000
  const [layout] = layoutsOf(record.scenes, { width: 590, size: 15, language: 'en', nowAt })
  const last = layout!.scenes[0]!.gaps.at(-1)
  t.match(last, { ticking: true })
  t.ok(last!.to - last!.from > 2_900)
})

t.test('scenes that were played one after another each have their own axis', async t => {
  const [first, second] = record.scenes
  const after = { ...second!, at: first!.at + 60_000 }
  t.equal(layoutsOf([first!, after], { width: 590, size: 15, language: 'en' }).length, 2)
  t.equal(layoutsOf([first!, second!], { width: 590, size: 15, language: 'en' }).length, 1)
})

t.test('as many scenes are side by side as there is room for', async t => {
  t.equal(columnsFor(record.scenes, 290, 13), 1)
  t.equal(columnsFor(record.scenes, 1214, 16), 2)
})
