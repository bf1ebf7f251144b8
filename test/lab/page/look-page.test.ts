import { test } from 'tap'
import { needs } from '../../support/needs.js'
import { MISPLACED, type OpenLab, sharedLab } from './browser.js'

const lab = sharedLab('#/')
let ran = false

/** A page with one run of the hang, which the tests examine in every way. */
async function withRun(): Promise<OpenLab> {
  const it = await lab()
  await it.go('#/hang')
  await it.page.waitForSelector('.asked')
  if (!ran) await it.run()
  ran = true
  return it
}

for (const lang of ['en', 'ko'])
  test(`from 320 to 1920 px nothing scrolls sideways or overlaps: ${lang}`, needs('chromium'), async t => {
    const { page, complaints, until } = await withRun()
    await page.click(`[data-language="${lang}"]`)
    await page.waitForSelector(`html[lang="${lang}"]`)
    await until("document.querySelectorAll('svg.life .row').length > 3")
    for (const width of [320, 768, 1280, 1920]) {
      await page.setViewportSize({ width, height: 900 })
      await until(
        `[...document.querySelectorAll('svg.life')].every(it => Number(it.getAttribute('width')) <= innerWidth)`,
      )
      await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
      t.same(await page.evaluate(MISPLACED), [], `${width} px`)
      const side = (await page.evaluate(
        "new Set([...document.querySelectorAll('.scene')].map(it => it.getBoundingClientRect().top)).size === 1",
      )) as boolean
      t.equal(side, width >= 1280, 'scenes side by side if there is room')
    }
    t.same(complaints, [])
  })

test('every part of the laboratory fits into 320 px', needs('chromium'), async t => {
  const { page, go, complaints, until } = await lab()
  await page.setViewportSize({ width: 320, height: 700 })
  for (const hash of ['#/', '#/hang', '#/workbench', '#/open', '#/nothing-of-that-name']) {
    await go(hash)
    await until('document.querySelectorAll(".loading").length === 0')
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 320, hash)
  }
  t.same(complaints, [])
})

test('light and dark: text is readable on each of its backgrounds', needs('chromium'), async t => {
  const grounds: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await lab()
    await page.emulateMedia({ colorScheme })
    const ratios = (await page.evaluate(CONTRASTS)) as Record<string, number>
    t.ok(Object.keys(ratios).length > 20)
    for (const [pair, ratio] of Object.entries(ratios))
      t.ok(ratio >= 4.5, `${colorScheme}: ${pair} ${ratio.toFixed(2)}`)
    grounds.push((await page.evaluate('getComputedStyle(document.body).backgroundColor')) as string)
  }
  t.not(grounds[0], grounds[1])
})

/** The contrast (WCAG 2.2, 1.4.3) of every colour of text on each of its backgrounds. */
const CONTRASTS = `(() => {
  const style = getComputedStyle(document.documentElement)
  const light = name => {
    const probe = document.createElement('canvas').getContext('2d')
    probe.fillStyle = style.getPropertyValue(name)
    const [r, g, b] = [1, 3, 5]
      .map(i => parseInt(probe.fillStyle.slice(i, i + 2), 16) / 255)
      .map(it => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const colours = ['blue', 'teal', 'amber', 'red', 'purple']
  const pairs = ['text', 'muted', ...colours].flatMap(text => ['ground', 'surface', 'sunken'].map(ground => [text, ground]))
  for (const colour of colours) pairs.push([colour, colour + '-soft'], ['text', colour + '-soft'], ['surface', colour])
  return Object.fromEntries(pairs.map(([text, ground]) => {
    const [a, b] = [light('--' + text), light('--' + ground)].sort((x, y) => y - x)
    return [text + ' on ' + ground, (a + 0.05) / (b + 0.05)]
  }))
})()`

test('users who prefer reduced motion get none', needs('chromium'), async t => {
  const moving = `[...document.querySelectorAll('*')].filter(it => {
    const { animationName, transitionDuration } = getComputedStyle(it)
    return animationName !== 'none' || transitionDuration.split(', ').some(time => time !== '0s')
  }).length`
  for (const reducedMotion of ['reduce', 'no-preference'] as const) {
    const { page } = await withRun()
    await page.emulateMedia({ reducedMotion })
    await page.locator('input[type="range"][aria-label]').fill('12')
    await page.waitForSelector('svg.head .tube.open')
    const count = (await page.evaluate(moving)) as number
    t.equal(count > 0, reducedMotion === 'no-preference', `${count} things move`)
    await page.emulateMedia({ reducedMotion: 'reduce' })
  }
})

test('on paper: light, complete, without buttons', needs('chromium'), async t => {
  const { page } = await withRun()
  await page.setViewportSize({ width: 1280, height: 720 })
  await page.click('.icon.end')
  await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
  t.equal(await page.evaluate('getComputedStyle(document.body).backgroundColor'), 'rgb(255, 255, 255)')
  for (const gone of ['.player', 'button.run', '.languages', '.settings', 'button.again'])
    t.equal(await page.locator(gone).first().isVisible(), false, gone)
  for (const there of [
    '.asked',
    'svg.life',
    'svg.life .tag.drop',
    'svg.life .tag.leaked',
    'section.verdict',
    '.lesson',
  ])
    t.equal(await page.locator(there).first().isVisible(), true, there)
  const pdf = await page.pdf({ format: 'A4' })
  t.ok(pdf.length > 20_000)
})
