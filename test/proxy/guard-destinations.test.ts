import { test } from 'tap'
import { createProxy } from '../../lib/proxy/proxy.js'
import { ask, exchange, proxyStatusOf, rawClient, request, response } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { answerNames, names } from '../support/fake-resolver.js'
import { freePort } from '../support/ports.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// A forward proxy acts from its own place in the network. Destinations that only make sense near it are refused, unless allowed.

const literals = [
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['192.168.1.1', 'private'],
  ['169.254.169.254', 'link-local'],
  ['100.64.0.1', 'carrier-grade'],
  ['0.0.0.0', 'unspecified'],
  ['224.0.0.1', 'multicast'],
  ['255.255.255.255', 'broadcast'],
  ['[::1]', 'loopback'],
  ['[::]', 'unspecified'],
  ['[fe80::1]', 'link-local'],
  ['[fd00::1]', 'private'],
  ['[::ffff:127.0.0.1]', 'mapped'],
  ['[::ffff:7f00:1]', 'mapped'],
  ['[::127.0.0.1]', 'compatible'],
  ['[64:ff9b::7f00:1]', 'NAT64'],
  ['[64:ff9b::10.0.0.1]', 'NAT64'],
  ['[2002:7f00:1::]', '6to4'],
  ['[2001:0:1::80ff:fffe]', 'Teredo'],
] as const

for (const [host, kind] of literals) {
  test(`${host} is refused with 403 destination_ip_prohibited, and the text names allow`, async t => {
    const { port, proxy, exchanged } = await withProxy(t, { mode: 'forward', allow: [] })
    const client = await rawClient(t, port)
    const answer = await exchange(client, request('GET', `http://${host}/`))
    t.equal(answer.status, 403)
    t.equal(proxyStatusOf(answer).error, 'destination_ip_prohibited')
    t.match(String(answer.content), /; allow: \['[^']+'\] would permit it/)
    t.match(String(answer.content).toLowerCase(), kind.toLowerCase())
    t.equal(answer.field('Cache-Control'), 'no-store')
    t.match((await exchanged(1))[0], {
      outcome: 'refused',
      status: 403,
      clientVerdict: 'keep',
      error: { stage: 'route' },
    })
    await client.send(`CONNECT ${host}:443 HTTP/1.1\r\nHost: ${host}:443\r\n\r\n`)
    const refused = await readMessage(client)
    t.equal(refused.status, 403)
    t.equal(proxyStatusOf(refused).error, 'destination_ip_prohibited')
    t.equal(refused.field('Connection'), 'close')
    t.match(proxy.stats(), { upstream: { dialed: 0, dialing: 0, open: 0 } })
  })
}

for (const host of ['0x7f.1', '0x7f000001', '2130706433', '127.1', '0177.0.0.1', '127.0.0.1.', '1']) {
  test(`${host}, an address in an unusual notation, never reaches loopback: 400 or 403, and no name is resolved`, async t => {
    const { port, proxy } = await withProxy(t, { mode: 'forward', allow: [] })
    const { lookup, asked } = names({})
    answerNames(proxy, { lookup })
    for (const text of [request('GET', `http://${host}/`), `CONNECT ${host}:443 HTTP/1.1\r\nHost: a\r\n\r\n`]) {
      const answer = await ask(t, port, text)
      t.ok(answer.status === 400 || answer.status === 403, `${answer.status}`)
    }
    t.same(asked, [])
    t.equal(proxy.stats().upstream.dialed, 0)
  })
}

const allowed: [string, string[], string][] = [
  ['by a block', ['127.0.0.0/8'], '127.0.0.1'],
  ['by an address', ['127.0.0.1'], '127.0.0.1'],
  ['by a name', ['near.example'], 'near.example'],
  ['by a name in another case', ['near.example'], 'NEAR.Example'],
  ['by a suffix', ['*.example'], 'near.example'],
  ['a name by its address', ['127.0.0.1'], 'near.example'],
]
for (const [what, allow, host] of allowed) {
  test(`loopback is allowed ${what}: absolute-form and CONNECT`, async t => {
    const origin = await scriptedOrigin(t, answerAlways(response('ok')))
    const { port, proxy } = await withProxy(t, { mode: 'forward', allow, connectPorts: [origin.port] })
    answerNames(proxy, { lookup: names({ 'near.example': ['127.0.0.1'] }).lookup })
    const answer = await ask(t, port, request('GET', `http://${host}:${origin.port}/`))
    t.equal(answer.status, 200)
    const client = await rawClient(t, port)
    await client.send(`CONNECT ${host}:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`)
    t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /)
    await client.send(request('GET', '/'))
    t.equal((await readMessage(client)).status, 200)
  })
}

const stillRefused: [string, string[], string][] = [
  ['another address than the allowed one', ['127.0.0.2'], '127.0.0.1'],
  ['a name that is not the allowed one', ['far.example'], 'near.example'],
  ['the suffix itself', ['*.near.example'], 'near.example'],
  ['a name that only ends like the suffix', ['*.ar.example'], 'near.example'],
]
for (const [what, allow, host] of stillRefused) {
  test(`${what} is refused`, async t => {
    const { port, proxy } = await withProxy(t, { mode: 'forward', allow })
    answerNames(proxy, { lookup: names({ 'near.example': ['127.0.0.1'] }).lookup })
    const answer = await ask(t, port, request('GET', `http://${host}/`))
    t.equal(answer.status, 403)
    t.equal(proxyStatusOf(answer).error, 'destination_ip_prohibited')
    t.equal(proxy.stats().upstream.dialed, 0)
  })
}

test('R201: for a name the answer does not reveal its address', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'forward', allow: [] })
  answerNames(proxy, { lookup: names({ 'inner.example': ['10.11.12.13'] }).lookup })
  const answer = await ask(t, port, request('GET', 'http://inner.example/'))
  t.equal(answer.status, 403)
  t.match(String(answer.content), "allow: ['inner.example']")
  t.notMatch(answer.head + String(answer.content), '10.11.12.13')
})

test('of several addresses only the permitted ones are dialled', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { port, proxy, exchanged } = await withProxy(t, { mode: 'forward', allow: ['127.0.0.1'] })
  answerNames(proxy, { lookup: names({ 'mixed.example': ['127.0.0.2', '10.0.0.1', '127.0.0.1'] }).lookup })
  const answer = await ask(t, port, request('GET', `http://mixed.example:${origin.port}/`))
  t.equal(answer.status, 200)
  t.equal((await exchanged(1))[0]?.upstream?.address, '127.0.0.1')
})

test('DNS rebinding: the address that was checked is the one that is dialled, without a second lookup', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('secret')))
  for (const connect of [false, true]) {
    const clock = new FakeClock()
    const { port, proxy } = await withProxy(t, {
      mode: 'forward',
      allow: ['127.0.0.9'],
      connectPorts: [origin.port],
      clock,
    })
    // First an address that is allowed (and refuses), from then on loopback, where the origin is.
    const answers = ['127.0.0.9', '127.0.0.1', '127.0.0.1']
    let asked = 0
    answerNames(proxy, { clock, lookup: (_name, done) => done(null, [{ address: answers[asked++]!, family: 4 }]) })
    const target = `rebind.example:${origin.port}`
    const text = connect ? `CONNECT ${target} HTTP/1.1\r\nHost: a\r\n\r\n` : request('GET', `http://${target}/`)
    const first = await ask(t, port, text)
    t.equal(proxyStatusOf(first).error, 'connection_refused', 'only the first address')
    t.equal(asked, 1)
    clock.advance(6_000)
    const second = await ask(t, port, text)
    t.equal(proxyStatusOf(second).error, 'destination_ip_prohibited')
    t.equal(asked, 2)
  }
  t.equal(origin.connections.length, 0)
})

test('R130: a destination that is this proxy itself is a loop: 502', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'forward' })
  answerNames(proxy, { lookup: names({ 'me.example': ['127.0.0.1'] }).lookup })
  for (const host of ['127.0.0.1', 'me.example']) {
    const answer = await ask(t, port, request('GET', `http://${host}:${port}/`))
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'proxy_loop_detected')
  }
  t.equal(proxy.stats().client.accepted, 2)
})

test('R130: CONNECT to this proxy itself is a loop, too', async t => {
  // The port must be allowed, and is known only once it listens: so it is chosen explicitly.
  const own = await freePort()
  const proxy = createProxy({ mode: 'forward', allow: ['127.0.0.0/8'], connectPorts: [own] })
  t.teardown(() => proxy.destroy())
  await proxy.listen({ host: '127.0.0.1', port: own })
  const answer = await ask(t, own, `CONNECT 127.0.0.1:${own} HTTP/1.1\r\nHost: a\r\n\r\n`)
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'proxy_loop_detected')
})

test('a reverse proxy has no guard: its operator chose the upstream', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { port } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  t.equal((await ask(t, port, request('GET', '/'))).status, 200)
})
