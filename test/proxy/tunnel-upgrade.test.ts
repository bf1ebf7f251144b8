import { test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import {
  closesOf,
  exchange,
  proxyStatusOf,
  rawClient,
  request,
  response,
  settled,
  until,
} from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

type T = Parameters<typeof withProxy>[0]

const ASK = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
const SWITCH =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'

async function reverse(t: T, script: Script, options: Partial<ProxyOptions> = {}) {
  const origin = await scriptedOrigin(t, script)
  const running = await withProxy(t, { mode: 'reverse', upstream: origin.url, ...options })
  const client = await rawClient(t, running.port)
  return { origin, client, closes: closesOf(running.proxy), ...running }
}

const accepts =
  (surplus = ''): Script =>
  async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(SWITCH + surplus)
  }

test('R153, R157, R159, R187, R207: 101 with bytes after its head, then bytes both ways', async t => {
  const { origin, client, exchanged, closes, proxy } = await reverse(t, accepts('\x81\x02hi'))
  await client.send(request('GET', '/chat', ...ASK))
  const answer = await readMessage(client)
  t.equal(answer.status, 101)
  t.equal(answer.field('Upgrade'), 'websocket')
  t.equal(answer.field('Connection')?.toLowerCase(), 'upgrade')
  t.equal(answer.field('Sec-WebSocket-Accept'), 'x')
  t.match(
    String(origin.connections[0]?.received),
    /\r\nUpgrade: websocket\r\nConnection: upgrade\r\n|\r\nConnection: upgrade\r\n/i,
  )
  t.match(String(origin.connections[0]?.received), /\r\nSec-WebSocket-Key: dGhl/)
  t.equal(await client.readUntil('hi'), '\x81\x02hi')
  await client.send('\x81\x85abcdefghi')
  await origin.connections[0]?.readUntil('\x81\x85abcdefghi')
  await origin.connections[0]?.send('\x88\x00')
  await client.readUntil('\x88\x00')
  t.match(proxy.stats(), { upstream: { busy: 1, idle: 0 }, client: { active: 1 } })
  client.halfClose()
  await until('passed on', () => origin.connections[0]?.ended === 'fin')
  origin.connections[0]?.halfClose()
  t.equal((await client.readToEnd()).how, 'fin')
  t.match((await exchanged(1))[0], {
    status: 101,
    outcome: 'tunnel',
    clientVerdict: 'upgraded-ended',
    upstreamVerdict: 'upgraded-ended',
    endedBy: 'client',
    bytes: { requestContent: 11, responseContent: 6 },
  })
  await until('both closed', () => closes.length === 2)
  t.match(proxy.stats(), {
    client: { closes: { 'upgraded-ended': 1 } },
    upstream: { closes: { 'upgraded-ended': 1 }, open: 0 },
  })
})

test('R159: what the client sends before the 101 comes first, once', async t => {
  const { origin, client } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await settled()
    t.equal(connection.waiting.length, 0, 'nothing before the 101')
    await connection.send(SWITCH)
  })
  await client.send(`${request('GET', '/chat', ...ASK)}early`)
  t.equal((await readMessage(client)).status, 101)
  await client.send(' late')
  t.equal(await origin.connections[0]?.readUntil('late'), 'early late')
})

test('an upgrade on a client connection and an upstream connection that carried requests before', async t => {
  const { client, origin } = await reverse(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('ok'))
    await connection.readUntil('\r\n\r\n')
    await connection.send(`${SWITCH}hello`)
  })
  t.equal((await exchange(client, request('GET', '/'))).status, 200)
  await client.send(request('GET', '/chat', ...ASK))
  t.equal((await readMessage(client)).status, 101)
  await client.readUntil('hello')
  t.equal(origin.connections.length, 1)
})

for (const first of ['client', 'upstream'] as const) {
  test(`R165: the FIN of the ${first} is passed on, the other direction continues; a reset is a reset`, async t => {
    const { origin, client } = await reverse(t, accepts())
    await client.send(request('GET', '/chat', ...ASK))
    await readMessage(client)
    const upstream = origin.connections[0]!
    const [one, other] = first === 'client' ? [client, upstream] : [upstream, client]
    one.halfClose()
    await until('passed on', () => other.ended === 'fin')
    await other.send('still here')
    await one.readUntil('still here')
    other.reset()
    t.equal((await one.readToEnd()).how, 'reset')
  })
}

test('tunnelIdleMs: an upgraded connection that is silent ends', async t => {
  const clock = new FakeClock()
  const { client, exchanged, proxy } = await reverse(t, accepts(), { clock, deadlines: { tunnelIdleMs: 10_000 } })
  await client.send(request('GET', '/chat', ...ASK))
  await readMessage(client)
  clock.advance(9_900)
  await client.silence()
  clock.advance(200)
  await client.readToEnd()
  t.match((await exchanged(1))[0], { clientVerdict: 'tunnel-idle', upstreamVerdict: 'tunnel-idle', endedBy: 'proxy' })
  await until('closed', () => proxy.stats().upstream.open === 0)
  t.same(proxy.stats().upstream.closes, { 'tunnel-idle': 1 })
})

const wrong: [string, string[], string][] = [
  ['for another protocol', ASK, SWITCH.replace('websocket', 'chat')],
  ['without Upgrade', ASK, 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n'],
  ['without Connection: upgrade', ASK, 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n'],
  ['that was not asked for', [], SWITCH],
  [
    'to a request whose Upgrade was not forwarded',
    ['Connection: upgrade', 'Upgrade: h2c'],
    SWITCH.replace('websocket', 'h2c'),
  ],
]
for (const [what, fields, head] of wrong) {
  test(`R155: 101 ${what}: 502 http_protocol_error, and the upstream is closed`, async t => {
    const { client, proxy } = await reverse(t, answerAlways(`${head}stolen`))
    await client.send(request('GET', '/', ...fields))
    const answer = await readMessage(client)
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'http_protocol_error')
    await client.silence()
    t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
  })
}

test('R158: 101 before the whole request was sent: 502', async t => {
  const { client } = await reverse(t, accepts())
  await client.send(request('POST', '/', ...ASK, 'Content-Length: 10'))
  t.equal((await readMessage(client)).status, 502)
})

const ignored: [string, string][] = [
  ['R156: from HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
  ['R137, R157: without Connection: upgrade', 'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n'],
  [
    'R208: h2c, with its settings',
    request('GET', '/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
  ],
  ['R209: connect-udp', request('GET', '/', 'Connection: Upgrade', 'Upgrade: connect-udp', 'Capsule-Protocol: ?1')],
]
for (const [what, text] of ignored) {
  test(`${what}: Upgrade is not forwarded, and the request continues as HTTP`, async t => {
    const { client, origin, exchanged } = await reverse(t, answerAlways(response('ok')))
    t.equal((await exchange(client, text)).status, 200)
    t.notMatch(String(origin.connections[0]?.received), /upgrade|http2-settings/i)
    t.match((await exchanged(1))[0]?.refusedUpgrade, /^(websocket|h2c|connect-udp)$/)
  })
}

test('R153: of several offers only the allowed ones are forwarded, in order', async t => {
  const { client, origin } = await reverse(t, answerAlways(response('ok')))
  await exchange(client, request('GET', '/', 'Connection: upgrade', 'Upgrade: h2c, WebSocket, chat/1'))
  t.match(String(origin.connections[0]?.received), /\r\nUpgrade: WebSocket\r\n/)
})

test('R160: an upgrade that the upstream refuses is an ordinary exchange: both connections are kept', async t => {
  const { client, origin, exchanged, proxy } = await reverse(
    t,
    answerAlways('HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno'),
  )
  for (let i = 0; i < 3; i++) {
    const answer = await exchange(client, request('GET', '/chat', ...ASK))
    t.equal(answer.status, 403)
    t.equal(answer.field('Connection'), undefined)
  }
  t.equal(origin.connections.length, 1)
  t.equal((await exchanged(3))[2]?.clientVerdict, 'keep')
  t.equal(proxy.stats().upstream.idle, 1)
})

test('an upgrade through the forward proxy, in absolute-form', async t => {
  const origin = await scriptedOrigin(t, accepts('hello'))
  const { port } = await withProxy(t, { mode: 'forward' })
  const client = await rawClient(t, port)
  await client.send(`GET ${origin.url}/chat HTTP/1.1\r\nHost: x\r\n${ASK.join('\r\n')}\r\n\r\n`)
  const answer = await readMessage(client)
  t.equal(answer.status, 101)
  await client.readUntil('hello')
})

test('a proxy that drains waits for an upgraded connection until the grace time is over', async t => {
  const clock = new FakeClock()
  const { client, proxy, closes } = await reverse(t, accepts(), { clock })
  await client.send(request('GET', '/chat', ...ASK))
  await readMessage(client)
  const closed = proxy.close({ graceMs: 3_000 })
  await client.silence()
  clock.advance(3_100)
  await client.readUntil('\x88\x02\x03\xe9') // 1001: it waits for the answer
  clock.advance(700)
  await closed
  await until('both ended', () => closes.length === 2)
  t.match(closes, [{ reason: 'shutdown' }, { reason: 'shutdown' }])
})
