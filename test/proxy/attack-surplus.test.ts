import { test } from 'tap'
import { SHARED_BYTES } from '../../lib/net/socket/read-buffers.js'
import { connectRaw } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const EVIL = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'

/** A response of exactly this many bytes. */
function responseOf(size: number, letter: string): string {
  const head = (length: number) => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`
  const length = size - head(size).length
  return head(length) + letter.repeat(length)
}

for (const [readMode, octets] of [
  ['onread', SHARED_BYTES],
  ['data', 65_536],
] as const) {
  test(`R59, R73: what follows a response that fills a read is not taken for an answer (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async (connection, nth) => {
      await connection.readUntil('\r\n\r\n')
      const response = responseOf(octets, 'a')
      await connection.send(nth === 0 ? response + EVIL : response)
    })
    const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
    const client = await connectRaw({ port })
    t.teardown(() => client.destroy())
    await client.send(REQUEST + REQUEST)
    for (const nth of ['first', 'second']) {
      const { content } = await readMessage(client)
      t.match(String(content.subarray(0, 10)), /^a+$/, `the ${nth} answer is its own`)
    }
    t.match(proxy.stats().upstream.closes, { 'upstream-unsolicited': 1 })
    t.equal(proxy.stats().upstream.dialed, 2)
  })
}
