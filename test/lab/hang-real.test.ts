import { readdirSync, readFileSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { Impossible } from '../../lib/lab/experiment.js'
import { hang } from '../../lib/lab/experiments/hang.js'
import { programCalled } from '../../lib/lab/experiments/hang-programs.js'
import { runExperiment } from '../../lib/lab/run.js'
import { startChild } from '../support/child.js'
import { needs } from '../support/needs.js'
import { tempFolder } from '../support/temp-folder.js'
import { fieldValues } from './fields.js'
import { ranHere, wasSeen } from './running.js'
import { hangIn, waitingAfter } from './waits.js'

t.test('curl stalls on an unread request until nginx closes, and exits with 0', needs('nginx', 'curl'), async t => {
  const run = await ranHere(t, 'hang', { knobs: { parts: 'real', timeout: 4 } })
  if (!wasSeen(t, run)) return
  t.ok(run.figure('hopwise', 'second') < 500)
  t.ok(run.figure('dumb', 'second') >= 500, 'nginx counts whole seconds, so 400 ms became one')
  t.match(run.of('note', 'dumb')[0]?.text, { en: /1 s of real time/, ko: /1초/ })
  t.ok(
    run.figure('dumb', 'curl') >= run.figure('dumb', 'second') - 1,
    'also by curl’s own clock, which began earlier and ended later',
  )
  t.strictSame(
    run.of('step', 'dumb').map(({ n }) => n),
    [1, 2, 3, 4, 5],
  )
  t.match(fieldValues(run, 'dumb', 'origin', 'Server')[0], /nginx/)
  t.match(fieldValues(run, 'dumb', 'client', 'User-Agent')[0], /curl/)
})

t.test('the waits are derived from the wire, and form a cycle', needs('nginx', 'curl'), async t => {
  const { events } = await ranHere(t, 'hang', { knobs: { parts: 'real', timeout: 1 } })
  const asked = events.findIndex(event => event.kind === 'step' && event.scene === 'dumb' && event.n === 5)
  const closed = events.findIndex((event, i) => i > asked && event.kind === 'fin' && event.scene === 'dumb')
  const before = events.slice(0, closed)
  t.strictSame(hangIn(waitingAfter(before, 'dumb')), { cycle: ['origin', 'proxy'], caught: ['client'] })
  t.equal(hangIn(waitingAfter(before, 'hopwise')), null)
})

t.test(
  'nothing is left behind, even when the run is cancelled: no nginx, no folder',
  needs('nginx', 'curl'),
  async t => {
    for (const broken of [false, true]) {
      const home = ownTemporaryFolder(t)
      const stop = new AbortController()
      let pid = 0
      const events = await runExperiment(hang, {
        knobs: { parts: 'real', timeout: 1 },
        scale: 0.1,
        signal: stop.signal,
        onEvent(event) {
          if (event.kind !== 'step' || event.n !== 5) return
          pid = Number(readFileSync(join(home, readdirSync(home)[0] ?? '', 'nginx.pid'), 'utf8'))
          if (broken) stop.abort(new Error('the test has seen enough'))
        },
      })
      // This test is not about whether the machine allowed the effect to be seen.
      t.match(events.at(-1), { kind: 'verdict', outcome: broken ? /^not-observed$/ : /^(observed|too-busy)$/ })
      t.ok(pid > 0)
      t.throws(() => process.kill(pid, 0), { code: 'ESRCH' }, 'nginx is gone')
      t.strictSame(readdirSync(home), [], 'and its folder')
    }
  },
)

t.test('a program that is missing is named, in both languages', async t => {
  try {
    programCalled('hopwise-there-is-no-such-program')
    t.fail('it was found')
  } catch (error) {
    t.ok(error instanceof Impossible)
    const { reason } = error as Impossible
    t.match(reason.en, /no hopwise-there-is-no-such-program on this machine/)
    t.match(reason.ko, /hopwise-there-is-no-such-program 프로그램이 없다/)
  }
})

/** The temporary folder of this process until the test is over. */
function ownTemporaryFolder(t: Test): string {
  const before = process.env.TMPDIR
  t.teardown(() => {
    if (before === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = before
  })
  process.env.TMPDIR = t.testdir()
  return process.env.TMPDIR
}

t.test('a process that ends at once leaves no nginx behind', needs('nginx'), async t => {
  const module = (path: string) => JSON.stringify(new URL(`../../dist/lib/lab/${path}`, import.meta.url).href)
  const program = `import { Bench } from ${module('bench.js')}
    import { startNginx } from ${module('experiments/hang-programs.js')}
    const bench = new Bench(1, new AbortController().signal, () => {})
    process.stdout.write(String(await startNginx(bench, 30)), () => process.exit(0))`
  const folder = tempFolder(t)
  const words = ['--input-type=module', '--eval', program]
  const child = startChild(t, process.execPath, words, { env: { ...process.env, TMPDIR: folder } })
  t.equal((await child.ended).code, 0)
  const port = Number(child.out())
  t.ok(port > 0, child.out())
  let refused = false
  while (!refused) refused = await isRefused(port)
  t.ok(refused, 'no program listens there any more')
  t.strictSame(readdirSync(folder), [])
})

function isRefused(port: number): Promise<boolean> {
  return new Promise(done => {
    const socket = net.connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      done(false)
    })
    socket.once('error', () => done(true))
  })
}
