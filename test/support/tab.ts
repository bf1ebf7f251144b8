import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { t as root, type Test } from 'tap'
import { pathOf } from './needs.js'
import { WAIT_MS } from './raw-client.js'

let browser: Promise<Browser> | null = null

/** Headless Chromium that reaches 127.0.0.1 and nothing else; one for all tests of a file. */
function theBrowser(): Promise<Browser> {
  if (browser === null) {
    browser = chromium.launch({
      executablePath: pathOf('chromium'),
      timeout: WAIT_MS,
      args: [
        '--no-proxy-server',
        // No thread is needed to paint what nobody sees.
        '--disable-gpu',
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
    })
    root.teardown(async () => (await browser)?.close())
  }
  return browser
}

export interface Tab {
  readonly page: Page
  /** Complaints of the page: errors, warnings, violations of its policy, requests to other servers. */
  readonly complaints: string[]
}

/** A new tab for a page of the server at `url`. Nothing is opened in it yet. */
export async function openTab(t: Test, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const page = await (await theBrowser()).newPage(options)
  t.teardown(() => page.close())
  page.setDefaultTimeout(WAIT_MS)
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('pageerror', error => complaints.push(error.message))
  page.on('request', request => {
    if (!request.url().startsWith(url) && !request.url().startsWith('blob:'))
      complaints.push(`requested ${request.url()}`)
  })
  return { page, complaints }
}
