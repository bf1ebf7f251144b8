import type { BrowserContextOptions } from 'playwright-core'
import type { Test } from 'tap'
import { openTab, type Tab } from '../support/tab.js'
import { Scene } from './scene.js'
import { withAdmin } from './with-admin.js'

/** The live page, with the first look drawn. */
export async function openPage(t: Test, url: string, options: BrowserContextOptions = {}): Promise<Tab> {
  const { page, complaints } = await openTab(t, url, options)
  await page.goto(`${url}/`)
  await page.waitForSelector('#clients .connection')
  return { page, complaints }
}

/** The page of a simulated proxy, a minute after its start. */
export async function openScene(t: Test, options: BrowserContextOptions = {}, scene = new Scene()) {
  scene.pass(60_000)
  const { url, port, admin } = await withAdmin(t, { source: scene })
  return { ...(await openPage(t, url, options)), scene, port, admin }
}
