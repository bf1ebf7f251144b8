import { fileURLToPath } from 'node:url'
import { test } from 'tap'
import { EXPERIMENTS } from '../../../lib/lab/catalogue.js'
import { needs } from '../../support/needs.js'
import { MISPLACED, sharedLab } from './browser.js'

const lab = sharedLab('#/', { viewport: { width: 1280, height: 800 } })
const recordingOf = (id: string) => fileURLToPath(new URL(`../../../docs/lab/recordings/${id}.jsonl`, import.meta.url))

test('the course has every experiment, in order, and each has its page', needs('chromium'), async t => {
  const { page, go, until, complaints } = await lab()
  const ids = EXPERIMENTS.map(({ id }) => id)
  t.strictSame(await page.locator('.course code').allTextContents(), ids)
  for (const { id, title, answers, knobs } of EXPERIMENTS) {
    await go(`#/${id}`)
    await until(`document.querySelector('h1')?.textContent === ${JSON.stringify(title.en)}`)
    t.equal(await page.locator('.answer').count(), answers.length, id)
    t.equal(await page.locator('[id^="knob-"]').count(), Object.keys(knobs).length, id)
    t.equal(await page.locator('button.run').count(), 1, id)
  }
  t.same(complaints, [])
})

// A live run and a recording are drawn in the same way: recorded runs of all experiments, so that no test has to wait for them.
test('a run of every experiment is drawn, and nothing overlaps', needs('chromium'), async t => {
  const { page, go, until, complaints } = await lab()
  await go('#/open')
  await page.waitForSelector('#recording')
  for (const { id, title } of EXPERIMENTS) {
    await page.setInputFiles('#recording', recordingOf(id))
    await until(`document.querySelector('.dropzone .state').textContent.startsWith(${JSON.stringify(title.en)})`)
    await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
    t.equal(await page.getAttribute('section.verdict', 'data-outcome'), 'observed', id)
    t.ok((await page.locator('svg.life .row').count()) > 3, `${id} has something to see`)
    t.same(await page.evaluate(MISPLACED), [], id)
  }
  t.same(complaints, [])
})
