import { readFileSync } from 'node:fs'
import { test } from 'tap'
import { needs } from '../../support/needs.js'
import { openLab, sharedLab } from './browser.js'

/** A page with one run, which the first test makes. */
const lab = sharedLab('#/hang')

test('the language is switched in the middle of a run, and nothing is lost', needs('chromium'), async t => {
  const { page, run, complaints } = await lab()
  await page.locator('.answer').nth(2).click()
  await run()
  const sentence = await page.textContent('.sentence')
  await page.getByRole('button', { name: '한국어' }).click()
  await page.waitForSelector('html[lang="ko"]')
  t.equal(await page.textContent('h1'), '멍청한 프록시')
  t.match(await page.textContent('.sentence'), /멈추었고 아무도 읽지 않았다/)
  t.match(await page.textContent('.guess'), '예측이 맞았다.')
  t.equal(await page.evaluate('document.activeElement.dataset.language'), 'ko', 'the focus stays on the switch')
  t.match(page.url(), 'lang=ko')
  t.equal(await page.title(), '멍청한 프록시 · hopwise 실험실')
  await page.getByRole('button', { name: 'English' }).click()
  await page.waitForSelector('html[lang="en"]')
  t.equal(await page.textContent('.sentence'), sentence)
  t.same(complaints, [])
})

test(
  'without a language in the address: the last choice, and before any choice the preference of the browser',
  needs('chromium'),
  async t => {
    const { page, url } = await openLab(t, '#/hang', { locale: 'ko-KR' })
    await page.evaluate('localStorage.clear()')
    await page.goto(`${url}/#/`)
    await page.waitForSelector('html[lang="ko"]')
    await page.getByRole('button', { name: 'English' }).click()
    await page.waitForSelector('html[lang="en"]')
    await page.goto(`${url}/#/hang`)
    await page.reload()
    await page.waitForSelector('.asked')
    t.equal(await page.getAttribute('html', 'lang'), 'en')
  },
)

test('a run is saved, and opened again without the server', needs('chromium'), async t => {
  const { page, go, complaints, until } = await lab()
  const saved = page.waitForEvent('download')
  await page.click('button.save')
  const file = await (await saved).path()
  t.match((await saved).suggestedFilename(), /^hang-\d{4}-\d\d-\d\d-[\d-]+\.jsonl$/)
  const rows = await page.locator('svg.life .row').count()
  const sentence = await page.textContent('.sentence')
  await go('#/open')
  await page.route(/\/runs/, route => route.abort())
  await page.setInputFiles('#recording', file)
  await page.waitForSelector('section.verdict.given')
  await until(`document.querySelectorAll('svg.life .row').length === ${rows}`)
  t.equal(await page.textContent('.sentence'), sentence)
  t.match(await page.textContent('.dropzone .state'), /^The dumb proxy – .*events$/)
  await page.setInputFiles('#recording', { name: 'x.jsonl', mimeType: 'text/plain', buffer: Buffer.from('hello') })
  await until("document.querySelector('.dropzone .state').textContent.startsWith('This is not a recording')")
  const dropped = readFileSync(file, 'utf8')
  await page.evaluate(`(() => {
    const data = new DataTransfer()
    data.items.add(new File([${JSON.stringify(dropped)}], 'dropped.jsonl'))
    document.querySelector('.dropzone').dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))
  })()`)
  await until("document.querySelector('.dropzone .state').textContent.includes('dropped.jsonl')")
  await page.unrouteAll()
  t.same(complaints, [])
})

test('the run in words: a list, with every step', needs('chromium'), async t => {
  const { page, go, until } = await lab()
  await go('#/hang')
  await page.waitForSelector('.asked')
  await page.click('.transcript summary')
  await until("document.querySelectorAll('.transcript li').length > 10")
  const lines = await page.locator('.transcript li').allTextContents()
  t.ok(lines.some(line => /ms \(5\) The client sends its second request/.test(line)))
  t.ok(lines.some(line => line.includes('dumb proxy waits for the server to close')))
  t.equal(await page.getAttribute('section.verdict', 'role'), 'status', 'the verdict is read out')
})

test('missing things are reported', needs('chromium'), async t => {
  const { page, go, until } = await lab()
  await go('#/no-such-thing')
  await until("document.querySelector('h1')?.textContent.startsWith('There is no')")
  t.match(await page.textContent('h1'), 'There is no experiment called “no-such-thing”.')
  await go('#/hang')
  await page.waitForSelector('.asked')
  await page.route(/\/runs$/, route =>
    route.fulfill({
      status: 503,
      contentType: 'application/json',
      headers: { 'Retry-After': '3' },
      body: JSON.stringify({ error: { en: 'Too many runs.', ko: '실행이 너무 많다.' } }),
    }),
  )
  await page.click('button.run')
  await until("document.querySelector('.go .state').textContent.includes('Too many runs.')")
  t.match(await page.textContent('.go .state'), 'Try again in 3 s.')
  t.equal(await page.isEnabled('button.run'), true)
})
