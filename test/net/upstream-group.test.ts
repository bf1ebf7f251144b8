import { type Test, test } from 'tap'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { originOf } from '../../lib/link/origin.js'
import type { ProxyError } from '../../lib/link/proxy-error.js'
import { type Deadline, DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { AddressAnswer, DnsError, ServiceRecord } from '../../lib/net/names/dns-answers.js'
import { Resolver } from '../../lib/net/names/resolver.js'
import type { GroupSpec, ServerSpec } from '../../lib/net/upstream/group-spec.js'
import type { OriginPool } from '../../lib/net/upstream/origin-pool.js'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import { UpstreamGroup } from '../../lib/net/upstream/upstream-group.js'
import { UpstreamPool } from '../../lib/net/upstream/upstream-pool.js'
import type { UpstreamStream } from '../../lib/net/upstream/upstream-stream.js'
import type { UpstreamWaiter } from '../../lib/net/upstream/upstream-waiter.js'
import { GRAMMAR_LIMITS } from '../../lib/wire/limits.js'
import { connectionOf } from '../support/connection-of.js'
import { settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { type Script, type ScriptedOrigin, scriptedOrigin } from '../support/scripted-origin.js'

// A group on its own, with a DNS controlled by the test, and real connections.

class Waiter implements UpstreamWaiter {
  onlyOnce = false
  waiting: Deadline | null = null
  readonly clientAddress = '192.0.2.7'
  got: UpstreamConnection | null = null
  error: ProxyError | null = null
  onUpstream(stream: UpstreamStream): void {
    this.got = connectionOf(stream)
  }
  onNoUpstream(error: ProxyError): void {
    this.error = error
  }
  preface(): Buffer {
    return Buffer.from('who is it\r\n')
  }
}

const DIAL = { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} } as const

const SPEC: Omit<GroupSpec, 'servers'> = {
  name: 'app',
  balance: { balance: 'round-robin', ejection: null, slowStartMs: 0, health: null },
  hash: { by: 'address' },
  sticky: '',
  retries: 1,
  retryOn: 'reused',
  healthCheck: null,
  resolve: { nameservers: null, minMs: 1_000, maxMs: 60_000 },
  dial: DIAL,
  proxyProtocol: 'off',
  limits: LIMITS,
  deadlines: DEADLINES,
}

const one = (url: string, more: Partial<ServerSpec> = {}): ServerSpec => {
  const { hostname, port } = new URL(url)
  return { origin: originOf('http', hostname, Number(port)), kind: 'one', weight: 1, backup: false, ...more }
}

const CHECK = {
  path: '/healthz',
  host: '',
  intervalMs: 1_000,
  timeoutMs: 900,
  statuses: [[200, 299]],
} as const

/** A group in its surroundings. `zone`: the records of names; a name that is not in it does not exist. */
function grouped(t: Test, spec: Partial<GroupSpec> & { servers: readonly ServerSpec[] }) {
  const clock = new FakeClock()
  const zone = new Map<string, readonly string[]>()
  const services = new Map<string, readonly ServiceRecord[]>()
  const asked: string[] = []
  const news: string[] = []
  const resolver = new Resolver({ clock, lookup: (name, done) => done(null, addressesOf(zone.get(name) ?? [])) })
  const wheel = new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) })
  const pools = new UpstreamPool({
    handler: {
      locate: (host, _port, done) => resolver.resolve(host, done),
      opened: ({ id }) => news.push(`${id} opened`),
      closed: ({ id, reason }) => news.push(`${id} closed: ${reason}`),
      fault: fault => t.fail(`fault ${fault}`),
    },
    ...{ dial: DIAL, limits: LIMITS, deadlines: DEADLINES, grammar: GRAMMAR_LIMITS, strict: false },
    ...{ wheel, clock, proxyProtocol: 'off' },
  })
  t.teardown(() => pools.destroy('shutdown'))
  const nothing = (name: string): DnsError => Object.assign(new Error(name), { code: 'ENOTFOUND' })
  const around = {
    pools,
    clock,
    random: () => 0.5,
    warn: (code: string, message: string) => news.push(`${code}: ${message}`),
    fault: (fault: unknown) => t.fail(`fault ${fault}`),
    changed: (group: string, member: string, state: string) => news.push(`${group} ${member} ${state}`),
    questions: () => ({
      addresses(name: string, done: (error: DnsError | null, answer: AddressAnswer) => void) {
        asked.push(name)
        const addresses = addressesOf(zone.get(name) ?? [])
        const answer = { addresses, ttlMs: 1_000, unanswered: null }
        setImmediate(() => done(addresses.length === 0 ? nothing(name) : null, answer))
      },
      services(name: string, done: (error: DnsError | null, records: readonly ServiceRecord[]) => void) {
        asked.push(`srv ${name}`)
        const records = services.get(name) ?? []
        setImmediate(() => done(records.length === 0 ? nothing(name) : null, records))
      },
      cancel() {},
    }),
  }
  const make = (): UpstreamGroup => {
    const group = new UpstreamGroup(around, { ...SPEC, ...spec })
    t.teardown(() => group.quiet())
    return group
  }
  return { clock, zone, services, asked, news, pools, wheel, make, spec: { ...SPEC, ...spec } }
}

const addressesOf = (list: readonly string[]) => list.map(address => ({ address, family: 4 }) as const)

/** This many choices, as the addresses of the members and how often each was chosen. */
function chosen(group: UpstreamGroup, now: number, times = 12): Record<string, number> {
  const counts: Record<string, number> = {}
  for (let nth = 0; nth < times; nth++) {
    const key = group.choose(now, '', [])?.key ?? 'nobody'
    const place = /(\S+ \d+)$/.exec(key)?.[1] ?? key
    counts[place] = (counts[place] ?? 0) + 1
  }
  return counts
}

async function served(pool: OriginPool): Promise<UpstreamConnection> {
  const waiter = new Waiter()
  waiter.got = connectionOf(pool.acquire(waiter, false))
  await until('served', () => waiter.got !== null || waiter.error !== null)
  if (waiter.got === null) throw waiter.error
  return waiter.got
}

/** Answers each request with this status. */
const says =
  (status: () => string): Script =>
  async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(`HTTP/1.1 ${status()}\r\nContent-Length: 0\r\n\r\n`)
    }
  }

/** The same port on several loopback addresses. */
async function twins(t: Test, script: Script, ...hosts: string[]): Promise<ScriptedOrigin[]> {
  const first = await scriptedOrigin(t, script, { host: hosts[0]! })
  const rest = hosts.slice(1).map(host => scriptedOrigin(t, script, { host, port: first.port }))
  return [first, ...(await Promise.all(rest))]
}

test('a name is one member per address; members are added and removed with its addresses', async t => {
  const { make, zone, clock, asked } = grouped(t, { servers: [one('http://app.test:8080', { kind: 'name' })] })
  zone.set('app.test', ['127.0.0.1', '127.0.0.2'])
  const group = make()
  t.match(
    group.only?.key,
    /^app http:\/\/app\.test:8080/,
    'before the first answer there is one member, resolved at the dial',
  )
  await settled(3)
  t.same(chosen(group, clock.now()), { '127.0.0.1 8080': 6, '127.0.0.2 8080': 6 })
  t.equal(group.only, null)
  const second = group.choose(clock.now(), '', [])
  zone.set('app.test', ['127.0.0.2', '127.0.0.3', '127.0.0.4'])
  clock.advance(1_000)
  await settled(3)
  t.equal(asked.length, 2)
  t.same(chosen(group, clock.now()), { '127.0.0.2 8080': 4, '127.0.0.3 8080': 4, '127.0.0.4 8080': 4 })
  const keys = new Set([1, 2, 3].map(() => group.choose(clock.now(), '', [])))
  t.ok(keys.has(second) || second?.key.includes('127.0.0.1'), 'a member that stays keeps its pool')
})

test('a removed address is drained: idle connections end, a busy one after its exchange', async t => {
  const [a, b] = await twins(t, () => {}, '127.0.0.1', '127.0.0.2')
  const { make, zone, clock, news, pools } = grouped(t, {
    servers: [one(`http://app.test:${a!.port}`, { kind: 'name' })],
  })
  zone.set('app.test', ['127.0.0.1'])
  const group = make()
  await settled(3)
  const old = group.only!
  const [idle, running] = [await served(old), await served(old)]
  old.release(idle, 'keep')
  zone.set('app.test', ['127.0.0.2'])
  clock.advance(1_000)
  await until('the idle one has ended', () => news.includes('u1 closed: reconfigured'))
  t.not(group.only, old)
  t.equal(running.transport.closed, false)
  const next = await served(group.only!)
  t.equal(next.address, '127.0.0.2')
  t.equal(b!.connections.length, 1)
  old.release(running, 'keep')
  await until('and now the other', () => news.includes('u2 closed: reconfigured'))
  t.equal(pools.closes.get('reconfigured'), 2)
  t.same([...pools.origins.values()], [group.only])
})

test('a request that waits at a removed member is still served by it', async t => {
  const [a] = await twins(t, () => {}, '127.0.0.1')
  const { make, zone, clock } = grouped(t, {
    servers: [one(`http://app.test:${a!.port}`, { kind: 'name', connectionsMax: 1 })],
  })
  zone.set('app.test', ['127.0.0.1'])
  const group = make()
  await settled(3)
  const old = group.only!
  const running = await served(old)
  const waiter = new Waiter()
  t.equal(connectionOf(old.acquire(waiter, false)), null)
  zone.set('app.test', ['127.0.0.2'])
  clock.advance(1_000)
  await settled(3)
  old.release(running, 'keep')
  await until('served', () => waiter.got !== null)
  t.equal(waiter.got?.address, '127.0.0.1')
  old.release(waiter.got!, 'keep')
  await until('and closed', () => a!.connections.every(({ ended }) => ended !== ''))
})

test('a DNS failure changes nothing; a name that is gone for half a minute has no members', async t => {
  const { make, zone, clock, news, asked } = grouped(t, { servers: [one('http://app.test:8080', { kind: 'name' })] })
  zone.set('app.test', ['127.0.0.1', '127.0.0.2'])
  const group = make()
  await settled(3)
  zone.delete('app.test')
  for (let passed = 0; passed < 29_000; passed += 1_000) {
    clock.advance(1_000)
    await settled(2)
  }
  t.same(chosen(group, clock.now()), { '127.0.0.1 8080': 6, '127.0.0.2 8080': 6 })
  t.match(news, [/^resolve: upstreams\.app: no address found for app\.test; will retry$/])
  for (let passed = 0; passed < 40_000; passed += 1_000) {
    clock.advance(1_000)
    await settled(2)
  }
  t.match(group.only?.key, /^app http:\/\/app\.test:8080 {2}off$/, 'again the member that is resolved at the dial')
  zone.set('app.test', ['127.0.0.3'])
  for (let passed = 0; passed < 60_000; passed += 1_000) {
    clock.advance(1_000)
    await settled(2)
  }
  t.match(group.only?.key, /127\.0\.0\.3/)
  t.ok(asked.length < 60, `asked ${asked.length} times`)
})

test('in a large group, changes close together are applied together', async t => {
  const names = Array.from({ length: 100 }, (_, nth) => `n${nth}.test`)
  const { make, zone, clock, pools, asked } = grouped(t, {
    servers: names.map(name => one(`http://${name}:8080`, { kind: 'name' })),
  })
  for (const [nth, name] of names.entries()) zone.set(name, [`127.0.1.${nth}`])
  const group = make()
  await until('all were asked for', () => asked.length === 100, 600_000)
  await settled(2) // the answers for the last of them
  const members = () => [...pools.origins.keys()].filter(key => / 127\.0\.1\.\d+ 8080$/.test(key)).length
  t.equal(members(), 0)
  clock.advance(100)
  t.equal(members(), 100)
  group.quiet()
  t.equal(clock.timers, 0)
})

test('SRV: targets, ports, weights, and backups for the higher priorities; nothing is known before the first answer', async t => {
  const { make, zone, services, clock } = grouped(t, {
    servers: [one('http://_http._tcp.app.test:8080', { kind: 'srv' })],
  })
  services.set('_http._tcp.app.test', [
    { target: 'a.test', port: 8001, priority: 10, weight: 3 },
    { target: 'b.test', port: 8002, priority: 10, weight: 1 },
    { target: 'c.test', port: 8003, priority: 20, weight: 1 },
  ])
  for (const [nth, name] of ['a', 'b', 'c'].entries()) zone.set(`${name}.test`, [`127.0.0.${nth + 1}`])
  const group = make()
  t.equal(group.choose(clock.now(), '', []), null)
  await settled(5)
  t.same(chosen(group, clock.now()), { '127.0.0.1 8001': 9, '127.0.0.2 8002': 3 })
  const tried = [1, 2, 3, 4, 5, 6].map(() => group.choose(clock.now(), '', []))
  t.match(group.choose(clock.now(), '', tried as OriginPool[])?.key, /127\.0\.0\.3 8003$/, 'the backup comes last')
  t.match(tried[0]?.origin.authority, /:800[12]$/, 'Host has the port of the record')
})

test('a health check takes a member out and in, and ends the idle connections of one that is down', async t => {
  let status = '200 OK'
  const origin = await scriptedOrigin(
    t,
    says(() => status),
  )
  const well = await scriptedOrigin(
    t,
    says(() => '204 Well'),
  )
  const { make, clock, news } = grouped(t, {
    servers: [one(origin.url), one(well.url)],
    healthCheck: CHECK,
    balance: { ...SPEC.balance, health: { healthyAfter: 2, unhealthyAfter: 2 } },
  })
  const group = make()
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 100) {
      clock.advance(100)
      await settled(3)
    }
  }
  const has = (): boolean => [1, 2].some(() => group.choose(clock.now(), '', [])?.origin.port === origin.port)
  await pass(2_000)
  t.match(String(origin.connections[0]?.received), /^GET \/healthz HTTP\/1\.1\r\nHost: 127\.0\.0\.1:\d+\r\n/)
  const pool = [group.choose(clock.now(), '', []), group.choose(clock.now(), '', [])].find(
    member => member?.origin.port === origin.port,
  )!
  pool.release(await served(pool), 'keep')
  t.equal(pool.book.idle, 1)
  status = '500 Ill'
  await pass(1_000)
  t.equal(has(), true, 'one failed check is not enough')
  await pass(1_000)
  t.equal(has(), false)
  t.match(news.at(-1), /down \(status 500 is not one of 200-299\)/)
  t.equal(pool.book.idle, 0)
  t.ok(news.includes('u1 closed: health'), 'its idle connections are closed')
  status = '200 OK'
  await pass(1_000)
  t.equal(has(), false)
  await pass(1_000)
  t.equal(has(), true)
  t.match(news.at(-1), / up \(status 200\)/)
})

test('a new specification: members that stay keep pools, connections, checks and records', async t => {
  const well = says(() => '200 OK')
  const [a, b] = await Promise.all([scriptedOrigin(t, well), scriptedOrigin(t, well)])
  const { make, spec, news, clock } = grouped(t, {
    servers: [one(a!.url), one(b!.url)],
    healthCheck: CHECK,
    balance: { ...SPEC.balance, health: { healthyAfter: 2, unhealthyAfter: 1 } },
  })
  const group = make()
  const pool = group.choose(clock.now(), '', [])!
  const connection = await served(pool)
  pool.release(connection, 'keep')
  for (let nth = 0; nth < 20; nth++) {
    clock.advance(100)
    group.configure({ ...spec, servers: [one(a!.url, { weight: 1 + (nth % 3) }), one(b!.url)], retries: nth })
    await settled(2)
  }
  t.equal(connection.transport.closed, false)
  t.equal(connectionOf(pool.acquire(new Waiter(), false)), connection)
  t.ok(a!.connections.length + b!.connections.length > 1, 'checks continue, however often it is configured')
  pool.release(connection, 'keep')
  const stays = pool.origin.port === a!.port ? b! : a!
  group.configure({ ...spec, servers: [one(stays.url)], healthCheck: null })
  await until('the other one is gone', () => connection.transport.closed)
  t.ok(news.includes('u1 closed: reconfigured'))
})

test('a lone member without a check is `only`: the balancer is not asked, and learns nothing', async t => {
  const { make, spec, clock } = grouped(t, {
    servers: [one('http://127.0.0.1:1')],
    balance: { ...SPEC.balance, ejection: { failures: 1, withinMs: 1_000, ejectMs: 1_000, ejectedPercentMax: 50 } },
  })
  const group = make()
  t.equal(group.only?.origin.port, 1)
  t.equal(group.only?.group, null)
  group.configure({ ...spec, servers: [one('http://127.0.0.1:1'), one('http://127.0.0.1:2')] })
  t.equal(group.only, null)
  const member = group.choose(clock.now(), '', [])!
  t.equal(member.group, group)
  group.failed(member, clock.now())
  t.not(group.choose(clock.now(), '', []), member, 'with two of them failures count')
})

test('a group that has ended or is quiet makes no more queries', async t => {
  const { make, zone, clock, asked, pools, wheel } = grouped(t, {
    servers: [one('http://app.test:1', { kind: 'name' }), one('http://127.0.0.1:1')],
    healthCheck: CHECK,
  })
  zone.set('app.test', ['127.0.0.1'])
  const group = make()
  await settled(3)
  t.ok(clock.timers > 0)
  group.end()
  t.equal(clock.timers, 0)
  t.equal(pools.origins.size, 0)
  const before = asked.length
  clock.advance(100_000)
  await settled(3)
  t.equal(asked.length, before)
  t.equal(wheel.armed, 0)
})

test('each server can have its own limits', async t => {
  const { make, clock } = grouped(t, {
    servers: [one('http://127.0.0.1:1', { connectionsMax: 3, waitingMax: 0 }), one('http://127.0.0.1:2')],
    limits: { ...LIMITS, upstreamConnectionsMax: 7 },
  })
  const group = make()
  const members = [group.choose(clock.now(), '', [])!, group.choose(clock.now(), '', [])!]
  t.same(
    members.map(({ shared: { limits } }) => [limits.upstreamConnectionsMax, limits.upstreamWaitingMax]),
    [
      [3, 0],
      [7, LIMITS.upstreamWaitingMax],
    ],
  )
})

test('a PROXY protocol member: a connection begins with its client’s address and serves one exchange of it', async t => {
  const origin = await scriptedOrigin(t, () => {})
  const { make, news } = grouped(t, { servers: [one(origin.url)], proxyProtocol: 'v1' })
  const group = make()
  const pool = group.only!
  const connection = await served(pool)
  t.equal(await origin.connections[0]!.readUntil('\r\n'), 'who is it\r\n')
  t.equal(pool.isLast(connection, 0), true)
  pool.release(connection, 'keep')
  await until('closed', () => news.includes('u1 closed: upstream-proxy-protocol'))
})
