import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'tap'
import { writePidFile } from '../../lib/daemon/pid-file.js'
import { tempFolder } from '../support/temp-folder.js'

test('written as a whole, and removed at the end', async t => {
  const folder = tempFolder(t)
  const file = path.join(folder, 'run.pid')
  fs.writeFileSync(file, '99999999\n')
  const remove = writePidFile(file, 4711)
  t.equal(fs.readFileSync(file, 'utf8'), '4711\n', 'in place of a leftover')
  t.equal(fs.statSync(file).mode & 0o777 & ~process.umask(), 0o644 & ~process.umask(), 'readable by all')
  remove()
  remove()
  t.same(fs.readdirSync(folder), [])
})

test('the file of another process stays', async t => {
  const file = path.join(tempFolder(t), 'run.pid')
  const remove = writePidFile(file, 1)
  writePidFile(file, 2)
  remove()
  t.equal(fs.readFileSync(file, 'utf8'), '2\n')
})

test('if it cannot be written the start fails, with a sentence', async t => {
  const folder = tempFolder(t)
  t.throws(() => writePidFile(path.join(folder, 'no', 'run.pid'), 1), {
    name: 'ListenError',
    message: /^pidFile .*run\.pid cannot be written: ENOENT/,
  })
  fs.mkdirSync(path.join(folder, 'run.pid'))
  t.throws(() => writePidFile(path.join(folder, 'run.pid'), 1), { name: 'ListenError' })
  t.same(fs.readdirSync(folder), ['run.pid'], 'nothing is left behind')
})
