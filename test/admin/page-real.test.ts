import { test } from 'tap'
import { createProxy } from '../../lib/proxy/proxy.js'
import { needs } from '../support/needs.js'
import { openPage } from './browser.js'
import { ProxySource } from './proxy-source.js'
import { startClients, startService } from './traffic.js'
import { withAdmin } from './with-admin.js'

test(
  'a real proxy under real traffic: connections, exchanges, ledgers and evictions as they are',
  needs('chromium'),
  async t => {
    const ports = [await startService(t), await startService(t)]
    const servers = ports.map(port => `http://127.0.0.1:${port}`)
    const proxy = createProxy({
      mode: 'reverse',
      name: 'edge-1',
      routes: [{ upstream: 'app' }],
      upstreams: { app: { servers } },
      deadlines: { upstreamIdleMs: 1_500 },
    })
    t.teardown(() => proxy.destroy())
    const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
    startClients(t, port, 12)
    const { url } = await withAdmin(t, { source: new ProxySource(proxy) })
    const { page, complaints } = await openPage(t, url)

    await page.locator('#clients .connection').nth(11).waitFor()
    t.match(await page.textContent('h1'), /hopwise\s+edge-1/)
    t.same((await page.locator('#upstreams .origin').allTextContents()).sort(), servers.toSorted())
    await page.waitForSelector('#wires g[data-stage="sent"]', { state: 'attached' })
    await page.waitForSelector('#wires g[data-stage="responding"]', { state: 'attached' })
    await page.waitForSelector('#charts .line[d^="M"]', { state: 'attached' })

    const ended = page.locator('.exchange[data-stage="responding"]')
    await ended.first().click()
    const dialog = page.locator('#ledger[open]')
    await dialog.locator('table').nth(1).waitFor()
    const row = (field: string) =>
      dialog
        .locator('tr', { has: page.locator(`th code:text-is("${field}")`) })
        .first()
        .textContent()
    t.match(await row('X-Debug'), /hop.*✕ drop/)
    t.match(await row('X-Forwarded-For'), /127\.0\..*\+ add/)
    t.match(await row('Keep-Alive'), /hop.*timeout=5.*✕ drop/)
    t.match(await row('Cookie'), 'sid=[redacted]')
    t.match(await row('Set-Cookie'), 'sid=[redacted]; Path=/; HttpOnly')
    t.notMatch(await page.textContent('body'), /s3cr3t|31d4d96e407aad42/)
    await page.keyboard.press('Escape')

    await page.waitForSelector('.connection.upstream[data-state="idle"]')
    t.match(await page.textContent('.connection.upstream[data-state="idle"] .state'), /^[01]\.\d s left$/)
    await page.waitForSelector('#closed li[data-by="proxy"]:has-text("upstream-idle")')
    t.same(complaints, [])
  },
)
