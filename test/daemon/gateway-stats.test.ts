import { type Test, test } from 'tap'
import { gatewayStatsSteps } from '../../lib/daemon/views/gateway-stats.js'
import { atOnce } from '../../lib/policy/steps.js'
import { groupSpec } from '../../lib/proxy/options/group-options.js'
import { dialOf, settingsOf } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { Phases } from '../../lib/proxy/phases.js'
import { HopwiseProxy } from '../../lib/proxy/proxy.js'
import { Upstreams } from '../../lib/proxy/upstreams.js'
import { ask, exchange, rawClient, request, response, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { freePort } from '../support/ports.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'

const ABOUT = { version: '1.2.3', startedAt: 77 }

type Options = Partial<ProxyOptions>
const NO_WATCHER = { upstreamOpened() {}, upstreamClosed() {}, memberChanged() {}, fault() {}, warn() {} }

/** Listeners that share one upstream side, as in a process of the daemon. */
async function gatewayOf(t: Test, upstreams: NonNullable<ProxyOptions['upstreams']>, ...all: Options[]) {
  const clock = new FakeClock()
  const settings = all.map((options, i) =>
    settingsOf({ mode: 'reverse', name: `edge-${i}`, clock, routes: [{ upstream: 'app' }], upstreams, ...options }),
  )
  const { limits, deadlines } = settings[0]!
  const groups = Object.entries(upstreams).map(([name, group]) =>
    groupSpec(name, group, { dial: dialOf({}), limits, deadlines }),
  )
  const shared = new Upstreams({ ...settings[0]!, destinations: null }, NO_WATCHER)
  shared.configure({ ...settings[0]!, destinations: null }, groups)
  const proxies = settings.map(each => new HopwiseProxy(each, false, shared, new Phases()))
  t.teardown(() => {
    for (const proxy of proxies) proxy.destroy()
    shared.destroy('shutdown')
  })
  const ports: number[] = []
  for (const proxy of proxies) ports.push((await proxy.listen({ host: '127.0.0.1', port: 0 })).port)
  return { clock, shared, proxies, ports, stats: () => atOnce(gatewayStatsSteps(proxies, shared, ABOUT)) }
}

test('listeners are added up, the upstream side that they share is counted once', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { ports, stats } = await gatewayOf(t, { app: { servers: [origin.url] } }, {}, {})
  const [a, b] = [await rawClient(t, ports[0]!), await rawClient(t, ports[1]!)]
  for (const client of [a, b, b]) t.equal((await exchange(client, request('GET', '/'))).status, 200)
  await exchange(b, request('TRACE', '/'))
  const all = stats()
  t.match(all, {
    name: 'edge-0',
    ...ABOUT,
    client: { open: 2, idle: 2, accepted: 2, requests: 4 },
    upstream: { open: 1, idle: 1, dialed: 1, reused: 2 },
    exchanges: { active: 0, total: 4 },
    statuses: { '1xx': 0, '2xx': 3, '3xx': 0, '4xx': 1, '5xx': 0, other: 0 },
    phases: { head: { count: 4 }, wait: { count: 3 }, firstByte: { count: 3 }, total: { count: 4 } },
    racesLost: 0,
    groups: [{ name: 'app', members: [{ name: origin.url, state: 'up', idle: 1, busy: 0, requests: 3, failures: 0 }] }],
  })
  t.equal(all.upstream.origins.length, 1)
  t.strictSame(JSON.parse(JSON.stringify(all)), all, 'plain data')
})

test('R218: a status outside all classes is counted, and is not a failure', async t => {
  const origin = await scriptedOrigin(t, answerAlways('HTTP/1.1 999 Denied\r\nContent-Length: 2\r\n\r\nno'))
  const { ports, stats } = await gatewayOf(t, { app: { servers: [origin.url] } }, {})
  const answer = await ask(t, ports[0]!, request('GET', '/'))
  t.equal(answer.status, 999)
  t.equal(String(answer.content), 'no')
  t.match(stats(), {
    statuses: { '1xx': 0, '2xx': 0, '3xx': 0, '4xx': 0, '5xx': 0, other: 1 },
    exchanges: { failures: {} },
    upstream: { idle: 1 },
  })
})

test('a forward proxy has its own upstream side; one that does not record phases has none', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { ports, shared, proxies } = await gatewayOf(t, { app: { servers: [origin.url] } }, {})
  const forward = new HopwiseProxy(settingsOf({ mode: 'forward', name: 'out', allow: ['127.0.0.0/8'] }), false)
  t.teardown(() => forward.destroy())
  const { port } = await forward.listen({ host: '127.0.0.1', port: 0 })
  await ask(t, ports[0]!, request('GET', '/'))
  await ask(t, port, `GET ${origin.url}/ HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\n\r\n`)
  t.match(atOnce(gatewayStatsSteps([...proxies, forward], shared, ABOUT)), {
    client: { requests: 2 },
    upstream: { dialed: 2, origins: [{ origin: origin.url, open: 2 }] },
    phases: { total: { count: 1 } },
    groups: [{ name: 'app' }],
  })
  t.match(atOnce(gatewayStatsSteps([forward], null, ABOUT)), {
    name: 'out',
    upstream: { dialed: 1 },
    phases: { total: { count: 0 } },
  })
  t.match(atOnce(gatewayStatsSteps([], null, ABOUT)), { name: '', ...ABOUT, client: { requests: 0 }, groups: [] })
})

test('servers that fail are counted and ejected, and another one is tried', async t => {
  const dead = `http://127.0.0.1:${await freePort()}`
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const ejection = { failures: 1, withinMs: 1_000, ejectMs: 5_000, ejectedPercentMax: 50 }
  const app = { servers: [dead, { url: origin.url, weight: 2, backup: true }], ejection, retries: 1 }
  const { ports, stats } = await gatewayOf(t, { app }, {})
  t.equal((await ask(t, ports[0]!, request('GET', '/'))).status, 200)
  t.match(stats().groups, [
    {
      name: 'app',
      members: [
        { name: dead, state: 'ejected', weight: 1, backup: false, requests: 1, failures: 1, ejections: 1 },
        { name: origin.url, state: 'up', weight: 2, backup: true, requests: 1, failures: 0, ejections: 0 },
      ],
    },
  ])
})

test('a lost idle race is counted', async t => {
  const origin = await scriptedOrigin(t, async (connection, nth) => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('ok'))
    await connection.readUntil('\r\n\r\n')
    if (nth === 0) connection.destroy()
    else await connection.send(response('ok'))
  })
  const { ports, stats } = await gatewayOf(t, { app: { servers: [origin.url] } }, {})
  const client = await rawClient(t, ports[0]!)
  await exchange(client, request('GET', '/'))
  t.equal((await exchange(client, request('GET', '/'))).status, 200, 'sent again')
  t.match(stats(), { racesLost: 1, upstream: { closes: { stale: 1 } }, exchanges: { retries: 1 } })
})

test('refusals are counted by the name of the guard', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { ports, stats } = await gatewayOf(
    t,
    { app: { servers: [origin.url] } },
    { clients: { deny: ['127.0.0.1'] } },
    { clients: { allow: ['10.0.0.0/8'] } },
    { clients: { connectionsPerSecond: 1 } },
    { requestRate: { perSecond: 1, burst: 1 } },
  )
  const refused = async (port: number) => {
    const client = await rawClient(t, port).catch(() => null)
    await client?.readToEnd()
  }
  await refused(ports[0]!)
  await refused(ports[1]!)
  for (let i = 0; i < 2; i++) await rawClient(t, ports[2]!)
  await refused(ports[2]!)
  const client = await rawClient(t, ports[3]!)
  await exchange(client, request('GET', '/'))
  await client.send(request('GET', '/'))
  t.equal((await readMessage(client)).status, 429)
  await until('all are counted', () => stats().client.refused === 3)
  const { guards, client: clients } = stats()
  t.strictSame(guards, {
    allow: 1,
    deny: 1,
    connectionsPerSecond: 1,
    requestsPerSecond: 1,
    requestsPerAddressMax: 0,
    uploadBytesPerSecondMin: 0,
    failedLoginsPerMinute: 0,
  })
  t.match(clients.closes, { 'client-denied': 2, 'client-rate': 1 })
})

test('content that arrives too slowly is counted', async t => {
  const origin = await scriptedOrigin(t, async () => {})
  const { clock, ports, stats } = await gatewayOf(
    t,
    { app: { servers: [origin.url] } },
    { uploadBytesPerSecondMin: 1_000 },
  )
  const client = await rawClient(t, ports[0]!)
  await client.send(request('POST', '/', 'Content-Length: 1000'))
  await origin.accepted(1)
  await origin.connections[0]!.readUntil('\r\n\r\n')
  clock.advance(20_000)
  await client.send('slow')
  t.equal((await readMessage(client)).status, 408)
  t.match(stats(), { guards: { uploadBytesPerSecondMin: 1 }, statuses: { '4xx': 1 } })
})
