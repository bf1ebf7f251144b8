import { type Test, test } from 'tap'
import { ask } from '../support/ask.js'
import { exchange, rawClient, until } from '../support/conversation.js'
import { startDaemon } from '../support/daemon.js'
import { fitting } from '../support/fitting.js'
import { nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'

// The drain of the real command: announced, then no new connections, then no connections.

const configured = (workers: number, port: number | undefined, deadlines: string, more = '') => `
workers: ${workers}
logs: { access: { to: off } }
admin: { address: 127.0.0.1:0 }
deadlines: { ${deadlines} }
listeners: [{ address: 127.0.0.1:0, name: web, routes: [{ upstream: app }] }${more}]
upstreams: { app: { servers: ['http://127.0.0.1:${port}'] } }
`

const WHOLE = /^HTTP\/1.1 200 [\s\S]*\.\n$/
const GET = 'GET /x HTTP/1.1\r\nHost: app.test\r\n\r\n'
const readiness = async (admin: string) => (await fetch(`${admin}/readyz`)).status

/** What was observed between the signal and the end, and whether all of it happened during the announcement. */
async function announced(t: Test, workers: number, announceMs: number) {
  const upstreams = await startUpstreams(t, [0])
  const deadlines = `announceMs: ${announceMs}, drainMs: 120000`
  const daemon = await startDaemon(t, configured(workers, upstreams.ports[0], deadlines))
  const port = daemon.port()
  const before = await readiness(daemon.admin)
  const idle = await rawClient(t, port)
  const first = await exchange(idle, GET)
  const load = startLoad({ clients: { kept: 4, fresh: 4, post: 2, slow: 2 }, pauseMs: 5, connect: toPort(port) })
  await until('the load runs', () => load.seen.answered.size > 50)
  const slow = ask(port, `/slow?slow=${2 * announceMs}`)
  await until('the slow request is in progress', () => upstreams.served.has('slow'))
  const began = performance.now()
  daemon.signal('SIGTERM')
  await daemon.next(/^draining: accepting connections for another announceMs/)
  const after = await readiness(daemon.admin).catch(String)
  const late = await ask(port, '/late', []).catch(String)
  // By then a load balancer in front would use another server.
  const seen = await load.stop()
  const tookMs = performance.now() - began
  const discard = async () => {
    idle.destroy()
    daemon.signal('SIGKILL')
    await slow.catch(() => {})
  }
  return { daemon, upstreams, port, idle, first, before, after, late, seen, slow, began, tookMs, discard }
}

for (const workers of [1, 2]) {
  test(`the drain is announced, workers: ${workers}`, async t => {
    const it = await fitting(t, announceMs => announced(t, workers, announceMs))
    const { daemon, port, idle, seen } = it
    t.equal(it.before, 200)
    t.match(it.first.startLine, /200/)
    t.equal(it.after, 503, 'not ready, at once')
    const told = /^HTTP\/1.1 200 [\s\S]*\r\nconnection: close\r\n/i
    t.match(it.late, told, 'a new connection is served, with Connection: close')
    nothingLost(t, 'during the announcement', seen, it.upstreams, it.tookMs / 1000)
    await idle.readToEnd()
    t.equal(idle.ended, 'fin', 'an idle connection is ended')
    idle.destroy()
    while ((await ask(port).catch(({ code }) => code)) !== 'ECONNREFUSED') {}
    t.match(await it.slow, WHOLE, 'the request in progress is finished')
    const { code } = await daemon.ended
    const took = performance.now() - it.began
    t.comment(`${Math.round(took)} ms from SIGTERM to the end`)
    t.equal(code, 0)
    t.ok(took > it.timeMs)
    t.match(daemon.lines().at(-1), { msg: 'stopped', exchanges: { active: 0 }, client: { open: 0 } })
  })
}

test('a second signal ends at once; what runs longer than drainMs is cut off, and reported', async t => {
  for (const workers of [1, 2]) {
    const upstreams = await startUpstreams(t, [0])
    const start = async (drainMs: number) => {
      const deadlines = `announceMs: 100, drainMs: ${drainMs}`
      const daemon = await startDaemon(t, configured(workers, upstreams.ports[0], deadlines))
      const id = `long-${workers}-${daemon.pid}`
      const long = ask(daemon.port(), `/${id}?slow=600000`).catch(({ code }) => code)
      await until('it is in progress', () => upstreams.served.has(id))
      daemon.signal('SIGTERM')
      await daemon.next(/^draining/)
      return { daemon, long }
    }
    const twice = await start(600_000)
    twice.daemon.signal('SIGTERM')
    t.match(await twice.daemon.ended, { code: 143 })
    t.notMatch(await twice.long, WHOLE)
    const once = await start(500)
    t.match(await once.daemon.ended, { code: 0 })
    t.notMatch(await once.long, WHOLE)
    await once.daemon.next(/^drainMs expired/)
  }
})

test('a stop in the middle of a reload, and of a replacement', async t => {
  const upstreams = await startUpstreams(t, [0])
  for (const [workers, signal, waitMs] of [
    [1, 'SIGHUP', 0],
    [1, 'SIGHUP', 20],
    [2, 'SIGHUP', 20],
    [2, 'SIGWINCH', 0],
    [2, 'SIGWINCH', 20],
  ] as const) {
    const before = configured(workers, upstreams.ports[0], 'drainMs: 120000')
    const more = Array.from(
      { length: 20 },
      (_, i) => `, { address: '127.0.0.${i + 2}:0', routes: [{ upstream: app }] }`,
    )
    const daemon = await startDaemon(t, before)
    const slow = ask(daemon.port(), `/slow-${daemon.pid}?slow=400`)
    await until('it is in progress', () => upstreams.served.has(`slow-${daemon.pid}`))
    daemon.write(configured(workers, upstreams.ports[0], 'drainMs: 120000', more.join('')))
    daemon.signal(signal)
    // Somewhere in the middle: any moment will do.
    await new Promise(done => setTimeout(done, waitMs))
    const { out } = await daemon.end()
    t.match(await slow, WHOLE)
    t.notMatch(out, /fatal/)
  }
})
