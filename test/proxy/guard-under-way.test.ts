import { test } from 'tap'
import { exchange, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { gateway, head, ok, until } from './conversation.js'
import { answers, fleet, routed, server } from './fleet.js'

// What one address, or all together, may have in progress at once.

const GET = request('GET', '/')

test('requestsPerAddressMax: one more is answered 429, and its connection stays; an answer makes room', async t => {
  const { connect, upstream, proxy, exchanged } = await gateway(t, { limits: { requestsPerAddressMax: 2 } })
  const [first, second, third] = [await connect(), await connect(), await connect()]
  await first.send(GET)
  const origin = await upstream(0)
  await second.send(GET)
  await upstream(1)
  const refused = await exchange(third, GET)
  t.equal(refused.status, 429)
  t.equal(refused.field('Retry-After'), '1')
  t.match(String(refused.content), '2 requests from this address are already in progress')
  t.match((await exchanged(1))[0]!.error!.message, /\(limits\.requestsPerAddressMax\)$/, 'the log names the limit')
  t.equal((await exchange(third, GET)).status, 429, 'a refused request is not in progress')
  await origin.send(ok('a'))
  t.equal((await readMessage(first)).status, 200)
  await third.send(GET)
  await until(() => proxy.stats().upstream.busy === 2, 'the third one gets the place')
  second.reset()
  await until(() => proxy.stats().exchanges.active === 1)
  await first.send(GET)
  await until(() => proxy.stats().upstream.busy === 2, 'so does the next one when another has left')
})

test('… by address: another one is not affected', async t => {
  const { connect, upstream } = await gateway(t, {
    limits: { requestsPerAddressMax: 1 },
    proxyProtocol: { from: ['127.0.0.1'] },
  })
  const from = async (address: string) => {
    const client = await connect()
    await client.send(`PROXY TCP4 ${address} 192.0.2.9 1234 80\r\n${GET}`)
    return client
  }
  await from('192.0.2.1')
  await upstream(0)
  t.equal((await readMessage(await from('192.0.2.1'))).status, 429)
  const other = await from('192.0.2.2')
  await (await upstream(1)).send(ok('b'))
  t.equal((await readMessage(other)).status, 200)
})

test('… and by default there is no such limit', async t => {
  const { connect, upstream } = await gateway(t)
  for (let nth = 0; nth < 20; nth++) await (await connect()).send(GET)
  await upstream(19)
})

const POST = (length: number): string => request('POST', '/', `Content-Length: ${length}`)

test('gatheredBytesMax: what all requests gather is bounded; beyond it content is passed on as it arrives, and an answer makes room', async t => {
  const a = await server(t, 'a', () => {})
  const { connect, proxy } = await routed(t, {
    routes: [{ upstream: a.url, bufferRequestBytes: 1_000 }],
    limits: { gatheredBytesMax: 1_500 },
  })
  const [first, second] = [await connect(), await connect()]
  await first.send(`${POST(1_000)}${'x'.repeat(900)}`)
  await second.send(`${POST(1_000)}${'y'.repeat(500)}`)
  await until(() => proxy.stats().exchanges.active === 2)
  t.equal(proxy.stats().upstream.dialed, 0)
  await second.send('y'.repeat(200))
  await until(() => proxy.stats().upstream.dialed === 1, 'one passes on what it has')
  await second.send('y'.repeat(300))
  await until(() => a.asked.length === 1)
  t.equal(String(a.asked[0]?.content), 'y'.repeat(1_000))
  await a.connections[0]!.send(ok('a'))
  t.equal((await readMessage(second)).status, 200)
  await second.send(`${POST(1_000)}${'z'.repeat(550)}`)
  await until(() => proxy.stats().exchanges.active === 2)
  t.equal(proxy.stats().upstream.dialed, 1, 'there is room again')
  first.reset()
  await until(() => proxy.stats().exchanges.active === 1)
  await (await connect()).send(`${POST(1_000)}${'w'.repeat(900)}`)
  await until(() => proxy.stats().exchanges.active === 2)
  t.equal(proxy.stats().upstream.dialed, 1, 'also after one has left')
})

test('R42: if HTTP/1.0 needs a length and gatheredBytesMax is reached: 503 that names the option', async t => {
  const a = await server(t, 'a', connection =>
    connection.send('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na'),
  )
  const { connect } = await routed(t, { routes: [{ upstream: a.url }], limits: { gatheredBytesMax: 10 } })
  const client = await connect()
  t.equal(await answers(client, 3), 'aaa')
  await client.send(`${head('POST / HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked')}b\r\nhello world\r\n`)
  const answer = await readMessage(client)
  t.equal(answer.status, 503)
  t.match(answer.field('Proxy-Status'), /proxy_internal_response/)
  t.equal(a.asked.length, 3)
})

test('gatheredBytesMax: 0: nothing is gathered', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, proxy } = await routed(t, {
    routes: [{ upstream: a!.url, bufferRequestBytes: 1_000 }],
    limits: { gatheredBytesMax: 0 },
  })
  const client = await connect()
  await client.send(`${POST(3)}x`)
  await until(() => proxy.stats().upstream.dialed === 1)
  await client.send('yz')
  t.equal(String((await readMessage(client)).content), 'a')
})
