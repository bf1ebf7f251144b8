/** The waterfall of a page load in the page, and as a table for users who cannot see it. */

import { html, setAttribute, svg } from './dom.js'
import { patch } from './patch.js'
import { timeText } from './say.js'
import { shape } from './shape.js'
import { PARTS, waterfallOf } from './waterfall.js'

/** @param {import('./stage.js').Context} context */
export function makeBars({ language, say }) {
  const picture = svg('svg', { class: 'drawing waterfall', role: 'img', 'aria-label': say('bars.title') })
  const key = html('ul', { class: 'key' }, ...PARTS.map(part => html('li', {}, sample(part), say(`part.${part}`))))
  const element = html(
    'figure',
    { class: 'bars', hidden: '' },
    html('figcaption', {}, html('h3', {}, say('bars.title')), key),
    picture,
  )
  return {
    element,
    /** @param {import('./player.js').Record_} record @param {readonly import('./player.js').SceneState[]} states */
    draw(record, states) {
      const all = record.scenes.flatMap(({ events }) =>
        events.flatMap(({ event }) => (event.kind === 'bar' ? [event] : [])),
      )
      element.hidden = all.length === 0
      const width = picture.parentElement?.clientWidth ?? 0
      if (all.length === 0 || width === 0) return
      const withBars = record.scenes.flatMap((scene, i) =>
        scene.events.some(({ event }) => event.kind === 'bar')
          ? [{ title: scene.title[language], bars: states[i]?.bars ?? [] }]
          : [],
      )
      const untilMs = Math.max(...all.map(({ to }) => to))
      const size = width < 560 ? 13 : 15
      const { height, shapes } = waterfallOf(withBars, { width, size, language, untilMs })
      setAttribute(picture, 'viewBox', `0 0 ${width} ${height}`)
      setAttribute(picture, 'width', String(width))
      setAttribute(picture, 'height', String(height))
      setAttribute(
        picture,
        'aria-label',
        withBars
          .map(
            ({ title, bars }) =>
              `${title}: ${say('bars.total', { time: timeText(Math.max(0, ...bars.map(({ to }) => to)), say) })}`,
          )
          .join('. '),
      )
      patch(picture, shapes)
    },
  }
}

/** @param {typeof PARTS[number]} part */
function sample(part) {
  const picture = svg('svg', { class: 'drawing sample', width: 30, height: 16, 'aria-hidden': 'true' })
  const box = { x: 1, y: 1, width: 28, height: 14 }
  patch(picture, [
    shape(
      'g',
      { class: `part ${part}` },
      shape('rect', { class: 'ground', ...box }),
      shape('rect', { class: 'pattern', ...box, fill: `url(#part-${part})` }),
    ),
  ])
  return picture
}
