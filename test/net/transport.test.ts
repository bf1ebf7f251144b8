import { once } from 'node:events'
import * as net from 'node:net'
import { type Test, test } from 'tap'
import { LEASE_BYTES, LONG_LEASE_BYTES, SHARED } from '../../lib/net/socket/read-buffers.js'
import type { ReadMode } from '../../lib/net/socket/read-mode.js'
import { Transport, type TransportOwner } from '../../lib/net/socket/transport.js'
import { settled, until } from '../support/conversation.js'
import { connectRaw, type RawClient } from '../support/raw-client.js'

/** An owner that records its calls, and does what the test adds. */
class Owner implements TransportOwner {
  transport!: Transport
  got: Buffer[] = []
  readonly heard: string[] = []
  throwsIn = ''
  each: ((bytes: Buffer, from: number, to: number) => void) | null = null

  get text(): string {
    return Buffer.concat(this.got).toString('latin1')
  }

  private note(what: string): void {
    this.heard.push(what)
    if (this.throwsIn === what) throw new Error(`a fault in ${what}`)
  }

  onBytes(bytes: Buffer, from: number, to: number): void {
    if (this.each !== null) this.each(bytes, from, to)
    else this.got.push(Buffer.from(bytes.subarray(from, to)))
    if (this.throwsIn === 'bytes') this.note('bytes')
  }
  onFin(): void {
    this.note('fin')
  }
  onFlushed(): void {
    this.note('flushed')
  }
  onClosed(error: NodeJS.ErrnoException | null): void {
    this.note('closed')
    if (error !== null) this.heard.push(error.code ?? error.message)
  }
  onFault(fault: unknown): void {
    this.heard.push((fault as Error).message)
    this.transport.reset()
  }
}

interface Pair {
  owner: Owner
  transport: Transport
  peer: RawClient
}

/** Transports over accepted sockets, each with its raw client. */
async function accepted(
  t: Test,
  mode: ReadMode,
  count = 1,
  before: (socket: net.Socket) => void = () => {},
): Promise<Pair[]> {
  const owners: Owner[] = []
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, socket => {
    before(socket)
    const owner = new Owner()
    owner.transport = Transport.accepted(socket, owner, mode)
    owners.push(owner)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const pairs: Pair[] = []
  for (let i = 0; i < count; i++) {
    const peer = await connectRaw({ port: (server.address() as net.AddressInfo).port })
    await until('accepted', () => owners.length === i + 1)
    const owner = owners[i]!
    t.teardown(() => {
      peer.destroy()
      owner.transport.destroy()
    })
    pairs.push({ owner, transport: owner.transport, peer })
  }
  return pairs
}

const one = async (t: Test, mode: ReadMode): Promise<Pair> => (await accepted(t, mode))[0]!

for (const mode of ['onread', 'data'] satisfies ReadMode[]) {
  test(`${mode}: bytes in and out; text is latin1; one write for what was gathered`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    await peer.send(Buffer.from([0x41, 0x80, 0xff, 0x0d, 0x0a]))
    await until('read', () => owner.text.length === 5)
    t.equal(owner.text, 'A\x80\xff\r\n')
    transport.write('head\xe9 ')
    transport.writeContent(Buffer.from('..content..'), 2, 9, false)
    t.equal(transport.bytesOut, 0, 'nothing before the flush')
    t.equal(transport.queuedTo, 13)
    transport.flush()
    t.equal(String(await peer.readBytes(13)), Buffer.from('head\xe9 content', 'latin1').toString())
    t.match(transport, { bytesIn: 5, bytesOut: 13, pressured: false, closed: false })
    t.match(transport.remoteAddress, '127.0.0.1')
    t.ok(transport.remotePort > 0)
  })

  test(`${mode}: queued data can be taken back until it is handed on`, async t => {
    const { transport, peer } = await one(t, mode)
    transport.write('first ')
    const mark = transport.queuedTo
    transport.write('second')
    t.equal(transport.takeBack(mark), true)
    transport.write('third')
    transport.flush()
    t.equal(String(await peer.readBytes(11)), 'first third')
    t.equal(transport.takeBack(mark), false)
    t.equal(transport.takeBack(transport.queuedTo), true, 'of nothing, nothing')
  })

  test(`${mode}: a FIN is reported once, and reading ends while writing continues`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    await peer.send('last')
    peer.halfClose()
    await until('fin', () => transport.finSeen)
    t.equal(owner.text, 'last')
    t.match(transport, { finSent: false, closed: false })
    transport.write('answer')
    transport.end()
    t.equal(transport.finSent, true)
    t.equal(String((await peer.readToEnd()).bytes), 'answer')
    await until('closed', () => transport.closed)
    t.same(owner.heard, ['fin', 'closed'])
  })

  test(`${mode}: end sends what is queued, and nothing after it`, async t => {
    const { transport, peer } = await one(t, mode)
    transport.write('all')
    transport.end()
    transport.write('never')
    transport.writeContent(Buffer.alloc(50_000), 0, 50_000, false)
    transport.flush()
    transport.end()
    const { bytes, how } = await peer.readToEnd()
    t.equal(String(bytes), 'all')
    t.equal(how, 'fin')
    await peer.send('still read')
  })

  test(`${mode}: a reset of the peer is reported as a reset`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    peer.reset()
    await until('closed', () => transport.closed)
    t.same(owner.heard, ['closed', 'ECONNRESET'])
    transport.write('x')
    transport.flush()
    transport.end()
    transport.reset()
    transport.destroy()
    transport.pause()
    transport.resume()
    t.same(owner.heard, ['closed', 'ECONNRESET'], 'nothing of that affects a closed transport')
  })

  test(`${mode}: reset sends a reset, destroy a FIN; neither sends what is queued`, async t => {
    for (const how of ['reset', 'destroy'] as const) {
      const { owner, transport, peer } = await one(t, mode)
      transport.write('sent')
      transport.flush()
      await peer.readUntil('sent')
      transport.write('queued')
      transport[how]()
      const end = await peer.readToEnd()
      t.equal(end.how, how === 'reset' ? 'reset' : 'fin')
      t.equal(end.bytes.length, 0)
      await until('closed', () => transport.closed)
      t.same(owner.heard, ['closed'])
    }
  })

  test(`${mode}: while paused, neither bytes nor a FIN are seen`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    await peer.send('before')
    await until('read', () => owner.text === 'before')
    transport.pause()
    t.equal(transport.isPaused, true)
    await peer.send('after')
    peer.halfClose()
    await settled()
    t.equal(owner.text, 'before')
    t.same(owner.heard, [])
    transport.resume()
    await until('the rest', () => transport.finSeen)
    t.equal(owner.text, 'beforeafter')
  })

  test(`${mode}: pausing within onBytes takes effect`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    owner.each = (bytes, from, to) => {
      owner.got.push(Buffer.from(bytes.subarray(from, to)))
      transport.pause()
    }
    await peer.send('a'.repeat(10))
    await until('read', () => owner.got.length === 1)
    await peer.send('b'.repeat(10))
    await settled()
    t.equal(owner.got.length, 1)
    transport.resume()
    await until('read again', () => owner.got.length === 2)
  })

  test(`${mode}: a peer that does not read causes pressure; onFlushed when it has taken everything`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    peer.pause()
    const content = Buffer.alloc(20_000_000, 'x')
    transport.write('head')
    transport.writeContent(content, 0, content.length, false)
    transport.flush()
    t.equal(transport.pressured, true)
    transport.write('tail')
    transport.flush()
    await settled()
    t.same(owner.heard, [])
    peer.resume()
    await peer.readBytes(20_000_008) // a closed window is reopened by probes, which may take seconds on a busy machine
    await until('flushed', () => owner.heard.length === 1)
    t.same(owner.heard, ['flushed'])
    t.equal(transport.pressured, false)
  })

  test(`${mode}: pressured and then reset: closed, and no onFlushed`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    peer.pause()
    transport.writeContent(Buffer.alloc(20_000_000), 0, 20_000_000, false)
    transport.flush()
    t.equal(transport.pressured, true)
    peer.reset()
    await until('closed', () => transport.closed)
    t.equal(owner.heard.includes('flushed'), false)
    t.equal(transport.pressured, false)
  })

  for (const call of ['bytes', 'fin', 'flushed', 'closed']) {
    test(`${mode}: an owner that throws in ${call} loses only its own connection`, async t => {
      const [mine, other] = (await accepted(t, mode, 2)) as [Pair, Pair]
      mine.owner.throwsIn = call
      if (call === 'flushed') {
        mine.peer.pause()
        mine.transport.writeContent(Buffer.alloc(20_000_000), 0, 20_000_000, false)
        mine.transport.flush()
        mine.peer.resume()
      } else if (call === 'bytes') await mine.peer.send('x')
      else if (call === 'fin') mine.peer.halfClose()
      else mine.peer.reset()
      await until('told', () => mine.owner.heard.includes(`a fault in ${call}`))
      await until('closed', () => mine.transport.closed)
      await other.peer.send('hello')
      await until('the other lives', () => other.owner.text === 'hello')
      t.same(other.owner.heard, [])
    })
  }

  test(`${mode}: an owner that throws even in onFault still loses its socket`, async t => {
    const { owner, transport, peer } = await one(t, mode)
    owner.throwsIn = 'bytes'
    owner.onFault = () => {
      throw new Error('again')
    }
    await peer.send('x')
    await peer.readToEnd()
    await until('closed', () => transport.closed)
  })

  test(`${mode}: a dialled transport`, async t => {
    const server = net.createServer({ allowHalfOpen: true }, socket =>
      socket.on('data', bytes => socket.end(`<${bytes}>`)),
    )
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.teardown(() => server.close())
    const { port } = server.address() as net.AddressInfo
    const owner = new Owner()
    owner.transport = Transport.dialed(owner, mode, onread => net.connect({ port, allowHalfOpen: true, ...onread }))
    await once(owner.transport.socket, 'connect')
    owner.transport.write('hello')
    owner.transport.flush()
    await until('fin', () => owner.transport.finSeen)
    t.equal(owner.text, '<hello>')
    owner.transport.end()
    await until('closed', () => owner.transport.closed)
    t.same(owner.heard, ['fin', 'closed'])
  })

  test(`${mode}: a dial that fails, and one that is reset before it is connected`, async t => {
    for (const how of ['refused', 'reset'] as const) {
      const owner = new Owner()
      owner.transport = Transport.dialed(owner, mode, onread => net.connect({ port: 1, host: '127.0.0.1', ...onread }))
      if (how === 'reset') owner.transport.reset()
      await until('closed', () => owner.transport.closed)
      t.same(owner.heard, how === 'refused' ? ['closed', 'ECONNREFUSED'] : ['closed'])
    }
  })
}

test('onread: a small read is in the shared buffer, one with a lease in its own', async t => {
  const pairs = await accepted(t, 'onread', 2)
  const seen: [Buffer, boolean][] = []
  for (const { owner, transport } of pairs) {
    owner.each = (bytes, from) => {
      seen.push([bytes, transport.isStable(bytes)])
      const what = String.fromCharCode(bytes[from]!)
      if (what === 'T') transport.lease.take()
      if (what === 'E') transport.lease.end(null)
    }
  }
  const [a, b] = pairs as [Pair, Pair]
  const read = async ({ peer }: Pair, what: string): Promise<[Buffer, boolean]> => {
    await peer.send(what)
    const count = seen.length + 1
    await until('read', () => seen.length === count)
    return seen[count - 1]!
  }
  t.same((await read(a, 'x'))[0] === SHARED, true)
  t.same((await read(b, 'x'))[0] === SHARED, true)
  await read(a, 'T')
  const [lease, stable] = await read(a, 'T')
  t.equal(lease.length, LEASE_BYTES)
  t.equal(stable, true)
  const [shared, unstable] = await read(b, 'x')
  t.equal(shared === SHARED, true, 'no other socket reads into it')
  t.equal(unstable, false)
  t.equal((await read(a, 'E'))[0] === lease, true)
  t.equal((await read(a, 'x'))[0] === SHARED, true)
})

test('onread: a lease that ends while its reader is pressured is returned only after the flush', async t => {
  const [from, to] = (await accepted(t, 'onread', 2)) as [Pair, Pair]
  to.peer.pause()
  to.transport.writeContent(Buffer.alloc(20_000_000), 0, 20_000_000, false)
  to.transport.flush()
  t.equal(to.transport.pressured, true)
  from.transport.lease.take()
  const lease = from.transport.lease.next()
  lease.fill('x')
  to.transport.writeContent(lease, 0, lease.length, true)
  to.transport.flush()
  from.transport.lease.end(to.transport)
  t.equal(from.transport.lease.next() === SHARED, true)
  from.transport.lease.take()
  t.equal(from.transport.lease.next() === lease, false, 'a different one, while a write points into the first')
  from.transport.lease.next().fill('y')
  to.peer.resume()
  await to.peer.readBytes(20_000_000)
  t.equal(String(await to.peer.readBytes(lease.length)), 'x'.repeat(lease.length))
  await until('flushed', () => !to.transport.pressured)
  from.transport.lease.end(to.transport)
})

test('onread: a lease that ends with a closed reader is never reused', async t => {
  const [from, to] = (await accepted(t, 'onread', 2)) as [Pair, Pair]
  from.transport.lease.take()
  const lease = from.transport.lease.next()
  to.transport.destroy()
  await until('closed', () => to.transport.closed)
  from.transport.lease.end(to.transport)
  for (let i = 0; i < 70; i++) {
    t.equal(from.transport.lease.next() === SHARED, true)
    from.transport.lease.take()
    t.equal(from.transport.lease.next() === lease, false)
    from.transport.lease.end(to.transport)
  }
})

test('onread: a lease ended between two reads holds the second one, and is not reused while its reader needs it', async t => {
  const [from, first, second] = (await accepted(t, 'onread', 3)) as [Pair, Pair, Pair]
  const buffers: Buffer[] = []
  let reader = first
  from.owner.each = (bytes, at, to) => {
    buffers.push(bytes)
    const stable = from.transport.isStable(bytes)
    if (buffers.length === 1) from.transport.lease.take()
    // More than the kernel takes, so that the writes that follow wait with a pointer into the lease.
    if (reader === second && !second.transport.pressured)
      second.transport.writeContent(Buffer.alloc(32 << 20), 0, 32 << 20, true)
    reader.transport.writeContent(bytes, at, to, stable)
    reader.transport.flush()
  }
  second.peer.pause()
  await from.peer.send('a')
  await until('the first read', () => buffers.length === 1)
  await from.peer.send(Buffer.alloc(20_000, 'b'))
  await until('a read into the lease', () => buffers.length > 1 && from.transport.bytesIn === 20_001)
  const lease = buffers.at(-1)!
  t.not(lease, SHARED)
  from.transport.lease.end(first.transport) // outside of a read
  reader = second
  await from.peer.send(Buffer.alloc(20_000, 'c'))
  await until('a read more', () => from.transport.bytesIn === 40_001)
  t.equal(second.transport.pressured, true)
  t.equal(buffers.at(-1), lease, 'the read into it was already set up')
  first.transport.lease.take()
  t.not(first.transport.lease.next(), lease, 'no other socket gets it while a write points into it')
})

/**
 * Relays from each source to its sink; the first sink does not read until the others have everything. All bytes arrive in
 * order.
 */
async function relays(t: Test, size: number, lease: (from: Transport, to: Transport) => void): Promise<Set<number>> {
  const lengths = new Set<number>()
  const sources = await accepted(t, 'onread', 4)
  const sinks = await accepted(t, 'onread', 4)
  for (const [i, { owner, transport }] of sources.entries()) {
    const { owner: sinkOwner, transport: sink } = sinks[i]!
    owner.each = (bytes, from, to) => {
      lengths.add(bytes.length)
      sink.writeContent(bytes, from, to, transport.isStable(bytes))
      sink.flush()
      if (sink.pressured) transport.pause()
      lease(transport, sink)
    }
    sinkOwner.onFlushed = () => transport.resume()
  }
  sinks[0]?.peer.pause()
  const sending = sources.map(({ peer }, i) => peer.send(Buffer.alloc(size, i + 1)))
  for (const i of [1, 2, 3]) {
    const bytes = await sinks[i]!.peer.readBytes(size)
    t.ok(bytes.equals(Buffer.alloc(size, i + 1)), `${i} got its own`)
  }
  sinks[0]?.peer.resume()
  t.ok((await sinks[0]!.peer.readBytes(size)).equals(Buffer.alloc(size, 1)))
  await Promise.all(sending)
  return lengths
}

test('one slow reader and fast ones: relays with leases, and no byte of another connection', async t => {
  await relays(t, 8 << 20, from => from.lease.take())
})

test('content that fills its leases gets long ones: slow and fast readers, and no byte of another connection', async t => {
  const lengths = await relays(t, 24 << 20, (from, to) => from.lease.suit(to))
  t.ok(lengths.has(LEASE_BYTES) && lengths.has(LONG_LEASE_BYTES), `read into ${[...lengths].join(', ')} bytes`)
})

test('a socket whose handle cannot read into our buffers is read by events', async t => {
  const [pair] = (await accepted(t, 'onread', 1, socket => {
    const handle = (socket as unknown as { _handle: { useUserBuffer?: unknown } })._handle
    Object.defineProperty(handle, 'useUserBuffer', { value: undefined })
  })) as [Pair]
  const seen: Buffer[] = []
  pair.owner.each = bytes => seen.push(bytes)
  await pair.peer.send('hello')
  await until('read', () => seen.length === 1)
  t.not(seen[0], SHARED)
  t.equal(pair.transport.isStable(seen[0]!), true, 'a buffer that Node allocated for us may be written in place')
  pair.transport.lease.take()
  t.equal(pair.transport.lease.next(), SHARED, 'and there is nothing to lease')
  pair.peer.halfClose()
  await until('fin', () => pair.transport.finSeen)
})
