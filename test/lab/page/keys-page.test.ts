import { test } from 'tap'
import { needs } from '../../support/needs.js'
import { sharedLab } from './browser.js'

/** The first test makes a run in it. */
const lab = sharedLab('#/')

test('with the keyboard alone: from the list through a run to its bytes', needs('chromium'), async t => {
  const { page, complaints } = await lab()
  const focused = () => page.evaluate('document.activeElement.className?.baseVal ?? document.activeElement.className')
  const tabTo = async (selector: string) => {
    for (let n = 0; n < 60; n++) {
      await page.keyboard.press('Tab')
      if (await page.evaluate(`document.activeElement.matches(${JSON.stringify(selector)})`)) return true
    }
    return false
  }
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'skip')
  await page.keyboard.press('Enter')
  t.equal(await page.evaluate('document.activeElement.id'), 'view')
  t.ok(await tabTo('a[href="#/hang"]'))
  await page.keyboard.press('Enter')
  await page.waitForSelector('.asked')
  t.ok(await tabTo('.answer:nth-child(3)'))
  await page.keyboard.press('Enter')
  t.match(await focused(), 'run')
  t.ok(await tabTo('#scale'))
  await page.keyboard.press('Home')
  t.equal(await page.inputValue('#scale'), '0.1')
  for (let n = 0; n < 60 && !/\brun\b/.test(String(await focused())); n++) await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await page.waitForSelector('section.verdict.given')
  t.match(await page.textContent('.guess'), 'Your guess was right.')
  t.ok(await tabTo('svg [data-row]'), 'one Tab stop for all messages of a scene')
  const row = () => page.evaluate("document.activeElement.getAttribute('data-row')")
  await page.keyboard.press('ArrowUp')
  const second = await row()
  await page.keyboard.press('ArrowDown')
  t.not(await row(), second)
  await page.keyboard.press('Enter')
  await page.waitForSelector('dialog[open] table, dialog[open] pre')
  await page.keyboard.press('Escape')
  t.ok(await page.evaluate("document.activeElement.matches('[data-row]')"), 'and the focus is back where it was')
  t.ok(await tabTo('.player input[type="range"]'))
  const at = () => page.inputValue('.player input[type="range"]')
  await page.keyboard.press('Home')
  t.equal(await at(), '0')
  await page.keyboard.press('ArrowRight')
  await page.keyboard.press('ArrowRight')
  t.equal(await at(), '2')
  await page.keyboard.press('ArrowLeft')
  t.equal(await at(), '1')
  await page.keyboard.press('End')
  t.equal(await at(), await page.getAttribute('.player input[type="range"]', 'max'))
  await page.keyboard.press('Home')
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.keyboard.press('Space')
  await page.getByRole('button', { name: 'Play' }).waitFor()
  t.same(complaints, [])
})

test('every control has a name, and shows when it has the focus', needs('chromium'), async t => {
  for (const lang of ['en', 'ko']) {
    const { page, go, until } = await lab()
    await go('#/hang')
    await page.click(`[data-language="${lang}"]`)
    await page.waitForSelector(`html[lang="${lang}"]`)
    await page.waitForSelector('section.verdict.given')
    t.same(await page.evaluate(NAMELESS), [], 'an experiment')
    t.same(await page.evaluate(UNSEEN), [])
    for (const hash of ['#/', '#/open', '#/workbench']) {
      await go(hash)
      await until('document.querySelectorAll(".loading").length === 0')
      t.same(await page.evaluate(NAMELESS), [], hash)
    }
  }
})

const NAMELESS = `[...document.querySelectorAll('button, input, select, a, [role="button"], summary, svg[role="img"]')]
  .filter(it => {
    const label = it.labels?.[0]?.textContent ?? ''
    return ((it.getAttribute('aria-label') ?? '') + label + it.textContent).trim() === ''
  })
  .map(it => it.outerHTML)`

/** The outline, or the stroke around a message, of one control of each kind. */
const UNSEEN = `[...document.querySelectorAll('.run, .answer, .icon, input, select, a, summary, [data-row][tabindex="0"]')]
  .filter(it => it.checkVisibility())
  .filter(it => {
    it.focus({ focusVisible: true })
    if (document.activeElement !== it) return true
    const { outlineStyle, outlineWidth } = getComputedStyle(it)
    const hit = it.querySelector(':scope > .hit')
    return hit ? getComputedStyle(hit).stroke === 'none' : outlineStyle === 'none' || parseFloat(outlineWidth) < 2
  })
  .map(it => it.outerHTML.slice(0, 80))`
