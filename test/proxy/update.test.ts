import { test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { ask, exchange, request, settled } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { DATED, head, ok, until } from './conversation.js'
import { answers, fleet, type Grouped, grouped, routed, server } from './fleet.js'

// `update` of a running proxy: what had begun continues as it was, what begins follows the new options, and no connection is lost.

/** Everything that `routed` gives a proxy, so that an update changes only what it names. */
const options = ({ clock }: Grouped, more: Partial<ProxyOptions>): ProxyOptions => ({
  mode: 'reverse',
  name: 'edge',
  clock,
  via: 'off',
  xForwarded: false,
  ...more,
})

test('50 updates under continuous requests: none lost, none reset, each answered by a server that was configured then', async t => {
  const names = ['a', 'b', 'c', 'd', 'e']
  const servers = await fleet(t, ...names)
  const configured: Set<string>[] = []
  const membersOf = (nth: number): string[] => names.filter((_, i) => (nth + i) % 3 !== 0)
  const plan = (nth: number): Partial<ProxyOptions> => {
    const members = membersOf(nth)
    configured.push(new Set(members))
    return {
      routes: [
        ...(nth % 2 === 0 ? [{ path: '/never', upstream: servers[0]!.url }] : []),
        { path: '/', upstream: nth % 5 === 0 ? 'other' : 'app' },
      ],
      upstreams: {
        [nth % 5 === 0 ? 'other' : 'app']: {
          servers: servers.filter(({ name }) => members.includes(name)).map(({ url }) => url),
          balance: nth % 2 === 0 ? 'round-robin' : 'least-connections',
          retries: 0,
          limits: { upstreamConnectionsMax: 2 + (nth % 3) },
        },
      },
      deadlines: { responseHeadMs: 10_000 + nth, clientIdleMs: 60_000 + nth },
      requestId: nth % 2 === 0 ? 'make' : 'off',
    }
  }
  const running = await routed(t, plan(0))
  let going = true
  let asked = 0
  const wrong: string[] = []
  const asking = Array.from({ length: 12 }, async (_, who) => {
    const client = await running.connect()
    for (let nth = 0; going; nth++) {
      const from = configured.length - 1
      const content = 'x'.repeat(nth % 3 === 0 ? 0 : who * 700)
      await client.send(`${request('POST', '/', `Content-Length: ${content.length}`)}${content}`)
      const answer = await readMessage(client)
      const by = String(answer.content)
      asked++
      if (answer.status !== 200 || !configured.slice(from).some(members => members.has(by)))
        wrong.push(`${answer.status} ${by}`)
    }
    t.equal(client.ended, '', 'the connection is the same as at the beginning')
  })
  for (let nth = 1; nth <= 50; nth++) {
    running.proxy.update(options(running, plan(nth)))
    const before = asked
    await until(() => asked >= before + 10)
  }
  going = false
  await Promise.all(asking)
  t.same(wrong, [])
  t.ok(asked >= 500, `${asked} requests`)
  t.equal(
    servers.reduce((sum, one) => sum + one.asked.length, 0),
    asked,
    'each asked once',
  )
  t.match(running.proxy.stats(), { client: { accepted: 12, open: 12 }, exchanges: { failures: {}, retries: 0 } })
})

test('an exchange in progress keeps its route, its server and its deadlines', async t => {
  const old = await server(t, 'old', async (connection, asked) => {
    if (asked.startLine.includes('/long')) await connection.send(head('HTTP/1.1 200 OK', DATED, 'Content-Length: 10'))
    else if (!asked.startLine.includes('/silent')) await connection.send(ok('old'))
  })
  const [next] = await fleet(t, 'next')
  const running = await routed(t, {
    routes: [{ path: '/', upstream: 'old', responseFields: { set: { 'X-Of': 'old' } } }],
    upstreams: { old: { servers: [old.url] } },
    deadlines: { responseHeadMs: 5_000 },
  })
  const [long, silent, begun, idle] = [
    await running.connect(),
    await running.connect(),
    await running.connect(),
    await running.connect(),
  ]
  t.equal(await answers(idle, 1), 'old')
  await long.send(request('GET', '/long'))
  await long.readUntil('\r\n\r\n')
  await silent.send(request('GET', '/silent'))
  await begun.send('GET /begun HTTP/1.1\r\nHo')
  await until(() => old.asked.length === 3)
  await settled()
  running.proxy.update(
    options(running, {
      routes: [{ path: '/', upstream: 'next', setPrefix: '/new' }],
      upstreams: { next: { servers: [next!.url] } },
      deadlines: { responseHeadMs: 20_000 },
    }),
  )
  t.equal(await answers(idle, 1), 'next')
  t.equal(next!.asked[0]?.startLine, 'GET /new/ HTTP/1.1')
  await begun.send('st: a\r\n\r\n')
  const answer = await readMessage(begun)
  t.equal(String(answer.content), 'old', 'what began before uses the routes of that time')
  t.equal(answer.field('X-Of'), 'old')
  const carrier = old.connections.find(({ received }) => String(received).includes('/long'))!
  await carrier.send('0123456789')
  t.equal(String(await long.readBytes(10)), '0123456789')
  await until(() => carrier.ended !== '', 'and its connection ends, as its server is no longer configured')
  running.clock.advance(5_200)
  t.equal((await readMessage(silent)).status, 504, 'by the deadline of that time')
  t.equal(await answers(long, 1), 'next')
  t.ok((running.proxy.stats().upstream.closes.reconfigured ?? 0) >= 2)
})

test('a refused update changes nothing', async t => {
  const [a, b] = await fleet(t, 'a', 'b')
  const good: Partial<ProxyOptions> = {
    routes: [{ path: '/', upstream: 'app' }],
    upstreams: { app: { servers: [a!.url], healthCheck: null } },
  }
  const running = await routed(t, good)
  const client = await running.connect()
  t.equal(await answers(client, 1), 'a')
  const route = { path: '/', upstream: b!.url }
  const denying = { clients: { deny: ['127.0.0.1'] }, limits: { clientRequestsMax: 1 } }
  const bad: Partial<ProxyOptions>[] = [
    { routes: [route, { upstream: 'nobody' }] },
    { routes: [route, { path: '/a', exact: '/b', upstream: 'app' }], upstreams: { app: { servers: [b!.url] } } },
    { routes: [route], upstreams: { app: { servers: [b!.url], healthCheck: { path: 'no' } } } },
    { routes: [route], upstreams: { app: { servers: ['http://x.test'], resolve: { nameservers: ['x.test'] } } } },
    { routes: [route], tls: { certificates: [{ cert: 'no', key: 'no' }] } },
    { routes: [route], trust: ['no'] },
    { routes: [route], deadlines: { connectMs: -1 } },
    { routes: [route], requestRate: { perSecond: 0 } },
    { routes: [route], upstream: a!.url },
    { mode: 'forward', routes: [route] },
  ]
  for (const change of bad) {
    t.throws(() => running.proxy.update(options(running, { ...denying, ...change })), { name: 'TypeError' })
    t.equal(await answers(client, 1), 'a', JSON.stringify(change))
    t.equal(await answers(await running.connect(), 2), 'aa')
  }
  t.equal(b!.connections.length, 0)
  t.match(running.proxy.stats().upstream, { dialed: a!.connections.length, closes: {} })
})

test('trusted peers and request rates also apply to connections that are already open', async t => {
  const [a] = await fleet(t, 'a')
  const routes = [{ upstream: a!.url }]
  const running = await routed(t, { routes, trust: ['127.0.0.1'], xForwarded: true })
  const client = await running.connect()
  const text = request('GET', '/', 'X-Forwarded-For: 192.0.2.7')
  await exchange(client, text)
  await exchange(client, text)
  running.proxy.update(options(running, { routes, xForwarded: true }))
  await exchange(client, text)
  running.proxy.update(options(running, { routes, xForwarded: true, requestRate: { perSecond: 1, burst: 1 } }))
  await exchange(client, text)
  t.equal((await exchange(client, text)).status, 429)
  running.proxy.update(options(running, { routes, xForwarded: true, trust: ['127.0.0.1'] }))
  await exchange(client, text)
  t.same(
    a!.asked.map(asked => asked.field('X-Forwarded-For')),
    ['192.0.2.7, 127.0.0.1', '192.0.2.7, 127.0.0.1', '127.0.0.1', '127.0.0.1', '192.0.2.7, 127.0.0.1'],
  )
})

test('the clock stays, even if an update does not name it', async t => {
  const [a] = await fleet(t, 'a')
  const running = await routed(t, { routes: [{ upstream: a!.url }] })
  const client = await running.connect()
  t.equal(await answers(client, 1), 'a')
  running.proxy.update({ mode: 'reverse', routes: [{ upstream: a!.url }] })
  t.equal(await answers(client, 1), 'a')
  t.equal(a!.connections.length, 1)
  running.clock.advance(4_200)
  await until(() => running.proxy.stats().upstream.open === 0)
  t.equal(running.proxy.stats().upstream.closes['upstream-idle'], 1)
})

test('a server that is removed and added again in the middle of a request: nothing is lost, and its connections are new', async t => {
  const a = await server(t, 'a', (connection, asked) => {
    if (!asked.startLine.includes('/hold')) return connection.send(ok('a'))
  })
  const [b] = await fleet(t, 'b')
  const group = (...urls: string[]): Partial<ProxyOptions> => ({
    routes: [{ path: '/', upstream: 'app' }],
    upstreams: { app: { servers: urls } },
  })
  const running = await routed(t, group(a.url))
  const [held, client] = [await running.connect(), await running.connect()]
  await held.send(request('GET', '/hold'))
  await until(() => a.asked.length === 1)
  running.proxy.update(options(running, group(b!.url)))
  t.equal(await answers(client, 1), 'b')
  running.proxy.update(options(running, group(a.url)))
  t.equal(await answers(client, 1), 'a')
  await a.connections[0]!.send(ok('held'))
  t.equal(String((await readMessage(held)).content), 'held')
  await until(() => a.connections[0]!.ended !== '', 'the connection from before is not kept')
  t.equal(await answers(client, 1), 'a')
  t.equal(a.connections.length, 2)
})

test('the content of a request that began before goes to its server as a whole, although that has left the group', async t => {
  const [a, b] = await fleet(t, 'a', 'b')
  const running = await grouped(t, { servers: [a!.url] })
  const client = await running.connect()
  await client.send(`${request('POST', '/', 'Transfer-Encoding: chunked')}5\r\nfirst\r\n`)
  await a!.accepted(1)
  running.proxy.update(options(running, { routes: [{ upstream: b!.url }] }))
  await client.send('6\r\nsecond\r\n0\r\n\r\n')
  t.equal(String((await readMessage(client)).content), 'a')
  t.equal(String(a!.asked[0]?.content), 'firstsecond')
  t.equal(String((await ask(t, running.port, request('GET', '/'))).content), 'b')
})

test('a forward proxy: kept connections to destinations that are no longer permitted end', async t => {
  const [a] = await fleet(t, 'a')
  const running = await routed(t, { mode: 'forward', allow: ['127.0.0.0/8'] })
  const text = head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x')
  const client = await running.connect()
  const update = (more: Partial<ProxyOptions>): void =>
    running.proxy.update({ mode: 'forward', name: 'edge', clock: running.clock, allow: ['127.0.0.0/8'], ...more })
  t.equal(await answers(client, 2, text), 'aa')
  update({})
  t.equal(await answers(client, 1, text), 'a')
  t.equal(a!.connections.length, 1, 'kept while permitted')
  for (const more of [{ deny: ['127.0.0.1'] }, { only: ['other.example'] }, { allow: [] }]) {
    update({})
    t.equal(await answers(client, 1, text), 'a')
    update(more)
    t.match(await answers(client, 1, text), /^\((403|502)\)$/, JSON.stringify(more))
    t.equal(running.proxy.stats().upstream.open, 0)
  }
})

test('a request that waits for a connection gets the room that an update makes', async t => {
  const a = await server(t, 'a', () => {})
  const group = (upstreamConnectionsMax: number): Partial<ProxyOptions> => ({
    routes: [{ upstream: 'app' }],
    upstreams: { app: { servers: [a.url], limits: { upstreamConnectionsMax } } },
  })
  const running = await routed(t, group(1))
  const clients = await Promise.all(Array.from({ length: 5 }, running.connect))
  for (const client of clients) await client.send(request('GET', '/'))
  await until(() => a.asked.length === 1 && running.proxy.stats().upstream.waiting === 4)
  running.proxy.update(options(running, group(3)))
  await until(() => a.asked.length === 3)
  t.match(running.proxy.stats().upstream, { waiting: 2, busy: 3 })
})
