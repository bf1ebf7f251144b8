import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { test } from 'tap'
import { until } from '../support/conversation.js'
import { watchCounters } from '../support/counters.js'
import { startDaemon } from '../support/daemon.js'
import { compare, startLoad, startUpstreams, toPort } from '../support/load.js'

// Workers that are killed under load, on the real command.

const CLIENTS = { kept: 6, fresh: 4, post: 3, slow: 2, pipeline: 2 }

const configured = (port: number | undefined) => `
workers: 2
logs: { access: { to: off } }
admin: { address: 127.0.0.1:0 }
listeners: [{ address: 127.0.0.1:0, name: web, routes: [{ upstream: app }] }]
upstreams: { app: { servers: ['http://127.0.0.1:${port}'] } }
`

/** The ports of the clients whose connections this process holds, according to the kernel. */
function clientPorts(pid: number, listening: number): Set<number> {
  const folder = `/proc/${pid}/fd`
  const links = readdirSync(folder).map(fd => {
    try {
      return readlinkSync(`${folder}/${fd}`)
    } catch {
      return '' // closed meanwhile
    }
  })
  const inodes = new Set(links.flatMap(link => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []))
  const port = (address = '') => Number.parseInt(address.split(':')[1] ?? '', 16)
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map(row => row.trim().split(/\s+/))
  return new Set(rows.flatMap(row => (inodes.has(row[9] ?? '') && port(row[1]) === listening ? [port(row[2])] : [])))
}

const KILLS = 5

test('a worker that is killed loses its requests in progress, and nothing else', async t => {
  const upstreams = await startUpstreams(t, [0])
  const daemon = await startDaemon(t, configured(upstreams.ports[0]))
  await until('both are ready', () => daemon.workers().length === 2)
  const port = daemon.port('web')
  const load = startLoad({ clients: CLIENTS, pauseMs: 15, connect: toPort(port) })
  const watch = watchCounters(daemon.admin)
  const { seen } = load
  for (let i = 0; i < KILLS; i++) {
    await until('the load runs', () => seen.answered.size > 100 * (i + 1))
    // A start that takes too long for the primary is tried again, so the running workers are looked up.
    const running = () => daemon.workers().filter(pid => existsSync(`/proc/${pid}/fd`))
    await until('two of them run', () => running().length >= 2)
    const [one = 0, other = 0] = running().slice(-2)
    const before = seen.lost.length
    const [victims, others] = [clientPorts(one, port), clientPorts(other, port)]
    process.kill(one, 'SIGKILL')
    t.match(await daemon.next(/^a worker died/), { how: 'SIGKILL' })
    await daemon.next('a worker is ready')
    const lost = seen.lost.slice(before)
    t.comment(
      `of ${victims.size} connections ${lost.length} had a request in progress; ${others.size} belong to the other worker`,
    )
    t.same(
      lost.filter(({ port }) => others.has(port)),
      [],
      'nothing of the other worker',
    )
    t.ok(lost.length <= CLIENTS.kept + CLIENTS.fresh + CLIENTS.post + CLIENTS.slow + 4 * CLIENTS.pipeline)
  }
  const { lost, unconnected, unserved, unanswered, twice, answered } = compare(await load.stop(), upstreams)
  t.comment(`${answered} answered`, lost)
  t.same({ unconnected, unserved, twice }, { unconnected: {}, unserved: [], twice: [] }, 'never refused, never twice')
  const lostIds = new Set(seen.lost.map(({ id }) => id))
  t.same(
    unanswered.filter(id => !lostIds.has(id)),
    [],
  )
  const { wentBack, last } = await watch.stop()
  t.same(wentBack, [], 'no counter ever goes back')
  t.equal(last.get('hopwise_worker_restarts_total'), KILLS)
  await daemon.end()
})
