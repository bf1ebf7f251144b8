/**
 * The estimated width of text, without a page to measure it: rather too wide than too narrow, for the wider of the usual fonts.
 */

const NARROW = /[iljtfrI.,:;'|!()[\] ]/
const WIDE = /[mwMW@%&—…→←⇄]/
const CAPITAL = /[A-HJ-LN-VX-Z0-9_+=<>?]/
/** Hangul, other East Asian scripts, and characters of the same width. */
const SQUARE = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/
const MONO = 0.605

/**
 * @param {string} text
 * @param {number} size of the font, in px
 * @param {{ mono?: boolean, bold?: boolean }} [font]
 * @returns {number} px
 */
export function widthOf(text, size, { mono = false, bold = false } = {}) {
  let ems = 0
  for (const letter of text) {
    if (SQUARE.test(letter)) ems += 1
    else if (mono) ems += MONO
    else if (NARROW.test(letter)) ems += 0.38
    else if (WIDE.test(letter)) ems += 0.98
    else ems += CAPITAL.test(letter) ? 0.69 : 0.62
  }
  return ems * size * (bold ? 1.09 : 1)
}

/**
 * As much of the text as there is room for, with an ellipsis if something is missing.
 * @param {string} text @param {number} size @param {number} width px @param {{ mono?: boolean, bold?: boolean }} [font]
 */
export function fitted(text, size, width, font) {
  if (widthOf(text, size, font) <= width) return text
  let end = text.length
  while (end > 1 && widthOf(`${text.slice(0, end)}…`, size, font) > width) end--
  return `${text.slice(0, end).trimEnd()}…`
}

/**
 * Wraps text between words; a word that is too long for a line is broken anywhere.
 * @param {string} text @param {number} size @param {number} width px @param {{ mono?: boolean, bold?: boolean }} [font]
 * @returns {string[]}
 */
export function wrapped(text, size, width, font) {
  /** @type {string[]} */
  const lines = []
  let line = ''
  for (const word of text.split(' ').flatMap(word => pieces(word, size, width, font))) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && widthOf(longer, size, font) > width) {
      lines.push(line)
      line = word
    } else line = longer
  }
  if (line !== '') lines.push(line)
  return lines
}

/** @param {string} word @param {number} size @param {number} width @param {{ mono?: boolean, bold?: boolean }} [font] */
function pieces(word, size, width, font) {
  /** @type {string[]} */
  const found = []
  let rest = word
  while (rest.length > 1 && widthOf(rest, size, font) > width) {
    let end = rest.length
    while (end > 1 && widthOf(rest.slice(0, end), size, font) > width) end--
    found.push(rest.slice(0, end))
    rest = rest.slice(end)
  }
  return [...found, rest]
}
