import { test } from 'tap'
import { settingsOf } from '../../lib/proxy/options/options.js'
import { HopwiseProxy } from '../../lib/proxy/proxy.js'
import { exchange, request, response, until } from '../support/conversation.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways } from '../support/scripted-origin.js'
import { GET, OK, silent, watched } from './fixture/watched.js'

test('both sides while they are idle: their clocks run down to their close', async t => {
  const { snapshot, connect, clock, origin } = await watched(t, answerAlways(OK))
  const client = await connect()
  await until('it is there', () => snapshot().clients.total === 1)
  t.match(snapshot().clients.list, [
    {
      id: 'c1',
      listener: 'web0',
      state: 'idle',
      idle: { leftMs: 20_000, limitMs: 20_000, reason: 'client-head-timeout' },
    },
  ])
  await exchange(client, GET)
  clock.advance(1_500)
  const { at, clients, upstreams, exchanges } = snapshot()
  t.equal(at, clock.wallMs())
  t.strictSame(clients, {
    list: [
      {
        id: 'c1',
        peer: client.name,
        listener: 'web0',
        state: 'idle',
        requests: 1,
        ageMs: 1_500,
        idle: { leftMs: 73_500, limitMs: 75_000, reason: 'client-idle' },
      },
    ],
    total: 1,
  })
  t.strictSame(upstreams, {
    list: [
      {
        id: 'u1',
        origin: origin.url,
        address: '127.0.0.1',
        group: 'app',
        requests: 1,
        ageMs: 1_500,
        state: 'idle',
        idle: { leftMs: 2_500, limitMs: 4_000, reason: 'upstream-idle' },
      },
    ],
    total: 1,
  })
  t.strictSame(exchanges, { list: [], total: 0 })
  clock.advance(2_600)
  t.strictSame(snapshot().upstreams, { list: [], total: 0 })
})

test('the short idle limit of HTTP/1.0, and the limit that the upstream announces', async t => {
  const hints = response('ok', 'Connection: keep-alive', 'Keep-Alive: timeout=3')
  const { snapshot, connect } = await watched(t, answerAlways(hints))
  const client = await connect()
  await exchange(client, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
  const { clients, upstreams } = snapshot()
  t.match(clients.list, [{ idle: { leftMs: 5_000, limitMs: 5_000, reason: 'client-idle' } }])
  t.match(upstreams.list, [{ idle: { leftMs: 2_000, limitMs: 2_000, reason: 'upstream-hint' } }])
})

test('an exchange from its first byte to its end', async t => {
  const { snapshot, connect, clock, origin, watching } = await watched(t, silent, {
    limits: { upstreamConnectionsMax: 1 },
  })
  watching.on = true
  const client = await connect()
  await client.send('POST /a?b HTTP/1.1\r\n')
  await until('it has begun', () => snapshot().exchanges.total === 1)
  clock.advance(10)
  t.match(snapshot(), {
    clients: { list: [{ state: 'reading', requests: 0 }] },
    exchanges: { list: [{ id: 'x1', client: 'c1', upstream: '', stage: 'reading', status: 0, ageMs: 10 }] },
  })
  await client.send('Host: a.example\r\nContent-Length: 2\r\n\r\n')
  await origin.accepted(1)
  const upstream = origin.connections[0]!
  await upstream.readUntil('\r\n\r\n')
  const sent = {
    ...{ id: 'x1', client: 'c1', upstream: 'u1', origin: origin.url, method: 'POST', target: '/a?b' },
    ...{ host: 'a.example', status: 0, stage: 'sent', ageMs: 10, retries: 0 },
  }
  t.strictSame(snapshot().exchanges.list, [sent])
  t.match(snapshot(), {
    clients: { list: [{ state: 'exchanging', requests: 1, idle: undefined }] },
    upstreams: { list: [{ state: 'busy', requests: 1, idle: undefined }] },
  })
  const other = await connect()
  await other.send(GET)
  await until('it waits', () => snapshot().exchanges.total === 2)
  t.match(
    snapshot().exchanges.list.find(({ id }) => id === 'x2'),
    { client: 'c2', upstream: '', stage: 'waiting' },
  )
  await client.send('hi')
  await upstream.readUntil('hi')
  await upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no')
  await client.readUntil('\r\n\r\no')
  t.strictSame(
    snapshot().exchanges.list.find(({ id }) => id === 'x1'),
    { ...sent, status: 200, stage: 'responding' },
  )
  clock.advance(5)
  await upstream.send('k')
  await client.readUntil('k')
  t.strictSame(
    snapshot().exchanges.list.find(({ id }) => id === 'x1'),
    { ...sent, status: 200, stage: 'over', ageMs: 15, outcome: 'complete' },
    'it ended a moment ago',
  )
  t.match(
    snapshot().exchanges.list.find(({ id }) => id === 'x2'),
    { upstream: 'u1', stage: 'sent' },
    'its turn',
  )
  clock.advance(1_000)
  t.strictSame(
    snapshot().exchanges.list.map(({ id }) => id),
    ['x2'],
  )
})

test('content that is gathered before a server is chosen is still being read; a dial is a connection', async t => {
  const routes = [{ upstream: 'app', bufferRequestBytes: 1_000 }]
  const { snapshot, connect, proxies } = await watched(t, silent, { routes })
  const client = await connect()
  await client.send(`${request('POST', '/', 'Content-Length: 2')}h`)
  await until('it is read', () => snapshot().exchanges.list[0]?.method === 'POST')
  t.match(snapshot().exchanges.list, [{ stage: 'reading', upstream: '' }])
  // No dial on loopback takes long enough to be observed: this one is observed from within.
  const views: unknown[] = []
  const { pools } = proxies[0]!.upstreams
  const add = pools.dials.add.bind(pools.dials)
  pools.dials.add = connection => {
    add(connection)
    views.push(...snapshot().upstreams.list)
    return pools.dials
  }
  await client.send('i')
  await until('it is dialled', () => views.length > 0)
  t.match(views, [{ id: 'u1', state: 'dialing', address: '', requests: 0 }])
})

test('tunnels: both connections, and the line between them', async t => {
  const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']
  const { snapshot, connect, watching, clock } = await watched(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(`HTTP/1.1 101 Switching Protocols\r\n${upgrade.join('\r\n')}\r\n\r\n`)
  })
  watching.on = true
  const client = await connect()
  await client.send(request('GET', '/chat', ...upgrade))
  await client.readUntil('\r\n\r\n')
  clock.advance(2_000)
  t.match(snapshot(), {
    clients: { list: [{ state: 'tunnelling' }] },
    upstreams: { list: [{ id: 'u1', state: 'tunnelling' }] },
    exchanges: { list: [{ client: 'c1', upstream: 'u1', stage: 'tunnelling', status: 101, ageMs: 2_000 }], total: 1 },
  })
  const underWay = watching.ledger('x1')
  t.match(underWay?.request, { startLine: 'GET /chat HTTP/1.1', sentLine: 'GET /chat HTTP/1.1' })
  t.match(underWay?.response?.sentLine, 'HTTP/1.1 101 Switching Protocols')
  client.reset()
  await until('it is over', () => snapshot().clients.total === 0)
  t.match(snapshot(), {
    exchanges: { list: [{ stage: 'over', outcome: 'tunnel', upstream: 'u1', ageMs: 2_000 }] },
    closed: [
      { side: 'client', reason: 'upgraded-ended' },
      { side: 'upstream', reason: 'upgraded-ended' },
    ],
  })
  t.strictSame(watching.ledger('x1'), underWay, 'the heads were kept when it began')
})

test('CONNECT: there is no connection of a pool, only the destination', async t => {
  const { snapshot, connect, origin, watching } = await watched(t, silent, { mode: 'forward' })
  watching.on = true
  const client = await connect()
  const authority = `127.0.0.1:${origin.port}`
  await client.send(`CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n\r\n`)
  await client.readUntil('\r\n\r\n')
  t.match(snapshot(), {
    upstreams: { list: [], total: 0 },
    exchanges: { list: [{ upstream: '', origin: authority, stage: 'tunnelling', status: 200 }] },
  })
  t.match(watching.ledger('x1'), {
    request: { sentLine: '', notes: [/hopwise answered itself, with status 200/] },
    response: { startLine: '', sentLine: 'HTTP/1.1 200 Connection Established' },
  })
})

test('the last closed connections, newest first, with their reasons', async t => {
  const { snapshot, connect, clock, watching } = await watched(t, answerAlways(OK), {
    limits: { clientRequestsMax: 1 },
    deadlines: { lingerMs: 100 },
  })
  watching.on = true
  const client = await connect()
  await exchange(client, GET)
  client.halfClose()
  await until('it is gone', () => snapshot().clients.total === 0)
  clock.advance(4_100)
  const { closed } = snapshot()
  t.match(closed, [
    { id: 'u1', side: 'upstream', requests: 1, reason: 'upstream-idle', at: /^\d{13}$/ },
    { id: 'c1', side: 'client', peer: client.name, requests: 1, ageMs: 0, reason: 'client-requests-max' },
  ])
  for (let i = 0; i < 60; i++) {
    const one = await connect()
    await until('it is there', () => snapshot().clients.total === 1)
    one.destroy()
    await until('it is gone', () => snapshot().clients.total === 0)
  }
  const { closed: later } = snapshot()
  t.equal(later.length, 50)
  t.match(later[0], { id: 'c61', reason: 'client-fin' })
  t.equal(closed.length, 2, 'a snapshot is a copy')
})

test('several listeners: every id is unique', async t => {
  const { snapshot, connect, watching, origin, proxies } = await watched(
    t,
    answerAlways(OK),
    {},
    {},
    { mode: 'forward' },
  )
  watching.on = true
  const clients = [await connect(0), await connect(1), await connect(2)]
  await exchange(clients[0]!, GET)
  await exchange(clients[1]!, GET)
  const away = `GET ${origin.url}/far HTTP/1.1\r\nHost: 127.0.0.1:${origin.port}\r\nConnection: close\r\n\r\n`
  t.equal((await exchange(clients[2]!, away)).status, 200)
  const { clients: shown, upstreams, exchanges } = snapshot()
  t.strictSame(shown.list.map(({ id, listener }) => `${id} ${listener}`).sort(), [
    'c1 web0',
    'l2.c1 web1',
    'l3.c1 web2',
  ])
  t.strictSame(upstreams.list.map(({ id, group }) => `${id} ${group}`).sort(), ['l3.u1 ', 'u1 app'])
  t.strictSame(exchanges.list.map(({ id, client, upstream }) => `${id} ${client} ${upstream}`).sort(), [
    'l2.x1 l2.c1 u1',
    'l3.x1 l3.c1 l3.u1',
    'x1 c1 u1',
  ])
  t.equal(watching.ledger('x1')?.request?.startLine, 'GET /a?b HTTP/1.1')
  t.match(watching.ledger('l3.x1')?.request, { startLine: /\/far HTTP/, sentLine: 'GET /far HTTP/1.1' })
  clients[2]!.destroy()
  proxies[2]!.upstreams.destroy('shutdown')
  await until('both are closed', () => snapshot().closed.length === 2)
  t.strictSame(
    snapshot()
      .closed.map(({ id }) => id)
      .sort(),
    ['l3.c1', 'l3.u1'],
  )
})

test('more than are shown: busy connections first, then those that were busy last', async t => {
  const { snapshot, connect, clock, origin } = await watched(t, silent)
  const clients: RawClient[] = []
  for (let nth = 0; nth < 4; nth++) {
    const client = await connect()
    clients.push(client)
    clock.advance(100)
    await client.send(GET)
    await origin.accepted(nth + 1)
    await origin.connections[nth]!.readUntil('\r\n\r\n')
  }
  for (const nth of [2, 3]) {
    clock.advance(100)
    await origin.connections[nth]!.send(OK)
    await readMessage(clients[nth]!)
  }
  const { clients: shown, upstreams, exchanges } = snapshot(3)
  t.strictSame(
    shown.list.map(({ id }) => id),
    ['c2', 'c1', 'c4'],
  )
  t.strictSame(
    upstreams.list.map(({ id }) => id),
    ['u2', 'u1', 'u4'],
  )
  t.match({ shown, upstreams, exchanges }, { shown: { total: 4 }, upstreams: { total: 4 }, exchanges: { total: 2 } })
})

test('while no page is open nothing is kept, and when the last one is closed everything is forgotten', async t => {
  const { snapshot, connect, watching, proxies } = await watched(t, answerAlways(OK), {}, { mode: 'forward' })
  const nothingKept = (): void => {
    t.match(snapshot(), { exchanges: { list: [], total: 0 }, closed: [] })
    t.equal(watching.ledger('x1'), null)
    for (const proxy of proxies) {
      t.match(proxy, { watcher: null, recorded: false })
      const { events } = proxy as unknown as { events: NodeJS.EventEmitter }
      t.strictSame(events.eventNames(), ['warning'])
    }
  }
  const once = async (): Promise<void> => {
    const client = await connect()
    await exchange(client, GET)
    client.destroy()
    await until('it is gone', () => snapshot().clients.total === 0)
  }
  t.equal(watching.on, false)
  await once()
  nothingKept()
  watching.on = true
  watching.on = true
  t.equal(watching.on, true)
  await once()
  t.match(snapshot(), { exchanges: { list: [{ id: 'x2' }] }, closed: [{ id: 'c2' }] })
  t.match(proxies[0]!.recorded, false, 'records are not made for it')
  t.ok(watching.ledger('x2'))
  watching.on = false
  nothingKept()
  watching.on = true
  t.match(snapshot().closed, [], 'it starts from scratch')
})

test('a listener that is added and removed while a page is open', async t => {
  const { watching, proxies } = await watched(t, silent)
  watching.on = true
  const late = new HopwiseProxy(settingsOf({ mode: 'forward', name: 'late' }), false)
  t.teardown(() => late.destroy())
  const listener = { plan: { name: 'late' }, proxy: late }
  watching.add(listener)
  watching.add(listener)
  t.ok(late.watcher)
  t.equal(watching.snapshot([listener], null, 10).clients.total, 0)
  watching.remove(listener)
  watching.remove(listener)
  t.equal(late.watcher, null)
  t.ok(proxies[0]!.watcher)
})
