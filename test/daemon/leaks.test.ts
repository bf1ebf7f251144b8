import type { EventEmitter } from 'node:events'
import { readdirSync } from 'node:fs'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import * as tls from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Test, test } from 'tap'
import { planOf } from '../../lib/config/plan.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { HopwiseGateway } from '../../lib/daemon/gateway.js'
import { openLog } from '../../lib/daemon/logs/log.js'
import { ProxyListener } from '../../lib/daemon/proxy-listener.js'
import { systemClock, type Timer } from '../../lib/net/clock.js'
import type { Upstreams } from '../../lib/proxy/upstreams.js'
import { makeAuthority } from '../support/certificates.js'
import { exchange, rawClient, request, response, until } from '../support/conversation.js'
import { needs } from '../support/needs.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways } from '../support/scripted-origin.js'
import { GET, OK, watched } from './fixture/watched.js'

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void

/** Resolves when all of these are gone; an object awaited a moment ago may still be on a stack. */
async function allCollected(refs: readonly WeakRef<object>[]): Promise<void> {
  await until('all are collected', () => {
    gc()
    return refs.every(ref => ref.deref() === undefined)
  })
}

/** The private parts of a gateway. */
interface Inside {
  readonly upstreams: Upstreams
  readonly listeners: ReadonlyMap<string, object>
  readonly leaving: Iterable<object>
}

/** A gateway in this process whose timers are counted. */
function startGateway(t: Test) {
  const timers = new Set<object>()
  for (const what of ['after', 'every'] as const) {
    const own = systemClock[what]
    t.teardown(() => Object.assign(systemClock, { [what]: own }))
    const counted = (ms: number, run: () => void): Timer => {
      const key = {}
      timers.add(key)
      const timer = own(ms, () => {
        if (what === 'after') timers.delete(key)
        run()
      })
      return {
        cancel() {
          timers.delete(key)
          timer.cancel()
        },
      }
    }
    Object.assign(systemClock, { [what]: counted })
  }
  const log = openLog({
    level: 'silent',
    format: 'json',
    accessLog: 'off',
    outlet: (bytes, done) => setImmediate(done, null, bytes.length),
  })
  const gateway = new HopwiseGateway(log, '0')
  t.teardown(() => gateway.destroy())
  return { gateway, inside: gateway as unknown as Inside, timers }
}

/** An origin whose connections are gone when ours are; it answers a request that it has read to the end. */
async function startOrigin(t: Test): Promise<{ port: number; url: string }> {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end('ok'))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  return { port, url: `http://127.0.0.1:${port}` }
}

function planFrom(text: string) {
  const { configuration, findings, contents } = readConfigurationText(text, '/hopwise.yaml', { environment: {} })
  if (configuration === undefined) throw new Error(JSON.stringify(findings))
  return planOf(configuration, contents, Buffer.alloc(32).toString('base64'))
}

test('forty reloads that add and remove everything leave nothing behind', needs('openssl'), async t => {
  const [one, other] = [await startOrigin(t), await startOrigin(t)]
  const authority = await makeAuthority(t)
  const { certFile, keyFile } = await authority.issue('web', 'DNS:web.example')
  const { gateway, inside, timers } = startGateway(t)
  const warnings: unknown[] = []
  const warned = (warning: unknown) => warnings.push(warning)
  process.on('warning', warned)
  t.teardown(() => process.off('warning', warned))

  const web = (nth: number) => `
  - address: 127.0.0.1:0
    name: web
    clients: { requestsPerSecond: ${1_000 + nth}, connectionsPerSecond: ${1_000 + nth} }
    routes:
      - { path: /${nth}, upstream: app, requestFields: { set: { X-A: '${nth}' } } }
      - { upstream: app }`
  // Loopback has many addresses: removed and added listeners never conflict.
  const others = (nth: number) => `
  - { address: 127.1.0.${nth}:0, name: plain, routes: [{ upstream: g${nth} }] }
  - address: 127.2.0.${nth}:0
    name: tls
    tls: { certificates: [{ cert: ${certFile}, key: ${keyFile} }] }
    routes: [{ upstream: app }]
  - { address: 127.3.0.${nth}:0, name: egress, mode: forward, destinations: { allow: [127.0.0.0/8], connectPorts: [${one.port}] } }`
  const refused = `
  - { address: 192.0.2.1:1, name: nowhere, routes: [{ upstream: app }] }`
  const groups = (nth: number) => `
  app:
    balance: ${nth % 2 === 0 ? 'round-robin' : 'hash'}
    ${nth % 2 === 0 ? '' : 'hash: { by: address }'}
    sticky: { cookie: c${nth} }
    servers: [${one.url}${nth % 3 === 0 ? '' : `, ${other.url}`}]
  g${nth}:
    servers: ['http://localhost:${one.port}', ${other.url}]
    healthCheck: { path: /, intervalMs: ${1_000 + nth}, timeoutMs: 900 }`
  const file = (nth: number, ...listeners: string[]) =>
    planFrom(`listeners:${listeners.join('')}\nupstreams:${groups(nth)}\n`)

  const refs: WeakRef<object>[] = []
  const round = async (nth: number) => {
    const bound = (await gateway.update(file(nth, web(nth), others(nth)))).bound
    const at = (name: string) => {
      const { address: host, port } = bound.find(it => it.name === name)!
      return { host, port }
    }
    for (const [address, listener] of inside.listeners) {
      if (address !== '127.0.0.1:0' && listener instanceof ProxyListener) refs.push(new WeakRef(listener.proxy))
    }
    for (const pool of inside.upstreams.pools.origins.values()) {
      if (pool.place.group !== 'app') refs.push(new WeakRef(pool))
    }
    const socket = tls.connect({ ...at('tls'), ca: authority.cert, servername: 'web.example' })
    const clients = [
      await rawClient(t, at('web')),
      await rawClient(t, at('plain')),
      await rawClient(t, { port: 0, socket }),
      await rawClient(t, at('egress')),
    ]
    const ask = [GET, GET, GET, request('GET', `${one.url}/`)]
    for (const [i, client] of clients.entries()) t.match(await exchange(client, ask[i]!), { status: 200 })
    await t.rejects(gateway.update(file(nth, web(nth), refused)), /EADDRNOTAVAIL|192\.0\.2\.1/)
    await gateway.update(file(0, web(0)))
    for (const client of clients) client.destroy()
  }
  const rest = async () => {
    await until('all have left', () => [...inside.leaving].length === 0)
    const { pools } = inside.upstreams
    await until('upstream connections rest', () => [...pools.connections].every(it => it.entry.state === 'idle'))
    for (const { book } of pools.origins.values()) book.closeIdle('upstream-idle')
    await until('all are gone', () => pools.connections.size === 0)
  }
  const held = () => {
    const { own, pools, groups } = inside.upstreams
    return {
      ...{ listeners: inside.listeners.size, own: own.size, origins: pools.origins.size, groups: groups.size },
      ...{ dials: pools.dials.size, files: readdirSync('/proc/self/fd').length },
    }
  }

  await gateway.start(file(0, web(0)))
  await round(1)
  await rest()
  const before = held()
  for (let nth = 2; nth <= 40; nth++) await round(nth)
  await rest()
  await until('as at the start', () => JSON.stringify(held()) === JSON.stringify(before)).catch(() => {})
  t.strictSame(held(), before)
  await allCollected(refs)
  t.ok(refs.length > 40 * 4, 'proxies and members were checked')
  gateway.destroy()
  await until('no timer is left', () => timers.size === 0).catch(() => {})
  t.equal(timers.size, 0)
  t.strictSame(warnings, [])
})

test('a request in progress holds its listener and its server, and nothing holds them after it', async t => {
  const { url } = await startOrigin(t)
  const { gateway, inside } = startGateway(t)
  const web = '- { address: 127.0.0.1:0, routes: [{ upstream: app }] }'
  const file = (more: string, groups: string) =>
    planFrom(`listeners:\n  ${web}\n  ${more}\nupstreams:\n  app: { servers: ['${url}'] }\n  ${groups}\n`)
  await gateway.start(file('- { address: 127.1.0.1:0, routes: [{ upstream: old }] }', `old: { servers: ['${url}'] }`))
  const pools = () => [...inside.upstreams.pools.origins.values()].filter(({ place }) => place.group === 'old')
  // In a separate function, whose variables are gone after it.
  const begin = async () => {
    const { proxy, bound } = inside.listeners.get('127.1.0.1:0') as ProxyListener
    const client = await rawClient(t, { host: '127.1.0.1', port: bound!.port })
    await client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1')
    await until('it is in progress', () => pools()[0]?.book.busy === 1)
    return { client, refs: [proxy, ...pools()].map((it: object) => new WeakRef(it)) }
  }
  const { client, refs } = await begin()
  await gateway.update(file('', ''))
  t.strictSame([pools().length, [...inside.leaving].length, refs.length], [0, 1, 2])
  t.match(await exchange(client, '2'), { status: 200 })
  client.halfClose() // otherwise our end lingers for it
  client.destroy()
  await until('all is over', () => [...inside.leaving].length + inside.upstreams.pools.connections.size === 0)
  await allCollected(refs)
})

test('a page that is opened and closed a hundred times leaves no listener and no data', async t => {
  const { watching, proxies, connect, snapshot } = await watched(
    t,
    answerAlways(response('ok')),
    {},
    { mode: 'forward' },
  )
  const counts = () =>
    proxies.map(proxy => {
      const { events } = proxy as unknown as { events: EventEmitter }
      return Object.fromEntries(events.eventNames().map(name => [name, events.listenerCount(name)]))
    })
  const before = counts()
  const client = await connect()
  for (let i = 0; i < 100; i++) {
    watching.on = true
    await exchange(client, GET)
    watching.on = false
  }
  t.strictSame(counts(), before)
  t.strictSame(
    proxies.map(({ watcher }) => watcher),
    [null, null],
  )
  t.strictSame(snapshot().closed, [])
  t.equal(watching.ledger('x1'), null)
})

test('five hundred clients from as many sites, and a minute later nothing of them is kept', async t => {
  const { clock, proxies, connect, origin } = await watched(t, answerAlways(OK), {
    proxyProtocol: { from: ['127.0.0.0/8'] },
    requestRate: { perSecond: 10, burst: 10 },
    clients: { connectionsPerSecond: 10, deny: ['10.0.7.0/24'] },
  })
  const [proxy] = proxies
  if (proxy === undefined) throw new Error('there is one')
  const seen = { answered: 0, denied: 0 }
  for (let i = 0; i < 500; i++) {
    const client = await connect()
    await client.send(`PROXY TCP4 10.0.${i % 10}.${i >> 1} 192.0.2.1 ${i + 1} 80\r\n${GET}`)
    if (i % 10 === 7) seen.denied += (await client.readToEnd()).how === 'reset' ? 1 : 0
    else seen.answered += (await readMessage(client)).status === 200 ? 1 : 0
    client.destroy()
  }
  t.strictSame(seen, { answered: 450, denied: 50 })
  await until('all are gone', () => proxy.clients.open === 0)
  const { bySite } = proxy.clients as unknown as { bySite: Map<string, number> }
  t.equal(bySite.size, 0)
  clock.advance(60_000)
  await until('their upstream connections too', () => proxy.upstreams.pools.connections.size === 0)
  clock.advance(100)
  t.strictSame([clock.timers, proxy.wheel.armed], [0, 0])
  t.ok(origin.connections.length < 20)
  const last = await connect()
  await last.send(`PROXY TCP4 10.9.9.9 192.0.2.1 1 80\r\n${GET}`)
  await readMessage(last)
  t.ok((proxy.rate?.size ?? 0) < 500)
})
