import { test } from 'tap'
import { needs } from '../support/needs.js'
import { openScene } from './browser.js'
import { Scene } from './scene.js'

// How long drawing takes: wall time of a browser, so it needs a machine that does nothing else.

test('thousands of connections are drawn within half a second', needs('chromium'), async t => {
  const scene = new Scene(3_000)
  scene.pass(30_000)
  scene.pass = () => {}
  const { page } = await openScene(t, {}, scene)
  const took = (await page.evaluate(`(async () => {
    const from = performance.now()
    document.querySelector('#filter').dispatchEvent(new Event('input'))
    return performance.now() - from
  })()`)) as number
  t.ok(took < 500, `drawn in ${Math.round(took)} ms`)
})
