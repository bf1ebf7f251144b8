import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

// A test says by order what has happened and what has not, never by some milliseconds: see CONTRIBUTING.md.

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Time is what these are about: the laboratory shows it, and its tests have a rule of their own, below. */
const OF_THE_LABORATORY = /^test\/(lab|pages)\/|^test\/cli\/lab/

/** The files of the laboratory in which an experiment is run in real time, and why. All others run it by an ideal clock (test/lab/ideal-clock.ts). */
const REAL_TIME: Readonly<Record<string, string>> = {
  'test/lab/connection.test.ts': 'what was measured is what the verdict says',
  'test/lab/death.test.ts': 'what a busy machine hides',
  'test/lab/every-knob.test.ts': 'what the kernel decides, and other programs',
  'test/lab/handshake.test.ts': 'what the kernel decides',
  'test/lab/hang-real.test.ts': 'other programs',
  'test/lab/nagle.test.ts': 'what the kernel decides',
  'test/lab/page-load.test.ts': 'nothing is quicker than its waits',
  'test/lab/pool.test.ts': 'what a busy machine does not spoil',
  'test/lab/real-time.test.ts': 'all of them, as learners run them',
  'test/lab/tcp-keepalive.test.ts': 'what the kernel decides',
}

/** Where a timer proves nothing: the file, how many there are, and what they are for. */
const TIMERS: Readonly<Record<string, [count: number, reason: string]>> = {
  'test/admin/page-stream.test.ts': [1, 'looks again'],
  'test/admin/traffic.ts': [3, 'the pace of made-up traffic'],
  'test/admin/with-admin.ts': [1, 'the limit'],
  'test/daemon/common-line.test.ts': [1, 'looks again'],
  'test/daemon/fixture/load.ts': [1, 'the pace of a load'],
  'test/peers/raw-client.test.ts': [3, 'a peer that is late, of whom no test is faster'],
  'test/proxy/bulk.ts': [1, 'the limit'],
  'test/proxy/client-mix.test.ts': [1, 'the pace of a load'],
  'test/real/chromium.test.ts': [1, 'the pace of a stream'],
  'test/real/daemon-drain.test.ts': [1, 'a moment in the middle: any will do'],
  'test/support/child.ts': [1, 'the limit'],
  'test/support/conversation.ts': [1, 'looks again'],
  'test/support/counters.ts': [1, 'the pace of looking'],
  'test/support/haproxy.ts': [1, 'looks again'],
  'test/support/load.ts': [3, 'the pace of a load and of a slow answer, and the limit'],
  'test/support/nginx.ts': [1, 'looks again'],
  'test/support/raw-client.ts': [2, 'the limit, and a peer that is late'],
  'test/support/serving-here.ts': [1, 'looks again'],
  'test/support/turns.ts': [1, 'looks again'],
  'test/support/with-proxy.ts': [1, 'the limit'],
}

/** A clock of a test compared with a limit. */
const TIMED = /\bt\.ok\(\s*(?:performance\.now\(\)|took|\w*[mM]s)\b[^\n]*<\s*\d/

/** Those that measure by CPU time, in units of what the machine does (test/support/cpu.ts). */
const MEASURED = /from '[./]*support\/cpu\.js'/

const all = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' })
  .map(name => `test/${name.replaceAll('\\', '/')}`)
  .filter(path => path.endsWith('.ts') && !path.endsWith('.quiet.ts') && !path.startsWith('test/house/'))
  .map(path => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }))
const files = all.filter(({ path }) => !OF_THE_LABORATORY.test(path))

test('no test waits some milliseconds: each timer has a reason', async t => {
  const found = files.flatMap(({ path, text }) => {
    const count = text.match(/(?<!\.)\bsetTimeout\(/g)?.length ?? 0
    return count > 0 ? [[path, count]] : []
  })
  const known = Object.entries(TIMERS).map(([path, [count]]) => [path, count])
  t.same(found.sort(), known.sort(), 'ask for an event, a state or a counter, or let `settled` show it by order')
})

test('no test is about how fast the machine is', async t => {
  const timed = files.filter(({ text }) => TIMED.test(text) && !MEASURED.test(text)).map(({ path }) => path)
  t.same(timed, [], 'work is measured with `cpuMs`; what needs a quiet machine stands in a file *.quiet.ts')
})

test('the laboratory is run by an ideal clock: what is run in real time has a reason', async t => {
  const real = all.filter(({ path, text }) => path.startsWith('test/lab/') && /\branHere\b/.test(text))
  const found = real.map(({ path }) => path).filter(path => path !== 'test/lab/running.ts')
  t.same(
    found.sort(),
    Object.keys(REAL_TIME).sort(),
    'what is said of times is exact there; in real time a verdict decides (`wasSeen`)',
  )
})
