import { test } from 'tap'
import type { GroupOptions } from '../../lib/proxy/options/group-options.js'
import { exchange, request, settled } from '../support/conversation.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { head, until } from './conversation.js'
import { answers, fleet, grouped, letPass, type Server, server } from './fleet.js'

// Which server of a group gets a request, observed at the servers.

const urls = (servers: readonly Server[]): string[] => servers.map(({ url }) => url)
const counts = (servers: readonly Server[]): number[] => servers.map(({ asked }) => asked.length)

test('round robin by weight, on one connection and on many', async t => {
  const servers = await fleet(t, 'a', 'b', 'c', 'd')
  const weights = [3, 1, 1, 0]
  const { connect } = await grouped(t, { servers: servers.map(({ url }, i) => ({ url, weight: weights[i]! })) })
  const names = await answers(await connect(), 10)
  t.equal([...names].sort().join(''), 'aaaaaabbcc')
  t.notMatch(names, /aaaa/, 'smoothly')
  for (let nth = 0; nth < 10; nth++) await answers(await connect(), 1)
  t.same(counts(servers), [12, 4, 4, 0], 'and weight 0 gets nothing')
})

test('least connections: a busy server gets no more', async t => {
  const slow = await server(t, 'slow', () => {})
  const [b] = await fleet(t, 'b')
  const { connect } = await grouped(t, { servers: [slow.url, b!.url], balance: 'least-connections' })
  const first = await connect()
  await first.send(request('GET', '/'))
  await until(() => slow.asked.length === 1)
  t.equal(await answers(await connect(), 6), 'bbbbbb')
  await slow.connections[0]!.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow')
  t.equal(String((await readMessage(first)).content), 'slow')
})

const hashes: [what: string, group: Partial<GroupOptions>, asks: (key: string) => string][] = [
  ['a field', { hash: { by: 'field', name: 'X-User' } }, key => request('GET', '/', `x-user: ${key}`)],
  ['a cookie', { hash: { by: 'cookie', name: 'id' } }, key => request('GET', '/', `Cookie: a=b; id=${key}; c`)],
]
for (const [what, group, asks] of hashes) {
  test(`hash by ${what}: the same value goes to the same server, for any client; and to that server again when it is back`, async t => {
    const servers = await fleet(t, 'a', 'b', 'c')
    const { connect } = await grouped(t, { servers: urls(servers), balance: 'hash', ...group, retries: 2 })
    const keys = Array.from({ length: 30 }, (_, nth) => `user-${nth}`)
    const homes = new Map<string, string>()
    const first = await connect()
    for (const key of keys) homes.set(key, await answers(first, 1, asks(key)))
    t.equal(new Set(homes.values()).size, 3, 'each key has a server')
    const other = await connect()
    for (const key of [...keys].reverse()) t.equal(await answers(other, 1, asks(key)), homes.get(key))
    await servers[0]!.stop()
    await settled()
    let moved = 0
    for (const key of keys) {
      const now = await answers(other, 1, asks(key))
      if (homes.get(key) !== 'a') t.equal(now, homes.get(key), 'no other key moves')
      else moved++
    }
    t.equal(moved, [...homes.values()].filter(home => home === 'a').length)
  })
}

test('hash by address: the same client stays, on new connections too; other addresses spread', async t => {
  const servers = await fleet(t, 'a', 'b', 'c')
  const { port } = await grouped(t, { servers: urls(servers), balance: 'hash' })
  const seen = new Set<string>()
  const { connect } = await import('./conversation.js')
  for (let nth = 1; nth <= 20; nth++) {
    const localAddress = `127.0.0.${nth}`
    const names = new Set<string>()
    for (let times = 0; times < 3; times++) names.add(await answers(await connect(t, port, { localAddress }), 2))
    t.equal(names.size, 1)
    const [name = ''] = names
    t.equal(name[0], name[1])
    seen.add(name)
  }
  t.equal(seen.size, 3)
})

test('sticky: one cookie, honoured on any connection; when its server is gone, another server and another cookie', async t => {
  const servers = await fleet(t, 'a', 'b', 'c')
  const { connect } = await grouped(t, { servers: urls(servers), sticky: { cookie: 'hw' }, retries: 2 })
  const client = await connect()
  const first = await exchange(client, request('GET', '/'))
  const set = first.field('Set-Cookie') ?? ''
  t.match(set, /^hw=[0-9a-z]+; Path=\/; HttpOnly; SameSite=Lax$/)
  const cookie = set.slice(0, set.indexOf(';'))
  const home = String(first.content)
  for (let nth = 0; nth < 5; nth++) {
    const answer = await exchange(await connect(), request('GET', '/', `Cookie: x=y; ${cookie}`))
    t.equal(String(answer.content), home)
    t.equal(answer.field('Set-Cookie'), undefined)
  }
  for (const wrong of ['hw=', 'hw=nonsense', 'hw=__proto__', `x${cookie}`]) {
    const answer = await exchange(client, request('GET', '/', `Cookie: ${wrong}`))
    t.match(answer.field('Set-Cookie'), /^hw=/, `${wrong}: a new one`)
  }
  await servers.find(({ name }) => name === home)!.stop()
  const moved = await exchange(client, `${request('POST', '/', `Cookie: ${cookie}`, 'Content-Length: 2')}hi`)
  t.equal(moved.status, 200)
  const next = moved.field('Set-Cookie') ?? ''
  t.match(next, /^hw=/)
  t.not(next, set)
  const again = await exchange(client, request('GET', '/', `Cookie: ${next.slice(0, next.indexOf(';'))}`))
  t.equal(String(again.content), String(moved.content))
  t.equal(again.field('Set-Cookie'), undefined)
})

test('sticky: beside a cookie of the upstream itself; not in interim responses, not in our own answers', async t => {
  const say = `${head('HTTP/1.1 103 Early Hints', 'Link: x')}HTTP/1.1 200 OK\r\nSet-Cookie: own=1\r\nContent-Length: 0\r\n\r\n`
  const [a, b] = await Promise.all(['a', 'b'].map(name => server(t, name, connection => connection.send(say))))
  const { connect } = await grouped(t, { servers: [a!.url, b!.url], sticky: { cookie: 'hw' }, retries: 0 })
  const client = await connect()
  t.equal((await exchange(client, request('GET', '/'))).field('Set-Cookie'), undefined)
  const answer = await readMessage(client)
  t.match(answer.field('Set-Cookie'), /^own=1, hw=[0-9a-z]+;/)
  await a!.stop()
  await b!.stop()
  await settled()
  const refused = await exchange(client, request('GET', '/'))
  t.equal(refused.status, 502)
  t.equal(refused.field('Set-Cookie'), undefined)
})

test('a server of weight 0 is only for clients that a cookie keeps on it', async t => {
  const servers = await fleet(t, 'a', 'b')
  const weights = (a: number): GroupOptions => ({
    servers: servers.map(({ url, name }) => ({ url, weight: name === 'a' ? a : 1 })),
    sticky: { cookie: 'hw' },
  })
  const { connect, proxy, clock } = await grouped(t, weights(1))
  const client = await connect()
  let cookie = ''
  for (let nth = 0; nth < 2; nth++) {
    const answer = await exchange(client, request('GET', '/'))
    if (String(answer.content) === 'a') cookie = (answer.field('Set-Cookie') ?? '').split(';')[0] ?? ''
  }
  t.match(cookie, /^hw=/)
  proxy.update({ mode: 'reverse', name: 'edge', clock, routes: [{ upstream: 'app' }], upstreams: { app: weights(0) } })
  t.equal(await answers(client, 4), 'bbbb')
  t.equal(await answers(client, 2, request('GET', '/', `Cookie: ${cookie}`)), 'aa')
})

test('backups are used only while no other server is available', async t => {
  const [a, b, c] = await fleet(t, 'a', 'b', 'c')
  const { connect, clock } = await grouped(t, {
    servers: [a!.url, { url: b!.url, backup: true }, { url: c!.url, backup: true }],
    ejection: { failures: 1, ejectMs: 10_000 },
  })
  const client = await connect()
  t.equal(await answers(client, 4), 'aaaa')
  await a!.stop()
  await settled()
  const names = await answers(client, 5)
  t.match(names, /^(bcbcb|cbcbc)$/, 'they take turns')
  clock.advance(5_000)
  t.match(await answers(client, 2), /^[bc]{2}$/)
})

test('ejection: three failures and a server is ejected; then one request tries it, and if that succeeds it is back', async t => {
  let broken = true
  const a = await server(t, 'a', connection =>
    broken ? connection.reset() : connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na'),
  )
  const [b] = await fleet(t, 'b')
  const { connect, clock, warnings, proxy } = await grouped(t, { servers: [a.url, b!.url], retries: 0 })
  const client = await connect()
  t.equal(await answers(client, 6), '(502)b(502)b(502)b')
  t.match(warnings, [/^member: upstreams\.app: .* is ejected$/])
  t.match(warnings[0], a.url)
  t.equal(await answers(client, 6), 'bbbbbb')
  clock.advance(9_900)
  t.equal(await answers(client, 2), 'bb')
  clock.advance(200)
  t.match(await answers(client, 6), /^b?\(502\)b+$/, 'one failure of its trial is enough')
  clock.advance(10_100)
  t.equal(await answers(client, 2), 'bb', 'for twice as long now')
  clock.advance(10_000)
  broken = false
  t.match(await answers(client, 6), /^b?a(ba|ab|b|a)*$/)
  t.equal(warnings.length, 2)
  t.equal(proxy.stats().exchanges.failures.connection_terminated, 4)
})

test('an error of the client, or an error status of an upstream, is not a failure of a server', async t => {
  const say = 'HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'
  const [a, b] = await Promise.all(['a', 'b'].map(name => server(t, name, connection => connection.send(say))))
  const { connect, warnings } = await grouped(t, { servers: [a!.url, b!.url] })
  t.equal(await answers(await connect(), 6), '(503)'.repeat(6))
  for (let nth = 0; nth < 8; nth++) {
    const client = await connect()
    await client.send(`${request('POST', '/', 'Content-Length: 10')}12345`)
    await settled(3)
    client.reset()
  }
  for (let nth = 0; nth < 8; nth++) {
    const client = await connect()
    await client.send(`${request('POST', '/', 'Transfer-Encoding: chunked')}nonsense\r\n`)
    await readMessage(client)
  }
  t.equal(await answers(await connect(), 4), '(503)'.repeat(4))
  t.same(warnings, [])
})

test('the end of idle connections is not a failure: requests that met it do not eject a server', async t => {
  const a = await server(t, 'a', async (connection, asked) => {
    if (asked.startLine.startsWith('POST')) connection.halfClose()
    else await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na')
  })
  const [b] = await fleet(t, 'b')
  const { connect, clock, warnings, proxy } = await grouped(t, { servers: [a.url, { url: b!.url, backup: true }] })
  const client = await connect()
  for (let nth = 0; nth < 5; nth++) {
    t.equal(await answers(client, 1), 'a')
    clock.advance(200) // it was idle: a server that closes with its first response is a different case
    t.equal((await exchange(client, `${request('POST', '/', 'Content-Length: 1')}x`)).status, 502)
  }
  t.equal(proxy.stats().upstream.closes.stale, 5)
  t.same(warnings, [])
})

test('slow start: a server that comes back gets little at first, and its full share in the end', async t => {
  const [b] = await fleet(t, 'b')
  let well = false
  const a = await server(t, 'a2', async (connection, asked) => {
    const isCheck = asked.startLine.startsWith('GET /healthz')
    const status = isCheck && !well ? '503 No' : '200 OK'
    await connection.send(`HTTP/1.1 ${status}\r\nContent-Length: 1\r\n\r\nA`)
  })
  const { connect, clock, warnings } = await grouped(t, {
    servers: [a.url, b!.url],
    healthCheck: {
      path: '/healthz',
      intervalMs: 1_000,
      timeoutMs: 500,
      healthyAfter: 1,
      unhealthyAfter: 1,
      status: '200',
    },
    slowStartMs: 100_000,
  })
  const client = await connect()
  await letPass(clock, 1_200)
  t.match(warnings, [/is down \(status 503/])
  t.equal(await answers(client, 4), 'bbbb')
  well = true
  await letPass(clock, 1_200)
  t.match(warnings.at(-1), /is up/)
  const share = async (of: RawClient): Promise<number> =>
    [...(await answers(of, 40))].filter(name => name === 'A').length
  const early = await share(client)
  t.ok(early >= 1 && early <= 8, `a tenth at first: ${early} of 40`)
  await letPass(clock, 100_000, 400)
  const late = await share(await connect())
  t.ok(late >= 18 && late <= 22, `half in the end: ${late} of 40`)
})
