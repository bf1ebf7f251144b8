import { once } from 'node:events'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { type Test, test } from 'tap'
import { watchFiles } from '../../lib/daemon/watch.js'
import { systemClock } from '../../lib/net/clock.js'
import { settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { tempFolder } from '../support/temp-folder.js'

/** Watches files, and counts the reported changes. */
function watching(t: Test, files: readonly string[], clock = systemClock) {
  const told = { times: 0 }
  const watched = watchFiles(() => {
    told.times += 1
  }, clock)
  t.teardown(() => watched.stop())
  watched.watch(files)
  return { told, watched }
}

const toldOnce = (told: { times: number }, times = 1) => until('the change is reported', () => told.times === times)

test('a file that is rewritten, and one that an editor puts in its place', async t => {
  const folder = tempFolder(t)
  const file = path.join(folder, 'hopwise.yaml')
  fs.writeFileSync(file, 'one')
  const { told } = watching(t, [file])
  fs.writeFileSync(file, 'two!')
  await toldOnce(told)
  // As vim does: the old file becomes the backup, the new one is written under its name.
  fs.renameSync(file, `${file}~`)
  fs.writeFileSync(file, 'three!!')
  await toldOnce(told, 2)
  // As other editors do: a new file, moved over the old one.
  fs.writeFileSync(`${file}.new`, 'three!!')
  fs.renameSync(`${file}.new`, file)
  await toldOnce(told, 3)
})

test('Kubernetes swaps a link on the path to the file', async t => {
  const folder = tempFolder(t)
  const version = (name: string, text: string) => {
    fs.mkdirSync(path.join(folder, name))
    fs.writeFileSync(path.join(folder, name, 'hopwise.yaml'), text)
  }
  const swap = (name: string) => {
    fs.symlinkSync(name, path.join(folder, '..data_tmp'))
    fs.renameSync(path.join(folder, '..data_tmp'), path.join(folder, '..data'))
  }
  version('..1', 'one')
  swap('..1')
  fs.symlinkSync(path.join('..data', 'hopwise.yaml'), path.join(folder, 'hopwise.yaml'))
  // One more link: the volume is reached through a link in another folder.
  const other = path.join(tempFolder(t), 'config')
  fs.symlinkSync(folder, other)
  const direct = watching(t, [path.join(folder, 'hopwise.yaml')])
  const roundabout = watching(t, [path.join(other, 'hopwise.yaml')])
  for (const [i, name] of ['..2', '..3'].entries()) {
    version(name, `version ${name}`)
    swap(name)
    await toldOnce(direct.told, i + 1)
    await toldOnce(roundabout.told, i + 1)
  }
})

test('many events of one change are one change; a change of a neighbour is none', async t => {
  const folder = tempFolder(t)
  const file = path.join(folder, 'a.yaml')
  fs.writeFileSync(file, '')
  const clock = new FakeClock()
  const { told } = watching(t, [file], clock)
  // A watch on the folder that was started later is notified later.
  const changes = fs.watch(folder)
  t.teardown(() => changes.close())
  const isTold = async (change: () => void) => {
    const told = once(changes, 'change')
    change()
    await told
    await settled()
  }
  for (let i = 0; i < 5; i++) {
    await isTold(() => fs.appendFileSync(file, 'line\n'))
    clock.advance(200)
    t.equal(told.times, 0, 'it has not settled')
  }
  clock.advance(250)
  t.equal(told.times, 1)
  await isTold(() => fs.writeFileSync(path.join(folder, 'b.yaml'), 'other'))
  clock.advance(10_000)
  t.equal(told.times, 1)
})

test('changes that are not reported are found by polling', async t => {
  const folder = path.join(tempFolder(t), 'later')
  const file = path.join(folder, 'a.pem')
  const clock = new FakeClock()
  const { told, watched } = watching(t, [file], clock) // a folder that is not there cannot be watched
  fs.mkdirSync(folder)
  fs.writeFileSync(file, 'here')
  clock.advance(5_000)
  t.equal(told.times, 0)
  clock.advance(250)
  t.equal(told.times, 1)
  watched.stop()
  t.equal(clock.timers, 0)
})

test('a change between the reading and the watching is reported', async t => {
  const file = path.join(tempFolder(t), 'a.yaml')
  fs.writeFileSync(file, 'one')
  const clock = new FakeClock()
  const { told, watched } = watching(t, [file], clock)
  fs.writeFileSync(file, 'other')
  watched.watch([file])
  clock.advance(250)
  t.equal(told.times, 1)
})

test('a cycle of links does no harm', async t => {
  const folder = tempFolder(t)
  fs.symlinkSync('b', path.join(folder, 'a'))
  fs.symlinkSync('a', path.join(folder, 'b'))
  const { told } = watching(t, [path.join(folder, 'a', 'hopwise.yaml')])
  t.equal(told.times, 0)
})
