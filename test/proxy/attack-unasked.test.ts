import { type Test, test } from 'tap'
import { UpstreamConnection } from '../../lib/net/upstream/upstream-connection.js'
import { exchange, proxyStatusOf, rawClient } from '../support/conversation.js'
import { withProxy } from '../support/with-proxy.js'
import { head } from './conversation.js'
import { fleet, grouped } from './fleet.js'

// An upstream that answers before it is asked: if that passed for an answer, each answer would go to the wrong client.

const EVIL = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil')
const GET = head('GET / HTTP/1.1', 'Host: a')

/**
 * The first connections find this in the kernel: bytes or a FIN, in the event-loop turn in which they connect or in the next one.
 */
function unasked(t: Test, count: number, what: 'bytes' | 'fin', later: boolean): void {
  const { onConnected } = UpstreamConnection.prototype
  let left = count
  UpstreamConnection.prototype.onConnected = function (this: UpstreamConnection) {
    onConnected.call(this)
    if (left-- <= 0) return
    const speak = () => (what === 'fin' ? this.onFin() : this.onBytes(EVIL, 0, EVIL.length))
    if (later) setImmediate(speak)
    else speak()
  }
  t.teardown(() => {
    UpstreamConnection.prototype.onConnected = onConnected
  })
}

for (const what of ['bytes', 'fin'] as const) {
  for (const later of [false, true]) {
    const when = `${what}, ${later ? 'a turn later' : 'at once'}`
    test(`R73, R87: what a connection sends before it is asked is not an answer (${when})`, async t => {
      const [a] = await fleet(t, 'a')
      unasked(t, 1, what, later)
      const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: a!.url })
      const client = await rawClient(t, port)
      const refused = await exchange(client, GET)
      t.equal(refused.status, 502)
      t.equal(proxyStatusOf(refused).error, what === 'fin' ? 'connection_terminated' : 'http_protocol_error')
      t.equal(a!.asked.length, 0, 'nothing was written')
      t.equal(`${(await exchange(client, GET)).content}`, 'a')
      t.match(proxy.stats().upstream, { open: 1, dialing: 0, waiting: 0 })
    })

    test(`R73, R87: another server of the group is asked, whatever the method (${when})`, async t => {
      const servers = await fleet(t, 'a', 'b')
      unasked(t, 1, what, later)
      const { connect } = await grouped(t, { servers: servers.map(({ url }) => url) })
      t.equal(
        `${(await exchange(await connect(), head('POST / HTTP/1.1', 'Host: a', 'Content-Length: 0'))).content}`,
        'b',
      )
    })
  }
}
