import type { Test } from 'tap'
import { EXPERIMENTS } from '../../../lib/lab/catalogue.js'
import { MISPLACED, openLab } from './browser.js'

/** Files that share the experiments: one for all would take longer than a file may. */
const PARTS = 3

/** Runs every third experiment in the page, and looks at what was drawn. @param part 0, 1 or 2 */
export async function everyExperiment(t: Test, part: number): Promise<void> {
  const { page, go, run, until, complaints } = await openLab(t, '#/', { viewport: { width: 1280, height: 800 } })
  const ids = EXPERIMENTS.map(({ id }) => id)
  t.strictSame(await page.locator('.course code').allTextContents(), ids, 'the course has all of them, in order')
  for (const { id, title } of EXPERIMENTS.filter((_, i) => i % PARTS === part)) {
    await go(`#/${id}`)
    await until(`document.querySelector('h1')?.textContent === ${JSON.stringify(title.en)}`)
    await run()
    const outcome = await page.getAttribute('section.verdict', 'data-outcome')
    t.match(outcome, /^(observed|too-busy|impossible)$/, id)
    if (outcome !== 'impossible') t.ok((await page.locator('svg.life .row').count()) > 3, `${id} has something to see`)
    t.same(await page.evaluate(MISPLACED), [], id)
  }
  t.same(complaints, [])
}
