import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { t as root, type Test } from 'tap'
import { pathOf } from '../support/needs.js'
import { Scene } from './scene.js'
import { withAdmin } from './with-admin.js'

let browser: Promise<Browser> | null = null

/** Headless Chromium that reaches 127.0.0.1 and nothing else; one for all tests of a file. */
function theBrowser(): Promise<Browser> {
  if (browser === null) {
    browser = chromium.launch({
      executablePath: pathOf('chromium'),
      args: [
        '--no-proxy-server',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    })
    root.teardown(async () => (await browser)?.close())
  }
  return browser
}

export interface OpenPage {
  page: Page
  /** What the page complained of: errors, warnings, violations of its policy, requests to elsewhere. */
  complaints: string[]
}

/** The live page, with the first look drawn. */
export async function openPage(t: Test, url: string, options: BrowserContextOptions = {}): Promise<OpenPage> {
  const page = await (await theBrowser()).newPage(options)
  t.teardown(() => page.close())
  page.setDefaultTimeout(15_000)
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (!request.url().startsWith(url)) complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(`${url}/`)
  await page.waitForSelector('#clients .connection')
  return { page, complaints }
}

/** The page of a proxy that is played, a minute after its start. */
export async function openScene(t: Test, options: BrowserContextOptions = {}, scene = new Scene()) {
  scene.pass(60_000)
  const { url, port, admin } = await withAdmin(t, { source: scene })
  return { ...(await openPage(t, url, options)), scene, port, admin }
}
