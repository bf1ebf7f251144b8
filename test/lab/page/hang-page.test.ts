import { test } from 'tap'
import { needs } from '../../support/needs.js'
import { sharedLab } from './browser.js'

/** The first test makes a run in it, which the others use. */
const lab = sharedLab('#/hang')

test('the hang: guessed, run, seen, judged', needs('chromium'), async t => {
  const { page, complaints } = await lab()
  t.equal(await page.title(), 'The dumb proxy · hopwise lab')
  t.match(await page.textContent('.asked'), /What happens to the second request/)
  t.equal(await page.textContent('button.run'), 'Run without a guess')
  await page.locator('.answer').nth(1).click()
  t.equal(await page.locator('.answer').nth(1).getAttribute('aria-pressed'), 'true')
  t.equal(await page.textContent('button.run'), 'Run')
  t.equal(
    await page.evaluate("document.activeElement.className.includes('run')"),
    true,
    'the next control has the focus',
  )
  await page.selectOption('#scale', '0.1')
  await page.locator('button.run').press('Enter')
  await page.waitForSelector('section.verdict.given')
  t.equal(await page.textContent('.outcome'), 'Observed')
  t.match(await page.evaluate('document.activeElement.className'), /\brun\b/)
  t.equal(await page.getAttribute('button.run', 'aria-disabled'), 'false')
  t.match(await page.textContent('.sentence'), /hung for \d+ ms and was never read/)
  t.match(await page.textContent('.guess'), /Your guess was different: “The proxy answers it with an error”/)
  t.equal(await page.locator('.answer.right').count(), 1)
  t.equal(await page.locator('.answer.wrong').count(), 1)
  t.equal(await page.locator('.figures tbody tr').count(), 4)
  t.equal(await page.locator('.lesson p').count(), 3)
  t.strictSame(await page.locator('[data-scene="dumb"] .tag.leaked text').allTextContents(), [
    'Connection: Keep-Alive',
    'Connection: Keep-Alive',
    'Keep-Alive: timeout=5, max=100',
  ])
  t.equal(await page.locator('[data-scene="hopwise"] .tag.leaked').count(), 0)
  t.same(complaints, [])
})

test('stepping, scrubbing and playing show the state at a moment', needs('chromium'), async t => {
  const { page, complaints, until } = await lab()
  const rows = () => page.locator('svg.life .layer.rows > g').count()
  const all = await rows()
  await page.click('.icon.start')
  const untilRows = (count: number) =>
    until(`document.querySelectorAll('svg.life .layer.rows > g').length === ${count}`)
  await untilRows(0)
  t.equal(await page.locator('svg.head .tube').count(), 0)
  t.equal(await page.textContent('.moment'), 'Before the first event')
  await page.click('.icon.forward')
  await untilRows(1)
  t.equal(await page.locator('svg.head .tube.open').count(), 1)
  await page.click('.icon.back')
  await untilRows(0)
  const range = page.getByRole('slider', { name: 'Moment of the run' })
  const last = Number(await range.getAttribute('max'))
  await range.fill(String(last - 3))
  await until(`document.querySelectorAll('svg.life .layer.rows > g').length > 5`)
  t.ok((await rows()) < all)
  t.match(await range.getAttribute('aria-valuetext'), new RegExp(`^${last - 3} of ${last}: `))
  await page.click('.icon.end')
  await untilRows(all)
  t.ok((await page.locator('svg.head .tube.closed').count()) > 0)
  await page.click('.icon.start')
  // By key: a page that still scrolls may move a button away from under a click.
  await page.getByRole('button', { name: 'Play' }).press('Enter')
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await until("document.querySelectorAll('svg.life .layer.rows > g').length >= 2")
  await page.getByRole('button', { name: 'Pause' }).press('Enter')
  await page.getByRole('button', { name: 'Play' }).waitFor()
  const paused = await rows()
  t.ok(paused < all)
  t.equal(await page.getByRole('button', { name: 'Play' }).count(), 1)
  t.same(complaints, [])
})

test('the bytes of a message, each line with what happens to it', needs('chromium'), async t => {
  const { page, complaints } = await lab()
  await page.click('.icon.end')
  await page.locator('[data-scene="dumb"] .row.response').first().click()
  const dialog = page.locator('dialog[open]')
  t.equal(await dialog.locator('h2').textContent(), 'origin server → dumb proxy on c2')
  t.match(await dialog.locator('caption').textContent(), /^HTTP\/1\.1 200 OK/)
  const line = dialog.locator('tr.drop', { hasText: 'Keep-Alive: timeout=5, max=100' })
  t.match(await line.textContent(), /dies at the next hop.*RFC 9110 7\.6\.1/s)
  t.match(await dialog.locator('pre').textContent(), 'Hello from the origin.')
  await dialog.getByRole('button', { name: 'Next message' }).click()
  t.equal(await dialog.locator('h2').textContent(), 'dumb proxy → client on c1')
  t.match(await dialog.locator('tr.leaked').first().textContent(), 'was passed on, but should not have been')
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  t.same(complaints, [])
})

test('run again with a change: the previous values stay beside it', needs('chromium'), async t => {
  const { page, complaints, until } = await lab()
  t.equal(await page.locator('.figures thead th').count(), 2)
  const second = () => page.locator('.figures tr', { hasText: 'dumb proxy: Second' }).locator('td').allTextContents()
  const [was] = await second()
  t.equal(await page.textContent('button.again'), 'Choose another setting')
  await page.click('button.again')
  t.equal(await page.evaluate('document.activeElement.id'), 'knob-timeout')
  await page.locator('#knob-timeout').fill('2')
  t.match(await page.textContent('.slider output'), '2 s')
  await page.click('button.run')
  await until("document.querySelectorAll('.figures thead th').length === 3")
  t.match(await page.textContent('.was'), /^The previous run said: Through the dumb proxy/)
  const cells = await second()
  t.equal(cells.length, 2)
  t.equal(cells[0], was)
  // The client waits for what is left of the limit when it asks.
  t.ok(inMs(cells[0]!) >= 250 && inMs(cells[1]!) >= 100, `${cells}, of idle limits of 500 and 200 ms`)
  t.match(await page.textContent('.guess'), 'Idle limit of the origin: 2 s')
  t.same(complaints, [])
})

test('a run is watched while it hangs, then stopped, and says so', needs('chromium'), async t => {
  const { page, complaints, until } = await lab()
  // It hangs until the test has seen it.
  await page.selectOption('#scale', '1')
  await page.locator('#knob-timeout').fill('30')
  await page.locator('button.run').press('Enter')
  await page.waitForSelector('section.verdict:not(.given)', { state: 'attached' })
  await page.waitForSelector('[data-scene="dumb"] .row')
  // While it hangs the cycle is there, and the clock ticks.
  await page.waitForSelector('[data-scene="dumb"] .head .hang')
  const focused = () => page.evaluate('document.activeElement.className')
  t.equal(await page.getAttribute('button.run', 'aria-disabled'), 'true')
  t.match(await focused(), /\brun\b/, 'a user who started it with a key can go on from there')
  const words = await page.getAttribute('[data-scene="dumb"] .head', 'aria-label')
  t.match(words, 'Hang: origin server → dumb proxy → origin server. None of them can go on. Caught in it: client.')
  t.match(await page.textContent('.player .moment b'), /^Hang:/)
  t.equal(await page.locator('[data-scene="hopwise"] .hang').count(), 0)
  const clock = () => page.textContent('[data-scene="dumb"] .gap.ticking text.length')
  const earlier = await clock()
  await until(
    `document.querySelector('[data-scene="dumb"] .gap.ticking text.length')?.textContent !== ${JSON.stringify(earlier)}`,
  )
  await page.locator('button.stop').press('Enter')
  await page.waitForSelector('section.verdict.given[data-outcome="not-observed"]')
  t.equal(await page.textContent('button.run'), 'Run again')
  await until("document.querySelector('button.stop').hidden")
  t.equal(
    await page.evaluate("document.activeElement.className.includes('run')"),
    true,
    'the button that disappeared had the focus',
  )
  t.same(complaints, [])
})

test('the page also says what is true in a tab without animation frames', needs('chromium'), async t => {
  const { page, complaints, until } = await lab()
  await page.click('.icon.start')
  await until("document.querySelectorAll('svg.life .layer.rows > g').length === 0")
  await page.evaluate('window.requestAnimationFrame = () => 1')
  await page.getByRole('button', { name: 'Play' }).press('Enter')
  await until("document.querySelectorAll('svg.life .layer.rows > g').length >= 2")
  t.same(complaints, [])
})

/** A time as in a table: `610 ms`, `2.15 s`. */
function inMs(text: string): number {
  return Number.parseFloat(text) * (/\d s$/.test(text) ? 1_000 : 1)
}
