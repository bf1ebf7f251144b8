/**
 * Which party waits for which, as arrows over the lifelines: to the right above, to the left below. So a cycle of waiting closes
 * into a ring.
 *
 * @typedef {import('./shape.js').Shape} Shape
 * @typedef {import('./layout.js').Lane} Lane
 * @typedef {import('../events.js').Waits} Waits
 * @typedef {import('./player.js').Hang} Hang
 * @typedef {{ lanes: readonly Lane[], y: number, size: number, language: import('./words.js').Language, left: number, right: number }} Where
 */

import { arrowhead, one, shape } from './shape.js'
import { fitted, widthOf } from './text-width.js'
import { wordsOf } from './words.js'

/** Half of the needed height, in sizes of the text. */
export const WAITING_HALF = 3.25
const RISE = 2.1
const LABEL = 0.83

/** @param {readonly Waits[]} waits @param {Hang | null} hang @param {Where} where @returns {Shape} */
export function waitingShapes(waits, hang, where) {
  const { lanes, y, size } = where
  const arcs = waits.flatMap(wait => arcOf(wait, hang, where) ?? [])
  const dots = lanes.map(({ id, x }) =>
    shape('circle', {
      class: `dot ${placeIn(hang, id)}`,
      cx: x,
      cy: y,
      r: size * (hang?.cycle.includes(id) ? 0.42 : 0.3),
    }),
  )
  return shape(
    'g',
    { class: 'waiting' },
    ...labelled(arcs, where),
    ...dots,
    hang && badge(hang, where),
    hang && caughtSign(hang, where),
  )
}

/** @param {Hang | null} hang @param {string} id */
function placeIn(hang, id) {
  if (hang?.cycle.includes(id)) return 'in-cycle'
  return hang?.caught.includes(id) ? 'is-caught' : ''
}

/** @param {Waits} wait @param {Hang | null} hang @param {Where} where */
function arcOf({ who, on, what }, hang, { lanes, y, size, language }) {
  const from = lanes.find(({ id }) => id === who)
  const to = lanes.find(({ id }) => id === on)
  if (from === undefined || to === undefined || from === to) return null
  const up = to.x > from.x ? -1 : 1
  const far = Math.abs(lanes.indexOf(to) - lanes.indexOf(from)) - 1
  const rise = up * size * (RISE + far * 0.8)
  const way = Math.sign(to.x - from.x)
  const lean = (to.x - from.x) * 0.26
  const aside = way * size * 0.5
  const start = y + up * size * 0.3
  // The direction from which the line comes, as the arrowhead sees it; the line ends inside the head.
  const [dx, dy] = [lean - aside, start - y - rise]
  const inside = (size * 0.4) / Math.hypot(dx, dy)
  const tip = to.x - aside
  const curve =
    `M${one(from.x + aside)} ${one(start)}C${one(from.x + lean)} ${one(y + rise)} ` +
    `${one(to.x - lean)} ${one(y + rise)} ${one(tip - dx * inside)} ${one(start - dy * inside)}`
  return {
    place: placeIn(hang, who),
    up,
    curve,
    head: /** @type {const} */ ([tip, start, dx, dy]),
    middle: (from.x + to.x) / 2,
    top: y + rise * 0.75 + up * size * 0.08,
    text: what[language],
  }
}

/** Each arc with its words; two that would overlap are shifted. @param {NonNullable<ReturnType<typeof arcOf>>[]} arcs @param {Where} where */
function labelled(arcs, { size, left, right }) {
  /** @type {Map<number, number>} */
  const takenTo = new Map()
  return arcs
    .sort((a, b) => a.middle - b.middle)
    .map(arc => {
      const text = fitted(arc.text, size * LABEL, right - left)
      const wide = widthOf(text, size * LABEL)
      const x = Math.min(Math.max(arc.middle, left + wide / 2), right - wide / 2)
      const level = x - wide / 2 < (takenTo.get(arc.up) ?? Number.NEGATIVE_INFINITY) ? 1 : 0
      if (level === 0) takenTo.set(arc.up, x + wide / 2 + size * 0.5)
      const labelY = arc.top + arc.up * level * size + (arc.up < 0 ? -size * 0.42 : size * 1.02)
      return shape(
        'g',
        { class: `wait ${arc.place}` },
        shape('path', { class: 'arc', d: arc.curve }),
        arrowhead(...arc.head, size * (arc.place === 'in-cycle' ? 0.95 : 0.7)),
        shape('text', { x, y: labelY, class: 'halo', 'text-anchor': 'middle', 'font-size': size * LABEL }, text),
      )
    })
}

/** The word in the middle of the ring. @param {Hang} hang @param {Where} where */
function badge({ cycle }, { lanes, y, size, language }) {
  const xs = lanes.filter(({ id }) => cycle.includes(id)).map(({ x }) => x)
  const text = wordsOf(language)('hang')
  const wide = widthOf(text, size * 1.05, { bold: true }) + size * 1.2
  const x = (Math.min(...xs) + Math.max(...xs)) / 2
  return shape(
    'g',
    { class: 'hang' },
    shape('rect', { x: x - wide / 2, y: y - size * 0.85, width: wide, height: size * 1.7, rx: size * 0.3 }),
    shape('text', { x, y: y + size * 0.37, 'text-anchor': 'middle', 'font-size': size * 1.05 }, text),
  )
}

/** @param {Hang} hang @param {Where} where */
function caughtSign({ caught }, { lanes, y, size, language }) {
  const text = wordsOf(language)('caught')
  const signs = lanes
    .filter(({ id }) => caught.includes(id))
    .map(({ x }) =>
      shape(
        'text',
        { x, y: y + size * 1.35, class: 'caught halo', 'text-anchor': 'middle', 'font-size': size * LABEL },
        text,
      ),
    )
  return shape('g', {}, ...signs)
}
