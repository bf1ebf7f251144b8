/**
 * The bytes of a message, on demand: as they passed, and for each line of a head what happens to it and why.
 *
 * @typedef {import('./player.js').SceneRecord} SceneRecord
 * @typedef {import('./layout.js').PlacedRow} PlacedRow
 * @typedef {import('../events.js').BytesSeen} BytesSeen
 */

import { html, svg } from './dom.js'
import { patch } from './patch.js'
import { reasonText } from './reasons.js'
import { rowsOf } from './rows.js'
import { nameOf, octetsText, timeText } from './say.js'
import { formOf, sign } from './tags.js'

/** @param {import('./stage.js').Context} context */
export function makeBytes(context) {
  const { say, language } = context
  const element = html('dialog', { class: 'bytes', 'aria-labelledby': 'bytes-title' })
  /** @param {import('./player.js').Record_} record @param {SceneRecord} scene @param {number} index */
  function fill(record, scene, index) {
    const rows = rowsOf(scene).filter(({ kind }) => kind === 'bytes')
    const at = rows.findIndex(row => row.index === index)
    const row = rows[at]
    const events = row?.members.flatMap(member => scene.events[member] ?? []) ?? []
    if (row === undefined) return
    const to = (
      /** @type {number} */ other,
      /** @type {import('./words.js').Word} */ word,
      /** @type {string} */ sign,
    ) => {
      const name = word === 'bytes.next' ? 'next' : 'previous'
      const button = html('button', { type: 'button', class: name, 'aria-label': say(word), title: say(word) }, sign)
      const row = rows[other]
      button.disabled = row === undefined
      button.addEventListener('click', () => {
        if (row === undefined) return
        fill(record, scene, row.index)
        const again = element.querySelector(other < at ? 'button.previous' : 'button.next')
        const target =
          again instanceof HTMLButtonElement && !again.disabled ? again : element.querySelector('button.close')
        if (target instanceof HTMLElement) target.focus()
      })
      return button
    }
    const close = html('button', { type: 'button', class: 'close' }, say('close'))
    close.addEventListener('click', () => element.close())
    const name = (/** @type {string} */ id) => nameOf(scene.parties, id, language)
    const title = say('bytes.title', { from: name(row.by), to: name(row.to), c: row.connection })
    const size = say('bytes.size', { size: octetsText(row.size, say), time: timeText(row.t, say) })
    element.replaceChildren(
      html(
        'header',
        {},
        html('h2', { id: 'bytes-title' }, title),
        to(at - 1, 'bytes.previous', '←'),
        to(at + 1, 'bytes.next', '→'),
        close,
      ),
      html('p', { class: 'about' }, events.length > 1 ? `${size}. ${say('bytes.pieces', { n: events.length })}` : size),
      ...events.flatMap(({ event }, i) => (event.kind === 'bytes' ? content(event, row.tags, i, context) : [])),
      html('p', { class: 'about' }, say('bytes.control')),
    )
  }
  // A click outside closes it.
  element.addEventListener('click', event => event.target === element && element.close())
  return {
    element,
    /** @param {import('./player.js').Record_} record @param {SceneRecord} scene @param {PlacedRow} placed */
    open(record, scene, { row }) {
      fill(record, scene, row.index)
      if (!element.open) element.showModal()
    },
  }
}

/** @param {BytesSeen} event @param {readonly import('./rows.js').Tag[]} tags @param {number} nth @param {import('./stage.js').Context} context @returns {HTMLElement[]} */
function content({ text, size, heads = [] }, tags, nth, context) {
  const { say } = context
  /** @type {HTMLElement[]} */
  const parts = []
  let at = 0
  for (const head of heads) {
    if (head.from > at) parts.push(octets(text.slice(at, head.from)))
    parts.push(headTable(head, nth === 0 ? tags : [], context))
    at = head.to
  }
  if (at < text.length) {
    parts.push(html('h3', {}, heads.length > 0 ? say('bytes.content') : say('bytes.no.head')), octets(text.slice(at)))
  }
  if (size > text.length)
    parts.push(
      html(
        'p',
        { class: 'about' },
        say('bytes.cut', { shown: text.length.toLocaleString('en'), all: size.toLocaleString('en') }),
      ),
    )
  return parts
}

/** @param {import('../events.js').SeenHead} head @param {readonly import('./rows.js').Tag[]} tags @param {import('./stage.js').Context} context */
function headTable({ startLine, fields }, tags, { say, language }) {
  const rows = fields.map(field => {
    const { name, value, verdict, reason, section } = field
    const leaked = tags.some(tag => tag.leaked && tag.name === name && tag.value === value)
    const form = formOf({ verdict, leaked })
    const words = leaked ? say('verdict.leaked') : say(`verdict.${verdict}`)
    return html(
      'tr',
      { class: form },
      html('th', { scope: 'row' }, html('code', {}, html('b', {}, name), `: ${value}`, mark('\\r\\n'))),
      html('td', { class: 'verdict' }, html('span', {}, signOf(form), words)),
      html('td', {}, reasonText(reason, language), ' ', html('span', { class: 'section' }, section)),
    )
  })
  return html(
    'table',
    {},
    html('caption', {}, html('code', {}, startLine, mark('\\r\\n'))),
    html(
      'thead',
      {},
      html(
        'tr',
        {},
        html('th', { scope: 'col' }, say('bytes.field')),
        html('th', { scope: 'col' }, say('bytes.verdict')),
        html('th', { scope: 'col' }, say('bytes.why')),
      ),
    ),
    html(
      'tbody',
      {},
      ...rows,
      html('tr', { class: 'end' }, html('td', { colspan: '3' }, html('code', {}, mark('\\r\\n')))),
    ),
  )
}

/** @param {string} form */
function signOf(form) {
  const picture = svg('svg', { class: 'sign', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true' })
  patch(picture, [sign(form, 8, 8, 5)])
  return picture
}

/** @param {string} text */
function mark(text) {
  return html('span', { class: 'control', 'aria-hidden': 'true' }, text)
}

/** Line ends as written in programs, one line each; bytes that are not printable by their number. @param {string} text */
function octets(text) {
  const pre = html('pre')
  for (const piece of text.split(/(\r\n|[\x00-\x1f\x7f-\xff])/)) {
    if (piece === '\r\n') pre.append(mark('\\r\\n'), '\n')
    else if (piece === '\n') pre.append(mark('\\n'), '\n')
    else if (piece.length === 1 && piece < ' ') pre.append(mark(numbered(piece)))
    else if (piece.length === 1 && piece > '~') pre.append(mark(numbered(piece)))
    else pre.append(piece)
  }
  return pre
}

/** @param {string} byte */
function numbered(byte) {
  return `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`
}
