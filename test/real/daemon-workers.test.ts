import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { until } from '../support/conversation.js'
import { startDaemon } from '../support/daemon.js'
import { compare, nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'
import { tempFolder } from '../support/temp-folder.js'

// Workers that are replaced, and workers that are killed, under load on the real command.

const CLIENTS = { kept: 6, fresh: 4, post: 3, slow: 2, pipeline: 2 }

const configured = (port: number | undefined, more = '') => `
workers: 2
logs: { access: { to: off } }
admin: { address: 127.0.0.1:0 }
listeners: [{ address: 127.0.0.1:0, name: web, routes: [{ upstream: app }] }${more}]
upstreams: { app: { servers: ['http://127.0.0.1:${port}'] } }
`

/** The counters of /metrics by their names and labels. */
async function counters(admin: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${admin}/metrics`)).text()
  const rows = text.matchAll(/^(\w+(?:_total|_count|_sum|_bucket)(?:\{.*\})?) (\S+)$/gm)
  return new Map([...rows].map(([, name = '', value]) => [name, Number(value)]))
}

/** Looks at the counters again and again; resolves with those that went back, and the last values. */
function watchCounters(admin: string): { stop(): Promise<{ wentBack: string[]; last: Map<string, number> }> } {
  const wentBack: string[] = []
  let last = new Map<string, number>()
  let going = true
  const look = async () => {
    const next = await counters(admin)
    for (const [name, value] of last)
      if (!((next.get(name) ?? -1) >= value)) wentBack.push(`${name} ${value} → ${next.get(name)}`)
    last = next
  }
  const looking = (async () => {
    while (going) {
      await look()
      await new Promise(done => setTimeout(done, 50))
    }
    await look()
  })()
  return {
    async stop() {
      going = false
      await looking
      return { wentBack, last }
    },
  }
}

test('twenty workers are replaced under load, and nothing is lost', async t => {
  const upstreams = await startUpstreams(t, [0])
  const unix = join(tempFolder(t), 'web.sock')
  const more = `, { address: 'unix:${unix}', name: unix, routes: [{ upstream: app }] }`
  const daemon = await startDaemon(t, configured(upstreams.ports[0], more))
  const load = startLoad({ clients: CLIENTS, connect: toPort(daemon.port('web')) })
  const local = startLoad({ clients: { kept: 1, fresh: 2 }, connect: () => net.connect(unix) })
  const watch = watchCounters(daemon.admin)
  const began = performance.now()
  for (let i = 0; i < 10; i++) {
    daemon.signal('SIGWINCH')
    t.match(await daemon.next(/^SIGWINCH: /, 60_000), { msg: 'SIGWINCH: the workers were replaced', replaced: 2 })
  }
  const seconds = (performance.now() - began) / 1000
  const seen = await load.stop()
  nothingLost(t, 'over TCP', seen, upstreams, seconds)
  nothingLost(t, 'over a unix socket', await local.stop(), upstreams, seconds)
  t.equal(daemon.workers().length, 22)
  const { wentBack, last } = await watch.stop()
  t.same(wentBack, [], 'no counter ever goes back')
  t.equal(last.get('hopwise_client_requests_total'), upstreams.served.size, 'those that are gone have counted too')
  await daemon.end()
  t.match(daemon.lines().at(-1), { msg: 'stopped', exchanges: { total: upstreams.served.size, active: 0 } })
})

/** The ports of the clients whose connections this process holds, as the kernel says. */
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

test('a worker that is killed loses what it had under way, and nothing else', async t => {
  const upstreams = await startUpstreams(t, [0])
  const daemon = await startDaemon(t, configured(upstreams.ports[0]))
  await until('both are ready', () => daemon.workers().length === 2, 20_000)
  const port = daemon.port('web')
  const load = startLoad({ clients: CLIENTS, connect: toPort(port) })
  const watch = watchCounters(daemon.admin)
  const { seen } = load
  for (let i = 0; i < KILLS; i++) {
    await until('the load runs', () => seen.answered.size > 100 * (i + 1), 20_000)
    const [one = 0, other = 0] = daemon.workers().slice(-2)
    const before = seen.lost.length
    const [victims, others] = [clientPorts(one, port), clientPorts(other, port)]
    process.kill(one, 'SIGKILL')
    t.match(await daemon.next(/^a worker died/), { how: 'SIGKILL' })
    await daemon.next('a worker is ready', 30_000)
    const lost = seen.lost.slice(before)
    t.comment(
      `of ${victims.size} connections ${lost.length} had a request under way; ${others.size} were with the other`,
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
