import { setAttribute, svg } from './dom.js'

const ROUND = 2 * Math.PI * 7

/** The idle clock of a connection: a full ring when it becomes idle, an empty one when it is evicted. A dot: it is in use. */
export function makeRing() {
  return svg(
    'svg',
    { class: 'ring', viewBox: '0 0 20 20', 'aria-hidden': 'true' },
    svg('circle', { class: 'track', cx: 10, cy: 10, r: 7 }),
    svg('circle', { class: 'left', cx: 10, cy: 10, r: 7, 'stroke-dasharray': ROUND, transform: 'rotate(-90 10 10)' }),
    svg('circle', { class: 'dot', cx: 10, cy: 10, r: 4 }),
  )
}

/**
 * @param {Element} ring
 * @param {{ leftMs: number, limitMs: number } | undefined} idle
 */
export function updateRing(ring, idle) {
  const left = ring.querySelector('.left')
  if (left === null) return
  const share = idle === undefined ? 0 : Math.min(1, Math.max(0, idle.leftMs / idle.limitMs))
  const offset = (ROUND * (1 - share)).toFixed(2)
  // Running down is animated, being rewound is not.
  setAttribute(ring, 'data-running', String(Number(left.getAttribute('stroke-dashoffset') ?? 0) <= Number(offset)))
  setAttribute(left, 'stroke-dashoffset', offset)
}
