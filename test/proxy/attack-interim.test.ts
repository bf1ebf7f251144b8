import { test } from 'tap'
import type { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import { proxyStatusOf } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { ended, gateway, head, heard, ok, READ_MODES, until } from './conversation.js'

// Interim responses that declare content: another reader would take what follows for that content.

const GET = (path: string): string => head(`GET ${path} HTTP/1.1`, 'Host: a')

for (const readMode of READ_MODES) {
  for (const field of ['Content-Length: 38', 'Transfer-Encoding: chunked']) {
    for (const status of ['100 Continue', '103 Early Hints']) {
      test(`R40, R59, R182: after a ${status} with ${field} the connection is not used again (${readMode})`, async t => {
        const { connect, upstream, dialed, proxy } = await gateway(t, { readMode })
        const client = await connect()
        await client.send(GET('/1'))
        const origin = await upstream()
        await heard(t, origin, GET('/1'))
        await origin.send(head(`HTTP/1.1 ${status}`, field) + ok('first'))
        await heard(t, client, head(`HTTP/1.1 ${status}`) + ok('first'))
        await client.send(GET('/2'))
        await until(() => dialed() === 2 || origin.waiting.length > 0)
        t.equal(dialed(), 2, 'another connection')
        const second = await upstream(1)
        await heard(t, second, GET('/2'))
        await second.send(ok('second'))
        await heard(t, client, ok('second'))
        t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
      })
    }
  }
}

// Endless interim responses keep a client waiting, or a proxy busy, for as long as the upstream likes.

const PROCESSING = head('HTTP/1.1 102 Processing')

test('R184: the number of interim responses is limited: one more is a 502, and the upstream is closed', async t => {
  const { connect, upstream, proxy } = await gateway(t, { grammar: { interimResponsesMax: 3 } })
  const client = await connect()
  await client.send(GET('/'))
  const origin = await upstream()
  await heard(t, origin, GET('/'))
  await origin.send(PROCESSING.repeat(3))
  await heard(t, client, PROCESSING.repeat(3))
  await origin.send(PROCESSING)
  const answer = await readMessage(client)
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'http_protocol_error')
  await ended(t, origin, 'fin')
  t.same(proxy.stats().upstream.closes, { 'upstream-protocol-error': 1 })
})

test('R184: so are their bytes', async t => {
  const { connect, upstream, exchanges } = await gateway(t, { grammar: { interimBytesMax: 100 } })
  const client = await connect()
  await client.send(GET('/'))
  const origin = await upstream()
  await heard(t, origin, GET('/'))
  await origin.send(head('HTTP/1.1 103 Early Hints', `Link: ${'x'.repeat(100)}`))
  const answer = await readMessage(client)
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'http_response_header_section_size')
  t.match(exchanges[0]?.error?.message, /more than 100 bytes/)
})

test('R184: by default 32 pass, before each response', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  for (let nth = 0; nth < 2; nth++) {
    await client.send(GET('/'))
    const origin = await upstream()
    await heard(t, origin, GET('/'))
    await origin.send(PROCESSING.repeat(32) + ok('at last'))
    await heard(t, client, PROCESSING.repeat(32) + ok('at last'))
  }
})

const UNHEARD = [
  ['a client of HTTP/1.0', 'GET / HTTP/1.0\r\nHost: a\r\n\r\n', {}, PROCESSING],
  ['--interim none', GET('/'), { interim: 'none' }, PROCESSING],
  ['a 100 that was sent before', GET('/'), {}, head('HTTP/1.1 100 Continue')],
] as const

for (const [what, request, options, interim] of UNHEARD) {
  test(`R183, R196: interim responses that the client does not receive are not progress: ${what}`, async t => {
    const { connect, upstream, clock, proxy } = await gateway(t, { ...options, deadlines: { responseHeadMs: 1_000 } })
    const client = await connect()
    await client.send(request)
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    if (interim.includes('100')) {
      await origin.send(interim)
      await heard(t, client, interim)
    }
    const { upstreams } = proxy as unknown as { upstreams: { pools: { connections: Set<UpstreamConnection> } } }
    const [connection] = upstreams.pools.connections
    const { transport } = connection!
    for (let passed = 0; passed < 1_000; passed += 300) {
      const before = transport.bytesIn
      await origin.send(interim)
      await until(() => transport.bytesIn > before)
      clock.advance(300)
    }
    t.equal((await readMessage(client)).status, 504)
    t.same(proxy.stats().exchanges.deadlines, { responseHeadMs: 1 })
  })
}
