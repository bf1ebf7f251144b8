import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'tap'
import * as hopwise from '../lib/index.js'

test('the library: a proxy, its events and its end', async t => {
  const origin = http.createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  await once(origin, 'listening')
  t.teardown(() => origin.close())
  const upstream = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const proxy: hopwise.Proxy = hopwise.createProxy({ mode: 'reverse', upstream, deadlines: { drainMs: 100 } })
  const exchange = new Promise<hopwise.ExchangeRecord>(done => proxy.on('exchange', done))
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  const response = await fetch(`http://127.0.0.1:${port}/`)
  t.equal(await response.text(), 'hello')
  t.match(await exchange, { method: 'GET', status: 200, upstream: { origin: upstream } })
  t.match(proxy.stats(), { exchanges: { total: 1 } })
  await proxy.close()
})

test('the library: the names that options, events and errors use', t => {
  t.strictSame(Object.keys(hopwise).sort(), [
    'CLOSE_REASONS',
    'DEADLINES',
    'GRAMMAR_LIMITS',
    'LIMITS',
    'PROXY_ERRORS',
    'ProtocolError',
    'ProxyError',
    'createProxy',
    'hashPassword',
    'readPasswordHash',
  ])
  t.throws(() => hopwise.createProxy({ mode: 'reverse' }), TypeError)
  t.end()
})
