/**
 * A run as one standalone SVG for documents: readable on a white and on a dark background, without a page around it.
 *
 * @typedef {import('../events.js').LabEvent} LabEvent
 */

import { DRAWING_STYLE } from './drawing-style.js'
import { columnsFor, layoutsOf } from './layout.js'
import { depthOf, lifelineShapes } from './lifelines.js'
import { LIGHT } from './palette.js'
import { partyShapes } from './parties.js'
import { recordOf } from './player.js'
import { markup, shape } from './shape.js'
import { fitted } from './text-width.js'
import { describeScene } from './transcript.js'
import { wordsOf } from './words.js'

const SIZE = 14
const PADDING = 20

/**
 * @param {readonly LabEvent[]} events of a run
 * @param {{ language: import('./words.js').Language, width?: number, scene?: string }} options `width`: px of the whole drawing;
 * `scene`: only this scene
 * @returns {string}
 * @throws RangeError if there is no such scene
 */
export function figureOf(events, { language, width = 1_080, scene: only }) {
  const record = recordOf(events)
  const scenes = record.scenes.filter(({ id }) => only === undefined || id === only)
  if (scenes.length === 0)
    throw new RangeError(only === undefined ? 'There is no scene in these events.' : `There is no scene ${only}.`)
  const columns = columnsFor(scenes, width - 2 * PADDING, SIZE)
  const wide = Math.floor((width - 2 * PADDING - (columns - 1) * PADDING) / columns)
  /** @type {import('./shape.js').Shape[]} */
  const groups = []
  let height = PADDING
  for (let i = 0; i < scenes.length; i += columns) {
    const group = groupShapes(scenes.slice(i, i + columns), wide, language)
    groups.push(shape('g', { transform: `translate(${PADDING} ${height})` }, ...group.shapes))
    height += group.height + 2 * PADDING
  }
  const title = (only === undefined ? record.verdict?.text : scenes[0]?.title)?.[language] ?? wordsOf(language)('title')
  return `${markup(
    shape(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        class: 'drawing',
        role: 'img',
        lang: language,
      },
      shape('title', {}, title),
      shape('desc', {}, scenes.map(scene => describeScene(scene, language)).join('\n')),
      shape(
        'style',
        {},
        `svg{${Object.entries(LIGHT)
          .map(([name, value]) => `${name}:${value}`)
          .join(';')}}${DRAWING_STYLE}`,
      ),
      shape('rect', { width, height, rx: 12, style: 'fill:var(--surface)' }),
      ...groups,
    ),
  )}\n`
}

/** Scenes side by side, each with its title, its parties and its lifelines. @param {readonly import('./player.js').SceneRecord[]} scenes @param {number} wide each @param {import('./words.js').Language} language */
function groupShapes(scenes, wide, language) {
  const layouts = layoutsOf(scenes, { width: wide, size: SIZE, language }).flatMap(layout => layout.scenes)
  const all = () => Number.POSITIVE_INFINITY
  const depth = depthOf(layouts, all, all) + SIZE
  const seen = { size: SIZE, language, height: depth, depth, count: all(), until: all(), current: -1 }
  const headAt = SIZE * 2
  const lifeAt = headAt + SIZE * 2.8
  const shapes = layouts.map((layout, i) => {
    const title = fitted(layout.scene.title[language], SIZE * 1.15, wide, { bold: true })
    return shape(
      'g',
      { transform: `translate(${i * (wide + PADDING)} 0)` },
      shape('text', { class: 'heading', x: layout.gutter, y: SIZE, 'font-size': SIZE * 1.15 }, title),
      shape('g', { transform: `translate(0 ${lifeAt})` }, ...lifelineShapes(layout, seen)),
      shape('g', { transform: `translate(0 ${headAt})` }, ...partyShapes(layout, { size: SIZE, language })),
    )
  })
  return { shapes, height: Math.ceil(lifeAt + depth) }
}
