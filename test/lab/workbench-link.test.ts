import { test } from 'tap'
import { checkedWorkbench, type Workbench } from '../../lib/lab/workbench.js'
import { type Choices, PRESETS, workbenchChoices } from '../../lib/lab/workbench-choices.js'

interface Links {
  linkOf(description: Workbench): string
  readLink(hash: string, choices: Choices): Workbench | null
}

// The page's own module: it needs no browser.
const { linkOf, readLink }: Links = await import(new URL('../../lib/lab/page/workbench-link.js', import.meta.url).href)
const choices = workbenchChoices()

test('a setup survives its link', async t => {
  for (const { id, description } of PRESETS) {
    const link = linkOf(description)
    t.match(link, /^#\/workbench\/[\w-]+$/)
    t.same(readLink(link, choices), description, id)
    t.equal(JSON.stringify(readLink(link, choices)), JSON.stringify(description), `${id}: in the same order`)
  }
  const full = checkedWorkbench({
    content: '가'.repeat(1_365),
    path: `/${'x'.repeat(199)}`,
    fields: Array(4).fill({ name: 'N'.repeat(64), value: '\xe9'.repeat(256) }),
    chain: [
      { kind: 'smart', idleS: 7 },
      { kind: 'stock', upstreamKeepAlive: true },
      { kind: 'hopwise', xForwarded: true },
    ],
    origin: { stopAfter: 0, announce: false },
  })
  t.same(readLink(linkOf(full), choices), full)
})

test('a foreign link is not a setup', async t => {
  const rows = [
    '',
    '#/workbench',
    '#/workbench/',
    '#/workbench/!!!!',
    '#/workbench/e30', // {} is one: all defaults
    `#/workbench/${btoa('null')}`,
    `#/workbench/${btoa('[1]')}`,
    `#/workbench/${btoa('"x"')}`,
    `#/workbench/${btoa('{"version":')}`,
    `#/workbench/${'A'.repeat(60_000)}`,
    '#/hang',
  ]
  t.same(
    rows.map(row => readLink(row, choices) === null),
    rows.map(row => row !== '#/workbench/e30'),
  )
})

test('a link by a stranger becomes something that the server accepts, or refuses with a sentence', async t => {
  const strange = {
    version: '9.9',
    method: '<script>',
    path: { toString: 'x' },
    fields: [{ name: 1 }, 'x', null, { name: 'A', value: 'b', more: 1 }, ...Array(100).fill({ name: 'X', value: 'y' })],
    content: ['a'],
    requests: 1e9,
    sending: null,
    chain: [
      { kind: 'squid' },
      { kind: 'hopwise', via: 'x', upstream: 'http://evil' },
      ...Array(9).fill({ kind: 'dumb' }),
    ],
    origin: { timeoutS: -5, max: 'x', delayMs: 1e9, contentBytes: 1.5, stopAfter: 1e9, after: '__proto__', port: 80 },
    __proto__: { polluted: true },
    host: 'evil.example',
  }
  const read = readLink(`#/workbench/${btoa(JSON.stringify(strange))}`, choices)!
  t.match(read, {
    version: '1.1',
    method: 'GET',
    path: '/',
    requests: 4,
    chain: [{ kind: 'dumb' }, { kind: 'hopwise' }, { kind: 'dumb' }],
  })
  t.same(Object.keys(read).sort(), Object.keys(PRESETS[0]!.description).sort(), 'and nothing else')
  t.equal(read.fields.length, choices.limits.fields)
  const named = { ...read, fields: read.fields.filter(({ name }) => name !== '') }
  t.same(checkedWorkbench(named), named)
})
