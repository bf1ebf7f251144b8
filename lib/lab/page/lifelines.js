/**
 * The lifelines of a scene as shapes: the messages between the parties, from top to bottom.
 *
 * @typedef {import('./shape.js').Shape} Shape
 * @typedef {import('./layout.js').SceneLayout} SceneLayout
 * @typedef {import('./layout.js').PlacedRow} PlacedRow
 * @typedef {import('./layout.js').PlacedGap} PlacedGap
 *
 * @typedef {{
 *   size: number, language: import('./words.js').Language, height: number,
 *   count: number, until: number, depth: number, current: number, clock?: number | undefined, clockTo?: number | undefined,
 *   label?: ((row: PlacedRow) => string) | undefined,
 * }} Seen `count`: events of this scene that have happened; `until`: the time that has passed, for things that are not events; `depth`: how far down
 * time has come; `current`: the event that happened last, -1 when it was in another scene; `clock`: what the silence that ends at `clockTo` shows instead of
 * its length; `label`: makes messages into buttons with that name
 */

import { arrowShapes } from './arrows.js'
import { clockText, timeText } from './say.js'
import { shape, through } from './shape.js'
import { tagShapes } from './tags.js'
import { widthOf } from './text-width.js'
import { WAITING_HALF, waitingShapes } from './waiting.js'
import { wordsOf } from './words.js'

const SOFT = 0.87
const STRONG = 0.93
const STAMP = 0.8

/** Scenes that are played together are set within so many ms. */
const SET_MS = 50

/** How far down the drawing time has come. @param {readonly SceneLayout[]} scenes @param {(scene: string) => number} countOf @param {(layout: SceneLayout) => number} untilOf */
export function depthOf(scenes, countOf, untilOf) {
  const ys = scenes.flatMap(layout => [
    ...layout.rows.filter(({ row }) => row.index < countOf(layout.id)).map(({ bottom }) => bottom),
    ...layout.gaps.filter(gap => isOver(gap, untilOf(layout))).map(({ y2 }) => y2),
  ])
  return Math.max(0, ...ys)
}

/** @param {PlacedGap} gap @param {number} until */
function isOver({ from, to, ticking }, until) {
  return ticking || to <= until + Math.min(SET_MS, (to - from) / 2)
}

/** @param {SceneLayout} layout @param {Seen} seen @returns {Shape[]} */
export function lifelineShapes(layout, seen) {
  const { lanes, rows, gaps } = layout
  const shown = rows.filter(({ row }) => row.index < seen.count)
  const over = gaps.filter(gap => isOver(gap, seen.until))
  const layer = (/** @type {string} */ name, /** @type {Shape[]} */ shapes) =>
    shape('g', { class: `layer ${name}` }, ...shapes)
  return [
    layer(
      'bands',
      over.map(gap => band(gap, layout)),
    ),
    layer('lives', [
      ...lanes.map(({ x }) => shape('path', { class: 'life to-come', d: through([x, 0], [x, seen.height]) })),
      ...lanes.map(({ x }) => shape('path', { class: 'life', d: through([x, 0], [x, seen.depth]) })),
    ]),
    layer('waiters', waitLines(layout, seen)),
    layer(
      'silences',
      over.map(gap => silence(gap, layout, seen)),
    ),
    layer('stamps', stamps(shown, layout, seen)),
    layer(
      'rows',
      shown.map(placed => rowShape(placed, seen)),
    ),
  ]
}

/** @param {SceneLayout} layout @param {Seen} seen */
function waitLines({ lanes, waits }, { depth }) {
  return waits.flatMap(({ who, y1, y2 }) => {
    const x = lanes.find(({ id }) => id === who)?.x
    const end = Math.min(y2, depth)
    return x === undefined || end <= y1
      ? []
      : [
          shape('path', { class: 'waits', d: through([x, y1], [x, end]) }),
          shape('path', { class: 'waits dots', d: through([x, y1], [x, end]) }),
        ]
  })
}

/** @param {PlacedGap} gap @param {SceneLayout} layout */
function band({ y1, y2 }, { width }) {
  return shape('rect', { class: 'band', x: 0, y: y1, width, height: y2 - y1 })
}

/** A cut in time: the lifelines are broken, and the length of the cut is written there. @param {PlacedGap} gap @param {SceneLayout} layout @param {Seen} seen */
function silence(gap, { lanes, width, gutter }, { size, language, clock, clockTo }) {
  const { from, to, y1, y2, hang, ticking } = gap
  const say = wordsOf(language)
  const long = to - from
  const text =
    clock === undefined || Math.abs((clockTo ?? 0) - to) > SET_MS
      ? ticking
        ? clockText(long, say)
        : timeText(long, say)
      : clockText(clock, say)
  // Scenes beside one that hangs get the same room, and the length is at the same height.
  const tall = y2 - y1 > size * 6
  const y = tall ? y1 + size * 1.7 : (y1 + y2) / 2
  const [first, second] = lanes
  const x = first && second ? (first.x + second.x) / 2 : width / 2
  const textSize = size * (long < 200 ? 0.93 : 1.2)
  const wide = widthOf(text, textSize, { bold: true }) + size * 1.3
  const ring = {
    lanes,
    y: y2 - size * (WAITING_HALF + 0.6),
    size,
    language,
    left: gutter * 0.2,
    right: width - size * 0.3,
  }
  return shape(
    'g',
    { class: `gap${ticking ? ' ticking' : ''}` },
    ...lanes.map(lane => broken(lane.x, y, size)),
    shape('rect', {
      class: 'length',
      x: x - wide / 2,
      y: y - textSize * 0.82,
      width: wide,
      height: textSize * 1.64,
      rx: textSize * 0.82,
    }),
    shape('text', { class: 'length', x, y: y + textSize * 0.36, 'text-anchor': 'middle', 'font-size': textSize }, text),
    hang && waitingShapes(hang.waits, hang, ring),
  )
}

/** @param {number} x @param {number} y @param {number} size */
function broken(x, y, size) {
  const r = size * 0.42
  return shape(
    'g',
    { class: 'broken' },
    shape('path', { class: 'wipe', d: through([x, y - r * 0.75], [x, y + r * 0.75]) }),
    shape('path', {
      class: 'slash',
      d: through([x - r, y - r * 0.35], [x + r, y - r * 1.1]) + through([x - r, y + r * 1.1], [x + r, y + r * 0.35]),
    }),
  )
}

/** The time in the margin, unless it would overlap the previous one. @param {readonly PlacedRow[]} rows @param {SceneLayout} layout @param {Seen} seen */
function stamps(rows, { gutter }, { size, language }) {
  if (gutter < size * 3) return []
  const say = wordsOf(language)
  let free = 0
  let last = ''
  return rows.flatMap(({ row, y }) => {
    const text = timeText(row.t, say)
    const at = row.kind === 'step' || row.kind === 'note' || row.kind === 'more' ? y + size : y + size * 0.28
    if (text === last || at < free) return []
    free = at + size * 1.1
    last = text
    return [
      shape(
        'text',
        { class: 'stamp', x: gutter - size * 0.45, y: at, 'text-anchor': 'end', 'font-size': size * STAMP },
        text,
      ),
    ]
  })
}

/** @param {PlacedRow} placed @param {Seen} seen */
function rowShape(placed, seen) {
  const { row } = placed
  const now = row.members.includes(seen.current) ? ' current' : ''
  if (placed.box !== null) return boxShape(placed, seen, now)
  const isButton = row.kind === 'bytes' && seen.label !== undefined
  const press = isButton
    ? { role: 'button', tabindex: -1, 'aria-label': seen.label?.(placed), 'data-row': row.index }
    : {}
  return shape(
    'g',
    { class: `row ${row.kind} ${wayOf(placed)}${now}`, ...press },
    isButton && hitArea(placed, seen),
    ...arrowShapes(placed, seen.size),
    ...placed.lines.map(line =>
      shape(
        'text',
        {
          class: `halo${line.mono ? ' mono' : ''}${line.soft ? ' soft' : ''}`,
          x: line.x,
          y: placed.y + line.dy,
          'text-anchor': 'middle',
          'font-size': seen.size * (line.soft || row.kind !== 'bytes' ? SOFT : STRONG),
        },
        line.text,
      ),
    ),
    ...placed.tags.map(tag => tagShapes(tag, placed.y, seen.size)),
  )
}

/** Bytes without a head have the colour of the sending side. @param {PlacedRow} placed */
function wayOf({ row: { kind, starts }, x1, x2 }) {
  if (kind !== 'bytes') return ''
  const [start = ''] = starts
  return (start === '' ? x1 > x2 : /^HTTP\//.test(start)) ? 'response' : 'request'
}

/** The whole row can be clicked, and the focus is visible around it. @param {PlacedRow} placed @param {Seen} seen */
function hitArea({ x1, x2, top, bottom, lines, tags }, { size }) {
  const half = Math.max(0, ...lines.map(({ text, mono }) => widthOf(text, size * STRONG, { mono }) / 2))
  const xs = [
    x1,
    x2,
    ...lines.flatMap(({ x }) => [x - half, x + half]),
    ...tags.flatMap(({ x, width }) => [x, x + width]),
  ]
  const left = Math.min(...xs) - size * 0.3
  return shape('rect', {
    class: 'hit',
    x: left,
    y: top,
    width: Math.max(...xs) + size * 0.3 - left,
    height: bottom - top + size * 0.2,
    rx: size * 0.4,
  })
}

/** @param {PlacedRow} placed @param {Seen} seen @param {string} now */
function boxShape({ row, y, x1, box, lines }, { size }, now) {
  if (box === null) return shape('g')
  const { x, width, height } = box
  const r = size * 0.82
  const step = row.kind === 'step'
  const textSize = step ? size : size * SOFT
  return shape(
    'g',
    { class: `row ${row.kind}${now}` },
    shape('rect', { class: 'box', x, y, width, height, rx: size * 0.4 }),
    row.by !== '' &&
      shape('path', { class: 'tab', d: `M${x1 - size * 0.5} ${y}h${size}l${-size * 0.5} ${-size * 0.45}z` }),
    step && shape('circle', { class: 'number', cx: x + size * 1.25, cy: y + height / 2, r }),
    step &&
      shape(
        'text',
        {
          class: 'number',
          x: x + size * 1.25,
          y: y + height / 2 + size * 0.35,
          'text-anchor': 'middle',
          'font-size': size,
        },
        String(row.n),
      ),
    ...lines.map(line =>
      shape('text', { class: line.soft ? 'soft' : '', x: line.x, y: y + line.dy, 'font-size': textSize }, line.text),
    ),
  )
}
