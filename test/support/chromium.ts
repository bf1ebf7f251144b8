import { type Browser, chromium } from 'playwright-core'
import type { Test } from 'tap'
import { pathOf } from './needs.js'
import { WAIT_MS } from './raw-client.js'

/**
 * Headless Chromium whose every request goes through the proxy. Without `<-loopback>` pages on 127.0.0.1 would load
 * around it: a test that cannot fail, so also assert that the proxy saw the requests. It cannot call home.
 */
export async function startChromium(t: Test, proxy: string): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: pathOf('chromium'),
    timeout: WAIT_MS,
    args: [
      `--proxy-server=${proxy}`,
      '--proxy-bypass-list=<-loopback>;*.googleapis.com;*.google.com',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
    ],
  })
  t.teardown(() => browser.close())
  return browser
}
