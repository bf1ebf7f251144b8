import { setTimeout as delay } from 'node:timers/promises'
import type { BrowserContextOptions, Page } from 'playwright-core'
import { t as root, type Test } from 'tap'
import { serveLab } from '../../../lib/lab/server/lab-server.js'
import { openTab } from '../../support/tab.js'
import { PATIENT } from '../server-visitor.js'

export type OpenOptions = BrowserContextOptions & { lang?: string }

export interface OpenLab {
  readonly page: Page
  readonly url: string
  /** The complaints of the page: errors, warnings, violations of its policy, requests to other places. */
  readonly complaints: string[]
  /** Goes to another part of the laboratory, and waits for its title. */
  go(hash: string): Promise<void>
  /** Waits until an expression is true in the page. The policy of the page forbids evaluation inside it, so it is polled. */
  until(expression: string): Promise<void>
  /** Runs the experiment that is shown, and waits for its verdict. */
  run(scale?: string): Promise<void>
}

/**
 * One laboratory and one tab for all tests of a file: opened when the first test asks for it; each test finds it as the previous
 * one left it. The complaints of the page are those of all tests.
 */
export function sharedLab(hash: string, options: OpenOptions = {}): () => Promise<OpenLab> {
  let lab: Promise<OpenLab> | null = null
  return () => {
    lab ??= openLab(root, hash, options)
    return lab
  }
}

/** The page of a real laboratory, in its own tab, where nothing moves unless a test asks for it. */
export async function openLab(t: Test, hash: string, options: OpenOptions = {}): Promise<OpenLab> {
  const { lang = 'en', ...context } = { reducedMotion: 'reduce' as const, ...options }
  const server = await serveLab({ port: 0, limits: { ...PATIENT, runMs: 600_000 } })
  t.teardown(() => server.close())
  const url = `http://127.0.0.1:${server.port}`
  const { page, complaints } = await openTab(t, url, context)
  await page.goto(`${url}/?lang=${lang}${hash}`)
  await page.waitForSelector('main h1')
  return {
    page,
    url,
    complaints,
    async go(other) {
      await page.evaluate(`location.hash = ${JSON.stringify(other)}`)
      await page.waitForSelector('main h1')
    },
    async until(expression) {
      // The runner sets the limit: the state is printed now and then, for a reader who has to find out why it hung.
      for (let looks = 1; !(await page.evaluate(expression)); looks++) {
        if (looks % 400 === 0) root.comment(`not yet: ${expression}`)
        await delay(25)
      }
    },
    async run(scale = '0.1') {
      await page.selectOption('#scale', scale)
      await page.click('button.run')
      await page.waitForSelector('section.verdict.given', { timeout: 0 })
      // The last events are drawn with the next frame.
      await page.evaluate('new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))')
    },
  }
}

/** Texts in the drawings that overlap or stick out, and elements that make the page scroll sideways. */
export const MISPLACED = `(() => {
  const found = []
  if (document.documentElement.scrollWidth > innerWidth) found.push('the page is ' + document.documentElement.scrollWidth + ' wide')
  for (const picture of document.querySelectorAll('svg.life, svg.head')) {
    const home = picture.getBoundingClientRect()
    const boxes = [...picture.querySelectorAll('text, .tag .body')]
      .filter(it => !it.closest('.tag') || it.matches('.body'))
      .map(it => ({ it, box: it.getBoundingClientRect() }))
    for (const [i, { it, box }] of boxes.entries()) {
      const name = it.textContent || it.parentElement.textContent
      if (box.left < home.left - 2 || box.right > home.right + 2) found.push(name + ' hangs over')
      for (const { it: other, box: b } of boxes.slice(i + 1)) {
        if (it.closest('g') === other.closest('g') && it.closest('.waiting') === null) continue
        const wide = Math.min(box.right, b.right) - Math.max(box.left, b.left)
        const high = Math.min(box.bottom, b.bottom) - Math.max(box.top, b.top)
        if (wide > 2 && high > 4) found.push(name + ' lies on ' + (other.textContent || other.parentElement.textContent))
      }
    }
  }
  return found
})()`
