import { createSocket } from 'node:dgram'
import { test } from 'tap'
import { exchange, request, settled } from '../support/conversation.js'
import { startDnsmasq } from '../support/dnsmasq.js'
import { fullBacklog } from '../support/full-backlog.js'
import { needs } from '../support/needs.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'
import { connect, ok, until } from './conversation.js'
import { answers, fleet, grouped, server, unusedUrl } from './fleet.js'

// Watched names and health-checked servers: how they appear, disappear, and end with the proxy.

const CHECK = { path: '/healthz', intervalMs: 1_000, timeoutMs: 500 }

/** A name server that never answers. */
async function silentDns(t: Parameters<typeof grouped>[0]): Promise<string> {
  const socket = createSocket('udp4')
  t.teardown(() => socket.close())
  await new Promise<void>(done => socket.bind(0, '127.0.0.1', done))
  return `127.0.0.1:${socket.address().port}`
}

for (const how of ['close', 'destroy'] as const) {
  test(`${how}: nothing is checked, queried or waited for any more`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect, clock, proxy } = await grouped(t, {
      servers: [a!.url, 'http://app.invalid:81'],
      healthCheck: CHECK,
      resolve: { nameservers: [await silentDns(t)] },
      balance: 'least-connections',
    })
    const client = await connect()
    t.match(await answers(client, 1), /a|\(\d+\)/)
    clock.advance(1_000)
    t.ok(clock.timers > 0)
    const closed = proxy[how]()
    client.halfClose()
    await closed
    await until(() => proxy.stats().client.open === 0)
    await settled()
    clock.advance(5_000)
    t.equal(clock.timers, 0)
    t.match(proxy.stats().upstream, { open: 0, dialing: 0, waiting: 0 })
    const before = a!.connections.length
    clock.advance(100_000)
    await settled()
    t.equal(a!.connections.length, before)
  })
}

test('a request that arrived before the drain is still tried on another server', async t => {
  const silent = await fullBacklog(t)
  const [b] = await fleet(t, 'b')
  const { connect, clock, proxy } = await grouped(
    t,
    { servers: [silent.url, b!.url] },
    { deadlines: { drainMs: 60_000 } },
  )
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.dialing === 1)
  const closed = proxy.close()
  clock.advance(5_200)
  const answer = await readMessage(client)
  t.equal(String(answer.content), 'b')
  t.equal(answer.field('Connection'), 'close')
  client.halfClose()
  await closed
})

test('destroyed while a server is dialled: no other server is asked', async t => {
  const silent = await fullBacklog(t)
  const [b] = await fleet(t, 'b')
  const { connect, proxy, clock } = await grouped(t, { servers: [silent.url, b!.url], retries: 5 })
  const client = await connect()
  await client.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.dialing === 1)
  proxy.destroy()
  await until(() => client.ended !== '')
  await settled()
  t.equal(b!.connections.length, 0)
  t.match(proxy.stats(), { upstream: { dialing: 0, open: 0 }, exchanges: { active: 0 } })
  clock.advance(5_000)
  t.equal(clock.timers, 0)
})

test('destroyed while others wait for a connection: none is made for them', async t => {
  const a = await server(t, 'a', () => {})
  const { connect, proxy } = await grouped(t, { servers: [a.url] }, { limits: { upstreamConnectionsMax: 1 } })
  const clients = await Promise.all(Array.from({ length: 5 }, connect))
  for (const client of clients) await client.send(request('GET', '/'))
  await until(() => proxy.stats().upstream.waiting === 4 && a.asked.length === 1)
  proxy.destroy()
  await until(() => clients.every(({ ended }) => ended !== ''))
  await settled()
  t.equal(a.connections.length, 1)
  t.match(proxy.stats(), { upstream: { waiting: 0, dialing: 0, open: 0 }, exchanges: { active: 0 } })
})

test('a server that fails its health check gets no requests, and is back when it is healthy; the client notices nothing', async t => {
  let well = true
  const a = await server(t, 'a', (connection, { startLine }) =>
    connection.send(startLine.includes('/healthz') && !well ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' : ok('a')),
  )
  const [b] = await fleet(t, 'b')
  const { connect, clock, warnings } = await grouped(t, {
    servers: [a.url, { url: b!.url, backup: true }],
    healthCheck: { ...CHECK, healthyAfter: 2, unhealthyAfter: 2 },
  })
  const client = await connect()
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100)
      await settled(2)
    }
  }
  await pass(1_500)
  t.equal(await answers(client, 2), 'aa')
  well = false
  await pass(3_000)
  t.equal(await answers(client, 3), 'bbb')
  well = true
  await pass(3_000)
  t.equal(await answers(client, 3), 'aaa')
  t.match(warnings, [/ is down \(status 500/, / is up \(status 200\)/])
  t.equal(client.ended, '')
})

test('all are down: a request is tried anyway', async t => {
  const a = await server(t, 'a', (connection, { startLine }) =>
    connection.send(startLine.includes('/healthz') ? 'HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n' : ok('a')),
  )
  const { connect, clock, warnings } = await grouped(t, { servers: [a.url], healthCheck: CHECK })
  const client = await connect()
  for (let nth = 0; nth < 15; nth++) {
    clock.advance(100)
    await settled(2)
  }
  t.match(warnings, [/is down/])
  t.equal(await answers(client, 2), 'aa')
})

test('a service that is recreated elsewhere is found, and its old address is given up', needs('dnsmasq'), async t => {
  const old = await scriptedOrigin(t, async connection => {
    for (;;) {
      const head = await connection.readUntil('\r\n\r\n')
      if (!head.includes('/hold')) await connection.send(ok('old'))
    }
  })
  const fresh = await scriptedOrigin(
    t,
    async connection => {
      for (;;) {
        await connection.readUntil('\r\n\r\n')
        await connection.send(ok('new'))
      }
    },
    { host: '127.0.0.2', port: old.port },
  )
  const dns = await startDnsmasq(t, { hosts: { 'app.test': ['127.0.0.1'] }, ttl: 0 })
  const { port, proxy } = await withProxy(t, {
    mode: 'reverse',
    routes: [{ upstream: 'app' }],
    upstreams: {
      app: {
        servers: [`http://app.test:${old.port}`],
        resolve: { nameservers: [dns.nameserver], minMs: 50, maxMs: 100 },
      },
    },
  })
  const [client, held] = [await connect(t, port), await connect(t, port)]
  // The system's resolver does not know the name: until the name server has answered the group has no servers.
  await until(
    () =>
      old.connections.length > 0 || proxy.stats().upstream.origins.some(({ origin }) => origin.includes('app.test')),
  )
  let first = await answers(client, 1)
  // The name server answers when the machine lets it.
  while (first !== 'old') {
    await settled(10)
    first = await answers(client, 1)
  }
  await held.send(request('GET', '/hold'))
  await until(() => old.connections.some(({ received }) => String(received).includes('/hold')))
  await dns.hosts({ 'app.test': ['127.0.0.2'] })
  let now = ''
  while (now !== 'new') {
    now = await answers(client, 1)
    if (!/^(old|new)$/.test(now)) t.fail('never an error', { now })
    await settled(3)
  }
  const carrier = old.connections.find(({ received }) => String(received).includes('/hold'))!
  t.equal(carrier.ended, '', 'what runs there continues')
  await carrier.send(ok('held'))
  t.equal(String((await readMessage(held)).content), 'held')
  await until(() => old.connections.every(({ ended }) => ended !== ''))
  t.ok((proxy.stats().upstream.closes.reconfigured ?? 0) >= 1)
  t.equal(fresh.connections.length > 0, true)
})

test('a group whose only server is gone answers 502 each time, and 200 again when a server listens there', async t => {
  const place = await unusedUrl()
  const { connect } = await grouped(t, { servers: [place] })
  const client = await connect()
  t.equal(await answers(client, 5), '(502)'.repeat(5))
  await scriptedOrigin(
    t,
    async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(ok('back'))
    },
    { port: Number(new URL(place).port) },
  )
  t.equal(String((await exchange(client, request('GET', '/'))).content), 'back')
})
