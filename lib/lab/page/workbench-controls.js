import { html } from './dom.js'

/**
 * Labelled controls: each changes one value, and has an id by which it gets its focus back.
 *
 * @typedef {import('./workbench-words.js').Word} Word
 */

/**
 * The binding of a control.
 * @template T
 * @typedef {{ id: string, label: string, value: T, set(value: T): void }} Bound
 */

/**
 * A binding to a key of `of`; the label is the text of that key.
 * @template {object} O
 * @template {keyof O & Word} K
 * @param {{ say: import('./workbench-words.js').Say, changed(): void }} making
 * @param {string} prefix
 * @param {O} of
 * @param {K} key
 * @returns {Bound<O[K]>}
 */
export function bound({ say, changed }, prefix, of, key) {
  const set = (/** @type {O[K]} */ value) => {
    of[key] = value
    changed()
  }
  return { id: `${prefix}-${key}`, label: say(key), value: of[key], set }
}

/** @param {HTMLElement} input @param {{ id: string, label: string }} bound @param {...Node} more */
function labelled(input, { id, label }, ...more) {
  input.id = id
  return html('div', { class: 'setting' }, html('label', { for: id }, label), input, ...more)
}

/** @template {string} T @param {Bound<T>} bound @param {readonly T[]} options @param {(option: T) => string} textOf */
export function choice(bound, options, textOf) {
  const select = html('select', {}, ...options.map(each => html('option', { value: each }, textOf(each))))
  select.value = bound.value
  select.addEventListener('change', () => {
    const chosen = options[select.selectedIndex]
    if (chosen !== undefined) bound.set(chosen)
  })
  return labelled(select, bound)
}

/** @param {Bound<string>} bound @param {number} lettersMax */
export function words(bound, lettersMax) {
  return labelled(wordsInput(bound, lettersMax), bound)
}

/** Without a visible label. @param {Bound<string>} bound @param {number} lettersMax */
export function wordsInput({ id, label, value, set }, lettersMax) {
  const input = html('input', {
    id,
    type: 'text',
    maxlength: String(lettersMax),
    'aria-label': label,
    spellcheck: 'false',
    autocomplete: 'off',
    autocapitalize: 'off',
  })
  input.value = value
  input.addEventListener('input', () => set(input.value))
  return input
}

/** @param {Bound<string>} bound @param {number} lettersMax @param {string} hint */
export function paragraph(bound, lettersMax, hint) {
  const about = `${bound.id}-hint`
  const input = html('textarea', {
    rows: '2',
    maxlength: String(lettersMax),
    spellcheck: 'false',
    'aria-describedby': about,
  })
  input.value = bound.value
  input.addEventListener('input', () => bound.set(input.value))
  return labelled(input, bound, html('p', { id: about, class: 'hint' }, hint))
}

/** A whole number; the smallest if the field is empty. @param {Bound<number>} bound @param {number} min @param {number} max */
export function whole(bound, min, max) {
  const input = numberInput(bound.value, min, max, value => bound.set(value ?? min))
  return labelled(input, bound)
}

/** A whole number or none. @param {Bound<number | null>} bound @param {number} min @param {number} max */
export function wholeOrNone(bound, min, max) {
  return labelled(numberInput(bound.value, min, max, bound.set), bound)
}

/** @param {number | null} value @param {number} min @param {number} max @param {(value: number | null) => void} set */
function numberInput(value, min, max, set) {
  const input = html('input', { type: 'number', min: String(min), max: String(max), step: '1', inputmode: 'numeric' })
  input.value = value === null ? '' : String(value)
  input.addEventListener('input', () => {
    if (input.validity.valid) set(input.value === '' ? null : Number(input.value))
  })
  return input
}

/** @param {Bound<boolean>} bound */
export function yesNo({ id, label, value, set }) {
  const input = html('input', { id, type: 'checkbox' })
  input.checked = value
  input.addEventListener('change', () => set(input.checked))
  return html('div', { class: 'setting tick' }, input, html('label', { for: id }, label))
}

/** @param {string} id @param {string} text @param {() => void} pressed @param {Record<string, string>} [attributes] */
export function button(id, text, pressed, attributes = {}) {
  const element = html('button', { type: 'button', id, ...attributes }, text)
  element.addEventListener('click', pressed)
  return element
}
