import * as fs from 'node:fs'
import * as path from 'node:path'
import { test } from 'tap'
import { openRecord, RecordKeeper, readRecord } from '../../lib/daemon/reload-record.js'
import { tempFolder } from '../support/temp-folder.js'

test('a record is read through the process that keeps it, and exists nowhere else', async t => {
  const folder = tempFolder(t)
  // A file that another user planted under such a name is neither used nor followed.
  fs.symlinkSync('/etc/passwd', path.join(folder, 'hopwise-reload.planted'))
  const planted = fs.openSync(path.join(folder, 'hopwise-reload.planted'), 'r')
  t.equal(openRecord(process.pid), null, 'no record, only a file with such a name')
  const keeper = RecordKeeper.open([path.join(folder, 'nowhere'), folder])
  t.same(fs.readdirSync(folder), ['hopwise-reload.planted'], 'it no longer has a name')
  const fd = openRecord(process.pid)!
  t.equal(fs.fstatSync(fd).mode & 0o777, 0o600)
  t.same(readRecord(fd), { begun: 0, stopping: false, last: null })
  const reasons = Array.from({ length: 100 }, (_, i) => `reason ${i} ${'x'.repeat(5_000)}`)
  keeper?.note({ begun: 1, last: { reload: 1, accepted: false, sentences: reasons } })
  const last = readRecord(fd)?.last
  t.match(last, { reload: 1, accepted: false, sentences: { length: 20 } }, 'bounded')
  t.equal(last?.sentences[0]?.length, 1_000)
  keeper?.note({ last: { reload: 1, accepted: true, sentences: ['well'] } })
  t.same(
    readRecord(fd),
    { begun: 1, stopping: false, last: { reload: 1, accepted: true, sentences: ['well'] } },
    'shorter',
  )
  fs.closeSync(planted)
  keeper?.close()
  fs.closeSync(fd)
  t.equal(openRecord(process.pid), null)
  t.equal(RecordKeeper.open([path.join(folder, 'nowhere')]), null, 'no folder')
  t.throws(() => openRecord(4_194_304), { code: 'ENOENT' })
})

test('half a record is not a record', async t => {
  const file = path.join(tempFolder(t), 'record')
  for (const text of ['', 'x', `${'0'.repeat(64)} {"begun":1}\n`]) {
    fs.writeFileSync(file, text)
    const fd = fs.openSync(file, 'r')
    t.equal(readRecord(fd), null)
    fs.closeSync(fd)
  }
})
