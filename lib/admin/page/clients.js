import { find, html, setAttribute, setText, updateList } from './dom.js'
import { ageText, countText, leftText, tookText } from './format.js'
import { makeRing, updateRing } from './ring.js'

/** @typedef {import('./model.js').ClientItem} ClientItem */
/** @typedef {import('./model.js').Look} Look */
/** @typedef {import('./model.js').ExchangeView} ExchangeView */

/** The text for a state when there is no idle clock to show. */
const STATES = {
  idle: 'idle',
  reading: 'reading',
  exchanging: 'busy',
  lingering: 'closing',
  tunnelling: 'tunnel',
  closed: 'closed',
}
const STAGES = {
  reading: 'reading',
  waiting: 'waiting',
  sent: 'sent',
  responding: 'responding',
  tunnelling: 'tunnel',
  over: 'ended',
}

/**
 * The left side: a row for each client connection, with its current or last exchange as a button.
 * @param {(exchange: ExchangeView) => void} open
 */
export function makeClients(open) {
  const side = find('#clients', HTMLElement)
  const list = find('ul', HTMLUListElement, side)
  /** @type {Map<string, HTMLLIElement>} */
  const rows = new Map()
  /** @type {WeakMap<Element, ExchangeView>} */
  const shown = new WeakMap()
  list.addEventListener('click', event => {
    const button = event.target instanceof Element ? event.target.closest('button') : null
    const exchange = button === null ? undefined : shown.get(button)
    if (exchange !== undefined) open(exchange)
  })
  moveByArrows(list)
  /** @param {HTMLLIElement} row @param {ClientItem} item */
  const update = (row, { client, exchange }) => {
    updateConnection(row, client, client.idle === undefined ? STATES[client.state] : leftText(client.idle.leftMs))
    setText(find('.peer', HTMLElement, row), client.peer)
    setAttribute(find('.peer', HTMLElement, row), 'title', client.peer)
    const button = find('button', HTMLButtonElement, row)
    button.hidden = exchange === undefined
    if (exchange === undefined) return
    shown.set(button, exchange)
    updateExchange(button, exchange)
  }
  return {
    /** @param {ClientItem[]} items @param {Look} look */
    update(items, { snapshot: { clients }, totals: { client } }) {
      setText(
        find('.counts', HTMLElement, side),
        `${countText(client.open)} open, ${countText(client.active)} in use, ${countText(client.idle)} idle`,
      )
      const make = () => makeConnection('client', html('span', { class: 'peer' }), makeExchange())
      updateList(list, rows, items, { key: ({ client }) => client.id, make, update })
      setText(find('.more', HTMLElement, side), moreText(items.length, clients.list.length, clients.total))
      oneTabStop(list)
    },
    /** The exchange button of a client: where a line begins. @param {string} id */
    anchor: id => rows.get(id)?.querySelector('button:not([hidden])') ?? null,
  }
}

/** @param {'client' | 'upstream'} side @param {HTMLElement} peer @param {HTMLElement[]} more */
export function makeConnection(side, peer, ...more) {
  const row = html('li', { class: `connection ${side}` })
  const spans = ['id', 'state', 'requests', 'age'].map(name => html('span', { class: name }))
  const [id, state, requests, age] = spans
  row.append(makeRing(), id, peer, state, requests, age, ...more)
  return row
}

/**
 * @param {HTMLElement} row
 * @param {import('./model.js').ClientView | import('./model.js').UpstreamView} connection
 * @param {string} state
 */
export function updateConnection(row, { id, ageMs, requests, idle, state: name }, state) {
  setAttribute(row, 'data-id', id)
  setAttribute(row, 'data-state', name)
  updateRing(find('.ring', SVGElement, row), idle)
  setText(find('.id', HTMLElement, row), id)
  setText(find('.state', HTMLElement, row), state)
  setText(find('.requests', HTMLElement, row), `${countText(requests)} req`)
  setText(find('.age', HTMLElement, row), ageText(ageMs))
}

/**
 * @param {number} drawn after the filter
 * @param {number} given
 * @param {number} total
 */
export function moreText(drawn, given, total) {
  const beyond = total - given
  const filtered = drawn < given ? `${countText(drawn)} of ${countText(given)} match the filter. ` : ''
  return `${filtered}${beyond > 0 ? `The busiest ${countText(given)} are shown, ${countText(beyond)} more are open.` : ''}`.trim()
}

function makeExchange() {
  const spans = ['method', 'target', 'status', 'took', 'to'].map(name => html('span', { class: name }))
  return html('button', { type: 'button', class: 'exchange', tabindex: '-1' }, ...spans)
}

/** @param {HTMLButtonElement} button @param {ExchangeView} exchange */
function updateExchange(button, exchange) {
  const { id, method, host, target, status, stage, ageMs, upstream, origin, retries, client } = exchange
  const failed = isFailed(exchange)
  setAttribute(button, 'data-stage', failed ? 'failed' : stage)
  setText(find('.method', HTMLElement, button), method)
  setText(find('.target', HTMLElement, button), target)
  setText(
    find('.status', HTMLElement, button),
    `${failed ? '✕ ' : ''}${status === 0 ? STAGES[stage] : status}${retries > 0 ? ' ↻' : ''}`,
  )
  setText(find('.took', HTMLElement, button), tookText(ageMs))
  setText(find('.to', HTMLElement, button), upstream === '' ? '' : `${upstream}, ${origin}`)
  const where = upstream === '' ? 'no upstream connection' : `to ${origin} on ${upstream}`
  const how = stage === 'over' ? `${failed ? 'failed' : 'ended'}, took` : `${STAGES[stage]} for`
  const said = status === 0 ? '' : `, status ${status}`
  const label = `${id} of ${client}: ${method} ${host}${target} ${where}${said}, ${how} ${tookText(ageMs)}. Show its ledger`
  setAttribute(button, 'aria-label', label)
  setAttribute(button, 'title', `${method} ${host}${target} ${where}`)
}

/** @param {ExchangeView} exchange */
export function isFailed({ outcome }) {
  return outcome !== undefined && !['complete', 'refused', 'tunnel'].includes(outcome)
}

/** Tab reaches one of the exchanges, the arrow keys reach the others from there. @param {HTMLElement} list */
function moveByArrows(list) {
  list.addEventListener('keydown', event => {
    const buttons = exchangesOf(list)
    const at = buttons.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement))
    if (at < 0) return
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key]
    if (to === undefined) return
    event.preventDefault()
    buttons[to]?.focus()
  })
  list.addEventListener('focusin', () => oneTabStop(list))
}

/** @param {HTMLElement} list */
function oneTabStop(list) {
  const buttons = exchangesOf(list)
  const current =
    buttons.find(button => button === document.activeElement) ?? buttons.find(({ tabIndex }) => tabIndex === 0)
  for (const button of buttons) setAttribute(button, 'tabindex', button === (current ?? buttons[0]) ? '0' : '-1')
}

/** @param {HTMLElement} list @returns {HTMLButtonElement[]} */
const exchangesOf = list => [...list.querySelectorAll('button')].filter(({ hidden }) => !hidden)
