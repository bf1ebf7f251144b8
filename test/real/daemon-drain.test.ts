import { test } from 'tap'
import { ask } from '../support/ask.js'
import { exchange, rawClient, until } from '../support/conversation.js'
import { startDaemon } from '../support/daemon.js'
import { nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'

// The end, on the real command: announced, then no new connections, then no connections.

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

for (const workers of [1, 2]) {
  test(`the end is announced, workers: ${workers}`, async t => {
    const upstreams = await startUpstreams(t, [0])
    const daemon = await startDaemon(t, configured(workers, upstreams.ports[0], 'announceMs: 1000, drainMs: 8000'))
    const { admin } = daemon
    const port = daemon.port()
    t.equal(await readiness(admin), 200)
    const idle = await rawClient(t, port)
    t.match((await exchange(idle, GET)).startLine, /200/)
    const load = startLoad({ clients: { kept: 4, fresh: 4, post: 2, slow: 2 }, pauseMs: 5, connect: toPort(port) })
    await until('the load runs', () => load.seen.answered.size > 50)
    const slow = ask(port, '/slow?slow=2000')
    await until('the slow one is under way', () => upstreams.served.has('slow'))
    const began = performance.now()
    daemon.signal('SIGTERM')
    await daemon.next(/^draining: announced first/)
    t.equal(await readiness(admin), 503, 'not ready, at once')
    t.match(
      await ask(port, '/late', []),
      /^HTTP\/1.1 200 [\s\S]*\r\nconnection: close\r\n/i,
      'a new connection is served, and told',
    )
    // Whoever balances in front of us has gone elsewhere by now.
    const seen = await load.stop()
    nothingLost(t, 'while it is announced', seen, upstreams, (performance.now() - began) / 1000)
    await idle.readToEnd()
    t.equal(idle.ended, 'fin', 'who is idle is ended')
    idle.destroy()
    while ((await ask(port).catch(({ code }) => code)) !== 'ECONNREFUSED') {}
    t.match(await slow, WHOLE, 'what was under way is finished')
    const { code } = await daemon.ended
    const took = performance.now() - began
    t.comment(`${Math.round(took)} ms from SIGTERM to the end`)
    t.equal(code, 0)
    t.ok(took > 1_000 && took < 8_000)
    t.match(daemon.lines().at(-1), { msg: 'stopped', exchanges: { active: 0 }, client: { open: 0 } })
  })
}

test('a second signal ends at once; what runs longer than drainMs is cut, and told', async t => {
  for (const workers of [1, 2]) {
    const upstreams = await startUpstreams(t, [0])
    const start = async () => {
      const daemon = await startDaemon(t, configured(workers, upstreams.ports[0], 'announceMs: 100, drainMs: 500'))
      const id = `long-${workers}-${daemon.pid}`
      const long = ask(daemon.port(), `/${id}?slow=20000`).catch(({ code }) => code)
      await until('it is under way', () => upstreams.served.has(id))
      daemon.signal('SIGTERM')
      await daemon.next(/^draining/)
      return { daemon, long }
    }
    const twice = await start()
    twice.daemon.signal('SIGTERM')
    t.match(await twice.daemon.ended, { code: 143 })
    t.notMatch(await twice.long, WHOLE)
    const once = await start()
    t.match(await once.daemon.ended, { code: 0 })
    t.notMatch(await once.long, WHOLE)
    await once.daemon.next(/^drainMs passed/)
  }
})

test('an end in the middle of a reload, and of a replacement', async t => {
  const upstreams = await startUpstreams(t, [0])
  for (const workers of [1, 2]) {
    for (const signal of workers === 1 ? (['SIGHUP'] as const) : (['SIGHUP', 'SIGWINCH'] as const)) {
      for (const waitMs of [0, 20]) {
        const before = configured(workers, upstreams.ports[0], 'drainMs: 4000')
        const more = Array.from(
          { length: 20 },
          (_, i) => `, { address: '127.0.0.${i + 2}:0', routes: [{ upstream: app }] }`,
        )
        const daemon = await startDaemon(t, before)
        const slow = ask(daemon.port(), `/slow-${daemon.pid}?slow=400`)
        await until('it is under way', () => upstreams.served.has(`slow-${daemon.pid}`))
        daemon.write(configured(workers, upstreams.ports[0], 'drainMs: 4000', more.join('')))
        daemon.signal(signal)
        await new Promise(done => setTimeout(done, waitMs))
        const { out } = await daemon.end()
        t.match(await slow, WHOLE)
        t.notMatch(out, /fatal/)
      }
    }
  }
})
