/**
 * A drawing as plain values: made by pure functions, then written as text (figure.js) or updated in the page (patch.js).
 *
 * @typedef {{ tag: string, attributes: Readonly<Record<string, string>>, children: readonly (Shape | string)[] }} Shape
 */

/**
 * Numbers are rounded to a tenth; undefined and false values are left out.
 * @param {string} tag
 * @param {Record<string, string | number | boolean | undefined>} [attributes]
 * @param {(Shape | string | null | undefined | false)[]} children
 * @returns {Shape}
 */
export function shape(tag, attributes = {}, ...children) {
  const kept = Object.entries(attributes).filter(([, value]) => value !== undefined && value !== false)
  return {
    tag,
    attributes: Object.fromEntries(
      kept.map(([name, value]) => [
        name,
        typeof value === 'number' ? String(Math.round(value * 10) / 10) : String(value),
      ]),
    ),
    children: children.filter(child => child !== null && child !== undefined && child !== false),
  }
}

/** Straight lines through points. @param {...(readonly [number, number])} points */
export function through(...points) {
  return points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${one(x)} ${one(y)}`).join('')
}

/** @param {number} value */
export function one(value) {
  return Math.round(value * 10) / 10
}

/**
 * An arrowhead at (x, y) that points along (dx, dy).
 * @param {number} x @param {number} y @param {number} dx @param {number} dy @param {number} size @param {string} [name]
 */
export function arrowhead(x, y, dx, dy, size, name = 'point') {
  const long = Math.hypot(dx, dy) || 1
  const [ux, uy] = [dx / long, dy / long]
  const [bx, by] = [x - ux * size, y - uy * size]
  const half = size * 0.5
  return shape('path', {
    class: name,
    d: `${through([x, y], [bx - uy * half, by + ux * half], [bx + uy * half, by - ux * half])}Z`,
  })
}

const ESCAPES = /** @type {Readonly<Record<string, string>>} */ ({
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
})

/** As text of an SVG or XML file. @param {Shape | string} it @returns {string} */
export function markup(it) {
  // Characters that XML cannot represent are left out.
  if (typeof it === 'string')
    return it.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f]/g, '\ufffd').replace(/[&<>"]/g, sign => ESCAPES[sign] ?? sign)
  const attributes = Object.entries(it.attributes).map(([name, value]) => ` ${name}="${markup(value)}"`)
  const start = `<${it.tag}${attributes.join('')}`
  return it.children.length === 0 ? `${start}/>` : `${start}>${it.children.map(markup).join('')}</${it.tag}>`
}
