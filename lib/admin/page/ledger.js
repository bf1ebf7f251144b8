import { find, html } from './dom.js'
import { tookText } from './format.js'

/** @typedef {import('../look.js').ShownLedger} ShownLedger */
/** @typedef {import('../look.js').ShownSide} ShownSide */
/** @typedef {import('../look.js').ShownTrailers} ShownTrailers */
/** @typedef {import('../look.js').ShownRow} ShownRow */
/** @typedef {import('./model.js').ExchangeView} ExchangeView */

const VERDICTS = { keep: '= keep', drop: '✕ drop', replace: '⇄ replace', reject: '⊘ reject', add: '+ add' }
const COLUMNS = ['Field', 'Value', 'Verdict', 'Why']

/** The ledger of one exchange: what became of each field on its way, and by which section. */
export function makeLedger() {
  const dialog = find('#ledger', HTMLDialogElement)
  dialog.addEventListener('click', event => {
    if (event.target === dialog) dialog.close() // beside it
  })
  return {
    /** @param {ExchangeView} exchange */
    async open(exchange) {
      dialog.replaceChildren(...headOf(exchange, dialog), html('p', { class: 'notice' }, 'Reading …'))
      if (!dialog.open) dialog.showModal()
      const content = await contentOf(exchange)
      dialog.replaceChildren(...headOf(exchange, dialog), ...content)
      dialog.scrollTop = 0
      find('button', HTMLButtonElement, dialog).focus()
    },
  }
}

/** @param {ExchangeView} exchange @param {HTMLDialogElement} dialog */
function headOf({ id, client, upstream, origin, method, target, status, ageMs }, dialog) {
  const close = html('button', { type: 'button', class: 'close' }, 'Close')
  close.addEventListener('click', () => dialog.close())
  const way = upstream === '' ? `${client}, no upstream` : `${client} → hopwise → ${upstream} ${origin}`
  const said = status === 0 ? '' : ` · ${status}`
  return [
    html('header', {}, html('h2', { id: 'ledger-title' }, `${method} ${target}`), close),
    html('p', { class: 'facts' }, `${id} · ${way}${said} · ${tookText(ageMs)}`),
  ]
}

/** @param {ExchangeView} exchange @returns {Promise<Node[]>} */
async function contentOf({ id }) {
  try {
    const answer = await fetch(`/ledger/${encodeURIComponent(id)}`)
    if (!answer.ok) return [html('p', { class: 'notice' }, await answer.text())]
    /** @type {ShownLedger} */
    const { request, requestTrailers, interim, interimMore, response, responseTrailers } = await answer.json()
    return [
      ...headPart('Request', request, 'Its head was not kept.'),
      ...trailerPart('Trailers of the request', requestTrailers),
      ...interim.flatMap((side, i) => headPart(interimTitle(i, interim.length), side, '')),
      ...(interimMore === 0 ? [] : [html('p', { class: 'note' }, `${interimMore} more were not kept.`)]),
      ...headPart('Response', response, 'No response yet, or none that was kept.'),
      ...trailerPart('Trailers of the response', responseTrailers),
    ]
  } catch {
    return [html('p', { class: 'notice' }, 'hopwise does not answer. Is it still running?')]
  }
}

/** @param {number} i @param {number} count */
function interimTitle(i, count) {
  return count === 1 ? 'Interim response' : `Interim response ${i + 1} of ${count}`
}

/** @param {string} title @param {ShownSide | null} side @param {string} missing */
function headPart(title, side, missing) {
  if (side === null) return [html('h3', {}, title), html('p', { class: 'notice' }, missing)]
  const { startLine, sentLine, rows, notes } = side
  const lines = html('p', { class: 'lines' }, html('code', {}, startLine === '' ? sentLine : startLine))
  if (startLine === '') lines.append(' is an answer of this proxy')
  else if (sentLine !== '' && sentLine !== startLine) lines.append(' becomes ', html('code', {}, sentLine))
  if (sentLine === '') lines.append(' was not sent on')
  return [html('h3', {}, title), lines, ...tableOf(rows), ...notes.map(note => html('p', { class: 'note' }, note))]
}

/** @param {string} title @param {ShownTrailers | null} trailers */
function trailerPart(title, trailers) {
  if (trailers === null) return []
  const { sent, rows } = trailers
  const note = sent ? [] : [html('p', { class: 'note' }, 'None of them was sent on.')]
  return [html('h3', {}, title), ...tableOf(rows), ...note]
}

/** @param {readonly ShownRow[]} rows */
function tableOf(rows) {
  if (rows.length === 0) return [html('p', { class: 'note' }, 'No fields.')]
  const hops = rows.filter(({ hop }) => hop).length
  const head = html('tr', {}, ...COLUMNS.map(name => html('th', { scope: 'col' }, name)))
  const table = html(
    'table',
    {},
    html('caption', {}, `${rows.length} fields, ${hops} for one hop only`),
    html('thead', {}, head),
    html('tbody', {}, ...rows.map(rowOf)),
  )
  return [table]
}

/** @param {ShownRow} row */
function rowOf({ field, value, verdict, reason, section, hop }) {
  const name = html('th', { scope: 'row' }, html('code', {}, field))
  if (hop) name.append(' ', html('span', { class: 'hop' }, 'hop'))
  return html(
    'tr',
    { 'data-verdict': verdict, 'data-hop': String(hop) },
    name,
    html('td', { class: 'value' }, html('code', {}, value)),
    html('td', { class: 'verdict' }, VERDICTS[verdict]),
    html('td', { class: 'why' }, `${reason} `, html('cite', {}, section)),
  )
}
