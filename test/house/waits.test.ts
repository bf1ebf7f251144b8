import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test } from 'tap'

// A test shows what has and has not happened by the order of events, never by waiting some milliseconds: see CONTRIBUTING.md.

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Tests about time itself: the laboratory shows it, and its tests have their own rule, below. */
const OF_THE_LABORATORY = /^test\/(lab|pages)\/|^test\/cli\/lab/

/** The test files that run an experiment in real time, and why. All others use an ideal clock (test/lab/ideal-clock.ts). */
const REAL_TIME: Readonly<Record<string, string>> = {
  'test/lab/connection.test.ts': 'the verdict agrees with the measurement',
  'test/lab/death.test.ts': 'what a busy machine hides',
  'test/lab/every-knob.test.ts': 'depends on the kernel, and on other programs',
  'test/lab/handshake.test.ts': 'depends on the kernel',
  'test/lab/hang-real.test.ts': 'other programs',
  'test/lab/nagle.test.ts': 'depends on the kernel',
  'test/lab/page-load.test.ts': 'nothing is faster than its waits',
  'test/lab/pool.test.ts': 'what a busy machine does not change',
  'test/lab/real-time.test.ts': 'all of them, as learners run them',
  'test/lab/tcp-keepalive.test.ts': 'depends on the kernel',
}

/** Files with timers that prove nothing: how many, and what for. */
const TIMERS: Readonly<Record<string, [count: number, reason: string]>> = {
  'test/admin/page-stream.test.ts': [1, 'polls'],
  'test/admin/traffic.ts': [3, 'the pace of made-up traffic'],
  'test/admin/with-admin.ts': [1, 'the limit'],
  'test/daemon/common-line.test.ts': [1, 'polls'],
  'test/daemon/fixture/load.ts': [1, 'the pace of a load'],
  'test/peers/raw-client.test.ts': [3, 'a late peer, which no test is faster than'],
  'test/proxy/bulk.ts': [1, 'the limit'],
  'test/proxy/client-mix.test.ts': [1, 'the pace of a load'],
  'test/real/chromium.test.ts': [1, 'the pace of a stream'],
  'test/real/daemon-drain.test.ts': [1, 'any moment in the middle'],
  'test/support/child.ts': [1, 'the limit'],
  'test/support/conversation.ts': [1, 'polls'],
  'test/support/counters.ts': [1, 'the pace of polling'],
  'test/support/haproxy.ts': [1, 'polls'],
  'test/support/load.ts': [3, 'the pace of a load and of a slow answer, and the limit'],
  'test/support/nginx.ts': [1, 'polls'],
  'test/support/raw-client.ts': [2, 'the limit, and a late peer'],
  'test/support/serving-here.ts': [1, 'polls'],
  'test/support/turns.ts': [1, 'polls'],
  'test/support/with-proxy.ts': [1, 'the limit'],
}

/** A measured time compared with a limit. */
const TIMED = /\bt\.ok\(\s*(?:performance\.now\(\)|took|\w*[mM]s)\b[^\n]*<\s*\d/

/** Tests that measure CPU time, relative to the speed of the machine (test/support/cpu.ts). */
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
  t.same(timed, [], 'measure work with `cpuMs`; put what needs a quiet machine into a file *.quiet.ts')
})

test('the laboratory runs by an ideal clock: each use of real time has a reason', async t => {
  const real = all.filter(({ path, text }) => path.startsWith('test/lab/') && /\branHere\b/.test(text))
  const found = real.map(({ path }) => path).filter(path => path !== 'test/lab/running.ts')
  t.same(
    found.sort(),
    Object.keys(REAL_TIME).sort(),
    'with it, times are exact; in real time a verdict decides (`wasSeen`)',
  )
})
