import { join } from 'node:path'
import { test } from 'tap'
import { needs } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'
import { openScene } from './browser.js'
import { Scene } from './scene.js'

test(
  'from 320 to 1440 px wide: everything is there, nothing scrolls sideways or overlaps',
  needs('chromium'),
  async t => {
    const folder = tempFolder(t)
    for (const width of [320, 768, 1241, 1440]) {
      const { page } = await openScene(t, { viewport: { width, height: 900 } })
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${width} px`)
      t.same(await page.evaluate(MISPLACED), [])
      const wide = width > 1240
      t.equal(await page.locator('#wires').isVisible(), wide, 'lines where there is room for them')
      t.equal(
        await page.locator('.exchange:visible .to').first().isVisible(),
        !wide,
        'otherwise the exchange names its upstream',
      )
      await page.locator('.exchange:visible').first().click()
      await page.locator('#ledger[open] table').first().waitFor()
      t.ok(
        (await page.evaluate(
          "document.querySelector('#ledger').scrollWidth <= document.querySelector('#ledger').clientWidth",
        )) === true,
      )
      await page.screenshot({ path: join(folder, `${width}.png`) })
      await page.close()
    }
  },
)

test(
  'two workers, IPv6, long names: nothing overlaps its neighbour, and what is cut off can be read elsewhere',
  needs('chromium'),
  async t => {
    const folder = tempFolder(t)
    for (const width of [360, 800, 1440]) {
      const { page } = await openScene(t, { viewport: { width, height: 900 } }, crowdedScene())
      t.equal(await page.evaluate('document.documentElement.scrollWidth'), width, `${width} px`)
      t.same(await page.evaluate(MISPLACED), [])
      t.same(await page.evaluate(UNREADABLE), [], `${width} px`)
      const peer = await page.locator('#clients .peer').first().textContent()
      t.match(peer, /^\[2001:db8:/)
      const broken = `[...document.querySelectorAll('.connection > .state, .connection > .peer, #closed .peer')].filter(it => it.offsetHeight > 100).length`
      t.equal(await page.evaluate(broken), 0, 'no text is broken into a column of letters')
      await page.screenshot({ path: join(folder, `crowded-${width}.png`), fullPage: true })
      await page.close()
    }
  },
)

/** The scene as two workers with many connections report it: ids with the worker in front, long addresses and names. */
function crowdedScene(): Scene {
  const scene = new Scene(8)
  const { snapshot, stats } = scene
  const id = (bare: string) => (bare === '' ? '' : `w2.${bare.slice(0, 1)}${10_000 + Number(bare.slice(1))}`)
  const origin = (bare: string) =>
    bare.replace('10.1.0.', 'a-rather-long-name-of-a-server.in-some-namespace.svc.cluster.example.internal-')
  const team = (name: string) => `${name}-of-a-team-with-a-long-name`
  const named = <T extends { id: string }>(one: T): T => ({ ...one, id: id(one.id) })
  const peer = (nth: number) => `[2001:db8:1111:2222:3333:4444:5555:${(0x6660 + nth).toString(16)}]:54321`
  scene.snapshot = max => {
    const { at, clients, upstreams, exchanges, closed } = snapshot.call(scene, max)
    return {
      at,
      clients: {
        ...clients,
        list: clients.list.map((one, i) => ({ ...named(one), peer: peer(i), requests: 1_234_567 })),
      },
      upstreams: {
        ...upstreams,
        list: upstreams.list.map(one => ({
          ...named(one),
          group: team(one.group),
          origin: origin(one.origin),
          address: '2001:db8:1111:2222:3333:4444:5555:6666',
        })),
      },
      exchanges: {
        ...exchanges,
        list: exchanges.list.map(one => ({
          ...named(one),
          client: id(one.client),
          upstream: id(one.upstream),
          origin: origin(one.origin),
          host: 'a-long-name.of-a-site.example',
        })),
      },
      closed: closed.map((one, i) => ({ ...named(one), peer: one.side === 'client' ? peer(i) : origin(one.peer) })),
    }
  }
  scene.stats = () => {
    const totals = stats.call(scene)
    const groups = totals.groups.map(({ name, members }) => ({
      name: team(name),
      members: members.map(member => ({ ...member, name: origin(member.name) })),
    }))
    return { ...totals, groups }
  }
  return scene
}

/**
 * Where text overlaps other text of the same row, or its neighbour; and text that is cut off without a title that shows it in
 * full.
 */
const UNREADABLE = `(() => {
  const found = []
  const lettersOf = part => {
    const range = document.createRange()
    range.selectNodeContents(part)
    return [...range.getClientRects()].filter(({ width, height }) => width > 0 && height > 0)
  }
  const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
  for (const row of document.querySelectorAll('.connection, #closed li, h3, .exchange')) {
    const parts = [...row.querySelectorAll(':scope > span, :scope > button')].filter(it => it.offsetWidth > 0)
    const letters = parts.map(part => (part.tagName === 'BUTTON' || part.scrollWidth > part.clientWidth && getComputedStyle(part).overflow === 'hidden' ? [part.getBoundingClientRect()] : lettersOf(part)))
    for (const [i, a] of letters.entries())
      for (const [k, b] of letters.entries())
        if (k > i && a.some(one => b.some(other => meet(one, other)))) found.push(row.className + ': ' + parts[i].className + ' lies on ' + parts[k].className + ' (' + parts[i].textContent + ')')
    for (const part of parts) {
      const cut = part.tagName !== 'BUTTON' && part.scrollWidth > part.clientWidth + 1 && getComputedStyle(part).display !== 'inline'
      const title = part.closest('[title]')?.getAttribute('title') ?? ''
      if (cut && !title.includes(part.textContent) && !part.textContent.split(', ').every(word => title.includes(word))) found.push(part.className + ' is cut: ' + part.textContent)
    }
  }
  return [...new Set(found)]
})()`

/** Elements that do not stay within their container, or overlap their neighbour. */
const MISPLACED = `(() => {
  const within = (inner, outer) => inner.left >= outer.left - 1 && inner.right <= outer.right + 1
  const found = []
  for (const part of document.querySelectorAll('.connection > *, #closed li > *, h3 > *, figure > *')) {
    const box = part.getBoundingClientRect()
    const home = part.closest('.side, #closed, figure').getBoundingClientRect()
    if (box.width > 0 && !within(box, home)) found.push(part.className + ' is outside')
  }
  const parts = [...document.querySelectorAll('body > header > *')].map(it => it.getBoundingClientRect())
  for (const [i, a] of parts.entries())
    for (const b of parts.slice(i + 1))
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) found.push('parts of the head overlap')
  if (document.querySelector('h1').getBoundingClientRect().height > 60) found.push('the name is broken')
  return found
})()`

test('light and dark: text has enough contrast', needs('chromium'), async t => {
  const grounds: string[] = []
  for (const colorScheme of ['light', 'dark'] as const) {
    const { page } = await openScene(t, { colorScheme })
    const ratios = (await page.evaluate(CONTRASTS)) as Record<string, number>
    t.ok(Object.keys(ratios).length >= 16)
    for (const [pair, ratio] of Object.entries(ratios))
      t.ok(ratio >= 4.5, `${colorScheme}: ${pair} ${ratio.toFixed(2)}`)
    grounds.push((await page.evaluate('getComputedStyle(document.body).backgroundColor')) as string)
    await page.close()
  }
  t.not(grounds[0], grounds[1])
})

/** The contrast (WCAG 2.2, 1.4.3) of every text colour on every background on which it appears. */
const CONTRASTS = `(() => {
  const style = getComputedStyle(document.documentElement)
  const channels = name => {
    const probe = document.createElement('canvas').getContext('2d')
    probe.fillStyle = style.getPropertyValue(name)
    return [1, 3, 5].map(i => parseInt(probe.fillStyle.slice(i, i + 2), 16) / 255)
  }
  const light = name => {
    const [r, g, b] = channels(name).map(it => (it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const ratios = {}
  for (const text of ['--text', '--muted', '--blue', '--teal', '--amber', '--red', '--purple'])
    for (const ground of ['--ground', '--surface', '--sunken', '--mark']) {
      if (ground === '--mark' && !['--text', '--muted', '--amber', '--red'].includes(text)) continue
      const [a, b] = [light(text), light(ground)].sort((x, y) => y - x)
      ratios[text + ' on ' + ground] = (a + 0.05) / (b + 0.05)
    }
  return ratios
})()`

test('a user who wants no motion gets none', needs('chromium'), async t => {
  const moving = `[...document.querySelectorAll('*')].filter(it => {
    const { animationName, transitionDuration } = getComputedStyle(it)
    return animationName !== 'none' || transitionDuration.split(', ').some(time => time !== '0s')
  }).length`
  const still = await openScene(t, { reducedMotion: 'reduce' })
  t.equal(await still.page.evaluate(moving), 0)
  const lively = await openScene(t, { reducedMotion: 'no-preference' })
  t.ok(((await lively.page.evaluate(moving)) as number) > 0)
})
