import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { FollowedFile } from '../../lib/net/names/followed-file.js'
import { FakeClock } from '../support/fake-clock.js'
import { tempFolder } from '../support/temp-folder.js'

test('a change is seen within a second: rewritten, replaced, removed', async t => {
  const path = join(tempFolder(t), 'file')
  const clock = new FakeClock()
  let reads = 0
  const file = new FollowedFile(
    path,
    text => {
      reads++
      return text
    },
    clock,
  )
  t.equal(file.get(), '')
  const { generation } = file
  writeFileSync(path, 'one')
  clock.advance(999)
  t.equal(file.get(), '')
  clock.advance(1)
  t.equal(file.get(), 'one')
  t.not(file.generation, generation)
  clock.advance(1_000)
  const before = reads
  t.equal(file.get(), 'one')
  t.equal(reads, before, 'an unchanged file is not read')
  writeFileSync(`${path}.new`, 'two')
  renameSync(`${path}.new`, path)
  clock.advance(1_000)
  t.equal(file.get(), 'two')
  rmSync(path)
  clock.advance(1_000)
  t.equal(file.get(), '')
})

test('an unreadable file counts as empty', async t => {
  const folder = tempFolder(t)
  t.equal(new FollowedFile(folder, text => text, new FakeClock()).get(), '')
  t.equal(new FollowedFile(join(folder, 'none', 'file'), text => text, new FakeClock()).get(), '')
})
