import { html } from './dom.js'
import { bound, button, choice, paragraph, whole, wholeOrNone, words, wordsInput, yesNo } from './workbench-controls.js'
import { newHop, OPTIONS } from './workbench-link.js'

/**
 * The boxes of the chain: a client, proxies, an origin, each with its settings.
 *
 * @typedef {import('../workbench.js').Workbench} Workbench
 * @typedef {import('../workbench.js').Hop} Hop
 * @typedef {object} Making
 * @property {import('./workbench-words.js').Say} say
 * @property {Workbench} description the object that the controls change
 * @property {import('../workbench-choices.js').Choices} choices
 * @property {() => void} changed called when a value has changed
 * @property {(focus: string, said?: string) => void} rebuilt called when there are other controls: `focus` is the id of the one
 * to focus
 */

/** @param {string} version */
const versionText = version => `HTTP/${version}`

/** @param {Making} making */
export function clientBox(making) {
  const { say, description, choices } = making
  const { limits } = choices
  const methods = /** @type {readonly Workbench['method'][]} */ (choices.methods)
  return box('wb-client', 'client', say('client'), [
    pair(
      choice(bound(making, 'wb', description, 'version'), OPTIONS.version, versionText),
      choice(bound(making, 'wb', description, 'method'), methods, String),
    ),
    words(bound(making, 'wb', description, 'path'), limits.pathOctets),
    fieldList(making),
    paragraph(bound(making, 'wb', description, 'content'), limits.contentOctets, say('content.hint')),
    whole(bound(making, 'wb', description, 'requests'), 1, limits.requests),
    choice(bound(making, 'wb', description, 'sending'), OPTIONS.sending, each => say(`sending.${each}`)),
  ])
}

/** @param {Making} making */
function fieldList({ say, description, choices, changed, rebuilt }) {
  const { fields } = description
  const { limits } = choices
  const rows = fields.map((field, i) => {
    const n = i + 1
    const remove = () => {
      fields.splice(i, 1)
      rebuilt(fields.length > 0 ? `wb-field-${Math.min(i, fields.length - 1)}-name` : 'wb-field-add')
    }
    /** @param {'name' | 'value'} key @param {number} lettersMax */
    const input = (key, lettersMax) => {
      const set = (/** @type {string} */ value) => {
        field[key] = value
        changed()
      }
      const label = say(`field.${key}`, { n })
      return wordsInput({ id: `wb-field-${i}-${key}`, label, value: field[key], set }, lettersMax)
    }
    return html(
      'li',
      {},
      input('name', limits.nameOctets),
      input('value', limits.valueOctets),
      button(`wb-field-${i}-remove`, '×', remove, named(say('field.remove', { n }))),
    )
  })
  const add = button('wb-field-add', say('field.add'), () => {
    fields.push({ name: '', value: '' })
    rebuilt(`wb-field-${fields.length - 1}-name`)
  })
  add.disabled = fields.length >= limits.fields
  return html('fieldset', { class: 'fields' }, html('legend', {}, say('fields')), html('ol', {}, ...rows), add)
}

/** @param {Making} making @param {number} i */
export function hopBox(making, i) {
  const { say, description, choices, rebuilt } = making
  const { chain } = description
  const hop = /** @type {Hop} */ (chain[i])
  const kinds = /** @type {readonly Hop['kind'][]} */ (choices.hops)
  const set = (/** @type {Hop['kind']} */ value) => {
    chain[i] = newHop(value)
    rebuilt(`wb-hop-${i}-kind`)
  }
  const kind = { id: `wb-hop-${i}-kind`, label: say('kind'), value: hop.kind, set }
  return box(`wb-hop-${i}`, hop.kind, say('proxy.n', { n: i + 1 }), [
    choice(kind, kinds, say),
    ...hopControls(making, hop, `wb-hop-${i}`),
    hopTools(making, hop, i),
  ])
}

/** The position of a proxy in the chain. @param {Making} making @param {Hop} hop @param {number} i */
function hopTools({ say, description, rebuilt }, hop, i) {
  const { chain } = description
  const n = i + 1
  const move = (/** @type {-1 | 1} */ by) => () => {
    chain.splice(i, 1)
    chain.splice(i + by, 0, hop)
    rebuilt(`wb-hop-${i + by}-kind`, say('said.moved', { n: n + by }))
  }
  const remove = () => {
    chain.splice(i, 1)
    rebuilt(chain.length > 0 ? `wb-hop-${Math.min(i, chain.length - 1)}-kind` : 'wb-add', say('said.removed', { n }))
  }
  const earlier = button(`wb-hop-${i}-earlier`, '←', move(-1), named(say('move.earlier', { n }), say('earlier')))
  const later = button(`wb-hop-${i}-later`, '→', move(1), named(say('move.later', { n }), say('later')))
  earlier.disabled = i === 0
  later.disabled = i === chain.length - 1
  const away = button(`wb-hop-${i}-remove`, say('remove'), remove, named(say('remove.hop', { n })))
  return html('div', { class: 'tools' }, earlier, later, away)
}

/** @param {string} label @param {string} [title] */
function named(label, title = label) {
  return { class: 'small', 'aria-label': label, title }
}

/** @param {Making} making @param {Hop} hop @param {string} id */
function hopControls(making, hop, id) {
  const { say, choices } = making
  switch (hop.kind) {
    case 'smart':
      return [whole(bound(making, id, hop, 'idleS'), 0, choices.limits.timeoutS)]
    case 'stock':
      return [yesNo(bound(making, id, hop, 'upstreamKeepAlive'))]
    case 'hopwise':
      return [
        choice(bound(making, id, hop, 'via'), OPTIONS.via, each => say(`via.${each}`)),
        choice(bound(making, id, hop, 'nominatedEndToEnd'), OPTIONS.nominatedEndToEnd, each =>
          say(`nominatedEndToEnd.${each}`),
        ),
        choice(bound(making, id, hop, 'announceKeepAlive'), OPTIONS.announceKeepAlive, each =>
          say(`announceKeepAlive.${each}`),
        ),
        yesNo(bound(making, id, hop, 'xForwarded')),
      ]
    default:
      return []
  }
}

/** @param {Making} making */
export function originBox(making) {
  const { say, description, choices } = making
  const { origin } = description
  const { limits } = choices
  const id = 'wb-origin'
  return box(id, 'origin', say('origin'), [
    pair(
      choice(bound(making, id, origin, 'version'), OPTIONS.version, versionText),
      whole(bound(making, id, origin, 'timeoutS'), 0, limits.timeoutS),
    ),
    whole(bound(making, id, origin, 'max'), 0, limits.max),
    yesNo(bound(making, id, origin, 'announce')),
    pair(
      whole(bound(making, id, origin, 'delayMs'), 0, limits.delayMs),
      whole(bound(making, id, origin, 'contentBytes'), 0, limits.originBytes),
    ),
    choice(bound(making, id, origin, 'framing'), OPTIONS.framing, each => say(`framing.${each}`)),
    wholeOrNone(bound(making, id, origin, 'stopAfter'), 0, limits.originBytes),
    choice(bound(making, id, origin, 'after'), OPTIONS.after, each => say(`after.${each}`)),
  ])
}

/** Side by side if there is room. @param {HTMLElement[]} controls */
function pair(...controls) {
  return html('div', { class: 'pair' }, ...controls)
}

/** @param {string} id @param {string} kind @param {string} title @param {HTMLElement[]} controls */
function box(id, kind, title, controls) {
  const heading = html('h3', { id }, title)
  return html(
    'li',
    { 'data-kind': kind },
    html('section', { class: 'box', 'aria-labelledby': id }, heading, ...controls),
  )
}
