import * as tls from 'node:tls'
import { test } from 'tap'
import { response, until } from '../support/conversation.js'
import { needs } from '../support/needs.js'
import { connectRaw } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { makeCertificate, pairOf } from '../support/tls.js'
import {
  ALL,
  ANSWER,
  CONTINUE,
  chunked,
  compare,
  EDITED,
  final,
  GET,
  HINTS,
  lines,
  PUT,
  TRAILERS,
  UPLOAD,
} from './fixture/on-the-wire.js'
import { OK, watched } from './fixture/watched.js'

// Like ledger-and-wire.test.ts, for cases where time passes, servers fail, or a parent proxy is used.

test('the ledger is what was on the wire: 100 from hopwise, then from the upstream, after some time', async t => {
  const scene = await watched(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.readUntil('hi')
    await connection.send(CONTINUE + response('ok'))
  })
  const { watching, clock, origin } = scene
  watching.on = true
  const client = await scene.connect()
  await client.send(UPLOAD)
  await until('the head', () => (origin.connections[0]?.received.length ?? 0) > 0)
  clock.advance(1_100)
  t.equal((await readMessage(client)).status, 100)
  t.match(watching.ledger('x1'), { interim: [{ startLine: '', notes: [/had not sent it/] }], response: null })
  clock.advance(5_000)
  await client.send('hi')
  await final(client)
  t.match((await compare(t, scene, { client, methods: ['PUT'] })).interim, [
    { startLine: '', sentLine: 'HTTP/1.1 100 Continue' },
    { startLine: 'HTTP/1.1 100 Continue', sentLine: '', notes: [/already been told to continue/] },
  ])
})

test('the ledger is what was on the wire: Date is that of the final head', async t => {
  const scene = await watched(t, async connection => {
    await readMessage(connection)
    await connection.send(HINTS)
  })
  const { watching, clock, origin } = scene
  watching.on = true
  const client = await scene.connect()
  await client.send(GET())
  t.equal((await readMessage(client)).status, 103)
  clock.advance(5_000)
  await origin.connections[0]!.send(response('ok'))
  await final(client)
  await compare(t, scene, { client, methods: ['GET'] })
})

test('the ledger is what was on the wire: an upgrade', async t => {
  const scene = await watched(t, async connection => {
    await readMessage(connection)
    await connection.send(
      lines('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade', 'X: 1'),
    )
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(GET('Connection: upgrade', 'Upgrade: websocket', 'X-A: 1'))
  await client.readUntil('\r\n\r\n')
  await compare(t, scene, { client, methods: ['GET'] })
})

test('the ledger is what was on the wire: another server gets it, under its own name', async t => {
  const lost = await scriptedOrigin(t, async connection => {
    await readMessage(connection)
    connection.reset()
  })
  const answers: Script = async connection => {
    await readMessage(connection)
    await connection.send(OK)
  }
  const second = await scriptedOrigin(t, answers, { host: '127.0.0.2' })
  const scene = await watched(t, answers, {
    upstreams: { app: { servers: [lost.url, second.url], retryOn: 'any' } },
    routes: EDITED,
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(GET())
  await final(client)
  t.equal(lost.connections.length, 1)
  await compare(t, scene, { client, methods: ['GET'], connections: second.connections })
})

test('the ledger is what was on the wire: another server was to get it, and could not be reached', async t => {
  const lost = await scriptedOrigin(t, async connection => {
    await readMessage(connection)
    connection.reset()
  })
  const gone = await scriptedOrigin(t, () => {}, { host: '127.0.0.2' })
  await gone.stop()
  const scene = await watched(t, () => {}, {
    upstreams: { app: { servers: [lost.url, gone.url], retryOn: 'any' } },
    routes: EDITED,
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(GET())
  await final(client)
  const ledger = await compare(t, scene, { client, methods: ['GET'], connections: lost.connections })
  t.ok(ledger.request?.rows.some(({ field, value }) => field === 'Host' && value === `127.0.0.1:${lost.port}`))
})

test('the ledger is what was on the wire: no server can be reached', async t => {
  const gone = await scriptedOrigin(t, () => {}, { host: '127.0.0.2' })
  await gone.stop()
  const scene = await watched(t, () => {}, { upstreams: { app: { servers: [gone.url] } } })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(chunked(PUT, ...TRAILERS))
  await final(client)
  t.match(await compare(t, scene, { client, methods: ['PUT'] }), {
    request: { sentLine: '', notes: [/route/, /^What went wrong/, /status 502/] },
    requestTrailers: { sent: false },
  })
})

test('the ledger is what was on the wire: TLS with the client', needs('openssl'), async t => {
  const certificate = await makeCertificate(t)
  const scene = await watched(
    t,
    async connection => {
      await readMessage(connection)
      await connection.send(HINTS + chunked(ANSWER, ...TRAILERS))
    },
    { ...ALL, tls: { certificates: [pairOf(certificate)] } },
  )
  scene.watching.on = true
  const { port } = scene.proxies[0]!.clients.address!
  const socket = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' })
  t.teardown(() => socket.destroy())
  await new Promise<void>((done, failed) => socket.once('secureConnect', done).once('error', failed))
  const client = await connectRaw({ port: 0, socket })
  await client.send(chunked(PUT, ...TRAILERS))
  await final(client)
  const ledger = await compare(t, scene, { client, methods: ['PUT'] })
  t.ok(ledger.request?.rows.some(({ field, value }) => field === 'X-Forwarded-Proto' && value === 'https'))
})

test('the ledger is what was on the wire: a parent proxy with credentials', async t => {
  const reply = response('ok')
  const parent = await scriptedOrigin(t, async connection => {
    for (;;) {
      await readMessage(connection)
      await connection.send(reply)
    }
  })
  const scene = await watched(t, async () => {}, {
    mode: 'forward',
    parent: `http://user:secret@127.0.0.1:${parent.port}`,
    limits: { upstreamRequestsMax: 1 },
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send('GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic bWluZQ==\r\n\r\n')
  await final(client)
  await compare(t, scene, { client, methods: ['GET'], connections: parent.connections })
  t.match(
    String(parent.connections[0]!.received),
    /\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\nConnection: close\r\n/,
  )
})

test('the ledger is what was on the wire: a tunnel through a parent proxy, and one that it refuses', async t => {
  for (const [status, answer] of [
    [200, lines('HTTP/1.1 200 OK', 'X-Own: 1')],
    [403, lines('HTTP/1.1 403 Forbidden', 'Content-Length: 0')],
  ] as const) {
    const parent = await scriptedOrigin(t, async connection => {
      await readMessage(connection)
      await connection.send(answer)
    })
    const scene = await watched(t, async () => {}, {
      mode: 'forward',
      parent: `http://user:secret@127.0.0.1:${parent.port}`,
      connectPorts: [443],
      via: 'both',
    })
    scene.watching.on = true
    const client = await scene.connect()
    await client.send(lines('CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443', 'Via: 1.1 other', 'X: 1'))
    t.match(await client.readUntil('\r\n\r\n'), new RegExp(`^HTTP/1.1 ${status} `))
    if (status === 403) await client.readToEnd()
    const ledger = await compare(t, scene, { client, methods: ['CONNECT'], connections: parent.connections })
    t.match(ledger.request, {
      sentLine: 'CONNECT a.example:443 HTTP/1.1',
      rows: [{ field: 'Host', verdict: 'drop', section: 'RFC 9110 9.3.6' }, { field: 'Via' }, { field: 'X' }],
    })
    t.match(
      String(parent.connections[0]!.received),
      /\r\nProxy-Authorization: Basic [\s\S]*\r\nVia: 1.1 other, 1.1 edge\r\n/,
    )
  }
})

test('the ledger is what was on the wire: an open tunnel', async t => {
  const scene = await watched(t, async () => {}, { mode: 'forward' })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(`CONNECT 127.0.0.1:${scene.origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await client.readUntil('\r\n\r\n')
  await compare(t, scene, { client, methods: ['CONNECT'] })
})

test('while no page is open nothing is kept, and what was kept is dropped with the last page', async t => {
  const scene = await watched(t, async connection => {
    for (;;) {
      await readMessage(connection)
      await connection.send(HINTS + chunked(ANSWER, ...TRAILERS))
    }
  })
  const client = await scene.connect()
  const [proxy] = scene.proxies
  const kept: boolean[] = []
  const { begin } = proxy!
  proxy!.begin = connection => {
    const exchange = begin.call(proxy, connection)
    const { over } = exchange
    exchange.over = (outcome, endedBy) => {
      kept.push(exchange.texts !== null)
      over.call(exchange, outcome, endedBy)
    }
    return exchange
  }
  for (const on of [false, true, false]) {
    scene.watching.on = on
    await client.send(chunked(PUT, ...TRAILERS))
    await final(client)
  }
  t.same(kept, [false, true, false])
  t.equal(scene.watching.ledger('x2'), null)
})
