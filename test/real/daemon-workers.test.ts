import * as net from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { watchCounters } from '../support/counters.js'
import { startDaemon } from '../support/daemon.js'
import { nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'
import { tempFolder } from '../support/temp-folder.js'

// Workers that are replaced under load, on the real command.

const CLIENTS = { kept: 6, fresh: 4, post: 3, download: 2, pipeline: 2 }

const configured = (port: number | undefined, more = '') => `
workers: 2
logs: { access: { to: off } }
admin: { address: 127.0.0.1:0 }
listeners: [{ address: 127.0.0.1:0, name: web, routes: [{ upstream: app }] }${more}]
upstreams: { app: { servers: ['http://127.0.0.1:${port}'] } }
`

test('ten workers are replaced under load, and nothing is lost', async t => {
  const upstreams = await startUpstreams(t, [0])
  const unix = join(tempFolder(t), 'web.sock')
  const more = `, { address: 'unix:${unix}', name: unix, routes: [{ upstream: app }] }`
  const daemon = await startDaemon(t, configured(upstreams.ports[0], more))
  const load = startLoad({ clients: CLIENTS, pauseMs: 15, connect: toPort(daemon.port('web')) })
  const local = startLoad({ clients: { kept: 1, fresh: 2 }, pauseMs: 15, connect: () => net.connect(unix) })
  const watch = watchCounters(daemon.admin)
  const began = performance.now()
  for (let i = 0; i < 5; i++) {
    daemon.signal('SIGWINCH')
    t.match(await daemon.next(/^SIGWINCH: /), { msg: 'SIGWINCH: the workers were replaced', replaced: 2 })
  }
  const seconds = (performance.now() - began) / 1000
  const seen = await load.stop()
  nothingLost(t, 'over TCP', seen, upstreams, seconds)
  nothingLost(t, 'over a Unix socket', await local.stop(), upstreams, seconds)
  t.equal(daemon.workers().length, 12)
  const { wentBack, last } = await watch.stop()
  t.same(wentBack, [], 'no counter ever goes back')
  t.equal(
    last.get('hopwise_client_requests_total'),
    upstreams.served.size,
    'the counts of workers that are gone are included',
  )
  await daemon.end()
  t.match(daemon.lines().at(-1), { msg: 'stopped', exchanges: { total: upstreams.served.size, active: 0 } })
})
