import { test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { ask, closesOf, exchange, rawClient, request, response, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { fullBacklog } from '../support/full-backlog.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

type T = Parameters<typeof withProxy>[0]

const GET = request('GET', '/')

async function reverse(t: T, script: Script, options: Partial<ProxyOptions> = {}) {
  const clock = new FakeClock()
  const origin = await scriptedOrigin(t, script)
  const running = await withProxy(t, { mode: 'reverse', upstream: origin.url, clock, ...options })
  return { clock, origin, closes: closesOf(running.proxy), client: await rawClient(t, running.port), ...running }
}

/** Answers each request with the number of its connection, but waits for `go` if the target says so. */
const numbered: Script = async (connection, nth) => {
  for (;;) {
    const head = await connection.readUntil('\r\n\r\n')
    if (head.startsWith('POST')) await connection.readUntil('go')
    await connection.send(response(`u${nth}`))
  }
}

/** This many exchanges at once, each on its own connection; returns which. */
async function together(t: T, port: number, count: number, busy: () => number): Promise<void> {
  const clients = []
  for (let i = 0; i < count; i++) {
    const client = await rawClient(t, port)
    await client.send(request('POST', '/', 'Content-Length: 2'))
    clients.push(client)
    await until('busy', () => busy() === i + 1)
  }
  for (const client of clients) {
    await client.send('go')
    await readMessage(client)
  }
}

test('R74, R102: one connection serves exchange after exchange, of any client', async t => {
  const { port, proxy, origin } = await reverse(t, numbered)
  for (let i = 0; i < 5; i++) t.equal(String((await ask(t, port, GET)).content), 'u0')
  t.equal(origin.connections.length, 1)
  t.match(proxy.stats(), {
    client: { accepted: 6, requests: 5 },
    upstream: { open: 1, idle: 1, busy: 0, dialing: 0, waiting: 0, dialed: 1, reused: 4, closes: {} },
    exchanges: { active: 0, total: 5, retries: 0, failures: {} },
  })
})

test('the most recently used idle connection is used first', async t => {
  const { port, proxy } = await reverse(t, numbered)
  await together(t, port, 3, () => proxy.stats().upstream.busy)
  t.equal(proxy.stats().upstream.idle, 3)
  for (let i = 0; i < 3; i++) t.equal(String((await ask(t, port, GET)).content), 'u2', 'released last, used first')
})

test('R86: no more connections than allowed; a released one goes to the first waiter', async t => {
  const { port, proxy, origin } = await reverse(t, numbered, { limits: { upstreamConnectionsMax: 2 } })
  const clients = []
  for (let i = 0; i < 5; i++) {
    const client = await rawClient(t, port)
    await client.send(`${request('POST', `/${i}`, 'Content-Length: 2')}`)
    clients.push(client)
    await until('it is busy or waits', () => proxy.stats().upstream.busy + proxy.stats().upstream.waiting === i + 1)
  }
  t.match(proxy.stats().upstream, { open: 2, busy: 2, waiting: 3, dialed: 2 })
  for (const client of clients) {
    await client.send('go')
    t.equal((await readMessage(client)).status, 200)
  }
  t.equal(origin.connections.length, 2)
  t.match(proxy.stats().upstream, { open: 2, idle: 2, busy: 0, waiting: 0, dialed: 2, reused: 3 })
})

test('no more idle connections than allowed: the one that has been idle for longest is closed', async t => {
  const { port, proxy, closes } = await reverse(t, numbered, { limits: { upstreamIdleMax: 2 } })
  await together(t, port, 4, () => proxy.stats().upstream.busy)
  t.equal(proxy.stats().upstream.idle, 2)
  t.match(closes, [
    { id: 'u1', reason: 'surplus-idle' },
    { id: 'u2', reason: 'surplus-idle' },
  ])
})

test('a connection carries upstreamRequestsMax requests, or up to a fifth fewer', async t => {
  const { client, closes, origin } = await reverse(t, numbered, { limits: { upstreamRequestsMax: 5 } })
  for (let i = 0; i < 20; i++) t.equal((await exchange(client, GET)).status, 200)
  for (const close of closes) {
    t.equal(close.reason, 'upstream-requests-max')
    t.ok(close.requests === 4 || close.requests === 5, `${close.requests} requests`)
  }
  t.ok(origin.connections.length >= 4)
})

test('R90, R91: the last request on a connection says close, and no other does', async t => {
  const { client, origin } = await reverse(t, numbered, { limits: { upstreamRequestsMax: 2 } })
  for (let i = 0; i < 6; i++) await exchange(client, GET)
  for (const { received } of origin.connections) {
    const heads = String(received).split('\r\n\r\n').slice(0, -1)
    const closing = heads.map(head => /\r\nConnection: close(\r\n|$)/i.test(head))
    t.same(closing, [...Array(heads.length - 1).fill(false), true])
  }
})

test('a connection is closed at upstreamAgeMs, busy or not', async t => {
  const { client, clock, closes, origin } = await reverse(t, numbered, { limits: { upstreamAgeMs: 10_000 } })
  for (let i = 0; i < 8; i++) {
    t.equal((await exchange(client, GET)).status, 200)
    await settled(2)
    clock.advance(1_300)
  }
  await exchange(client, GET)
  t.equal(origin.connections.length, 2)
  t.match(closes, [{ id: 'u1', reason: 'upstream-age' }])
})

test('Keep-Alive: timeout counts with a margin of a second, and only with its option', async t => {
  const rows: [string[], number, string][] = [
    [['Connection: keep-alive', 'Keep-Alive: timeout=3'], 2_000, 'upstream-hint'],
    [['Connection: keep-alive', 'Keep-Alive: timeout=3, max=100'], 2_000, 'upstream-hint'],
    [['Keep-Alive: timeout=3'], 4_000, 'upstream-idle'],
    [['Connection: keep-alive', 'Keep-Alive: timeout=60'], 4_000, 'upstream-idle'],
  ]
  for (const [fields, ms, reason] of rows) {
    const { client, clock, proxy, closes } = await reverse(t, answerAlways(response('ok', ...fields)))
    await exchange(client, GET)
    await settled(2)
    clock.advance(ms - 200)
    t.equal(proxy.stats().upstream.idle, 1, `${fields}: still there before ${ms} ms`)
    clock.advance(300)
    await until('closed', () => closes.length === 1)
    t.equal(closes[0]?.reason, reason, `${fields}`)
  }
})

test('Keep-Alive: timeout=1 leaves no time at all; max=0 and max=1 leave none, or one, more request', async t => {
  const rows: [string, number[]][] = [
    ['timeout=1', [1, 1, 1]],
    ['max=0', [1, 1, 1]],
    ['max=1', [1, 1, 1]],
    ['timeout=60, max=100', [3]],
  ]
  for (const [hint, served] of rows.filter(([name]) => name !== 'max=1')) {
    const fields = ['Connection: keep-alive', `Keep-Alive: ${hint}`]
    const { client, origin } = await reverse(t, answerAlways(response('ok', ...fields)))
    for (let i = 0; i < 3; i++) await exchange(client, GET)
    t.same(
      origin.connections.map(({ received }) => String(received).split('GET /').length - 1),
      served,
      hint,
    )
  }
  // It counts down, as servers do.
  const { client, origin, closes } = await reverse(t, async connection => {
    for (let left = 1; ; left--) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(response('ok', 'Connection: keep-alive', `Keep-Alive: max=${Math.max(0, left)}`))
    }
  })
  for (let i = 0; i < 4; i++) await exchange(client, GET)
  t.equal(origin.connections.length, 2)
  t.match(closes, [
    { reason: 'upstream-hint', requests: 2 },
    { reason: 'upstream-hint', requests: 2 },
  ])
})

test("R87: an upstream's idle limit is learned from its FINs, shown in stats(), and observed", async t => {
  const { client, clock, proxy, closes, origin } = await reverse(t, numbered)
  for (let nth = 0; nth < 2; nth++) {
    await exchange(client, GET)
    clock.advance(3_000)
    origin.connections[nth]?.halfClose()
    await until('the FIN was seen', () => proxy.stats().upstream.open === 0)
    clock.advance(1_000)
  }
  t.match(proxy.stats().upstream.origins, [{ origin: origin.url, learnedIdleMs: 2_000 }])
  await exchange(client, GET)
  await settled(2)
  clock.advance(1_800)
  t.equal(proxy.stats().upstream.idle, 1)
  clock.advance(400)
  await until('closed', () => closes.length === 3)
  t.same(
    closes.map(({ reason }) => reason),
    ['upstream-fin', 'upstream-fin', 'upstream-learned'],
  )
  clock.advance(600_000)
  t.equal(proxy.stats().upstream.origins[0]?.learnedIdleMs, undefined, 'forgotten')
})

test('FINs on several connections at once are a restart, and teach nothing', async t => {
  const { port, proxy, origin, clock, closes } = await reverse(t, numbered)
  await together(t, port, 3, () => proxy.stats().upstream.busy)
  clock.advance(2_000)
  for (const connection of origin.connections) connection.halfClose()
  await until('all are gone', () => closes.length === 3)
  t.equal(proxy.stats().upstream.origins[0]?.learnedIdleMs, undefined)
})

test('R79, R89: after an early response neither connection is kept', async t => {
  const { client, proxy, origin, closes } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n')
  })
  const answer = await exchange(client, request('POST', '/', 'Content-Length: 1000'))
  t.equal(answer.status, 403)
  t.equal(answer.field('Connection'), 'close')
  t.same(proxy.stats().upstream, { ...proxy.stats().upstream, open: 0, closes: { 'early-response': 1 } })
  t.equal((await client.readToEnd()).how, 'fin')
  client.halfClose()
  await until('both', () => closes.length === 2)
  t.equal(origin.connections.length, 1)
})

const versions: [string, string, string][] = [
  ['R75: 1.0 without keep-alive', 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok', 'upstream-http10'],
  ['R75: 1.0 with keep-alive', 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok', 'keep'],
  [
    'R75: 1.0 with keep-alive and close',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 2\r\n\r\nok',
    'upstream-close',
  ],
  ['R94: 1.1 with close', 'HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok', 'upstream-close'],
  [
    'R94: 1.1 with close on a separate line',
    'HTTP/1.1 200 OK\r\nConnection: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok',
    'upstream-close',
  ],
  ['R75: 1.1', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'keep'],
  ['R81: 1.1 with chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'keep'],
  ['R75, R105: HTTP/1.2 is 1.1', 'HTTP/1.2 200 OK\r\nContent-Length: 2\r\n\r\nok', 'keep'],
]
for (const [what, text, verdict] of versions) {
  test(`${what}: ${verdict}; the client's connection is kept anyway`, async t => {
    const { client, exchanged } = await reverse(t, answerAlways(text))
    for (const nth of [1, 2]) {
      const answer = await exchange(client, GET)
      t.equal(String(answer.content), 'ok')
      t.equal(answer.field('Connection'), undefined)
      t.match((await exchanged(nth))[nth - 1], { upstreamVerdict: verdict, clientVerdict: 'keep' })
    }
  })
}

test("R92, R102: a client's close never closes the upstream", async t => {
  const { port, origin, proxy } = await reverse(t, numbered)
  for (let i = 0; i < 3; i++) {
    const client = await rawClient(t, port)
    await exchange(client, request('GET', '/', 'Connection: close'))
    t.equal((await client.readToEnd()).how, 'fin')
  }
  t.equal(origin.connections.length, 1)
  t.equal(proxy.stats().upstream.idle, 1)
})

test('forward: one pool for each origin', async t => {
  const origins = [
    await scriptedOrigin(t, answerAlways(response('a'))),
    await scriptedOrigin(t, answerAlways(response('b'))),
  ]
  const { port, proxy } = await withProxy(t, { mode: 'forward' })
  const client = await rawClient(t, port)
  for (let i = 0; i < 3; i++) {
    for (const [nth, { url }] of origins.entries())
      t.equal(String((await exchange(client, request('GET', `${url}/`))).content), nth === 0 ? 'a' : 'b')
  }
  t.same(
    origins.map(({ connections }) => connections.length),
    [1, 1],
  )
  t.same(
    proxy.stats().upstream.origins.map(({ origin, idle }) => [origin, idle]),
    origins.map(({ url }) => [url, 1]),
  )
})

test('forward: with more origins than are remembered, the least recently used one is dropped, with its connections', async t => {
  const origins = []
  for (let i = 0; i < 3; i++) origins.push(await scriptedOrigin(t, answerAlways(response('ok'))))
  const { port, proxy } = await withProxy(t, { mode: 'forward', limits: { originsMax: 2 } })
  const closes = closesOf(proxy)
  const client = await rawClient(t, port)
  for (const nth of [0, 1, 0, 2]) await exchange(client, request('GET', `${origins[nth]?.url}/`))
  t.same(
    proxy.stats().upstream.origins.map(({ origin }) => origin),
    [origins[0]?.url, origins[2]?.url],
  )
  t.match(closes, [{ peer: origins[1]?.url, reason: 'surplus-idle' }])
})

test('overlapping connections and exchanges are numbered, and show how often connections were used', async t => {
  const { client, exchanged, closes, proxy } = await reverse(t, numbered)
  for (let i = 0; i < 3; i++) await exchange(client, GET)
  const records = await exchanged(3)
  t.match(
    records.map(({ client, upstream }) => [client, upstream]),
    [1, 2, 3].map(nth => [
      { id: 'c1', nth },
      { id: 'u1', nth },
    ]),
  )
  proxy.destroy()
  await until('both closed', () => closes.length === 2)
  t.match(
    closes.find(({ side }) => side === 'upstream'),
    { id: 'u1', requests: 3, reason: 'shutdown' },
  )
  t.match(
    closes.find(({ side }) => side === 'client'),
    { id: 'c1', requests: 3, reason: 'shutdown' },
  )
})

test('drain: idle connections end, exchanges in progress end with Connection: close, then the pool is empty', async t => {
  const { port, proxy, client, closes, clock } = await reverse(t, numbered)
  await exchange(client, GET)
  clock.advance(1_100) // no request follows this one closely
  const busy = await rawClient(t, port)
  await busy.send(request('POST', '/', 'Content-Length: 2'))
  await until('busy', () => proxy.stats().upstream.busy === 1)
  const closed = proxy.close()
  t.equal((await client.readToEnd()).how, 'fin')
  client.halfClose()
  await busy.send('go')
  const answer = await readMessage(busy)
  t.equal(answer.status, 200)
  t.equal(answer.field('Connection'), 'close')
  busy.halfClose()
  await closed
  t.same(
    closes.map(({ reason }) => reason),
    Array(closes.length).fill('draining'),
  )
  t.equal(proxy.stats().upstream.open, 0)
})

test('destroy ends a dial in progress, too', async t => {
  const upstream = await fullBacklog(t)
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: upstream.url })
  const client = await rawClient(t, port)
  await client.send(GET)
  await until('it dials', () => proxy.stats().upstream.dialing === 1)
  proxy.destroy()
  await until('no dial is left', () => proxy.stats().upstream.dialing === 0)
})
