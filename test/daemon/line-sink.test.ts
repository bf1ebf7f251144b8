import { execFileSync } from 'node:child_process'
import * as fs from 'node:fs'
import * as path from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'tap'
import { fileOutlet, LineSink, type Outlet, openForLines, streamOutlet } from '../../lib/daemon/logs/line-sink.js'
import { until } from '../support/conversation.js'

const notice = (dropped: number) => `dropped ${dropped}\n`

/** An outlet whose results are given by the test. */
function byHand() {
  const writes: { text: string; answer: (error: Error | null, written?: number) => void }[] = []
  const waiting: (() => void)[] = []
  const outlet: Outlet = (bytes, done) => {
    writes.push({ text: bytes.toString(), answer: (error, written = error ? 0 : bytes.length) => done(error, written) })
    waiting.shift()?.()
  }
  /** The n-th write, as soon as it is there. */
  const write = async (n: number) => {
    // The timers of a sink keep no process alive, and a test has nothing else to wait for.
    const alive = setInterval(() => {}, 1_000)
    while (writes.length <= n) await new Promise<void>(seen => waiting.push(seen))
    clearInterval(alive)
    return writes[n]!
  }
  return { outlet, writes, write }
}

const failure = (code: string) => Object.assign(new Error(code), { code })

test('the first line is written at once, those that arrive meanwhile are written together', async t => {
  const { outlet, writes, write } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('a\n')
  t.equal(writes.length, 1)
  sink.write('b\n')
  sink.write('c\n')
  t.equal(writes.length, 1, 'one write at a time')
  writes[0]?.answer(null)
  t.equal((await write(1)).text, 'b\nc\n')
  writes[1]?.answer(null)
  await sink.end(60_000)
  t.equal(sink.dropped, 0)
})

test('sixty-four kilobytes do not wait for more', async t => {
  const { outlet, writes, write } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('a\n')
  writes[0]?.answer(null)
  sink.write('b\n')
  t.equal(writes.length, 1, 'a short text waits for more')
  sink.write(`${'x'.repeat(70_000)}\n`)
  t.equal(writes.length, 2)
  sink.write(`${'y'.repeat(70_000)}\n`)
  writes[1]?.answer(null)
  t.equal((await write(2)).text.length, 70_001)
})

test('bytes do not change until their write is over, however much is written meanwhile', async t => {
  const pending: (() => void)[] = []
  const got: Buffer[] = []
  const outlet: Outlet = (bytes, done) => {
    pending.push(() => {
      const written = Math.ceil(bytes.length * 0.7)
      got.push(Buffer.from(bytes.subarray(0, written)))
      done(null, written)
    })
  }
  const sink = new LineSink(outlet, notice)
  let all = ''
  for (let i = 0; i < 600; i++) {
    const line = `${i} ${'aé€😀'.charAt(i % 3).repeat((i * 7_919) % 9_000)} 😀\n`
    all += line
    sink.write(line)
    if (i % 5 < 3) pending.shift()?.()
  }
  let over = false
  const ended = sink.end(60_000).then(() => {
    over = true
  })
  while (!over) {
    pending.shift()?.()
    await new Promise(setImmediate)
  }
  await ended
  t.equal(sink.dropped, 0)
  t.ok(Buffer.concat(got).toString() === all)
})

test('a partial write continues where it stopped, even when the reader is slow (EAGAIN)', async t => {
  const { outlet, writes, write } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('abcdef\n')
  writes[0]?.answer(null, 2)
  t.equal((await write(1)).text, 'cdef\n')
  writes[1]?.answer(failure('EAGAIN'))
  t.equal((await write(2)).text, 'cdef\n', 'again a little later')
  writes[2]?.answer(null)
  await sink.end(60_000)
})

test('a reader that stopped: a megabyte waits, the rest is dropped, counted, and reported when lines flow again', async t => {
  const { outlet, writes, write } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('first\n')
  const line = `${'x'.repeat(1023)}\n`
  for (let i = 0; i < 2_000; i++) sink.write(line)
  t.equal(sink.dropped, 2_000 - 1_024)
  writes[0]?.answer(null)
  const { text, answer } = await write(1)
  t.equal(text.length, 1_048_576 + 'dropped 976\n'.length)
  t.ok(text.endsWith(`${line}dropped 976\n`))
  answer(null)
  sink.write('later\n')
  t.equal((await write(2)).text, 'later\n', 'and reported once')
})

test('a write to a full disk is tried again at the end, then given up', async t => {
  const { outlet, writes, write } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('a\n')
  writes[0]?.answer(failure('ENOSPC'))
  sink.write('b\n')
  t.equal(writes.length, 1, 'not for every line')
  const ended = sink.end(60_000)
  ;(await write(1)).answer(failure('ENOSPC'))
  await ended
  t.equal(sink.dropped, 2)
  sink.write('c\n')
  t.equal(sink.dropped, 3)
})

test('a full disk that has room again within the second', async t => {
  const { outlet, writes, write } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('a\n')
  writes[0]?.answer(failure('ENOSPC'))
  t.equal((await write(1)).text, 'a\n')
  writes[1]?.answer(null)
  t.equal(sink.dropped, 0)
})

test('a reader that is gone: nothing is tried again', async t => {
  const { outlet, writes } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('a\n')
  sink.write('b\n')
  writes[0]?.answer(failure('EPIPE'))
  t.equal(sink.dropped, 2)
  sink.write('c\n')
  t.equal(sink.dropped, 3)
  t.equal(writes.length, 1)
  await sink.end(60_000)
})

test('the end waits for the last lines, but not forever', async t => {
  const { outlet, writes } = byHand()
  const sink = new LineSink(outlet, notice)
  sink.write('a\n')
  await sink.end(50)
  writes[0]?.answer(null) // only now
  t.equal(writes.length, 1)
  await new LineSink(outlet, notice).end(60_000)
})

test('files are appended to; /dev/full is dropped and counted', async t => {
  const file = path.join(t.testdir({ log: 'old\n' }), 'log')
  const sink = new LineSink(openForLines(file).outlet, notice)
  sink.write('new\n')
  await sink.end(60_000)
  t.equal(fs.readFileSync(file, 'utf8'), 'old\nnew\n')

  if (!fs.existsSync('/dev/full')) return
  const full = new LineSink(openForLines('/dev/full').outlet, notice)
  full.write('a\n')
  await full.end(60_000)
  t.equal(full.dropped, 1)
})

test('a file that was moved away is reopened; if that fails, the old one stays', async t => {
  const folder = t.testdir({})
  const file = path.join(folder, 'log')
  const opened = openForLines(file)
  const sink = new LineSink(opened.outlet, notice)
  sink.write('before\n')
  await until('it is written', () => fs.readFileSync(file, 'utf8') === 'before\n')
  fs.renameSync(file, `${file}.1`)
  fs.mkdirSync(file)
  t.throws(() => opened.reopen(), { code: 'EISDIR' })
  sink.write('still old\n')
  await until('it is written', () => fs.readFileSync(`${file}.1`, 'utf8') === 'before\nstill old\n')
  fs.rmdirSync(file)
  opened.reopen()
  opened.reopen()
  sink.write('after\n')
  await sink.end(60_000)
  t.equal(fs.readFileSync(`${file}.1`, 'utf8'), 'before\nstill old\n')
  t.equal(fs.readFileSync(file, 'utf8'), 'after\n')
})

test('a FIFO without a reader is refused; one whose reader stops is tried again, without blocking', {
  skip: process.platform === 'win32',
}, async t => {
  const fifo = path.join(t.testdir({}), 'fifo')
  execFileSync('mkfifo', [fifo])
  t.throws(() => openForLines(fifo), { code: 'ENXIO' })
  const reader = fs.openSync(fifo, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK)
  t.teardown(() => fs.closeSync(reader))
  const sink = new LineSink(openForLines(fifo).outlet, notice)
  const line = `${'x'.repeat(99_999)}\n`
  for (let i = 0; i < 5; i++) sink.write(line)
  const alive = setInterval(() => {}, 100)
  t.teardown(() => clearInterval(alive))
  let got = 0
  const bytes = Buffer.alloc(65_536)
  while (got < 500_000) {
    try {
      got += fs.readSync(reader, bytes)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
    }
    await new Promise(setImmediate)
  }
  t.equal(got, 500_000)
  await sink.end(60_000)
  t.equal(sink.dropped, 0)
})

test('a stream is written to, and its error is reported', async t => {
  const stream = new PassThrough()
  stream.on('error', () => {})
  const outlet = streamOutlet(stream)
  const written = await new Promise(done => outlet(Buffer.from('ab'), (error, count) => done([error, count])))
  t.strictSame(written, [null, 2])
  stream.destroy()
  const refused = await new Promise<unknown>(done => outlet(Buffer.from('ab'), error => done(error?.code)))
  t.equal(refused, 'ERR_STREAM_DESTROYED')
  t.equal(typeof fileOutlet(1), 'function')
})
