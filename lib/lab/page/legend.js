import { html, svg } from './dom.js'
import { patch } from './patch.js'
import { shape, through } from './shape.js'
import { tagShapes } from './tags.js'

/** How to read the drawing: each sign as it is drawn, with its meaning. @param {import('./stage.js').Context} context */
export function makeLegend({ say }) {
  const item = (
    /** @type {import('./words.js').Word} */ word,
    /** @type {import('./shape.js').Shape[]} */ ...shapes
  ) => {
    const picture = svg('svg', {
      class: 'drawing sample',
      width: 64,
      height: 24,
      viewBox: '0 0 64 24',
      'aria-hidden': 'true',
    })
    patch(picture, shapes)
    return html('li', {}, picture, say(word))
  }
  return html(
    'details',
    { class: 'legend' },
    html('summary', {}, say('legend.title')),
    html(
      'ul',
      {},
      item('legend.drop', tag('drop', false)),
      item('legend.leaked', tag('drop', true)),
      item('legend.replace', tag('replace', false)),
      item('legend.keep', tag('keep', false)),
      item(
        'legend.waiting',
        shape('path', { class: 'waits', d: through([4, 12], [60, 12]) }),
        shape('path', { class: 'waits dots', d: through([6, 12], [60, 12]) }),
      ),
      item(
        'legend.gap',
        shape('rect', { class: 'band', x: 0, y: 2, width: 64, height: 20 }),
        shape('rect', { class: 'length', x: 12, y: 4, width: 40, height: 16, rx: 8 }),
        shape('text', { class: 'length', x: 32, y: 16, 'text-anchor': 'middle', 'font-size': 11 }, '4 s'),
      ),
      item('legend.open', tube('open')),
      item('legend.idle', tube('idle')),
      item(
        'legend.closed',
        tube('closed'),
        shape('path', { class: 'cross', d: through([8, 8], [16, 16]) + through([16, 8], [8, 16]) }),
      ),
    ),
    html('p', {}, say('player.keys')),
  )
}

/** @param {'keep' | 'drop' | 'replace'} verdict @param {boolean} leaked */
function tag(verdict, leaked) {
  const field = { name: '', value: '', verdict, reason: '', section: '', leaked }
  return tagShapes({ text: 'a: b', tag: field, x: 2, dy: 2, width: 58, height: 20 }, 0, 13)
}

/** @param {string} phase */
function tube(phase) {
  const picture = shape('rect', { class: 'pipe', x: 1, y: 2, width: 62, height: 20, rx: 10 })
  return shape('g', { class: `tube ${phase}` }, picture)
}
