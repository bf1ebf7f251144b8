import * as net from 'node:net'
import { type Test, test } from 'tap'
import { connectRaw } from '../support/raw-client.js'

test('reads up to a text, a number of bytes, a pattern and the end', async t => {
  const client = await connectRaw({
    port: await serve(t, socket => socket.end('one\r\ntwo\r\n\x00\xff3:rest', 'latin1')),
  })
  t.equal(await client.readUntil('\r\n'), 'one\r\n')
  t.equal(await client.readUntil(/two\s+/), 'two\r\n')
  t.equal(await client.readUntil(Buffer.from([0x00, 0xff])), '\x00\xff')
  t.same(await client.readBytes(1), Buffer.from('3'))
  const { bytes, how } = await client.readToEnd()
  t.equal(String(bytes), ':rest')
  t.equal(how, 'fin')
  t.equal(client.received.toString('latin1'), 'one\r\ntwo\r\n\x00\xff3:rest')
  client.destroy()
})

test('a timeout says what was awaited and what arrived instead', async t => {
  const client = await connectRaw({ port: await serve(t, socket => socket.write('hello')) })
  await waitFor(() => client.waiting.length === 5)
  await t.rejects(client.readUntil('bye', 50), /waited for bye: no match within 50 ms; it has "hello"/)
  await client.silence(20)
  client.destroy()
})

test('an end before the pattern is an error, and so is an interrupted silence', async t => {
  const port = await serve(t, socket => setTimeout(() => socket.end('x'), 20))
  const client = await connectRaw({ port })
  await t.rejects(client.silence(60_000), /but received "x"/)
  await t.rejects(client.readUntil('y'), /the peer ended the connection \(fin\)/)
  client.destroy()
  const other = await connectRaw({ port: await serve(t, socket => setTimeout(() => socket.end(), 20)) })
  await t.rejects(other.silence(60_000), /the peer ended/)
  other.destroy()
})

test('a large amount in many pieces has linear cost, not quadratic', async t => {
  const [pieces, piece] = [400, Buffer.alloc(10_000, 'x')]
  const client = await connectRaw({
    port: await serve(t, async socket => {
      for (let nth = 0; nth < pieces; nth++) await new Promise(done => socket.write(piece, done))
      socket.end('.')
    }),
  })
  const stores = new Set<ArrayBufferLike>()
  const reading = client.readUntil('.')
  while (client.waiting.length > 0 || client.ended === '') {
    stores.add(client.received.buffer)
    await new Promise(done => setImmediate(done))
    if (client.ended) break
  }
  t.equal((await reading).length, pieces * piece.length + 1)
  t.ok(stores.size < 25, `joined ${stores.size} times`)
  client.destroy()
})

test('distinguishes a reset from a FIN, and sends both', async t => {
  const seen: string[] = []
  const port = await serve(t, socket => {
    socket.on('end', () => seen.push('fin'))
    socket.on('error', error => seen.push((error as NodeJS.ErrnoException).code ?? ''))
    socket.on('data', () => socket.resetAndDestroy())
  })
  const client = await connectRaw({ port })
  client.halfClose()
  await waitFor(() => seen.length === 1)
  client.destroy()
  const second = await connectRaw({ port })
  second.reset()
  await waitFor(() => seen.length === 2)
  t.same(seen, ['fin', 'ECONNRESET'])
  const third = await connectRaw({ port })
  await third.send('x')
  t.equal((await third.readToEnd()).how, 'reset')
  t.match(
    third.events.map(event => event.what),
    ['connected', 'sent', 'reset'],
  )
  t.match(third.name, /^127\.0\.0\.1:\d+$/)
})

test('stops reading and continues', async t => {
  const client = await connectRaw({ port: await serve(t, socket => setTimeout(() => socket.write('late'), 20)) })
  client.pause()
  await client.silence(60)
  client.resume()
  t.equal(await client.readUntil('late'), 'late')
  client.destroy()
})

test('a refused connection is a connection error', async t => {
  const port = await serve(t, () => {}, true)
  await t.rejects(connectRaw({ port }), { code: 'ECONNREFUSED' })
})

async function serve(t: Test, accept: (socket: net.Socket) => void, closed = false): Promise<number> {
  const sockets = new Set<net.Socket>()
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket.on('error', () => {}))
    accept(socket)
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as net.AddressInfo
  const stop = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise(done => server.close(done))
  }
  if (closed) await stop()
  else t.teardown(stop)
  return port
}

async function waitFor(seen: () => boolean): Promise<void> {
  while (!seen()) await new Promise(done => setImmediate(done))
}
