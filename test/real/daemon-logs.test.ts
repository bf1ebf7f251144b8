import { spawnSync } from 'node:child_process'
import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ask } from '../support/ask.js'
import { until } from '../support/conversation.js'
import { spawnDaemon, startDaemon } from '../support/daemon.js'
import { nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'
import { needs, pathOf } from '../support/needs.js'

// What operators of the real command see: the admin listener, access logs in files, and a full disk.

const configured = (workers: number, port: number | undefined, access: string) => `
workers: ${workers}
logs: { access: ${access} }
admin: { address: 127.0.0.1:0 }
listeners: [{ address: 127.0.0.1:0, name: web, routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['http://127.0.0.1:${port}'] } }
`

for (const workers of [1, 2]) {
  test(`health, readiness, metrics and status, workers: ${workers}`, needs('promtool'), async t => {
    const { ports } = await startUpstreams(t, [0])
    const daemon = await startDaemon(t, configured(workers, ports[0], '{ to: off }'))
    for (let i = 0; i < 10; i++) await ask(daemon.port())
    const get = async (path: string) => (await fetch(`${daemon.admin}${path}`)).text()
    t.same([await get('/healthz'), await get('/readyz')], ['alive\n', 'ready\n'])
    const metrics = await get('/metrics')
    const { stdout, stderr, status } = spawnSync(pathOf('promtool'), ['check', 'metrics'], {
      input: metrics,
      encoding: 'utf8',
    })
    t.same({ stdout, stderr, status }, { stdout: '', stderr: '', status: 0 })
    t.match(metrics, /^hopwise_client_requests_total 10$/m)
    t.match(metrics, /^hopwise_responses_total\{class="2xx"\} 10$/m)
    const wanted = { wanted: workers, running: workers, restarts: 0 }
    await until('all are ready', () => workers === 1 || daemon.workers().length === workers)
    t.match(JSON.parse(await get('/status')), { ready: true, workers: wanted, client: { requests: 10 } })
    await daemon.end()
    await t.rejects(get('/healthz'))
  })

  test(`an access log in a file, moved away under load, workers: ${workers}`, async t => {
    const upstreams = await startUpstreams(t, [0])
    const daemon = await startDaemon(t, configured(workers, upstreams.ports[0], '{ to: access.log, format: combined }'))
    const file = join(daemon.folder, 'access.log')
    const load = startLoad({ clients: { kept: 4, fresh: 2, post: 2 }, pauseMs: 3, connect: toPort(daemon.port()) })
    const began = performance.now()
    for (let i = 1; i <= 3; i++) {
      const { size } = load.seen.answered
      await until('some requests', () => load.seen.answered.size > size + 50)
      renameSync(file, `${file}.${i}`)
      daemon.signal('SIGUSR2')
      await daemon.next('SIGUSR2: the access log was reopened')
    }
    const seen = await load.stop()
    nothingLost(t, 'three rotations', seen, upstreams, (performance.now() - began) / 1000)
    await daemon.end()
    const lines = [1, 2, 3, 0].flatMap(i =>
      readFileSync(i === 0 ? file : `${file}.${i}`, 'utf8')
        .split('\n')
        .slice(0, -1),
    )
    const COMBINED =
      /^127\.0\.0\.1 - - \[\d\d\/\w{3}\/\d{4}:[\d:]{8} [+-]\d{4}\] "(?:GET|POST) \/(\S+) HTTP\/1\.1" 200 \d+ "-" "-"$/
    const logged = lines.map(line => COMBINED.exec(line)?.[1] ?? line)
    t.same(logged.toSorted(), [...seen.answered].toSorted(), 'each request has its line, whole, in one of the files')
  })

  test(`a full disk stops nothing, workers: ${workers}`, async t => {
    const upstreams = await startUpstreams(t, [0])
    const daemon = await startDaemon(t, configured(workers, upstreams.ports[0], '{ to: /dev/full }'))
    const load = startLoad({ clients: { kept: 4, fresh: 2, post: 2 }, pauseMs: 2, connect: toPort(daemon.port()) })
    const began = performance.now()
    await until('some requests', () => load.seen.answered.size > 300)
    nothingLost(t, 'with a full disk', await load.stop(), upstreams, (performance.now() - began) / 1000)
    t.match(await (await fetch(`${daemon.admin}/readyz`)).text(), 'ready')
    await daemon.end()
    const said = daemon.lines().filter(({ level }) => level === 'warn')
    t.match(said[0], { msg: /^cannot write the access log/, err: { code: 'ENOSPC' } })
    const dropped = said.reduce((sum, { dropped = 0 }) => sum + Number(dropped), 0)
    t.equal(dropped, upstreams.served.size, 'and the number of lost lines')
  })
}

test('an access log that cannot be opened is reported before anything listens', async t => {
  const { ports } = await startUpstreams(t, [0])
  for (const workers of [1, 2]) {
    const daemon = spawnDaemon(t, configured(workers, ports[0], '{ to: nowhere/access.log }'))
    const { code, out, err } = await daemon.ended
    t.equal(code, 2)
    t.match(`${out}${err}`, /nowhere\/access\.log/)
    t.notMatch(out, /listening/)
  }
})
