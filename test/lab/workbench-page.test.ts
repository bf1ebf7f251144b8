import type { Page } from 'playwright-core'
import { t as root, test } from 'tap'
import { needs } from '../support/needs.js'
import { openTab, type Tab } from '../support/tab.js'
import { type Visited, visited } from './server-visitor.js'

interface Opened extends Tab {
  readonly lab: Visited
}

let shared: Promise<Opened> | null = null

/** One laboratory and one tab for all tests; each test loads the page again. */
async function opened(hash = '#/workbench'): Promise<Opened> {
  shared ??= (async () => {
    const lab = await visited(root)
    return { ...(await openTab(root, lab.url, { reducedMotion: 'reduce' })), lab }
  })()
  const it = await shared
  await it.page.goto('about:blank')
  it.complaints.length = 0
  await it.page.goto(`${it.lab.url}/?lang=en${hash}`)
  await it.page.locator('#wb-version').waitFor()
  return it
}

const sentence = (page: Page) => page.locator('.verdict .sentence').textContent()

async function sent(page: Page): Promise<string | null> {
  await page.locator('#wb-scale').selectOption('0.1')
  await page.locator('#wb-send').press('Enter')
  await page.locator('.verdict.given').waitFor()
  return sentence(page)
}

test('the setup is sent, and its run is shown', needs('chromium'), async t => {
  const { page, complaints } = await opened()
  t.equal(await page.locator('#wb-preset-hang').getAttribute('aria-pressed'), 'true')
  t.match(await sent(page), /^Request 2 hung/)
  t.equal(await page.locator('svg.life').count(), 1)
  await page.locator('#wb-hop-0-kind').selectOption('hopwise')
  t.equal(await page.locator('#wb-preset-hang').getAttribute('aria-pressed'), 'false')
  await page.locator('#wb-send').click()
  await page.locator('.verdict.given', { hasText: 'All 2 requests were answered' }).waitFor()
  t.match(await page.locator('.figures').textContent(), /Previous run/, 'beside the previous run')
  t.same(complaints, [])
})

test(
  'with the keyboard alone: proxies are added, moved and removed, and the focus stays in place',
  needs('chromium'),
  async t => {
    const { page, complaints } = await opened()
    const focused = () => page.evaluate<string>('document.activeElement.id')
    const kinds = () =>
      page.evaluate<string[]>(`[...document.querySelectorAll('[id^="wb-hop-"][id$="-kind"]')].map(each => each.value)`)
    await page.locator('#wb-add').press('Enter')
    t.equal(await focused(), 'wb-hop-1-kind')
    t.same(await kinds(), ['dumb', 'hopwise'])
    t.equal(await page.locator('.heard').textContent(), 'Proxy 2 was added.')
    await page.locator('#wb-hop-1-earlier').press('Space')
    t.same(await kinds(), ['hopwise', 'dumb'])
    t.equal(await focused(), 'wb-hop-0-kind')
    await page.locator('#wb-add').press('Enter')
    t.ok(await page.locator('#wb-add').isDisabled(), 'three is the limit')
    await page.locator('#wb-hop-0-remove').press('Enter')
    t.same(await kinds(), ['dumb', 'hopwise'])
    t.equal(await focused(), 'wb-hop-0-kind')
    await page.locator('#wb-field-0-remove').press('Enter')
    t.equal(await focused(), 'wb-field-0-name')
    await page.locator('#wb-field-add').press('Enter')
    t.equal(await focused(), 'wb-field-1-name')
    await page.keyboard.type('X-Mine')
    await page.keyboard.press('Tab')
    await page.keyboard.type('7')
    t.match(await page.locator('#wb-field-1-value').inputValue(), '7')
    t.same(complaints, [])
  },
)

test('the address contains the setup, and opening it shows the same', needs('chromium'), async t => {
  const { page } = await opened()
  await page.locator('#wb-preset-pipelined').click()
  await page.locator('#wb-path').fill('/a?b=c')
  await page.locator('#wb-origin-stopAfter').fill('5')
  const url = await page.evaluate<string>('location.href')
  t.match(url, /#\/workbench\/[\w-]+$/)
  const other = page
  await other.goto('about:blank')
  await other.goto(url)
  await other.locator('#wb-version').waitFor()
  t.equal(await other.locator('#wb-path').inputValue(), '/a?b=c')
  t.equal(await other.locator('#wb-origin-stopAfter').inputValue(), '5')
  t.equal(await other.locator('#wb-sending').inputValue(), 'pipelined')
  await opened('#/workbench/AAAA')
  t.equal(await page.locator('#wb-preset-hang').getAttribute('aria-pressed'), 'true', 'nonsense is ignored')
})

test('a refusal of the server is shown in the language of the page', needs('chromium'), async t => {
  const { page, complaints } = await opened()
  await page.locator('#wb-field-0-value').fill('가')
  await page.locator('#wb-send').click()
  const state = page.locator('.workbench .state')
  await state.filter({ hasText: 'fields.0.value' }).waitFor()
  t.match(await state.textContent(), /^This could not be sent\. fields\.0\.value: a value has no line ends/)
  await page.locator('[data-language="ko"]').click()
  await page.locator('#wb-version').waitFor()
  t.equal(await page.locator('#wb-field-0-value').inputValue(), '가', 'what was written is still there')
  t.match(await page.locator('.workbench .state').textContent(), /^보낼 수 없다\. fields\.0\.value: 값에는/)
  t.same(
    complaints.filter(text => !text.includes('400 (Bad Request)')),
    [],
  )
})

test('a run goes on while the language changes', needs('chromium'), async t => {
  const { page, complaints } = await opened()
  await page.locator('#wb-scale').selectOption('1')
  await page.locator('#wb-origin-timeoutS').fill('2')
  await page.locator('#wb-send').click()
  await page.locator('svg.life').waitFor()
  await page.locator('[data-language="ko"]').click()
  await page.locator('.verdict.given').waitFor()
  t.match(await sentence(page), /^두 번째 요청은 서로 기다리는 순환에 걸려/)
  t.same(complaints, [])
})

test('it fits from 320 px to 1920 px, and everything in it has a name', needs('chromium'), async t => {
  const { page } = await opened()
  await page.locator('#wb-add').click()
  await page.locator('#wb-add').click()
  for (const language of ['en', 'ko'])
    for (const width of [320, 480, 768, 1100, 1400, 1920]) {
      await page.setViewportSize({ width, height: 900 })
      await page.locator(`[data-language="${language}"]`).click()
      await page.locator('#wb-version').waitFor()
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      t.equal(wide, 0, `${language} ${width}: nothing scrolls sideways`)
      const cut = await page.evaluate<string[]>(
        `[...document.querySelectorAll('.workbench button')].filter(each => each.scrollWidth > each.clientWidth + 1).map(each => each.textContent)`,
      )
      t.same(cut, [], `${language} ${width}: no button is cut`)
    }
  const nameless = await page.evaluate<
    string[]
  >(`[...document.querySelectorAll('.workbench :is(input, select, textarea, button)')]
    .filter(each => {
      const labels = [...(each.labels ?? [])].map(label => label.textContent)
      return !(each.getAttribute('aria-label') || labels.join('') || each.textContent.trim())
    })
    .map(each => each.outerHTML)`)
  t.same(nameless, [])
})
