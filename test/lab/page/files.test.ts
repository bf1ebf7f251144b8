import { readdirSync } from 'node:fs'
import t from 'tap'
import { readPageFiles } from '../../../lib/pages/page-files.js'
import { load, PAGE } from './modules.js'

const files = readPageFiles(PAGE)
const text = (path: string) => files.get(path)?.bytes.toString() ?? ''
const scripts = [...files.keys()].filter(name => name.endsWith('.js'))

t.test('every file of the page is served', async t => {
  // Except the types for other parts of the laboratory.
  const names = readdirSync(PAGE)
    .filter(name => !name.endsWith('.d.ts'))
    .map(name => `/${name}`)
  t.same([...files.keys()].sort(), names.map(name => (name === '/index.html' ? '/' : name)).sort())
})

t.test('everything that the page loads is here, and nothing comes from other places', async t => {
  for (const [path, { type }] of files)
    if (type !== 'image/svg+xml')
      t.notMatch(text(path), /(?:src|href|from|url\(|import\()\s*=?\s*['"(]?(?:https?:)?\/\//, path)
  for (const path of scripts)
    for (const [, other] of text(path).matchAll(/from '\.(\/[\w-]+\.js)'/g))
      t.ok(files.has(other ?? ''), `${path} loads ${other}`)
  for (const [, other] of text('/').matchAll(/(?:href|src)="(\/[^"]+)"/g))
    t.ok(files.has(other ?? ''), `it loads ${other}`)
})

t.test('nothing in it needs an exception from the content security policy', async t => {
  t.notMatch(text('/'), /<style|\sstyle=|<script(?![^>]*src=)|\son\w+=/)
  for (const path of scripts) {
    t.notMatch(text(path), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function/, path)
    // The drawings for documents contain their own style; no page shows them.
    if (path !== '/figure.js') t.notMatch(text(path), /['"]style['"]|\bstyle:/, path)
  }
})

t.test('the drawings have the colours of the page', async t => {
  const { LIGHT } = await load('palette.js')
  const [light = '', dark = ''] = text('/base.css').split('@media (prefers-color-scheme: dark)')
  for (const [name, value] of Object.entries(LIGHT)) {
    t.match(light, `${name}: ${value};`)
    t.match(dark, `${name}: #`, 'and on dark ground another one')
  }
})

t.test('the whole page is small', async t => {
  const octets = [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
  t.ok(octets < 350_000, `${octets} bytes`)
})
