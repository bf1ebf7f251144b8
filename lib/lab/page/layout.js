/**
 * Turns the events of a run into places on a drawing. Pure. Scenes that were played together share one axis of time, each from
 * its own beginning: events are spread so that they can be read, and long times without an event are cut out and their length is
 * written there.
 *
 * @typedef {import('./player.js').Record_} Record_
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {import('./player.js').Hang} Hang
 * @typedef {import('./rows.js').Row} Row
 * @typedef {import('./measure.js').Measured} Measured
 * @typedef {import('../events.js').Party} Party
 * @typedef {import('../events.js').Waits} Waits
 *
 * @typedef {{ id: string, x: number, party: Party }} Lane
 * @typedef {Measured & { row: Row, y: number, top: number, bottom: number }} PlacedRow `y`: where the moment is
 * @typedef {{ from: number, to: number, y1: number, y2: number, ticking: boolean, hang: (Hang & { waits: Waits[] }) | null }} PlacedGap
 * @typedef {{ who: string, y1: number, y2: number, from: number, to: number }} PlacedWait
 * @typedef {{ id: string, scene: SceneRecord, width: number, gutter: number, lanes: Lane[], rows: PlacedRow[], gaps: PlacedGap[], waits: PlacedWait[] }} SceneLayout
 * @typedef {{ height: number, size: number, scenes: SceneLayout[] }} Layout
 *
 * @typedef {{ width: number, size: number, language: import('./words.js').Language, nowAt?: number | undefined }} LayoutOptions
 * `width`: of one scene, px; `size`: of its text, px; `nowAt`: ms since the run began, while it is running
 */

import { measured } from './measure.js'
import { GAP_MS, playedTogether } from './player.js'
import { rowsOf } from './rows.js'
import { waitingBetween, waitsOf } from './spans.js'

/** A silence at the end is drawn while the run goes on, but not a very short one. */
const TICKING_MS = 300
const BETWEEN_ROWS = 0.55

/** The factor by which scenes on one axis may be taller together than the tallest of them alone. */
const TALLER_MAX = 1.4

/**
 * Scenes side by side. Those that were played together share one axis of time, unless they do such different things at the same
 * time that the drawing would be mostly empty.
 * @param {readonly SceneRecord[]} scenes in the order in which they were played
 * @param {LayoutOptions} options
 * @returns {Layout[]} one for each axis
 */
export function layoutsOf(scenes, options) {
  return playedTogether(scenes).flatMap(together => {
    const layout = layoutOf(together, options)
    if (together.length === 1) return [layout]
    const alone = together.map(scene => layoutOf([scene], options))
    return layout.height <= Math.max(...alone.map(({ height }) => height)) * TALLER_MAX ? [layout] : alone
  })
}

/**
 * @param {readonly SceneRecord[]} scenes scenes that share one axis of time
 * @param {LayoutOptions} options
 * @returns {Layout}
 */
function layoutOf(scenes, options) {
  const { size, width } = options
  const placed = scenes.map(scene => ({ ...frameOf(scene, options), bottom: size, drawn: '' }))
  const todo = placed
    .flatMap(frame => rowsOf(frame.scene).map(row => ({ frame, row })))
    .sort((a, b) => a.row.t - b.row.t)
  // Within such a short time the order between scenes means nothing: each scene flows separately, and they are aligned again
  // after it.
  let together = { t: 0, y: size }
  let before = 0
  for (const { frame, row } of todo) {
    if (row.t - before >= GAP_MS) together = { t: row.t, y: cut(placed, before, row.t, size, false) }
    else if (row.t - together.t >= GAP_MS) together = { t: row.t, y: Math.max(...placed.map(({ bottom }) => bottom)) }
    before = Math.max(before, row.t)
    const shape = measured(row, frame, options)
    const top = Math.max(frame.bottom, together.y)
    const y = top + shape.above
    frame.bottom = y + shape.below + size * BETWEEN_ROWS
    frame.rows.push({ ...shape, row, y, top, bottom: y + shape.below })
  }
  const now = nowIn(scenes, options.nowAt)
  if (now - before >= TICKING_MS) cut(placed, before, now, size, true)
  const height = Math.ceil(Math.max(size * 6, ...placed.map(({ bottom }) => bottom)) + size)
  return {
    height,
    size,
    scenes: placed.map(({ bottom, drawn, ...frame }) => ({ ...frame, width, waits: placeWaits(frame, height) })),
  }
}

/** The places of the lifelines. @param {SceneRecord} scene @param {LayoutOptions} options */
function frameOf(scene, { width, size }) {
  const gutter = width < size * 28 ? size * 0.4 : size * 4.1
  const inner = width - gutter - size * 0.4
  const n = Math.max(1, scene.parties.length)
  const edge = Math.min(inner / (2 * n), size * 4.6)
  const step = n === 1 ? 0 : (inner - 2 * edge) / (n - 1)
  const lanes = scene.parties.map((party, i) => ({ id: party.id, x: Math.round(gutter + edge + i * step), party }))
  return {
    id: scene.id,
    scene,
    width,
    gutter,
    lanes,
    rows: /** @type {PlacedRow[]} */ ([]),
    gaps: /** @type {PlacedGap[]} */ ([]),
  }
}

/**
 * Cuts the axis through all scenes, below everything that was drawn so far.
 * @param {(ReturnType<typeof frameOf> & { bottom: number, drawn: string })[]} frames `drawn`: the hang that was already drawn
 * @param {number} from @param {number} to @param {number} size @param {boolean} ticking
 * @returns {number} where it goes on
 */
function cut(frames, from, to, size, ticking) {
  const y1 = Math.max(...frames.map(({ bottom }) => bottom))
  const hanging = frames.map(frame => {
    const { waits, hang } = waitingBetween(frame.scene, from, to)
    const key = hang?.cycle.join(' ') ?? ''
    const again = key === frame.drawn
    frame.drawn = key
    return hang === null || again ? null : { ...hang, waits }
  })
  const tall = hanging.some(hang => hang !== null)
  const y2 = y1 + size * (tall ? 10.5 : to - from < 200 ? 2.4 : to - from < 2_000 ? 3 : 3.6)
  for (const [i, frame] of frames.entries()) {
    frame.gaps.push({ from, to, y1, y2, ticking, hang: hanging[i] ?? null })
    frame.bottom = y2 + size * BETWEEN_ROWS
  }
  return y2 + size * BETWEEN_ROWS
}

/** How far the newest scene is, while the run goes on. @param {readonly SceneRecord[]} scenes @param {number | undefined} nowAt */
function nowIn(scenes, nowAt) {
  return nowAt === undefined ? Number.NEGATIVE_INFINITY : nowAt - Math.max(...scenes.map(({ at }) => at))
}

/** @param {Pick<SceneLayout, 'scene' | 'rows'>} frame @param {number} height @returns {PlacedWait[]} */
function placeWaits({ scene, rows }, height) {
  const yAt = (/** @type {number} */ index) => rows.findLast(({ row }) => row.index <= index)?.y ?? 0
  return waitsOf(scene).map(({ who, first, end, from, to }) => ({
    who,
    from,
    to,
    y1: yAt(first),
    y2: end === scene.events.length ? height : yAt(end),
  }))
}

/**
 * How many scenes stand side by side, each as wide as it needs.
 * @param {readonly SceneRecord[]} scenes @param {number} width of all @param {number} size
 */
export function columnsFor(scenes, width, size) {
  const parties = Math.max(2, ...scenes.map(({ parties }) => parties.length))
  const least = size * (7 + parties * 7)
  return Math.max(1, Math.min(scenes.length, Math.floor(width / least)))
}
