import { test } from 'tap'
import { delivery, ended, gateway, head, heard, ok, READ_MODES, until } from './conversation.js'

// Empty lines before a request line are not a request (RFC 9112 2.2): no answer is due, so nothing is counted, no drain waits
// for them, and the connection can be evicted like any other idle one.

const GET = (path: string): string => head(`GET ${path} HTTP/1.1`, 'Host: a')

for (const readMode of READ_MODES) {
  for (const octets of ['\r\n', '\r', '\r\n\r\n']) {
    test(`R5: a connection with nothing but ${JSON.stringify(octets)} after its last request is idle (${readMode})`, async t => {
      const { connect, upstream, proxy, clock } = await gateway(t, { readMode })
      const client = await connect()
      await client.send(GET('/1'))
      const origin = await upstream()
      await heard(t, origin, GET('/1'))
      await origin.send(ok('one'))
      await heard(t, client, ok('one'))
      await client.send(octets)
      await delivery()
      const { client: side, exchanges } = proxy.stats()
      t.same([side.open, side.idle, exchanges.active, exchanges.total], [1, 1, 0, 1])
      clock.advance(1_100) // no next request can be on its way
      const closed = proxy.close()
      await ended(t, client, 'fin')
      await closed
      t.same(proxy.stats().client.closes, { draining: 1 })
    })
  }

  test(`R5: they do not prolong its life (${readMode})`, async t => {
    const { connect, clock } = await gateway(t, { readMode })
    const client = await connect()
    clock.advance(19_000)
    await client.send('\r\n')
    await delivery()
    clock.advance(1_200)
    await ended(t, client, 'fin')
  })

  test(`R5: before, between and after pipelined requests, byte by byte (${readMode})`, async t => {
    const { connect, upstream, proxy } = await gateway(t, { readMode })
    const client = await connect()
    for (const byte of `\r\n\r\n${GET('/1')}\r\n${GET('/2')}\r\n`) await client.send(byte)
    const origin = await upstream()
    for (const path of ['/1', '/2']) {
      await heard(t, origin, GET(path))
      await origin.send(ok(path))
      await heard(t, client, ok(path))
    }
    client.halfClose()
    await ended(t, client, 'fin')
    await until(() => proxy.stats().client.open === 0)
    t.same(proxy.stats().exchanges, { active: 0, total: 2, retries: 0, failures: {}, deadlines: {} })
  })

  for (const octets of ['\rG', '\n', '\r\n'.repeat(5)]) {
    test(`R3, R5: what is not an empty line, or is one too many, is refused (${JSON.stringify(octets)}, ${readMode})`, async t => {
      const { connect, proxy } = await gateway(t, { readMode })
      const client = await connect()
      for (const byte of octets) await client.send(byte)
      t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 400 /)
      client.halfClose()
      await until(() => proxy.stats().client.open === 0)
      t.equal(proxy.stats().exchanges.active, 0)
    })
  }
}
