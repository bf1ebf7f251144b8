import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { Daemon } from '../../lib/daemon/daemon.js'
import { openLog } from '../../lib/daemon/logs/log.js'
import type { Workforce } from '../../lib/daemon/workers/workforce.js'
import { settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { fitting } from '../support/fitting.js'
import { freePort } from '../support/ports.js'
import { tempFolder } from '../support/temp-folder.js'
import { startLoad } from './fixture/load.js'
import { ended, get, startDaemon } from './fixture/start-daemon.js'

test('new listeners are added, old ones removed, bad configurations change nothing; with workers and without', async t => {
  for (const workers of [2, 1]) {
    const daemon = await startDaemon(t, { workers, ports: { web: 0 }, text: 'one' })
    const reload = async (next: object | string, msg: string | RegExp) => {
      daemon.write(next)
      daemon.signal('SIGHUP')
      return daemon.next(msg)
    }
    const other = await freePort()
    const both = { workers, ports: { web: 0, other }, text: 'two' }
    t.match(await reload(both, /^reloaded in \d+ ms: 2 listeners \(1 added\)$/), { why: 'SIGHUP' })
    t.match(await Promise.all([get(daemon.port), get(other)]), [/^two/, /^two/])
    for (const [bad, reasons] of [
      ['{ "broken": 1 }', ['line 1: it is broken', 'line 2: and more so']],
      ['no JSON', [/JSON/]],
      [{ ...both, text: 'unacceptable' }, ['the text is unacceptable']],
      [{ ...both, ports: { ...both.ports, third: daemon.port } }, [/EADDRINUSE/]],
    ] as const)
      t.match(await reload(bad, /is refused/), { level: 'error', reasons })
    t.match(await Promise.all([get(daemon.port), get(other)]), [/^two/, /^two/], 'the old configuration stays')
    await reload({ ...both, ports: { web: 0 } }, /1 listener \(1 removed\)/)
    await t.rejects(get(other), { code: 'ECONNREFUSED' })
    t.match(await get(daemon.port), /^two/)
    await ended(t, daemon)
  }
})

test('a hundred reloads under load lose nothing', async t => {
  const daemon = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: '0' })
  const load = startLoad(daemon.port)
  for (let i = 1; i <= 100; i++) {
    daemon.write({ workers: 2, ports: { web: 0 }, text: `${i}` })
    daemon.signal('SIGHUP')
    await daemon.next(/^reloaded/)
  }
  const { ok, lost } = await load.stop()
  t.comment(`${ok} requests`)
  t.strictSame(lost, {})
  t.match(await get(daemon.port), /^100 /)
  t.match(await daemon.ask('stats'), { reloads: { accepted: 100, refused: 0 }, exchanges: { total: ok + 1 } })
  await ended(t, daemon)
})

test('a file that is watched needs no signal', async t => {
  const daemon = await startDaemon(t, { workers: 1, ports: { web: 0 }, text: 'watched' })
  daemon.write({ workers: 1, ports: { web: 0 }, text: 'watched too' })
  t.match(await daemon.next(/^reloaded/), { why: 'the file changed' })
  t.match(await get(daemon.port), /^watched too/)
  await ended(t, daemon)
})

test('a change during the start takes effect as soon as it serves, noticed or signalled', async t => {
  for (const how of ['noticed', 'signalled']) {
    const file = join(tempFolder(t), 'tiny.json')
    writeFileSync(file, 'one')
    let started = () => {}
    const workforce = {
      start: () =>
        new Promise(done => {
          started = () => done([])
        }),
      update: async () => ({ changes: {}, bound: [] }),
      counts: () => ({ wanted: 1, running: 1, restarts: 0 }),
      destroy() {},
    }
    const clock = new FakeClock()
    const daemon = new Daemon<string>({
      workforce: workforce as unknown as Workforce<string>,
      configuration: readFileSync(file, 'utf8'),
      files: [file],
      read: async () => ({ configuration: readFileSync(file, 'utf8'), files: [file] }),
      drainTimes: () => ({ announceMs: 0, graceMs: 0 }),
      watches: () => how === 'noticed',
      log: openLog({ level: 'silent', format: 'json', accessLog: 'off', outlet: () => {} }),
      clock,
      facts: {},
    })
    t.teardown(() => daemon.destroy())
    const open = daemon.open()
    writeFileSync(file, 'two')
    if (how === 'signalled') void daemon.reload('SIGHUP')
    else clock.advance(6_000) // it polls the file, in case changes are not reported
    await settled()
    t.equal(daemon.configuration, 'one')
    started()
    await open
    await until(how, () => daemon.configuration === 'two')
  }
})

test('more and fewer workers without a restart', async t => {
  const daemon = await startDaemon(t, { workers: 2, ports: { web: 0 }, text: 'hello' })
  for (const workers of [4, 2]) {
    daemon.write({ workers, ports: { web: 0 }, text: 'hello' })
    daemon.signal('SIGHUP')
    await daemon.next(/^reloaded/)
    t.match(await daemon.ask('stats'), { workers: { wanted: workers, running: workers } })
  }
  await ended(t, daemon)
})

test('the drain is announced: not ready, still accepting, and Connection: close', async t => {
  for (const workers of [2, 1]) {
    const it = await fitting(t, async announceMs => {
      const daemon = await startDaemon(t, { workers, ports: { web: 0 }, text: 'hello', announceMs })
      const before = await daemon.ask('ready')
      const load = startLoad(daemon.port, { fresh: 0, kept: 4 })
      await until('the load runs', () => load.seen.ok > 4)
      const began = performance.now()
      daemon.signal('SIGTERM')
      await daemon.next(/^draining: accepting connections for another announceMs/)
      const after = await daemon.ask('ready').catch(String)
      const got = await get(daemon.port).catch(String)
      const { lost } = await load.stop()
      const tookMs = performance.now() - began
      return { daemon, before, after, got, lost, tookMs, discard: () => daemon.ended }
    })
    t.match(it.before, { ready: true, reason: '' })
    t.match(it.after, { ready: false, reason: 'it is stopping' })
    t.match(it.got, /^hello/, 'a new connection is accepted')
    t.strictSame(it.lost, {})
    t.equal((await it.daemon.ended).code, 0)
  }
})
