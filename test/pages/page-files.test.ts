import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'tap'
import { readPageFiles } from '../../lib/pages/page-files.js'
import { tempFolder } from '../support/temp-folder.js'

test('the files of a page are served by path, with their types; other files are not', async t => {
  const folder = tempFolder(t)
  const names = ['index.html', 'main.js', 'style.css', 'icon.svg', 'notes.md', 'main.js.map', 'README']
  for (const name of names) writeFileSync(join(folder, name), `this is ${name}`)
  const files = readPageFiles(pathToFileURL(`${folder}/`))
  t.same([...files].map(([path, { type }]) => [path, type]).sort(), [
    ['/', 'text/html; charset=utf-8'],
    ['/icon.svg', 'image/svg+xml'],
    ['/main.js', 'text/javascript; charset=utf-8'],
    ['/style.css', 'text/css; charset=utf-8'],
  ])
  writeFileSync(join(folder, 'main.js'), 'a newer version')
  t.equal(files.get('/main.js')?.bytes.toString(), 'this is main.js', 'it was read once')
})
