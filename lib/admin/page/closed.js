import { find, html, setAttribute, setText, updateList } from './dom.js'
import { ageText, counted } from './format.js'

/** @typedef {import('../look.js').ShownClosed} ShownClosed */

const BY = { client: '◀ by the client', upstream: '▶ by the upstream', proxy: '● by hopwise' }

/** Why the last connections ended, and who ended them. */
export function makeClosed() {
  const section = find('#closed', HTMLElement)
  const list = find('ol', HTMLOListElement, section)
  /** @type {Map<string, HTMLLIElement>} */
  const rows = new Map()
  const make = () => {
    const spans = ['when', 'id', 'peer', 'by', 'why', 'life'].map(name => html('span', { class: name }))
    return html('li', {}, ...spans)
  }
  /** @param {HTMLLIElement} row @param {ShownClosed} closed @param {number} now */
  const update = (row, closed, now) => {
    const { id, peer, by, reason, sentence, detail, requests, ageMs, at } = closed
    setAttribute(row, 'data-by', by)
    setText(find('.when', HTMLElement, row), `${ageText(now - at)} ago`)
    setText(find('.id', HTMLElement, row), id)
    setText(find('.peer', HTMLElement, row), peer)
    setText(find('.by', HTMLElement, row), BY[by])
    const why = find('.why', HTMLElement, row)
    if (why.childElementCount === 0)
      why.append(html('b', {}, reason), ' ', detail === undefined ? sentence : `${sentence} (${detail})`)
    setText(find('.life', HTMLElement, row), `${counted(requests, 'request')} in ${ageText(ageMs)}`)
  }
  return {
    /** @param {readonly ShownClosed[]} closed @param {number} now @param {string} filter */
    update(closed, now, filter) {
      const fits = (/** @type {ShownClosed} */ { id, peer, by, reason }) =>
        `${id} ${peer} ${by} ${reason}`.toLowerCase().includes(filter)
      const shown = closed.filter(fits)
      updateList(list, rows, shown, {
        key: ({ id }) => id,
        make,
        update: (row, it) => update(row, it, now),
      })
      const none = closed.length === 0 ? 'None yet.' : 'None of them matches the filter.'
      setText(find('.more', HTMLElement, section), shown.length === 0 ? none : '')
    },
  }
}
