/** After scrolling by hand, the page does not scroll by itself for this long. */
const ALONE_MS = 4_000
const MARGIN_PX = 36

/** Scrolls the place where something happens into view, between the fixed parts at the top and at the bottom. @param {HTMLElement} scenes */
export function makeFollower(scenes) {
  let handled = Number.NEGATIVE_INFINITY
  for (const type of ['wheel', 'touchmove'])
    scenes.addEventListener(type, () => (handled = performance.now()), { passive: true })
  const isAlone = () => performance.now() - handled < ALONE_MS
  return {
    /** Called at the end of a run. @param {HTMLElement} verdict */
    reveal(verdict) {
      if (!isAlone()) verdict.scrollIntoView({ block: 'end', behavior: isCalm() ? 'instant' : 'smooth' })
    },
    /** @param {SVGSVGElement | null} life the scene in which it happens; null: any scene */
    follow(life) {
      const picture = life ?? scenes.querySelector('svg.life')
      if (!(picture instanceof SVGSVGElement) || isAlone()) return
      const box = picture.getBoundingClientRect()
      const head = picture.closest('.scene')?.querySelector('.top')?.getBoundingClientRect()
      const player = scenes.parentElement?.querySelector('.player')?.getBoundingClientRect()
      const at = box.top + Number(picture.dataset.depth ?? 0)
      const top = (head?.height ?? 0) + MARGIN_PX
      const bottom = innerHeight - (player?.height ?? 0) - MARGIN_PX
      const by = at > bottom ? at - bottom + MARGIN_PX : at < top ? at - top - MARGIN_PX : 0
      if (Math.abs(by) < 2) return
      const calm = isCalm() || Math.abs(by) > innerHeight * 2
      scrollBy({ top: by, behavior: calm ? 'instant' : 'smooth' })
    },
  }
}

/** Users who prefer reduced motion get none. */
function isCalm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches
}
