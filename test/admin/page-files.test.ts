import { readdirSync } from 'node:fs'
import { test } from 'tap'
import { readPageFiles } from '../../lib/pages/page-files.js'

const FOLDER = new URL('../../lib/admin/page/', import.meta.url)
const files = readPageFiles(FOLDER)
const text = (path: string) => files.get(path)?.bytes.toString() ?? ''

test('every file of the page is served', async t => {
  const names = readdirSync(FOLDER).map(name => `/${name}`)
  t.same([...files.keys()].sort(), names.map(name => (name === '/index.html' ? '/' : name)).sort())
})

test('everything that the page loads is served here, and nothing comes from elsewhere', async t => {
  for (const [path, { type }] of files) {
    if (type === 'image/svg+xml') continue
    t.notMatch(
      text(path),
      /(?:src|href|from|url\(|import\()\s*=?\s*['"(]?(?:https?:)?\/\//,
      `${path} has no external address`,
    )
  }
  for (const path of [...files.keys()].filter(name => name.endsWith('.js')))
    for (const [, other] of text(path).matchAll(/from '\.(\/[\w-]+\.js)'/g))
      t.ok(files.has(other ?? ''), `${path} loads ${other}`)
})

test('nothing in it needs an exception from the content security policy', async t => {
  t.notMatch(text('/'), /<style|\sstyle=|<script(?![^>]*src=)|\son\w+=/)
  for (const path of [...files.keys()].filter(name => name.endsWith('.js')))
    t.notMatch(text(path), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|'style'/, path)
})

test('the whole page is small', async t => {
  const total = [...files.values()].reduce((sum, { bytes }) => sum + bytes.length, 0)
  t.ok(total < 100_000, `${total} bytes`)
})
