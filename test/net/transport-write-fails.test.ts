import { once } from 'node:events'
import * as net from 'node:net'
import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import { Transport, type TransportOwner } from '../../lib/net/socket/transport.js'
import { until } from '../support/conversation.js'
import { makeCertificate } from '../support/tls.js'

// The peer sends, then resets; our write fails. What it sent is still in the kernel, and is read before the connection is judged.
// The peer is a socket of this process: what it does is in the kernel when its call returns, but has not been reported yet.

class Owner implements TransportOwner {
  text = ''
  heard: string[] = []
  /** undefined: the owner has no such method. */
  reads: boolean | undefined
  readonly readsOn = (): boolean => this.reads ?? true
  onBytes(bytes: Buffer, from: number, to: number): void {
    this.text += bytes.toString('latin1', from, to)
  }
  onFin(): void {
    this.heard.push('fin')
  }
  onFlushed(): void {
    this.heard.push('flushed')
  }
  onClosed(error: NodeJS.ErrnoException | null): void {
    this.heard.push(`closed ${error?.code ?? ''}`)
  }
  onFault(fault: unknown): void {
    this.heard.push(String(fault))
  }
}

interface Pair {
  owner: Owner
  transport: Transport
  peer: net.Socket
}

type How = 'onread' | 'data' | 'TLS'

async function pair(t: Test, how: How): Promise<Pair> {
  const owner = new Owner()
  let transport: Transport | null = null
  const options = { allowHalfOpen: true, pauseOnConnect: true }
  const certificate = how === 'TLS' ? await makeCertificate(t) : null
  const server =
    certificate === null
      ? net.createServer(options, socket => {
          transport = Transport.accepted(socket, owner, how === 'onread' ? 'onread' : 'data')
        })
      : tls.createServer({ ...certificate, allowHalfOpen: true }, socket => {
          transport = Transport.secured(owner, socket)
        })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const { port } = server.address() as net.AddressInfo
  const peer =
    certificate === null
      ? net.connect({ port, host: '127.0.0.1' })
      : tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
  peer.on('error', () => {})
  t.teardown(() => peer.destroy())
  await until('accepted', () => transport !== null)
  // From its third write on it bypasses the stream, if it may.
  for (const word of ['a', 'b', 'c']) {
    transport!.write(word)
    transport!.flush()
    await once(peer, 'data')
  }
  t.teardown(() => transport!.destroy())
  return { owner, transport: transport!, peer }
}

/** Its last bytes and a reset, now. */
function saysAndResets({ peer }: Pair, text: string): void {
  peer.write(text)
  peer.resetAndDestroy()
}

const writes = (transport: Transport, text = 'more'): void => {
  transport.write(text)
  transport.flush()
}

for (const how of ['onread', 'data'] satisfies How[]) {
  test(`a write that fails: what the peer sent before is read, then the connection is broken (${how})`, async t => {
    const all = await pair(t, how)
    const { owner, transport } = all
    saysAndResets(all, 'no, and this is why')
    writes(transport)
    await until('closed', () => transport.closed)
    t.equal(owner.text, 'no, and this is why')
    t.same(owner.heard, ['closed ECONNRESET'])
    writes(transport)
  })

  test(`… of content written in place, and what was queued after it is discarded (${how})`, async t => {
    const all = await pair(t, how)
    const { owner, transport } = all
    const before = transport.bytesOut
    saysAndResets(all, 'no')
    const content = Buffer.alloc(100_000, 'x')
    transport.write('head')
    transport.writeContent(content, 0, content.length, true)
    transport.flush()
    if (how === 'onread') t.equal(transport.bytesOut, before, 'the kernel has taken none of it')
    await until('it is known', () => transport.cannotSend)
    transport.writeContent(content, 0, content.length, true)
    writes(transport)
    transport.end()
    await until('closed', () => transport.closed)
    t.equal(owner.text, 'no')
    t.same(owner.heard, ['closed ECONNRESET'])
  })

  test(`a write that the kernel has not taken yet fails: the same (${how})`, async t => {
    const all = await pair(t, how)
    const { owner, transport, peer } = all
    peer.pause()
    const much = 'x'.repeat(1_000_000)
    while (!transport.pressured) writes(transport, much)
    writes(transport, much)
    saysAndResets(all, 'enough')
    await until('closed', () => transport.closed)
    t.equal(owner.text, 'enough')
    t.same(owner.heard, ['closed ECONNRESET'], 'and onFlushed is not called')
  })

  test(`… while we do not read: nothing is lost, reading continues later (${how})`, async t => {
    const all = await pair(t, how)
    const { owner, transport } = all
    transport.pause()
    const text = 'y'.repeat(40_000) // less than the window of a new connection
    saysAndResets(all, text)
    writes(transport)
    await until('it is known', () => transport.cannotSend)
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    t.equal(transport.closed, false)
    transport.resume()
    await until('closed', () => transport.closed)
    t.ok(owner.text === text.slice(0, owner.text.length))
    t.equal(owner.text.length, text.length)
    t.same(owner.heard, ['closed ECONNRESET'])
  })

  test(`a reset after a FIN: the data is complete, and it is reported as an end (${how})`, async t => {
    const { owner, transport, peer } = await pair(t, how)
    transport.pause()
    peer.write('all that there is')
    peer.destroy()
    writes(transport) // is answered with the reset
    writes(transport)
    transport.resume()
    await until('closed', () => transport.closed)
    t.equal(owner.text, 'all that there is')
    t.same(owner.heard, ['fin', 'closed EPIPE'])
  })

  test(`… also when no write fails: the reset is read with the FIN (${how})`, async t => {
    const { owner, transport, peer } = await pair(t, how)
    peer.write('all that there is')
    peer.destroy()
    writes(transport) // is answered with the reset
    await until('closed', () => owner.heard.length > 0)
    t.equal(owner.text, 'all that there is')
    t.equal(owner.heard[0], 'fin')
  })

  test(`a reset that is read while we do not take the data before it: that data is not lost either (${how})`, async t => {
    const all = await pair(t, how)
    const { owner, transport } = all
    transport.pause()
    saysAndResets(all, 'the rest')
    for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate)
    transport.resume()
    await until('closed', () => transport.closed)
    t.equal(owner.text, 'the rest')
    t.same(owner.heard, ['closed ECONNRESET'])
  })

  test(`for an owner that needs nothing more, nothing is read (${how})`, async t => {
    const all = await pair(t, how)
    const { owner, transport } = all
    owner.reads = false
    transport.pause()
    saysAndResets(all, 'unread')
    writes(transport)
    await until('closed', () => transport.closed)
    t.same([owner.text, ...owner.heard], ['', 'closed ECONNRESET'])
  })

  test(`ending it ourselves while writes wait is not an error (${how})`, async t => {
    const { owner, transport, peer } = await pair(t, how)
    peer.pause()
    while (!transport.pressured) writes(transport, 'x'.repeat(1_000_000))
    transport.destroy()
    await until('closed', () => transport.closed)
    t.same(owner.heard, ['closed '])
  })
}

test('a write that fails over TLS: earlier data is still decrypted', async t => {
  const { owner, transport, peer } = await pair(t, 'TLS')
  transport.pause()
  await new Promise<void>(done => peer.write('no, and this is why', () => done()))
  peer.destroy() // with nothing unread: its FIN comes first, and data written to it is answered with a reset
  await once(peer, 'close')
  writes(transport)
  await new Promise(setImmediate)
  writes(transport)
  await until('it is known', () => transport.cannotSend)
  transport.resume()
  await until('closed', () => transport.closed)
  t.equal(owner.text, 'no, and this is why')
  t.same(
    owner.heard.filter(what => what !== 'flushed'),
    ['fin', 'closed EPIPE'],
  )
})
