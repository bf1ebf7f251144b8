import { isFailed } from './clients.js'
import { find, html, setAttribute, setText, svg } from './dom.js'
import { countText } from './format.js'

/** @typedef {import('./model.js').ExchangeView} ExchangeView */
/** @typedef {{ client(id: string): Element | null, upstream(id: string, origin: string): Element | null }} Anchors */

/** How a line looks at each stage of its exchange, and the stage in words. */
const LEGEND = [
  { stage: 'waiting', text: 'waiting for a connection' },
  { stage: 'sent', text: 'request sent' },
  { stage: 'responding', text: 'response in progress' },
  { stage: 'tunnelling', text: 'tunnel' },
  { stage: 'over', text: 'just ended' },
  { stage: 'failed', text: '✕ failed' },
]

/**
 * The exchanges as lines from the clients to the upstreams. They repeat what the buttons say, so they are hidden from screen
 * readers.
 * @param {Anchors} anchors @param {(exchange: ExchangeView) => void} open
 */
export function makeWires(anchors, open) {
  const stage = find('#connections', HTMLElement)
  const picture = find('#wires', SVGSVGElement)
  /** @type {Map<string, SVGGElement>} */
  const wires = new Map()
  /** @type {ExchangeView[]} */
  let exchanges = []
  const draw = () => {
    const box = stage.getBoundingClientRect()
    const wanted = new Set(exchanges.map(({ client }) => client))
    for (const [id, wire] of wires) {
      if (wanted.has(id)) continue
      wire.remove()
      wires.delete(id)
    }
    // Measure everything first, then write: the layout is computed once.
    const measured = exchanges.map(exchange => ({ exchange, ends: endsOf(exchange, anchors) }))
    for (const { exchange, ends } of measured) {
      const wire = wires.get(exchange.client) ?? makeWire()
      if (!wires.has(exchange.client)) wires.set(exchange.client, picture.appendChild(wire))
      setAttribute(wire, 'data-client', exchange.client)
      setAttribute(wire, 'data-upstream', exchange.upstream)
      setAttribute(wire, 'data-stage', isFailed(exchange) ? 'failed' : exchange.stage)
      setAttribute(wire, 'visibility', ends === null ? 'hidden' : 'visible')
      if (ends !== null) for (const path of wire.children) setAttribute(path, 'd', curve(ends, box))
    }
  }
  picture.addEventListener('click', event => {
    const id = event.target instanceof Element ? event.target.closest('g')?.getAttribute('data-client') : undefined
    const exchange = exchanges.find(({ client }) => client === id)
    if (exchange !== undefined) open(exchange)
  })
  lightUp(stage, picture)
  new ResizeObserver(draw).observe(stage)
  find('#legend', HTMLElement).append(...LEGEND.map(legendItem))
  return {
    /** @param {ExchangeView[]} now @param {number} active */
    update(now, active) {
      exchanges = now
      setText(find('#between .counts', HTMLElement), `${countText(active)} in progress`)
      draw()
    },
  }
}

/** A line, and a wider invisible one that is easier to point at. */
function makeWire() {
  return svg('g', {}, svg('path', { class: 'hit' }), svg('path', { class: 'wire' }))
}

/** @param {ExchangeView} exchange @param {Anchors} anchors */
function endsOf({ client, upstream, origin }, anchors) {
  const from = anchors.client(client)
  const to = origin === '' ? null : anchors.upstream(upstream, origin)
  return from === null || to === null ? null : { from: from.getBoundingClientRect(), to: to.getBoundingClientRect() }
}

/** @param {{ from: DOMRect, to: DOMRect }} ends @param {DOMRect} box */
function curve({ from, to }, box) {
  const x1 = from.right - box.left
  const y1 = from.top + from.height / 2 - box.top
  const x2 = to.left - box.left
  const y2 = to.top + to.height / 2 - box.top
  const bend = Math.max(24, (x2 - x1) * 0.5)
  return `M${x1.toFixed(1)} ${y1.toFixed(1)}C${(x1 + bend).toFixed(1)} ${y1.toFixed(1)} ${(x2 - bend).toFixed(1)} ${y2.toFixed(1)} ${x2.toFixed(1)} ${y2.toFixed(1)}`
}

/**
 * Highlights the row that is pointed at or has the focus, its lines, and the rows at their other ends.
 * @param {HTMLElement} stage @param {SVGSVGElement} picture
 */
function lightUp(stage, picture) {
  const light = (/** @type {EventTarget | null} */ target) => {
    const element = target instanceof Element ? target : null
    const id =
      element?.closest('[data-id]')?.getAttribute('data-id') ?? element?.closest('g')?.getAttribute('data-client')
    const lit = new Set(id ? [id] : [])
    let any = false
    for (const wire of picture.querySelectorAll('g')) {
      const ends = [wire.getAttribute('data-client') ?? '', wire.getAttribute('data-upstream') ?? '']
      const on = id != null && ends.includes(id)
      wire.classList.toggle('lit', on)
      if (on) for (const end of ends) lit.add(end)
      any ||= on
    }
    stage.classList.toggle('lighting', any)
    for (const row of stage.querySelectorAll('[data-id]'))
      row.classList.toggle('lit', any && lit.has(row.getAttribute('data-id') ?? ''))
  }
  for (const type of ['pointerover', 'focusin']) stage.addEventListener(type, ({ target }) => light(target))
  for (const type of ['pointerleave', 'focusout']) stage.addEventListener(type, () => light(null))
}

/** @param {{ stage: string, text: string }} item */
function legendItem({ stage, text }) {
  const sample = svg('svg', { viewBox: '0 0 36 12', 'aria-hidden': 'true' })
  sample.append(svg('g', { 'data-stage': stage }, svg('path', { class: 'wire', d: 'M2 6H34' })))
  return html('li', {}, sample, text)
}
