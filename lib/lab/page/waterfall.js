/**
 * Where the time of a page load went: a row for each object, its parts by colour and pattern, all scenes with one axis. Pure.
 *
 * @typedef {import('./shape.js').Shape} Shape
 * @typedef {import('../events.js').Bar} Bar
 * @typedef {{ title: string, bars: readonly Bar[] }} Chart
 */

import { timeText } from './say.js'
import { shape, through } from './shape.js'
import { fitted, widthOf } from './text-width.js'
import { wordsOf } from './words.js'

export const PARTS = /** @type {const} */ (['wait', 'name', 'connect', 'send', 'server', 'receive'])
const ROWS_MAX = 60

/**
 * @param {readonly Chart[]} charts @param {{ width: number, size: number, language: import('./words.js').Language, untilMs:
 * number }} options `untilMs`: the least end of the axis
 * @returns {{ height: number, shapes: Shape[] }}
 */
export function waterfallOf(charts, { width, size, language, untilMs }) {
  const say = wordsOf(language)
  const end = Math.max(1, untilMs, ...charts.flatMap(({ bars }) => bars.map(({ to }) => to)))
  const names = charts.flatMap(({ bars }) => bars.map(({ row }) => row))
  const left = Math.min(width * 0.3, Math.max(size * 4, ...names.map(name => widthOf(name, size * 0.87))) + size)
  const right = width - size * 4.6
  const xAt = (/** @type {number} */ ms) => left + (ms / end) * (right - left)
  const ticks = ticksTo(end, width < size * 40 ? 4 : 8)
  /** @type {Shape[]} */
  const shapes = []
  let y = 0
  for (const { title, bars } of charts) {
    const rows = [...new Set(bars.map(({ row }) => row))].slice(0, ROWS_MAX)
    const done = Math.max(0, ...bars.map(({ to }) => to))
    const total = bars.length === 0 ? '' : say('bars.total', { time: timeText(done, say) })
    const totalWide = widthOf(total, size * 0.93)
    shapes.push(
      shape(
        'text',
        { class: 'heading', x: 0, y: y + size * 1.2, 'font-size': size * 1.05 },
        fitted(title, size * 1.05, width - totalWide - size * 2, { bold: true }),
      ),
      shape(
        'text',
        { class: 'soft', x: width, y: y + size * 1.2, 'text-anchor': 'end', 'font-size': size * 0.93 },
        total,
      ),
    )
    y += size * 2
    const bottom = y + rows.length * size * 1.5
    shapes.push(...ticks.map(ms => shape('path', { class: 'tick', d: through([xAt(ms), y - 2], [xAt(ms), bottom]) })))
    for (const row of rows) {
      shapes.push(
        rowShape(
          row,
          bars.filter(bar => bar.row === row),
          { y, xAt, left, size, say },
        ),
      )
      y += size * 1.5
    }
    y += size * 0.9
  }
  shapes.push(
    ...ticks.map(ms =>
      shape(
        'text',
        { class: 'soft', x: xAt(ms), y: y + size * 0.4, 'text-anchor': 'middle', 'font-size': size * 0.83 },
        timeText(ms, say),
      ),
    ),
  )
  return { height: Math.ceil(y + size), shapes: [patterns(), ...shapes] }
}

/** @param {string} row @param {Bar[]} bars @param {{ y: number, xAt(ms: number): number, left: number, size: number, say: import('./words.js').Say }} where */
function rowShape(row, bars, { y, xAt, left, size, say }) {
  const end = Math.max(...bars.map(({ to }) => to))
  const parts = bars.map(({ part, from, to, connection }) => {
    const x = xAt(from)
    const words = say('bars.bar', { row, part: say(`part.${part}`), from: timeText(from, say), to: timeText(to, say) })
    const box = { x, y: y + size * 0.15, width: Math.max(1.5, xAt(to) - x), height: size * 1.1 }
    return shape(
      'g',
      { class: `part ${part}` },
      shape('title', {}, connection === undefined ? words : `${words} (${connection})`),
      shape('rect', { class: 'ground', ...box }),
      shape('rect', { class: 'pattern', ...box, fill: `url(#part-${part})` }),
    )
  })
  return shape(
    'g',
    { class: 'bar-row' },
    shape(
      'text',
      { x: left - size * 0.6, y: y + size, 'text-anchor': 'end', 'font-size': size * 0.87 },
      fitted(row, size * 0.87, left - size * 0.8),
    ),
    ...parts,
    shape(
      'text',
      { class: 'soft', x: xAt(end) + size * 0.4, y: y + size, 'font-size': size * 0.83 },
      timeText(end, say),
    ),
  )
}

/** A few round numbers. @param {number} end @param {number} most */
function ticksTo(end, most) {
  const rough = end / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map(it => it * power).find(it => it >= rough) ?? rough
  return Array.from({ length: Math.floor(end / step + 1e-9) + 1 }, (_, i) => i * step)
}

/** Patterns that distinguish the parts without colour. */
function patterns() {
  const tile = (/** @type {string} */ name, /** @type {Shape[]} */ ...inside) =>
    shape(
      'pattern',
      { id: `part-${name}`, class: name, width: 8, height: 8, patternUnits: 'userSpaceOnUse' },
      ...inside,
    )
  return shape(
    'defs',
    {},
    tile('wait', shape('circle', { class: 'ink', cx: 4, cy: 4, r: 1 })),
    tile('name', shape('path', { class: 'ink', d: 'M0 4H8' })),
    tile('connect', shape('path', { class: 'ink', d: 'M-2 2L2 -2M0 8L8 0M6 10L10 6' })),
    tile('send', shape('path', { class: 'ink', d: 'M4 0V8' })),
    tile(
      'server',
      shape('circle', { class: 'ink', cx: 2, cy: 2, r: 1.4 }),
      shape('circle', { class: 'ink', cx: 6, cy: 6, r: 1.4 }),
    ),
    tile('receive'),
  )
}
