/**
 * The head of a scene at one moment: the parties, their connections as tubes, and which party waits for which.
 *
 * @typedef {import('./shape.js').Shape} Shape
 * @typedef {import('./layout.js').SceneLayout} SceneLayout
 * @typedef {import('./layout.js').Lane} Lane
 * @typedef {import('./player.js').SceneState} SceneState
 * @typedef {import('./player.js').Connection} Connection
 * @typedef {{ size: number, language: import('./words.js').Language }} Options
 */

import { connectionsBetween, pairOf } from './player.js'
import { nameOf } from './say.js'
import { shape, through } from './shape.js'
import { fitted, widthOf, wrapped } from './text-width.js'
import { WAITING_HALF, waitingShapes } from './waiting.js'
import { wordsOf } from './words.js'

const BOX = 2.6
const TUBE = 1.55
const BETWEEN_TUBES = 0.35
const TUBES_MAX = 4
/** More rows would be too much to keep in view. */
const ROWS_CALM = 5

/** @typedef {{ rows: number, places: Map<string, { first: number, rows: number }> }} TubePlan how many rows, and which of them are for which pair of parties */

/**
 * The places of the tubes of a scene in the whole run: parallel connections are below one another.
 * @param {import('./player.js').SceneRecord} scene @returns {TubePlan}
 */
export function tubePlan(scene) {
  const plans = [TUBES_MAX, 2, 1].map(most => planFor(scene, most))
  return plans.find(({ rows }) => rows <= ROWS_CALM) ?? /** @type {TubePlan} */ (plans.at(-1))
}

/** @param {import('./player.js').SceneRecord} scene @param {number} most rows of one pair @returns {TubePlan} */
function planFor(scene, most) {
  const laneOf = (/** @type {string} */ id) => scene.parties.findIndex(party => party.id === id)
  /** @type {TubePlan['places']} */
  const places = new Map()
  const taken = [...connectionsBetween(scene)].map(([pair, count]) => {
    const [from = 0, to = 0] = pair
      .split(' ')
      .map(laneOf)
      .sort((a, b) => a - b)
    return { pair, from, to, first: 0, rows: Math.min(most, count) }
  })
  for (const [i, it] of taken.entries()) {
    const beside = taken.slice(0, i).filter(({ from, to }) => Math.max(from, it.from) < Math.min(to, it.to))
    it.first = Math.max(0, ...beside.map(({ first, rows }) => first + rows))
    places.set(it.pair, { first: it.first, rows: it.rows })
  }
  return { rows: Math.max(1, ...taken.map(({ first, rows }) => first + rows)), places }
}

/** @param {number} rows @param {number} size */
export function headHeight(rows, size) {
  return size * (BOX + 0.6 + rows * (TUBE + BETWEEN_TUBES) + 2 * WAITING_HALF)
}

/**
 * @param {SceneLayout} layout @param {SceneState} state @param {number} rows of tubes to leave room for, so that scenes are level
 * @param {Options} options
 * @returns {Shape[]}
 */
export function headShapes(layout, state, rows, options) {
  const { size } = options
  const tubesAt = size * (BOX + 0.4)
  const y = tubesAt + size * (rows * (TUBE + BETWEEN_TUBES) + WAITING_HALF)
  const { waits, hang } = state
  const ends = { left: size * 0.3, right: layout.width - size * 0.3 }
  return [
    ...layout.lanes.map(({ x }) =>
      shape('path', { class: 'life', d: through([x, size * BOX], [x, headHeight(rows, size)]) }),
    ),
    ...tubes(layout, state.connections, tubesAt, options),
    waitingShapes(waits, hang, { lanes: layout.lanes, y, ...options, ...ends }),
    ...partyShapes(layout, options),
  ]
}

/** Only the boxes, with their upper edge at 0. @param {SceneLayout} layout @param {Options} options */
export function partyShapes({ lanes, width }, options) {
  const space = lanes.length < 2 ? width : /** @type {Lane} */ (lanes[1]).x - /** @type {Lane} */ (lanes[0]).x
  return lanes.map(lane => box(lane, Math.min(options.size * 8.4, space - options.size * 0.5), options))
}

/** @param {Lane} lane @param {number} wide @param {Options} options */
function box({ x, party }, wide, { size, language }) {
  const height = size * BOX
  const textSize = size * 0.95
  const font = { bold: true }
  const inner = wide - size * (party.role === 'proxy' ? 1 : 0.6)
  const all = wrapped(party.name[language], textSize, inner, font)
  const lines =
    all.length <= 2 ? all : [/** @type {string} */ (all[0]), fitted(all.slice(1).join(' '), textSize, inner, font)]
  const first = height / 2 + textSize * 0.36 - ((lines.length - 1) * textSize * 1.15) / 2
  return shape(
    'g',
    { class: `party ${party.what}`, 'data-party': party.id },
    outline(party.role, x, wide, height - 2),
    ...lines.map((line, i) =>
      shape('text', { x, y: first + i * textSize * 1.15, 'text-anchor': 'middle', 'font-size': textSize }, line),
    ),
  )
}

/** A client is round, a proxy points both ways, an origin is square. @param {import('../events.js').Party['role']} role @param {number} x @param {number} wide @param {number} height */
function outline(role, x, wide, height) {
  const left = x - wide / 2
  if (role !== 'proxy')
    return shape('rect', { x: left, y: 1, width: wide, height, rx: role === 'client' ? height / 2 : 3 })
  const [right, tip, middle] = [left + wide, height * 0.24, height / 2 + 1]
  const points = [
    [left + tip, 1],
    [right - tip, 1],
    [right, middle],
    [right - tip, height + 1],
    [left + tip, height + 1],
    [left, middle],
  ]
  return shape('path', { d: `${through(.../** @type {[number, number][]} */ (points))}Z` })
}

/** @param {SceneLayout} layout @param {readonly Connection[]} connections @param {number} top @param {Options} options @returns {Shape[]} */
function tubes(layout, connections, top, options) {
  const { places } = tubePlan(layout.scene)
  /** @type {Map<string, Connection[]>} */
  const pairs = new Map()
  for (const it of connections) {
    const pair = pairOf(it)
    pairs.set(pair, [...(pairs.get(pair) ?? []), it])
  }
  const step = options.size * (TUBE + BETWEEN_TUBES)
  return [...pairs].flatMap(([pair, all]) => {
    const { first, rows } = places.get(pair) ?? { first: 0, rows: 1 }
    const y = top + first * step
    const shown = all.length <= rows ? all : shownOf(all, Math.max(1, rows - 1))
    const drawn = shown.map((it, i) => tube(it, layout, y + i * step, options))
    const others = all.filter(it => !shown.includes(it))
    return others.length === 0 || rows === 1 ? drawn : [...drawn, more(others, layout, y + (rows - 1) * step, options)]
  })
}

/** The connections that have not ended, otherwise the last ones; in the order in which they were opened. @param {Connection[]} all @param {number} count */
function shownOf(all, count) {
  const alive = all.filter(({ phase }) => phase !== 'closed')
  const over = all.filter(({ phase }) => phase === 'closed')
  const chosen = new Set([...alive.slice(-count), ...over.slice(over.length - Math.max(0, count - alive.length))])
  return all.filter(it => chosen.has(it)).slice(-count)
}

/** @param {SceneLayout} layout @param {string} a @param {string} b @param {number} size */
function span({ lanes }, a, b, size) {
  const xs = [a, b].map(id => lanes.find(lane => lane.id === id)?.x ?? 0)
  return {
    x: Math.min(...xs) + size * 0.3,
    width: Math.abs(/** @type {number} */ (xs[1]) - /** @type {number} */ (xs[0])) - size * 0.6,
  }
}

/** @param {Connection} connection @param {SceneLayout} layout @param {number} y @param {Options} options */
function tube(connection, layout, y, { size, language }) {
  const { id, from, to, phase, by, how } = connection
  const { x, width } = span(layout, from, to, size)
  const height = size * TUBE
  const byX = by === '' ? 0 : (layout.lanes.find(lane => lane.id === by)?.x ?? 0) > x ? x + width : x
  const cross = phase === 'closed' ? size * 1.2 : 0
  const text = tubeText(connection, layout, width - size * 1.1 - cross * 1.3, size, language)
  const aside = cross === 0 ? 0 : byX === x ? cross / 2 : -cross / 2
  return shape(
    'g',
    { class: `tube ${phase} ${how}`, 'data-connection': id },
    shape('rect', { class: 'pipe', x, y, width, height, rx: height / 2 }),
    phase === 'open' &&
      shape('path', {
        class: 'flow',
        d: through([x + height / 2, y + height - 3], [x + width - height / 2, y + height - 3]),
      }),
    phase === 'closing' &&
      shape('path', {
        class: 'half',
        d: through([x + height / 2, y + height - 3], [x + width - height / 2, y + height - 3]),
      }),
    phase === 'closed' && crossAt(byX + (byX === x ? size * 0.9 : -size * 0.9), y + height / 2, size * 0.34),
    shape(
      'text',
      {
        x: x + width / 2 + aside,
        y: y + height * 0.5 + size * 0.29,
        'text-anchor': 'middle',
        'font-size': size * 0.83,
      },
      text,
    ),
  )
}

/** @param {number} x @param {number} y @param {number} r */
function crossAt(x, y, r) {
  return shape('path', {
    class: 'cross',
    d: through([x - r, y - r], [x + r, y + r]) + through([x + r, y - r], [x - r, y + r]),
  })
}

/** As much text as there is room for. @param {Connection} connection @param {SceneLayout} layout @param {number} room @param {number} size @param {import('./words.js').Language} language */
function tubeText({ id, phase, by, how }, { scene }, room, size, language) {
  const say = wordsOf(language)
  const who = nameOf(scene.parties, by, language)
  const long =
    phase === 'closed'
      ? say(`closed.${how === '' ? 'fin' : how}`, { who })
      : phase === 'closing'
        ? say('closing.by', { who })
        : say(`phase.${phase}`)
  const short = phase === 'closed' ? say('phase.closed') : phase === 'closing' ? 'FIN' : long
  return (
    [
      `${id} · ${long}`,
      ...(by === '' ? [] : [`${id} ${phase === 'closed' ? '✕' : 'FIN'} ${who}`]),
      `${id} ${short}`,
      id,
    ].find(text => widthOf(text, size * 0.83) <= room) ?? id
  )
}

/** @param {Connection[]} others @param {SceneLayout} layout @param {number} y @param {Options} options */
function more(others, layout, y, { size, language }) {
  const { from, to } = /** @type {Connection} */ (others[0])
  const { x, width } = span(layout, from, to, size)
  const closed = others.filter(({ phase }) => phase === 'closed').length
  const text = wordsOf(language)('tubes.more', { n: others.length, open: others.length - closed, closed })
  const shown = widthOf(text, size * 0.83) <= width ? text : `+${others.length}`
  return shape(
    'text',
    { class: 'more', x: x + width / 2, y: y + size * 1.05, 'text-anchor': 'middle', 'font-size': size * 0.83 },
    shown,
  )
}
