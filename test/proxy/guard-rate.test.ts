import { test } from 'tap'
import { siteOf } from '../../lib/net/site-of.js'
import { ask, exchange, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { connect, head } from './conversation.js'
import { answers, fleet, routed } from './fleet.js'

// Requests per second from one address: more are answered 429 (RFC 6585 4), and nothing of them is forwarded.

const GET = request('GET', '/')

test('429 with Retry-After; the connection is kept, and can be used again after that time', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock, exchanged, proxy } = await routed(t, {
    routes: [{ upstream: a!.url }],
    requestRate: { perSecond: 2, burst: 3 },
  })
  const client = await connect()
  t.equal(await answers(client, 3), 'aaa')
  const answer = await exchange(client, GET)
  t.equal(answer.status, 429)
  t.equal(answer.field('Retry-After'), '1')
  t.equal(answer.field('Connection'), undefined)
  t.equal(answer.field('Cache-Control'), 'no-store')
  t.match((await exchanged(4))[3], { status: 429, outcome: 'refused', clientVerdict: 'keep' })
  t.equal(await answers(await connect(), 1), '(429)', 'another connection of the same address does not help')
  clock.advance(500)
  t.equal(await answers(client, 2), 'a(429)')
  clock.advance(60_000)
  t.equal(await answers(client, 4), 'aaa(429)', 'never more than the burst')
  t.equal(a!.asked.length, 7)
  t.match(proxy.stats().exchanges, { active: 0 })
})

test('Retry-After is in whole seconds, rounded up, and correct', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock } = await routed(t, {
    routes: [{ upstream: a!.url }],
    requestRate: { perSecond: 0.25, burst: 1 },
  })
  const client = await connect()
  t.equal(await answers(client, 1), 'a')
  clock.advance(100)
  t.equal((await exchange(client, GET)).field('Retry-After'), '4')
  clock.advance(3_900)
  t.equal(await answers(client, 1), 'a')
})

test('a POST beyond the rate is refused before its content is read, and its connection closes', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { routes: [{ upstream: a!.url }], requestRate: { perSecond: 1, burst: 1 } })
  const client = await connect()
  await answers(client, 1)
  await client.send(`${request('POST', '/', 'Content-Length: 1000000')}begin`)
  const answer = await readMessage(client)
  t.equal(answer.status, 429)
  t.equal(answer.field('Connection'), 'close')
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(a!.asked.length, 1)
})

test('pipelined requests each count', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { routes: [{ upstream: a!.url }], requestRate: { perSecond: 1, burst: 2 } })
  const client = await connect()
  await client.send(GET.repeat(4))
  const statuses: number[] = []
  for (let nth = 0; nth < 4; nth++) statuses.push((await readMessage(client)).status)
  t.same(statuses, [200, 200, 429, 429])
})

test('other addresses have their own rate', async t => {
  const [a] = await fleet(t, 'a')
  const { port } = await routed(t, { routes: [{ upstream: a!.url }], requestRate: { perSecond: 1, burst: 1 } })
  for (const localAddress of ['127.0.0.1', '127.0.0.2', '127.0.0.3'])
    t.equal(await answers(await connect(t, port, { localAddress }), 2), 'a(429)', localAddress)
})

test('in forward mode too, including CONNECT; input that is not a request costs nothing', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    mode: 'forward',
    allow: ['127.0.0.0/8'],
    connectPorts: [a!.port],
    requestRate: { perSecond: 1, burst: 2 },
  })
  for (let nth = 0; nth < 5; nth++) await exchange(await connect(), 'nonsense\r\n\r\n')
  t.equal(await answers(await connect(), 1, head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x')), 'a')
  const tunnel = head(`CONNECT 127.0.0.1:${a!.port} HTTP/1.1`, 'Host: x')
  const first = await connect()
  await first.send(tunnel)
  t.match(await readMessage(first, { toHead: true }), { status: 200 })
  const second = await connect()
  const refused = await exchange(second, tunnel)
  t.equal(refused.status, 429)
  t.equal(refused.field('Connection'), 'close', 'what follows a refused CONNECT is not HTTP for us')
})

test('an IPv6 client is its /64, and IPv4 in IPv6 its IPv4 address', async t => {
  const site = siteOf('2001:db8:1:2::1')
  t.equal(siteOf('2001:db8:1:2:ffff:ffff:ffff:ffff'), site)
  t.equal(siteOf('2001:0DB8:0001:0002::'), site)
  t.not(siteOf('2001:db8:1:3::1'), site)
  t.not(siteOf('2001:db8:1:2::1'), siteOf('2001:db8::1'))
  t.equal(siteOf('192.0.2.1'), '192.0.2.1')
})

test('an impossible rate is refused; no rate means no limit', async t => {
  for (const requestRate of [
    { perSecond: 0 },
    { perSecond: -1 },
    { perSecond: 1, burst: 0 },
    { perSecond: Number.NaN },
  ])
    await t.rejects(
      (async () => {
        await routed(t, { upstream: 'http://127.0.0.1:1', requestRate })
      })(),
      TypeError,
      JSON.stringify(requestRate),
    )
  const [a] = await fleet(t, 'a')
  const { port } = await routed(t, { routes: [{ upstream: a!.url }] })
  for (let nth = 0; nth < 30; nth++) t.equal((await ask(t, port, GET)).status, 200)
})
