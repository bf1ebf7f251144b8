// Drawings of recorded runs for docs/lab: lifelines as the page draws them, and charts of where the time went.
import { DRAWING_STYLE } from '../lib/lab/page/drawing-style.js'
import { figureOf } from '../lib/lab/page/figure.js'
import { LIGHT } from '../lib/lab/page/palette.js'
import { recordOf } from '../lib/lab/page/player.js'
import { timeText } from '../lib/lab/page/say.js'
import { markup, shape } from '../lib/lab/page/shape.js'
import { waterfallOf } from '../lib/lab/page/waterfall.js'
import { wordsOf } from '../lib/lab/page/words.js'

/** The width of the column in which repository viewers show text. */
const WIDTH = 900
const SIZE = 14
const PADDING = 20

/** @returns the drawings of a recording that are shown at once, and those that are folded: `{ name, scenes, isChart }` */
export function planOf(events, { drawn, folded = [] } = {}) {
  const { scenes } = recordOf(events)
  const known = new Set(scenes.map(({ id }) => id))
  for (const { scenes } of [...(drawn ?? []), ...folded])
    for (const id of scenes) if (!known.has(id)) throw new Error(`the recording has no scene ${id}`)
  return { drawn: drawn ?? scenes.map(({ id }) => ({ name: id, scenes: [id] })), folded }
}

/** A few words about the drawing, for readers who cannot see it. */
export function titleOf(events, { scenes, isChart }, language) {
  const record = recordOf(events)
  const titles = scenes.map(id => record.scenes.find(scene => scene.id === id)?.title[language])
  return `${isChart ? `${wordsOf(language)('bars.title')}: ` : ''}${titles.join(' · ')}`
}

/** @returns a standalone SVG */
export function drawingOf(events, { scenes, isChart }, language) {
  const only = events.filter(event => !('scene' in event) || scenes.includes(event.scene))
  return isChart ? chartOf(only, scenes, language) : figureOf(only, { language, width: WIDTH })
}

function chartOf(events, order, language) {
  const say = wordsOf(language)
  const { scenes, verdict } = recordOf(events)
  const ordered = order.map(id => scenes.find(scene => scene.id === id))
  const charts = ordered.map(({ title, events }) => ({
    title: title[language],
    bars: events.map(({ event }) => event).filter(({ kind }) => kind === 'bar'),
  }))
  const parts = new Set(charts.flatMap(({ bars }) => bars.map(({ part }) => part)))
  const width = WIDTH - 2 * PADDING
  const { height, shapes } = waterfallOf(charts, { width, size: SIZE, language, untilMs: 0 })
  const key = legend([...parts], say)
  const tall = height + SIZE * 2.4 + 2 * PADDING
  const place = { viewBox: `0 0 ${WIDTH} ${tall}`, width: WIDTH, height: tall }
  const colours = Object.entries(LIGHT).map(([name, value]) => `${name}:${value}`)
  return `${markup(
    shape(
      'svg',
      {
        xmlns: 'http://www.w3.org/2000/svg',
        ...place,
        class: 'drawing',
        role: 'img',
        lang: language,
      },
      shape('title', {}, verdict.text[language]),
      shape('desc', {}, charts.map(chart => totalOf(chart, say)).join('\n')),
      shape('style', {}, `svg{${colours.join(';')}}${DRAWING_STYLE}`),
      shape('rect', { width: WIDTH, height: tall, rx: 12, style: 'fill:var(--surface)' }),
      shape('g', { transform: `translate(${PADDING} ${PADDING})` }, ...shapes),
      shape('g', { transform: `translate(${PADDING} ${PADDING + height + SIZE})` }, ...key),
    ),
  )}\n`
}

function totalOf({ title, bars }, say) {
  return `${title}: ${timeText(Math.max(0, ...bars.map(({ to }) => to)), say)}`
}

/** The key: which pattern stands for which part of the time. */
function legend(parts, say) {
  const step = (WIDTH - 2 * PADDING) / Math.max(4, parts.length)
  return parts.map((part, i) => {
    const box = { x: i * step, y: 0, width: SIZE * 2, height: SIZE * 1.1 }
    return shape(
      'g',
      { class: `part ${part}` },
      shape('rect', { class: 'ground', ...box }),
      shape('rect', { class: 'pattern', ...box, fill: `url(#part-${part})` }),
      shape('text', { x: i * step + SIZE * 2.6, y: SIZE * 0.9, 'font-size': SIZE * 0.9 }, say(`part.${part}`)),
    )
  })
}
