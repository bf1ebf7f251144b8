import { test } from 'tap'
import { createAdmin } from '../../lib/admin/listener.js'
import { until } from '../support/conversation.js'
import { needs } from '../support/needs.js'
import { openScene } from './browser.js'
import { Scene } from './scene.js'

test(
  'the stream breaks: the page says so, and reconnects by itself when hopwise is back',
  needs('chromium'),
  async t => {
    const { page, scene, port, admin } = await openScene(t)
    await admin.close()
    await page.waitForSelector('body[data-stream="stale"]')
    t.equal(await page.textContent('#state'), 'stale: no data from hopwise')
    t.match(await page.textContent('#since'), /^, as of \d+ s ago$/)
    t.equal(await page.locator('#clients .connection').count(), scene.clients.size, 'what was known is still there')
    const second = createAdmin({ source: scene })
    t.teardown(() => second.close())
    await second.listen({ host: '127.0.0.1', port })
    await page.waitForSelector('body[data-stream="live"]')
    t.equal(await page.textContent('#since'), '')
  },
)

test('a pause freezes the page, and requests nothing meanwhile', needs('chromium'), async t => {
  const { page, scene } = await openScene(t)
  await page.click('#pause')
  await page.waitForSelector('body[data-stream="paused"]')
  t.equal(await page.getAttribute('#pause', 'aria-pressed'), 'true')
  const before = await page.locator('#clients .requests').allTextContents()
  await until('no page is watching', () => !scene.watching)
  scene.pass(10_000)
  t.same(await page.locator('#clients .requests').allTextContents(), before)
  await page.click('#pause')
  await page.waitForSelector('body[data-stream="live"]')
  // Not waitForFunction: the page's policy forbids its second evaluation.
  while ((await page.textContent('#clients .requests')) === before[0]) await new Promise(done => setTimeout(done, 10))
})

test('thousands of connections: the busiest hundred, and how many more', needs('chromium'), async t => {
  const scene = new Scene(3_000)
  scene.pass(30_000)
  scene.pass = () => {}
  t.ok(scene.clients.size > 1_000)
  const { page, complaints } = await openScene(t, {}, scene)
  t.equal(await page.locator('#clients .connection').count(), 100)
  const more = new Intl.NumberFormat('en').format(scene.clients.size - 100)
  t.equal(await page.textContent('#clients .more'), `The busiest 100 are shown, ${more} more are open.`)
  t.same(complaints, [])
})
