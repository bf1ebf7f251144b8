import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { exchange, proxyStatusOf, settled } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { type RunningProxy, withProxy } from '../support/with-proxy.js'
import { connect, forwarder, head, heard, ok, until } from './conversation.js'
import { answers, fleet, type Server, unusedUrl } from './fleet.js'

// A forward proxy with a parent: a hopwise, or a scripted one that shows what it was asked.

const get = (origin: Server, ...fields: string[]): string =>
  head(`GET ${origin.url}/x?y HTTP/1.1`, 'Host: other', ...fields)
const tunnel = (origin: Server, ...fields: string[]): string =>
  head(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1`, `Host: 127.0.0.1:${origin.port}`, ...fields)

/** Two proxies, of which the first goes through the second. */
async function chained(t: Test, origin: Server, outer: Partial<ProxyOptions> = {}, inner: Partial<ProxyOptions> = {}) {
  const second = await withProxy(t, { mode: 'forward', name: 'second', connectPorts: [origin.port], ...inner })
  const first = await withProxy(t, {
    mode: 'forward',
    name: 'first',
    connectPorts: [origin.port],
    parent: second.url,
    allow: [],
    ...outer,
  })
  return { first, second }
}

/** A proxy in front of a scripted parent. */
function before(t: Test, script: Script, options: Partial<ProxyOptions> = {}) {
  return scriptedOrigin(t, script).then(async parent => ({
    parent,
    ...(await forwarder(t, {
      name: 'first',
      parent: parent.url,
      via: 'both',
      allow: [],
      connectPorts: [443],
      ...options,
    })),
  }))
}

test('GET goes through both, on kept connections, and Via names both', async t => {
  const [a] = await fleet(t, 'a')
  const { first, second } = await chained(t, a!)
  const client = await connect(t, first.port)
  t.equal(await answers(client, 3, get(a!)), 'aaa')
  const [asked] = a!.asked
  t.equal(asked?.startLine, 'GET /x?y HTTP/1.1')
  t.equal(asked?.field('Host'), `127.0.0.1:${a!.port}`)
  t.equal(asked?.field('Via'), '1.1 first, 1.1 second')
  t.equal(a!.connections.length, 1)
  t.match(first.proxy.stats().upstream, { dialed: 1, reused: 2 })
  t.match(second.proxy.stats().client, { accepted: 1, requests: 3 })
  const answer = await exchange(client, get(a!))
  t.equal(answer.field('Via'), '1.1 second, 1.1 first')
})

test('CONNECT goes through both', async t => {
  const [a] = await fleet(t, 'a')
  const { first, second } = await chained(t, a!)
  const client = await connect(t, first.port)
  await client.send(tunnel(a!))
  t.match(await readMessage(client, { toHead: true }), { status: 200 })
  t.equal(await answers(client, 2), 'aa', 'whatever passes through it')
  client.halfClose()
  a!.connections[0]!.halfClose()
  t.match((await first.exchanged(1))[0], { outcome: 'tunnel' })
  t.match((await second.exchanged(1))[0], { outcome: 'tunnel' })
})

test('R21: what the parent is asked for: absolute-form with Host, our credentials and not those of the client', async t => {
  const { parent, connect, clock } = await before(t, () => {}, { credentials: [{ user: 'client', password: 'its' }] })
  t.ok(clock)
  const client = await connect()
  const theirs = `Proxy-Authorization: Basic ${Buffer.from('client:its').toString('base64')}`
  await client.send(head('GET http://far.example/a?b HTTP/1.1', 'Host: near', theirs, 'Proxy-Connection: keep-alive'))
  await until(() => parent.connections.length === 1)
  await heard(
    t,
    parent.connections[0]!,
    head('GET http://far.example/a?b HTTP/1.1', 'Host: far.example', 'Via: 1.1 first'),
  )
  await parent.connections[0]!.send(ok('hi'))
  await readMessage(client)
})

for (const [what, userinfo, expected] of [
  ['with credentials', 'ann:p%40ss%3a@', 'ann:p@ss:'],
  ['with a user only', 'ann@', 'ann:'],
] as const) {
  test(`${what}: GET and CONNECT`, async t => {
    const parent = await scriptedOrigin(t, () => {})
    const { port } = await withProxy(t, {
      mode: 'forward',
      name: 'first',
      parent: parent.url.replace('://', `://${userinfo}`),
      via: 'off',
    })
    const basic = `Proxy-Authorization: Basic ${Buffer.from(expected).toString('base64')}`
    const client = await connect(t, port)
    await client.send(head('GET http://far.example HTTP/1.1', 'Host: far.example'))
    await parent.accepted(1)
    await heard(t, parent.connections[0]!, head('GET http://far.example/ HTTP/1.1', 'Host: far.example', basic))
    const other = await connect(t, port)
    await other.send(head('CONNECT far.example:443 HTTP/1.1', 'Host: far.example:443'))
    await parent.accepted(2)
    await heard(t, parent.connections[1]!, head('CONNECT far.example:443 HTTP/1.1', 'Host: far.example:443', basic))
  })
}

test('two of ours with a password between them', async t => {
  const [a] = await fleet(t, 'a')
  const credentials = [{ user: 'first', password: 'geheim' }]
  const { second } = await chained(t, a!, {}, { credentials })
  for (const [password, status] of [
    ['geheim', 200],
    ['falsch', 502],
  ] as const) {
    const { port, exchanged } = await withProxy(t, {
      mode: 'forward',
      name: 'other',
      connectPorts: [a!.port],
      parent: second.url.replace('://', `://first:${password}@`),
    })
    const got = await exchange(await connect(t, port), get(a!))
    t.equal(got.status, status, 'GET: the client can do nothing about our password')
    t.equal(got.field('Proxy-Authenticate'), undefined)
    const client = await connect(t, port)
    await client.send(tunnel(a!))
    const answer = await readMessage(client, { toHead: true })
    t.equal(answer.status, status)
    t.equal(answer.field('Proxy-Authenticate'), undefined)
    if (status === 502)
      t.match((await exchanged(2))[1]?.error, { type: 'proxy_configuration_error', message: /credentials/ })
  }
})

test('407 from the parent to a GET concerns us: 502, and its challenge reaches no client', async t => {
  const { parent, connect, exchanged } = await before(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(head('HTTP/1.1 407 No', 'Proxy-Authenticate: Basic realm="parent"', 'Content-Length: 0'))
  })
  const client = await connect()
  const answer = await exchange(client, head('GET http://far.example/ HTTP/1.1', 'Host: a'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'proxy_configuration_error')
  t.equal(answer.field('Proxy-Authenticate'), undefined)
  t.match((await exchanged(1))[0], {
    status: 502,
    error: { type: 'proxy_configuration_error', message: /credentials/ },
  })
  t.equal(parent.connections.length, 1)
})

test('the parent is down: 502 for both', async t => {
  const [a] = await fleet(t, 'a')
  const { port } = await withProxy(t, { mode: 'forward', parent: await unusedUrl(), connectPorts: [a!.port] })
  const got = await exchange(await connect(t, port), get(a!))
  t.match([got.status, proxyStatusOf(got).error], [502, 'connection_refused'])
  const refused = await exchange(await connect(t, port), tunnel(a!))
  t.match([refused.status, proxyStatusOf(refused).error], [502, 'connection_refused'])
  t.equal(a!.connections.length, 0)
})

test('the parent is silent: CONNECT ends with 504 after connectMs, GET after responseHeadMs', async t => {
  const { parent, connect, clock, exchanged } = await before(t, () => {})
  const client = await connect()
  await client.send(head('CONNECT far.example:443 HTTP/1.1', 'Host: far.example:443'))
  await until(() => parent.connections.length === 1)
  await parent.connections[0]!.readUntil('\r\n\r\n')
  clock.advance(4_900)
  await client.silence()
  clock.advance(300)
  t.equal((await readMessage(client)).status, 504)
  t.match((await exchanged(1))[0], { error: { deadline: 'connectMs', type: 'connection_timeout' } })
  t.equal((await parent.connections[0]!.readToEnd()).bytes.length, 0)
  const other = await connect()
  await other.send(head('GET http://far.example/ HTTP/1.1', 'Host: a'))
  await until(() => parent.connections.length === 2)
  await parent.connections[1]!.readUntil('\r\n\r\n')
  clock.advance(60_200)
  t.equal((await readMessage(other)).status, 504)
})

test('a parent that breaks off, or answers nonsense, to CONNECT', async t => {
  for (const [say, error] of [
    [(c: Parameters<Script>[0]) => c.reset(), 'connection_terminated'],
    [(c: Parameters<Script>[0]) => c.halfClose(), 'connection_terminated'],
    [(c: Parameters<Script>[0]) => c.send('what?\r\n\r\n'), 'http_protocol_error'],
    [(c: Parameters<Script>[0]) => c.send(head('HTTP/1.1 503 Busy', 'Content-Length: 0')), 'destination_unavailable'],
    [(c: Parameters<Script>[0]) => c.send(head('HTTP/1.1 403 No', 'Content-Length: 0')), 'http_request_denied'],
  ] as const) {
    const { connect } = await before(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      await say(connection)
    })
    const answer = await exchange(await connect(), head('CONNECT far.example:443 HTTP/1.1', 'Host: far.example:443'))
    t.equal(proxyStatusOf(answer).error, error)
    t.ok(answer.status >= 403)
  }
})

test('bytes right after the parent’s answer belong to the tunnel, and so does what the client sent early', async t => {
  const { parent, connect } = await before(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(`${head('HTTP/1.1 200 Yes')}early bird`)
  })
  const client = await connect()
  await client.send(`${head('CONNECT far.example:443 HTTP/1.1', 'Host: far.example:443')}worm`)
  await client.readUntil('\r\n\r\n')
  await heard(t, client, 'early bird')
  await heard(t, parent.connections[0]!, 'worm')
})

test('a client that leaves before the parent answers ends the connection to it as well', async t => {
  const { parent, connect, exchanged } = await before(t, () => {})
  const client = await connect()
  await client.send(head('CONNECT far.example:443 HTTP/1.1', 'Host: far.example:443'))
  await until(() => parent.connections.length === 1)
  client.reset()
  t.match((await exchanged(1))[0], { outcome: 'client-aborted' })
  await until(() => parent.connections[0]!.ended !== '')
})

test('lists of destinations apply to the name, as the address is not known here', async t => {
  const { parent, connect } = await before(
    t,
    async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(ok('hi', 'Connection: close'))
    },
    { only: ['*.example', '192.0.2.0/24'], deny: ['bad.example'], connectPorts: [443] },
  )
  const rows: [host: string, status: number][] = [
    ['good.example', 200],
    ['bad.example', 403],
    ['BAD.Example', 403],
    ['bad.example.', 403],
    ['other.test', 403],
    ['192.0.2.7', 200],
    ['198.51.100.7', 403],
    ['127.0.0.1', 403],
    ['0x7f.1', 400],
    ['localhost', 403],
  ]
  for (const [host, status] of rows) {
    const answer = await exchange(await connect(), head(`GET http://${host}/ HTTP/1.1`, 'Host: a'))
    t.equal(answer.status, status, `GET ${host}`)
    const client = await connect()
    await client.send(head(`CONNECT ${host}:443 HTTP/1.1`, 'Host: a'))
    t.equal((await readMessage(client, { toHead: status === 200 })).status, status, `CONNECT ${host}`)
  }
  t.equal(parent.connections.length, 4)
})

async function loop(t: Test): Promise<RunningProxy[]> {
  const options = { mode: 'forward', connectPorts: [443] } as const
  const [one, two] = await Promise.all([
    withProxy(t, { ...options, name: 'one' }),
    withProxy(t, { ...options, name: 'two' }),
  ])
  one!.proxy.update({ ...options, name: 'one', parent: two!.url })
  two!.proxy.update({ ...options, name: 'two', parent: one!.url })
  return [one!, two!]
}

test('two that are each other’s parent: the loop ends at once, GET and CONNECT', async t => {
  const [one, two] = await loop(t)
  const client = await connect(t, one!.port)
  const answer = await exchange(client, head('GET http://far.example/ HTTP/1.1', 'Host: a'))
  t.equal(answer.status, 502)
  t.match(answer.field('Proxy-Status'), /^one; error=proxy_loop_detected/)
  const refused = await exchange(client, head('CONNECT far.example:443 HTTP/1.1', 'Host: a'))
  t.equal(refused.status, 502)
  await settled()
  t.equal(two!.proxy.stats().exchanges.total, 2)
  t.equal(one!.proxy.stats().exchanges.total, 4)
})

test('its own parent is a loop as well', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'forward', name: 'one' })
  proxy.update({ mode: 'forward', name: 'one', parent: `http://127.0.0.1:${port}` })
  const answer = await exchange(await connect(t, port), head('GET http://far.example/ HTTP/1.1', 'Host: a'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'proxy_loop_detected')
})

test('an impossible parent is refused with a message', async t => {
  for (const parent of ['', 'proxy:3128', 'ftp://x', 'http://', 'http://a/b', 'http://u:p%zz@a', 'http://a:0'])
    await t.rejects(
      (async () => {
        await withProxy(t, { mode: 'forward', parent })
      })(),
      TypeError,
      parent,
    )
})
