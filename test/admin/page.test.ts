import { test } from 'tap'
import { needs } from '../support/needs.js'
import { openScene } from './browser.js'
import { Scene } from './scene.js'

test('it shows the connections that there are, without a complaint of the browser', needs('chromium'), async t => {
  const { page, complaints, scene } = await openScene(t)
  t.equal(await page.title(), 'edge-1 · hopwise')
  t.equal(await page.textContent('#state'), 'live')
  const ids = (side: string) => page.locator(`#${side} .connection .id`).allTextContents()
  t.same((await ids('clients')).sort(), [...scene.clients.keys()].sort())
  t.same((await ids('upstreams')).sort(), [...scene.upstreams.keys()].sort())
  t.match(await page.textContent('#clients .counts'), `${scene.clients.size} open`)
  const servers = await page.locator('#upstreams .origin').allTextContents()
  t.same(servers, ['http://10.1.0.11:3000', 'http://10.1.0.12:3000', 'http://10.1.0.13:3000', 'http://10.1.0.21:8000'])
  const exchanges = await page.locator('.exchange:visible').count()
  t.equal(await page.locator('#wires g[visibility="visible"]').count(), exchanges, 'each exchange has its line')
  const members = await page.locator('#upstreams .member').allTextContents()
  t.match(members[0], /^✓ up, unchecked$/)
  t.equal(members[2], '✕ failing · 7 in a row, 2 s ago: connection_refused')
  t.match(members[3], /^✓ up · learned/)
  t.match(await page.locator('[data-member="failing"] .member').getAttribute('title'), '10.1.0.13:3000 refuses')
  t.equal(await page.locator('#closed li').count(), scene.closed.length)
  t.match(await page.textContent('#closed li:first-child'), /by (the client|the upstream|hopwise)/)
  t.match(await page.textContent('.connection.client[data-state="idle"] .state'), /^\d+ s left$/)
  t.notMatch(await page.textContent('body'), /s3cr3t/)
  scene.pass(1_000)
  await page.waitForSelector('#charts .line[d^="M"]', { state: 'attached' })
  t.same(complaints, [])
})

test(
  'a click on an exchange, or on its line, opens the ledger; fields of one hop are marked in words',
  needs('chromium'),
  async t => {
    const { page, complaints } = await openScene(t)
    await page.locator('.exchange:visible').first().click()
    const dialog = page.locator('#ledger[open]')
    await dialog.locator('table').first().waitFor()
    t.match(await dialog.locator('h2').textContent(), /^(GET|POST) \//)
    t.equal(await dialog.locator('tr[data-hop="true"]').count(), 5)
    t.same(await dialog.locator('tr[data-hop="true"] .hop').allTextContents(), ['hop', 'hop', 'hop', 'hop', 'hop'])
    t.match(
      await dialog.locator('table').first().locator('tr', { hasText: 'X-Debug' }).last().textContent(),
      /✕ dropnamed by Connection RFC 9110 7\.6\.1/,
    )
    t.same(await dialog.locator('h3').allTextContents(), [
      'Request',
      'Trailers of the request',
      'Interim response 1 of 3',
      'Interim response 2 of 3',
      'Interim response 3 of 3',
      'Response',
      'Trailers of the response',
    ])
    const text = await dialog.textContent()
    t.match(text, 'HTTP/1.1 100 Continue is an answer of this proxyNo fields.')
    t.match(
      text,
      'HTTP/1.1 100 Continue was not sent onNo fields.The client does not receive it: it has already been told to continue',
    )
    t.match(text, '7 more were not kept.')
    t.match(text, 'None of them was sent on.')
    t.notMatch(text, /s3cr3t|31d4d96e407aad42/)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    // In the middle of a line, wherever it runs.
    const at = (await page.evaluate(`(() => {
    const path = document.querySelector('#wires g[visibility="visible"] .hit')
    const { x, y } = path.getPointAtLength(path.getTotalLength() / 2)
    const box = document.querySelector('#wires').getBoundingClientRect()
    return { x: x + box.left, y: y + box.top }
  })()`)) as { x: number; y: number }
    await page.evaluate(`scrollTo(0, ${at.y - 300})`)
    await page.mouse.click(at.x, at.y - ((await page.evaluate('scrollY')) as number))
    await page.locator('#ledger[open] table').first().waitFor()
    t.same(complaints, [])
  },
)

test('all of it works with the keyboard alone', needs('chromium'), async t => {
  const { page } = await openScene(t)
  const focused = () =>
    page.evaluate('document.activeElement.id || document.activeElement.className || document.activeElement.tagName')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'skip')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'filter')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'pause')
  await page.keyboard.press('Enter')
  await page.waitForSelector('body[data-stream="paused"]')
  await page.keyboard.press('Tab')
  t.equal(await focused(), 'exchange', 'one Tab to the exchanges')
  const id = () => page.evaluate("document.activeElement.closest('[data-id]')?.dataset.id")
  const first = await id()
  await page.keyboard.press('ArrowDown')
  t.not(await id(), first)
  t.equal(await focused(), 'exchange')
  await page.keyboard.press('ArrowUp')
  t.equal(await id(), first)
  await page.keyboard.press('End')
  const last = await id()
  await page.keyboard.press('ArrowDown')
  t.equal(await id(), last, 'the end is the end')
  await page.keyboard.press('Enter')
  await page.locator('#ledger[open] table').first().waitFor()
  t.equal(await focused(), 'close')
  await page.keyboard.press('Escape')
  await page.locator('#ledger:not([open])').waitFor({ state: 'attached' })
  t.equal(await id(), last, 'the focus comes back to where it was')
  await page.keyboard.press('Tab')
  t.not(await focused(), 'exchange', 'and one Tab leads out')
  t.match(
    await page.locator('.exchange:visible').first().getAttribute('aria-label'),
    /^x\d+ of c\d+: (GET|POST) shop\.example\//,
  )
})

test('the filter keeps who fits, and with whom they speak', needs('chromium'), async t => {
  const { page, scene } = await openScene(t)
  const [client] = scene.clients.values()
  await page.fill('#filter', client!.peer.toUpperCase())
  t.same(await page.locator('#clients .connection .id').allTextContents(), [client!.id])
  t.match(await page.textContent('#clients .more'), /^1 of \d+ fit the filter\.$/)
  await page.fill('#filter', '/api/')
  const targets = await page.locator('.exchange:visible .target').allTextContents()
  t.ok(targets.length > 0 && targets.every(target => target.startsWith('/api/')))
  await page.fill('#filter', 'nothing fits this')
  t.equal(await page.locator('.connection').count(), 0)
  t.match(await page.textContent('#closed .more'), 'None of the last ones fits the filter.')
  await page.fill('#filter', '')
  t.equal(await page.locator('#clients .connection').count(), scene.clients.size)
})

test('not ready, advice, a ledger that is gone: said in words', needs('chromium'), async t => {
  const scene = new Scene()
  scene.isReady = false
  scene.advised = [
    {
      code: 'upstream-idle-order',
      severity: 'warning',
      sentence: 'shop closes after 5 s.',
      key: 'upstreams.shop.deadlines.upstreamIdleMs',
      path: [],
      option: '--upstream-idle-ms',
      change: 'set it to 4000 or less',
    },
  ]
  scene.ledger = () => null
  const { page } = await openScene(t, {}, scene)
  await page.waitForSelector('body[data-ready="false"]')
  t.equal(await page.textContent('#state'), 'live, not ready: It is draining.')
  t.equal(await page.textContent('#advice summary'), 'Advice: 1 warning')
  await page.click('#advice summary')
  t.match(
    await page.textContent('#advice li'),
    /△ warning.*upstreams\.shop\.deadlines\.upstreamIdleMs \(--upstream-idle-ms\): set it to 4000 or less\./,
  )
  await page.locator('.exchange:visible').first().click()
  await page.waitForSelector('#ledger .notice:has-text("Nothing is known of exchange")')
})

test(
  'of several exchanges of a client the last one is shown, in whatever order they are told',
  needs('chromium'),
  async t => {
    const scene = new Scene()
    const { snapshot } = scene
    scene.snapshot = max => {
      const shown = snapshot.call(scene, max)
      const [client] = scene.clients.keys()
      const [upstream] = scene.upstreams.values()
      const bare = {
        client: client!,
        upstream: upstream!.id,
        origin: upstream!.origin,
        method: 'GET',
        host: 'a',
        ageMs: 1,
        retries: 0,
      }
      const over = { ...bare, status: 200, stage: 'over', outcome: 'complete' } as const
      const list = [
        { ...bare, id: 'x10', target: '/running', status: 0, stage: 'sent' } as const,
        { ...over, id: 'x9', target: '/second' },
        { ...over, id: 'x8', target: '/first' },
      ]
      return { ...shown, exchanges: { list: scene.isReady ? list : list.slice(1).reverse(), total: 3 } }
    }
    const { page } = await openScene(t, {}, scene)
    t.same(await page.locator('.exchange:visible .target').allTextContents(), ['/running'])
    scene.isReady = false
    await page.waitForSelector('body[data-ready="false"]')
    t.same(await page.locator('.exchange:visible .target').allTextContents(), ['/second'])
  },
)
