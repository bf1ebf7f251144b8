import { find, html, setText } from './dom.js'
import { counted } from './format.js'

/** @typedef {import('../adviser.js').Advice} Advice */

const MARKS = { serious: '▲ serious', warning: '△ warning', note: '○ note' }

/** The advice, folded until the reader opens it. */
export function makeAdvice() {
  const place = find('#advice', HTMLDetailsElement)
  let before = ''
  return {
    /** @param {readonly Advice[]} advice */
    update(advice) {
      const now = JSON.stringify(advice)
      if (now === before) return
      before = now
      place.hidden = advice.length === 0
      setText(find('summary', HTMLElement, place), summaryOf(advice))
      find('ul', HTMLUListElement, place).replaceChildren(...advice.map(itemOf))
    },
  }
}

/** @param {readonly Advice[]} advice */
function summaryOf(advice) {
  const count = (/** @type {Advice['severity']} */ severity) => advice.filter(it => it.severity === severity).length
  const [serious, warnings, notes] = [count('serious'), count('warning'), count('note')]
  const parts = [
    serious > 0 ? `${serious} serious` : '',
    warnings > 0 ? counted(warnings, 'warning') : '',
    notes > 0 ? counted(notes, 'note') : '',
  ]
  return `Advice: ${parts.filter(part => part !== '').join(', ')}`
}

/** @param {Advice} advice */
function itemOf({ severity, sentence, key, option, change }) {
  const where = html('code', {}, key)
  const more = option === undefined ? [] : [' (', html('code', {}, option), ')']
  const todo = html('span', { class: 'change' }, where, ...more, `: ${change}.`)
  return html(
    'li',
    { 'data-severity': severity },
    html('span', { class: 'severity' }, MARKS[severity]),
    html('span', {}, sentence),
    todo,
  )
}
