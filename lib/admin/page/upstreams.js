import { makeConnection, moreText, updateConnection } from './clients.js'
import { find, html, setAttribute, setText, updateList } from './dom.js'
import { ageText, countText, leftText, percentText } from './format.js'

/** @typedef {import('./model.js').OriginItem} OriginItem */
/** @typedef {import('./model.js').UpstreamView} UpstreamView */
/** @typedef {import('./model.js').MemberTotals} MemberTotals */
/** @typedef {import('./model.js').Look} Look */

const STATES = { dialing: 'dialling', busy: 'busy', idle: 'idle', reserved: 'logged in', tunnelling: 'tunnel' }
const MEMBERS = {
  up: '✓ up',
  'slow-start': '↗ slow start',
  failing: '✕ failing',
  trial: '? on trial',
  ejected: '✕ ejected',
  down: '✕ down',
}

/** The right side: each server with its connections. */
export function makeUpstreams() {
  const side = find('#upstreams', HTMLElement)
  const place = find('.origins', HTMLElement, side)
  /** @type {Map<string, HTMLElement>} */
  const sections = new Map()
  /** @type {WeakMap<Element, Map<string, HTMLLIElement>>} */
  const rowsOf = new WeakMap()
  const makeOrigin = () => {
    const head = html(
      'h3',
      {},
      html('span', { class: 'origin' }),
      html('span', { class: 'group' }),
      html('span', { class: 'member' }),
    )
    const section = html('section', { class: 'server' }, head, html('ul'))
    rowsOf.set(section, new Map())
    return section
  }
  /** @param {HTMLElement} section @param {OriginItem} item @param {Look} look */
  const updateOrigin = (section, item, look) => {
    setAttribute(section, 'data-origin', item.origin)
    setAttribute(section, 'data-member', item.member?.state ?? '')
    setText(find('.origin', HTMLElement, section), item.origin)
    setText(find('.group', HTMLElement, section), item.group)
    setText(find('.member', HTMLElement, section), serverText(item, look))
    setAttribute(find('.member', HTMLElement, section), 'title', item.member?.lastFailure?.message ?? '')
    const rows = rowsOf.get(section) ?? new Map()
    const make = () => makeConnection('upstream', html('span', { class: 'peer' }))
    updateList(find('ul', HTMLUListElement, section), rows, item.upstreams, {
      key: ({ id }) => id,
      make,
      update: updateRow,
    })
  }
  return {
    /** @param {OriginItem[]} items @param {Look} look */
    update(items, look) {
      const { upstreams } = look.snapshot
      setText(find('.counts', HTMLElement, side), countsText(look))
      const update = (/** @type {HTMLElement} */ section, /** @type {OriginItem} */ item) =>
        updateOrigin(section, item, look)
      updateList(place, sections, items, { key: ({ group, origin }) => `${group} ${origin}`, make: makeOrigin, update })
      const drawn = items.reduce((count, item) => count + item.upstreams.length, 0)
      setText(find('.more', HTMLElement, side), moreText(drawn, upstreams.list.length, upstreams.total))
    },
    /** The end of an exchange's line: its connection, or the server it waits for. @param {string} id @param {string} origin */
    anchor(id, origin) {
      const sectionsNow = [...sections.values()]
      for (const section of sectionsNow) {
        const row = rowsOf.get(section)?.get(id)
        if (row !== undefined) return row
      }
      const section = sectionsNow.find(({ dataset }) => dataset.origin === origin)
      return section?.querySelector('h3') ?? null
    },
  }
}

/** @param {HTMLElement} row @param {UpstreamView} upstream */
function updateRow(row, upstream) {
  updateConnection(row, upstream, upstream.idle === undefined ? STATES[upstream.state] : leftText(upstream.idle.leftMs))
  setText(find('.peer', HTMLElement, row), upstream.origin.includes(upstream.address) ? '' : upstream.address)
  setAttribute(row, 'data-reason', upstream.idle?.reason ?? '')
}

/** @param {Look} look */
function countsText({ totals: { upstream } }) {
  const { open, busy, idle, reserved, waiting, dialed, reused } = upstream
  const reuse = dialed + reused === 0 ? '' : `, ${percentText(reused / (dialed + reused))} reused`
  const own = reserved === 0 ? '' : `, ${countText(reserved)} reserved for one client each`
  const queue = waiting === 0 ? '' : `, ${countText(waiting)} requests waiting`
  return `${countText(open)} open, ${countText(busy)} in use, ${countText(idle)} idle${own}${queue}${reuse}`
}

/** @param {OriginItem} item @param {Look} look */
function serverText({ origin, member }, { at, totals: { upstream } }) {
  const found = member ?? upstream.origins.find(it => it.origin === origin)
  const learned = found?.learnedIdleMs
  return [
    member === undefined ? '' : memberText(member),
    member === undefined ? '' : failureText(member, at),
    member?.backup ? 'backup' : '',
    (found?.waiting ?? 0) > 0 ? `${countText(found?.waiting ?? 0)} waiting` : '',
    learned === undefined ? '' : `learned idle limit ${ageText(learned)}`,
  ]
    .filter(text => text !== '')
    .join(' · ')
}

/** What is known: without a health check, `up` only means that nothing is known against it. @param {MemberTotals} member */
function memberText({ state, checked, lastAnswerAt }) {
  if (state !== 'up' || checked) return MEMBERS[state]
  return lastAnswerAt === undefined ? '○ no requests yet, unchecked' : `${MEMBERS.up}, unchecked`
}

/** @param {MemberTotals} member @param {number} now */
function failureText({ failuresInRow, lastFailure }, now) {
  if (failuresInRow === 0 || lastFailure === undefined) return ''
  return `${countText(failuresInRow)} in a row, ${ageText(now - lastFailure.at)} ago: ${lastFailure.error}`
}
