import { once } from 'node:events'
import * as net from 'node:net'
import { test } from 'tap'
import type * as handleModule from '../../lib/net/socket/handle.js'
import { Transport, type TransportOwner } from '../../lib/net/socket/transport.js'
import { until } from '../support/conversation.js'
import { connectRaw } from '../support/raw-client.js'

type Handle = handleModule.StreamHandle
type Result = ReturnType<NonNullable<Handle['writeLatin1String']>>

/** The module as in a new process: it has learned nothing yet. */
let copies = 0
const fresh = async (): Promise<typeof handleModule> => await import(`../../lib/net/socket/handle.js?copy=${++copies}`)

/** A handle that records what is written, and answers as configured. */
function fakeHandle(): { handle: Handle & { writeQueueSize: number }; written: unknown[]; answers: Result[] } {
  const written: unknown[] = []
  const answers: Result[] = []
  const handle = {
    writeQueueSize: 0,
    writeLatin1String: (request: unknown, text: string) => note(request, text),
    writeBuffer: (request: unknown, octets: Uint8Array) => note(request, octets),
    writev: (request: unknown, chunks: unknown[]) => note(request, chunks),
  }
  function note(request: unknown, data: unknown): Result {
    written.push(request, data)
    return answers.shift() ?? 0
  }
  return { handle, written, answers }
}

class Writer {
  readonly told: number[] = []
  onWritten(status: number): void {
    this.told.push(status)
  }
}

/** Node's own record, as versions up to 24 make it. */
class WriteRecord {
  asyncId = -1
  getAsyncId(): number {
    return this.asyncId
  }
  oncomplete?: (status: number) => void
}

test('a record is given: one for all writes that are taken at once, a new one after a write that is not', async t => {
  const { writeDirect } = await fresh()
  const { handle, written, answers } = fakeHandle()
  const writer = new Writer()
  t.equal(writeDirect(handle, ['content', Buffer.from('first')], writer), null, 'Node will not write this as text')
  t.equal(Object.hasOwn(handle, 'writeLatin1String') && written.length, 0)
  t.equal(writeDirect(handle, 'before it is learned', writer), null)
  t.equal(written.length, 0)
  handle.writeLatin1String!(new WriteRecord(), 'a write of Node itself')
  t.equal(Object.hasOwn(handle, 'writeLatin1String'), false, 'writes are no longer intercepted')
  let underWay = false
  handle.writeLatin1String = (request, text) => {
    if (underWay) (request as unknown as WriteRecord).asyncId = 5
    written.push(request, text)
    return answers.shift() ?? 0
  }
  written.length = 0

  t.equal(writeDirect(handle, 'one', writer), 0)
  t.equal(writeDirect(handle, ['two', Buffer.from('2')], writer), 0)
  t.equal(writeDirect(handle, [Buffer.from('three')], writer), 0)
  t.type(written[0], WriteRecord)
  t.equal(written[2], written[0])
  t.equal(written[4], written[0])
  t.strictSame(
    [written[1], written[3], written[5]],
    ['one', ['two', 'latin1', Buffer.from('2'), 'buffer'], Buffer.from('three')],
  )

  answers.push(-32)
  t.equal(writeDirect(handle, 'four', writer), -32, 'the error')
  underWay = true // with nothing queued any more: the kernel took the rest a moment later
  t.equal(writeDirect(handle, 'five', writer), 1, 'not at once')
  const pending = written.at(-2) as WriteRecord
  underWay = false
  t.equal(writeDirect(handle, 'six', writer), 0)
  t.not(written.at(-2), pending, 'the record is still in use')
  t.strictSame(writer.told, [])
  pending.oncomplete!(0)
  t.strictSame(writer.told, [0])
})

test('a record is made by Node if it needs one', async t => {
  const { writeDirect } = await fresh()
  const { handle, written, answers } = fakeHandle()
  const writer = new Writer()
  const { writeLatin1String } = handle
  t.equal(writeDirect(handle, 'before it is learned', writer), null)
  handle.writeLatin1String!(null, 'a write of Node itself')
  handle.writeLatin1String = writeLatin1String!
  written.length = 0

  t.equal(writeDirect(handle, 'one', writer), 0)
  t.equal(written[0], null)
  answers.push(-104)
  t.equal(writeDirect(handle, 'two', writer), -104)
  const pending = { writeStatus: null, getAsyncId: () => 5 } as Exclude<Result, number>
  answers.push(pending)
  t.equal(writeDirect(handle, 'three', writer), 1)
  pending.oncomplete!(-32)
  t.strictSame(writer.told, [-32])
  answers.push({ writeStatus: -32, getAsyncId: () => -1 })
  t.equal(writeDirect(handle, 'four', writer), -32, 'it ended before a callback could be set')
  answers.push({ writeStatus: null, getAsyncId: () => -1 })
  t.ok(writeDirect(handle, 'five', writer)! < 0, 'it was not even begun')
})

test('nothing is learned from a socket that ends before it writes; the next one is tried, but not forever', async t => {
  const { writeDirect } = await fresh()
  for (let i = 0; i < 7; i++) t.equal(writeDirect(fakeHandle().handle, 'x', new Writer()), null)
  const { handle, written } = fakeHandle()
  const { writeLatin1String } = handle
  t.equal(writeDirect(handle, 'x', new Writer()), null)
  handle.writeLatin1String!(null, 'a write of Node itself')
  handle.writeLatin1String = writeLatin1String!
  t.equal(writeDirect(handle, 'y', new Writer()), 0)
  t.equal(written.at(-1), 'y')

  const slow = await fresh()
  for (let i = 0; i < 8; i++) slow.writeDirect(fakeHandle().handle, 'x', new Writer())
  const late = fakeHandle()
  const own = late.handle.writeLatin1String
  t.equal(slow.writeDirect(late.handle, 'x', new Writer()), null)
  t.equal(late.handle.writeLatin1String, own, 'writes are no longer intercepted')
})

test('a handle that lacks a method is never written to directly, nor any after it', async t => {
  const { writeDirect } = await fresh()
  const lame = fakeHandle().handle
  delete lame.writev
  t.equal(writeDirect(lame, 'x', new Writer()), null)
  const { handle, written } = fakeHandle()
  t.equal(writeDirect(handle, 'x', new Writer()), null)
  t.strictSame(written, [])
})

test('this Node version: from the second write on the stream is bypassed, and everything arrives in order', async t => {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true })
  t.teardown(() => server.close())
  let transport!: Transport
  const closed: (NodeJS.ErrnoException | null)[] = []
  const owner: TransportOwner = {
    onBytes() {},
    onFin() {},
    onFlushed() {},
    onClosed: error => void closed.push(error),
    onFault: fault => t.fail(String(fault)),
  }
  server.on('connection', socket => {
    transport = Transport.accepted(socket, owner, 'onread')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = await connectRaw({ port: (server.address() as net.AddressInfo).port })
  t.teardown(() => client.destroy())
  await until('accepted', () => transport !== undefined)
  transport.write('first,')
  transport.flush()
  let streamed = 0
  const { write } = transport.socket
  transport.socket.write = function (this: net.Socket, ...args: Parameters<typeof write>) {
    streamed++
    return write.apply(this, args)
  } as typeof write
  const content = Buffer.alloc(20_000, 'c')
  transport.write('second,')
  transport.flush()
  transport.write('third,')
  transport.writeContent(content, 0, content.length, false)
  transport.write('fourth')
  transport.flush()
  t.equal(streamed, 0)
  const expected = `first,second,third,${content}fourth`
  t.equal(String(await client.readBytes(expected.length)), expected)

  client.destroy()
  await until('closed', () => {
    transport.write('x')
    transport.flush()
    return closed.length > 0
  })
  t.match(closed, [{ code: /EPIPE|ECONNRESET/ }], 'a write that fails ends the connection')
})
