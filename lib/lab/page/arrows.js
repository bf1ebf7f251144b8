/**
 * Arrows from one lifeline to another: bytes, an opening, an end.
 *
 * @typedef {import('./shape.js').Shape} Shape
 * @typedef {import('./layout.js').PlacedRow} PlacedRow
 */

import { arrowhead, shape, through } from './shape.js'

/** @param {PlacedRow} placed @param {number} size @returns {Shape[]} */
export function arrowShapes({ row, y, x1, x2 }, size) {
  const way = Math.sign(x2 - x1) || 1
  const tip = x2 - way * 1.5
  if (row.kind === 'vanished')
    return [
      shape('path', { class: 'shaft', d: through([x1, y], [(x1 + x2) / 2, y]) }),
      cross((x1 + x2) / 2, y, size * 0.4),
    ]
  if (row.kind === 'closed')
    return [shape('path', { class: 'shaft', d: through([x1, y], [x2, y]) }), cross(x1 + way * size, y, size * 0.32)]
  const from = row.kind === 'open' ? x1 + way * size * 0.5 : x1
  const shaft = shape('path', {
    class: 'shaft',
    d:
      row.kind === 'reset'
        ? zigzag(from, tip - way * size * 0.5, y, size)
        : through([from, y], [tip - way * size * 0.4, y]),
  })
  const origin = row.kind === 'open' ? [shape('circle', { class: 'ring', cx: x1, cy: y, r: size * 0.32 })] : []
  return [shaft, ...origin, arrowhead(tip, y, way, 0, size * (row.kind === 'bytes' ? 0.72 : 0.58))]
}

/** @param {number} x @param {number} y @param {number} r */
function cross(x, y, r) {
  return shape('path', {
    class: 'cross',
    d: through([x - r, y - r], [x + r, y + r]) + through([x + r, y - r], [x - r, y + r]),
  })
}

/** @param {number} from @param {number} to @param {number} y @param {number} size */
function zigzag(from, to, y, size) {
  const n = Math.max(4, Math.round(Math.abs(to - from) / size / 2) * 2)
  const points = Array.from(
    { length: n + 1 },
    (_, i) =>
      /** @type {[number, number]} */ ([
        from + ((to - from) * i) / n,
        i === 0 || i === n ? y : y + (i % 2 ? -1 : 1) * size * 0.22,
      ]),
  )
  return through(...points)
}
