/**
 * A field on a message, drawn by what happens to it: a colour, a form and a sign.
 *
 * @typedef {import('./shape.js').Shape} Shape
 * @typedef {import('./measure.js').PlacedTag} PlacedTag
 */

import { shape, through } from './shape.js'

/** The form of a tag: a field that was passed on although it should have died is the most conspicuous. @param {{ verdict: string, leaked: boolean }} tag */
export function formOf({ verdict, leaked }) {
  return leaked ? 'leaked' : verdict
}

/** @param {PlacedTag} placed @param {number} base @param {number} size @returns {Shape} */
export function tagShapes({ tag, text, x, dy, width, height }, base, size) {
  const y = base + dy
  const form = formOf(tag)
  return shape(
    'g',
    { class: `tag ${form}` },
    outline(form, x, y, width, height),
    sign(form, x + size * 0.95, y + height / 2, size * 0.33),
    shape(
      'text',
      { class: 'mono', x: x + size * 1.6, y: y + height * 0.5 + size * 0.29, 'font-size': size * 0.83 },
      text,
    ),
  )
}

/** Round: the field lives. Torn at its end: it ends. Square: another one replaces it. @param {string} form @param {number} x @param {number} y @param {number} w @param {number} h */
function outline(form, x, y, w, h) {
  if (form === 'drop') {
    const notch = h * 0.22
    const points = [
      [x, y],
      [x + w, y],
      [x + w - notch, y + h / 4],
      [x + w, y + h / 2],
      [x + w - notch, y + (h * 3) / 4],
      [x + w, y + h],
      [x, y + h],
    ]
    return shape('path', { class: 'body', d: `${through(.../** @type {[number, number][]} */ (points))}Z` })
  }
  const rx = form === 'keep' || form === 'add' ? h / 2 : form === 'leaked' ? h * 0.2 : 0
  return shape('rect', { class: 'body', x, y, width: w, height: h, rx })
}

/** @param {string} form @param {number} x @param {number} y @param {number} r */
export function sign(form, x, y, r) {
  /** @type {Record<string, string>} */
  const paths = {
    keep: through([x - r, y], [x - r * 0.3, y + r * 0.8], [x + r, y - r * 0.8]),
    add: through([x - r, y], [x + r, y]) + through([x, y - r], [x, y + r]),
    drop: through([x - r, y - r], [x + r, y + r]) + through([x + r, y - r], [x - r, y + r]),
    replace:
      through([x - r, y - r * 0.5], [x + r, y - r * 0.5], [x + r * 0.4, y - r * 1.1]) +
      through([x + r, y + r * 0.5], [x - r, y + r * 0.5], [x - r * 0.4, y + r * 1.1]),
    reject: through([x - r, y], [x + r, y]),
    leaked: through([x, y - r * 1.2], [x, y + r * 0.3]) + through([x, y + r * 0.9], [x, y + r * 1.15]),
  }
  return shape('path', { class: 'sign', d: paths[form] ?? '' })
}
