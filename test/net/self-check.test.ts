import { once } from 'node:events'
import * as net from 'node:net'
import { type Test, test } from 'tap'
import { systemClock } from '../../lib/net/clock.js'
import { handleOf, type StreamHandle } from '../../lib/net/socket/handle.js'
import { checkTransport } from '../../lib/net/socket/self-check.js'

/** The prototype of all TCP handles: changing it simulates another version of Node. */
async function sharedHandle(t: Test): Promise<StreamHandle & Record<string, unknown>> {
  const server = net.createServer(socket => socket.destroy()).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  const socket = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  const shared = Object.getPrototypeOf(handleOf(socket))
  socket.destroy()
  return shared
}

/** Another version of Node for the duration of a test: `instead` makes a replacement for method `name`. */
async function another(t: Test, name: string, instead: (ordinary: (...all: unknown[]) => unknown) => unknown) {
  const shared = await sharedHandle(t)
  const owner = ownerOf(shared, name)
  const ordinary = owner[name] as (...all: unknown[]) => unknown
  owner[name] = instead(ordinary)
  t.teardown(() => {
    owner[name] = ordinary
  })
}

function ownerOf(object: object, name: string): Record<string, unknown> {
  return Object.hasOwn(object, name)
    ? (object as Record<string, unknown>)
    : ownerOf(Object.getPrototypeOf(object) as object, name)
}

test('this version of Node reads and writes as expected', async t => {
  t.same(await checkTransport(systemClock), { works: true })
  t.same(await checkTransport(systemClock), { works: true }, 'also after it has learned how to write')
})

test('a Node that reads into another buffer', async t => {
  await another(t, 'useUserBuffer', () => () => undefined)
  t.match(await checkTransport(systemClock), { works: false, why: /came back changed/ })
})

test('a Node whose writes lose their last byte', async t => {
  await another(
    t,
    'writeLatin1String',
    ordinary =>
      function (this: unknown, request: unknown, text: string) {
        return ordinary.call(this, request, text.slice(0, -1))
      },
  )
  t.same(await checkTransport(systemClock, 300), { works: false, why: 'no data moved for 300 ms' })
})

test('a Node that mixes up the parts of a write', async t => {
  await another(
    t,
    'writeBuffer',
    ordinary =>
      function (this: unknown, request: unknown, bytes: Uint8Array) {
        return ordinary.call(this, request, Uint8Array.from(bytes).reverse())
      },
  )
  t.match(await checkTransport(systemClock), { works: false, why: /came back changed/ })
})

test('a Node that fails', async t => {
  await another(t, 'writeBuffer', () => () => {
    throw new TypeError('request is of another kind here')
  })
  t.match(await checkTransport(systemClock), { works: false, why: /of another kind here/ })
})
