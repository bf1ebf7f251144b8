import { test } from 'tap'
import { until } from '../support/conversation.js'
import { startLoad } from './fixture/load.js'
import { ended, get, isGone, startDaemon, workersOf } from './fixture/start-daemon.js'

test('workers are replaced ten times under load, and not one request is lost', async t => {
  const daemon = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: 'hello', announceMs: 100 })
  const load = startLoad(daemon.port, { fresh: 4, kept: 4 })
  for (let i = 0; i < 5; i++) {
    t.match(await daemon.ask('roll', 'rolled'), { replaced: 2 })
    // Either worker may take the next connection: both have had some when both have answered.
    await until('both have answered', () =>
      workersOf(daemon)
        .slice(-2)
        .every(pid => load.seen.by[`hello ${pid}`]),
    )
  }
  const { ok, lost, by } = await load.stop()
  t.comment(`${ok} requests, ${Object.keys(by).length} processes`)
  t.strictSame(lost, {}, 'none refused, none reset, none cut off')
  t.equal(workersOf(daemon).length, 12)
  t.ok(Object.keys(by).length >= 10, 'each has had its share')
  // The daemon has counted, too, including the workers that are gone.
  t.match(await daemon.ask('stats'), { exchanges: { total: ok }, workers: { wanted: 2, running: 2, restarts: 0 } })
  await ended(t, daemon)
})

test('a worker that is killed is replaced, and the others continue', async t => {
  const daemon = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: 'hello' })
  await t.rejects(get(daemon.port, '/die'), { code: 'ECONNRESET' })
  t.match(await daemon.next(/^a worker died/), { how: 'SIGKILL', againInMs: 0 })
  t.match(await get(daemon.port), /^hello \d+$/)
  await daemon.next('a worker is ready')
  t.match(await daemon.ask('stats'), { workers: { running: 2, restarts: 1 } })
  await ended(t, daemon)
})

test('signals that a terminal sends to all processes are for the primary; a second signal ends at once', async t => {
  const daemon = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: 'hello' })
  for (const pid of workersOf(daemon))
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.kill(pid, signal)
  t.match(await get(daemon.port), /^hello/)
  const running = get(daemon.port, '/never').catch(({ code }) => code)
  await get(daemon.port)
  daemon.signal('SIGUSR2')
  await daemon.next('SIGUSR2: the access log was reopened')
  daemon.signal('SIGINT')
  await daemon.next(/^draining/)
  daemon.signal('SIGINT')
  t.match(await daemon.ended, { code: 130 })
  t.equal(await running, 'ECONNRESET')
  await until('no worker is left', () => workersOf(daemon).every(isGone))
})

test('workers do not outlive a primary that was killed', async t => {
  const daemon = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: 'hello' })
  daemon.signal('SIGKILL')
  await daemon.ended
  await until('no worker is left', () => workersOf(daemon).every(isGone))
  await t.rejects(get(daemon.port), { code: 'ECONNREFUSED' })
})

test('an address in use is reported once', async t => {
  const first = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: 'hello' })
  const configuration = { workers: 2, ports: { web: first.port }, text: 'hello' }
  await t.rejects(startDaemon(t, configuration), /EADDRINUSE/)
  await ended(t, first)
})
