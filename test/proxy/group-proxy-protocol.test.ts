import { test } from 'tap'
import { exchange, request } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { readMessage } from '../support/raw-message.js'
import { connect, head, ok, until } from './conversation.js'
import { answers, fleet, grouped, routed, server, unusedUrl } from './fleet.js'

// The PROXY protocol: in, from permitted peers, and out, where each connection belongs to the one client that it names.

test(
  'in: curl names a client, and it is that client for the upstream, the record and the rate',
  needs('curl'),
  async t => {
    const [a] = await fleet(t, 'a')
    const { port, exchanged } = await routed(t, {
      routes: [{ upstream: a!.url }],
      proxyProtocol: { from: ['127.0.0.1'] },
      xForwarded: true,
      requestRate: { perSecond: 1, burst: 1 },
    })
    const ask = (clientAddress: string) =>
      curl(
        t,
        '--haproxy-protocol',
        '--haproxy-clientip',
        clientAddress,
        '-w',
        '%{http_code}',
        `http://127.0.0.1:${port}/`,
      )
    // curl 7.88 has no --haproxy-clientip: it names itself.
    const own = await curl(t, '--haproxy-protocol', '-w', '%{http_code}', `http://127.0.0.1:${port}/`)
    t.equal(own.out, 'a200')
    t.equal(a!.asked[0]?.field('X-Forwarded-For'), '127.0.0.1')
    for (const address of ['192.0.2.7', '192.0.2.8']) {
      const client = await connect(t, port)
      t.equal(await answers(client, 1, `PROXY TCP4 ${address} 192.0.2.1 1234 80\r\n${request('GET', '/')}`), 'a')
      t.equal(a!.asked.at(-1)?.field('X-Forwarded-For'), address)
      t.equal(await answers(client, 1), '(429)', 'each has its own rate')
    }
    t.same(
      (await exchanged(5)).map(({ client: { address } }) => address),
      ['127.0.0.1', '192.0.2.7', '192.0.2.7', '192.0.2.8', '192.0.2.8'],
    )
    t.ok(ask)
  },
)

test('in: trust depends on the client that is named, not on the peer that names it', async t => {
  const [a] = await fleet(t, 'a')
  const { port } = await routed(t, {
    routes: [{ upstream: a!.url }],
    proxyProtocol: { from: ['127.0.0.1'] },
    xForwarded: true,
    trust: ['127.0.0.1', '192.0.2.8'],
  })
  const text = request('GET', '/', 'X-Forwarded-For: 203.0.113.9')
  for (const [address, expected] of [
    ['192.0.2.7', '192.0.2.7'],
    ['192.0.2.8', '203.0.113.9, 192.0.2.8'],
  ] as const) {
    await exchange(await connect(t, port), `PROXY TCP4 ${address} 192.0.2.1 1234 80\r\n${text}`)
    t.equal(a!.asked.at(-1)?.field('X-Forwarded-For'), expected)
  }
})

for (const version of ['v1', 'v2'] as const) {
  test(`out, ${version}: nginx reads who the client is, connection by connection`, needs('nginx'), async t => {
    const nginx = await startNginx(t, {
      proxyProtocol: true,
      log: '$proxy_protocol_addr:$proxy_protocol_port $proxy_protocol_server_port',
      server: 'location / { return 200 "nginx"; }',
    })
    const running = await grouped(t, { servers: [nginx.url], proxyProtocol: version })
    const clients = await Promise.all(
      ['127.0.0.5', '127.0.0.6'].map(localAddress => connect(t, running.port, { localAddress })),
    )
    for (let nth = 0; nth < 2; nth++) for (const client of clients) t.equal(await answers(client, 1), 'nginx')
    const seen = nginx.requests().map(line => {
      const [, nthOfConnection, , , , , , address, port] = line.split(' ')
      return [nthOfConnection, address, port]
    })
    t.same(
      seen,
      [0, 1, 0, 1].map(who => ['1', clients[who]!.name, `${running.port}`]),
      'each request on its own connection, with its own client',
    )
    await until(() => running.proxy.stats().upstream.open === 0)
    t.equal(running.proxy.stats().upstream.reused, 0)
  })
}

test('R78: out: no two clients share a connection, whichever side keeps it open; a dial whose client has left serves no other', async t => {
  const a = await server(t, 'a', () => {})
  const { connect: client, proxy } = await grouped(t, { servers: [a.url], proxyProtocol: 'v1' })
  const origin = a
  const first = await client()
  await first.send(request('GET', '/'))
  await until(() => String(origin.connections[0]?.received).endsWith('\r\n\r\n'))
  const sent = String(origin.connections[0]!.received)
  t.match(sent, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nGET \/ HTTP/)
  t.match(sent, /\r\nConnection: close\r\n\r\n$/, 'it is told that this is the last request')
  await origin.connections[0]!.send(ok('kept open'))
  t.equal(String((await readMessage(first)).content), 'kept open')
  await until(() => proxy.stats().upstream.closes['upstream-proxy-protocol'] === 1)
  await first.send(request('GET', '/again'))
  await until(() => origin.connections.length === 2)
})

test('out: a request that is moved to another server has its preface there as well', async t => {
  const b = await server(t, 'b', () => {})
  const { connect: client } = await grouped(t, { servers: [await unusedUrl(), b.url], proxyProtocol: 'v1' })
  const one = await client()
  await one.send(`${request('POST', '/', 'Content-Length: 2')}hi`)
  await until(() => b.connections.length === 1 && String(b.connections[0]!.received).endsWith('hi'))
  t.match(
    String(b.connections[0]!.received),
    new RegExp(`^PROXY TCP4 127\\.0\\.0\\.1 127\\.0\\.0\\.1 ${one.name.split(':')[1]} `),
  )
})

test('out: a WebSocket uses its own connection', async t => {
  const a = await server(t, 'a', () => {})
  const { connect: client } = await grouped(t, { servers: [a.url], proxyProtocol: 'v1' })
  const one = await client()
  await one.send(request('GET', '/', 'Upgrade: websocket', 'Connection: upgrade'))
  await until(() => a.connections.length === 1 && String(a.connections[0]!.received).endsWith('\r\n\r\n'))
  t.match(String(a.connections[0]!.received), /\r\nUpgrade: websocket\r\nConnection: upgrade, close\r\n/)
  await a.connections[0]!.send(
    `${head('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade')}hello`,
  )
  t.match(await readMessage(one), { status: 101 })
  t.equal(String(await one.readBytes(5)), 'hello')
})
