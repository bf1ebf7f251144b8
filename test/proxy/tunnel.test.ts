import { once } from 'node:events'
import * as net from 'node:net'
import { type Test, test } from 'tap'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { Transport, type TransportOwner } from '../../lib/net/socket/transport.js'
import { Tunnel, type TunnelEnd } from '../../lib/proxy/tunnel.js'
import { settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { connectRaw, type RawClient } from '../support/raw-client.js'

const NOBODY: TransportOwner = { onBytes() {}, onFin() {}, onFlushed() {}, onClosed() {}, onFault() {} }

/** More than a paused Node socket still reads, so that its end is a reset; less than the kernel accepts. */
const UNREAD = Buffer.alloc(200_000, 'u')

interface Joined {
  clock: FakeClock
  client: Transport
  upstream: Transport
  /** The far ends of both. */
  asClient: RawClient
  asUpstream: RawClient
  ends: TunnelEnd[]
  /** How often the client's side was reset. */
  resets: () => number
}

async function joined(t: Test, mode: ReadMode): Promise<Joined> {
  const transports: Transport[] = []
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, socket => {
    transports.push(Transport.accepted(socket, NOBODY, mode))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const far: RawClient[] = []
  for (const nth of [1, 2]) {
    far.push(await connectRaw({ port: (server.address() as net.AddressInfo).port }))
    await until('accepted', () => transports.length === nth)
  }
  const [client, upstream] = transports as [Transport, Transport]
  const [asClient, asUpstream] = far as [RawClient, RawClient]
  t.teardown(() => {
    for (const one of [...transports, ...far]) one.destroy()
  })
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock, { onError: error => t.fail(String(error)) })
  const ends: TunnelEnd[] = []
  let resets = 0
  const { reset } = client
  client.reset = function (this: Transport) {
    resets++
    reset.call(this)
  }
  const tunnel = new Tunnel(
    client,
    upstream,
    wheel,
    DEADLINES,
    end => ends.push(end),
    fault => t.fail(String(fault)),
  )
  tunnel.start(null, null)
  return { clock, client, upstream, asClient, asUpstream, ends, resets: () => resets }
}

for (const mode of ['onread', 'data'] as const) {
  test(`R165: what came before the FIN is delivered, although a reset follows the FIN (${mode})`, async t => {
    const { client, upstream, asClient, asUpstream, ends, resets } = await joined(t, mode)
    const content = Buffer.alloc(300_000, 'x')
    asClient.pause()
    asUpstream.pause()
    await asUpstream.send(content)
    asUpstream.halfClose()
    await until('the FIN was seen', () => upstream.finSeen)
    await asClient.send(UNREAD)
    await until('it was passed on', () => upstream.bytesOut === UNREAD.length)
    asUpstream.destroy() // with unread bytes: a reset, which shows at the next write
    await asClient.send('more')
    await until('the reset came', () => upstream.closed)
    t.equal(client.closed, false)
    t.equal(resets(), 0)
    asClient.resume()
    t.equal((await asClient.readBytes(content.length)).length, content.length)
    await asClient.send('nor this')
    asClient.halfClose()
    await until('ended', () => ends.length === 1)
    t.equal(client.closed, true)
    t.match(ends[0], { reason: 'tunnel-ended', endedBy: 'upstream', fromUpstream: content.length })
  })

  test(`R165: a client that then sends nothing is closed after a while (${mode})`, async t => {
    const { clock, client, upstream, asClient, asUpstream, ends } = await joined(t, mode)
    await asUpstream.send('all')
    asUpstream.halfClose()
    await until('the FIN was seen', () => upstream.finSeen)
    asUpstream.pause()
    await asClient.send(UNREAD)
    await until('it was passed on', () => upstream.bytesOut === UNREAD.length)
    asUpstream.destroy()
    await asClient.send('more')
    await until('the reset came', () => upstream.closed)
    t.equal(String(await asClient.readBytes(3)), 'all')
    clock.advance(DEADLINES.lingerMs - 200)
    await asClient.send('this extends nothing')
    await settled()
    t.equal(ends.length, 0)
    clock.advance(500)
    await until('ended', () => ends.length === 1)
    t.equal(client.closed, true)
  })

  for (const from of ['upstream', 'client'] as const) {
    test(`R165: everything is delivered to a slow peer, including the FIN, although writing to the ${from} fails meanwhile (${mode})`, async t => {
      const scene = await joined(t, mode)
      const { client, upstream, asClient, asUpstream, ends, resets } = scene
      const [speaks, asSpeaker, asListener, toListener] =
        from === 'upstream' ? [upstream, asUpstream, asClient, client] : [client, asClient, asUpstream, upstream]
      asListener.pause()
      let sent = 0
      const content = Buffer.alloc(100_000, 'x')
      while (!toListener.pressured) {
        await asSpeaker.send(content)
        sent += content.length
        await new Promise(setImmediate)
      }
      t.equal(speaks.isPaused, true)
      const last = 'and this'
      await asSpeaker.send(last)
      asSpeaker.destroy() // a FIN, which is not read now; what arrives is answered with a reset
      await until('writing has failed', () => {
        asListener.send('more')
        return speaks.cannotSend
      })
      t.equal(speaks.closed, false)
      asListener.resume()
      t.equal((await asListener.readBytes(sent + last.length)).toString('latin1', sent), last)
      await until('the FIN', () => asListener.ended !== '')
      t.equal(asListener.ended, 'fin')
      asListener.halfClose()
      await until('ended', () => ends.length === 1)
      t.equal(resets(), 0)
    })
  }

  test(`R165: a reset before a FIN is a reset for the other side (${mode})`, async t => {
    const { upstream, asClient, asUpstream, ends, resets } = await joined(t, mode)
    asUpstream.pause()
    await asClient.send(UNREAD)
    await until('it was passed on', () => upstream.bytesOut === UNREAD.length)
    asUpstream.destroy()
    await until('ended', () => ends.length === 1)
    t.equal(resets(), 1)
  })
}

test('R165: a client that reads the rest slowly is not cut off; one that reads nothing is', async t => {
  const { clock, client, upstream, asUpstream, ends } = await joined(t, 'onread')
  asUpstream.halfClose()
  await until('the FIN was seen', () => upstream.finSeen)
  // As when the kernel has not accepted everything.
  let takes = true
  client.tookSome = () => takes
  Object.defineProperty(client, 'pressured', { value: true })
  upstream.owner.onClosed(null)
  clock.advance(DEADLINES.clientWriteMs + 200)
  t.equal(client.socket.destroyed, false, 'it took some')
  takes = false
  clock.advance(DEADLINES.clientWriteMs + 200)
  t.equal(client.socket.destroyed, true)
  upstream.destroy()
  await settled()
  t.equal(ends.length, 1)
})
