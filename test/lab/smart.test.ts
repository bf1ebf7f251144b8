import * as net from 'node:net'
import t, { type Test } from 'tap'
import { Bench, party, type Scene } from '../../lib/lab/bench.js'
import type { Happening } from '../../lib/lab/events.js'
import { plain } from '../../lib/lab/said.js'
import { openSmart, type SmartOptions } from '../../lib/lab/smart.js'
import { IdealClock } from './ideal-clock.js'

// Raw sockets on both sides: the input and output of the smart proxy are checked byte by byte.

const ASKS = 'GET / HTTP/1.0\r\nHost: a\r\nProxy-Connection: Keep-Alive\r\n\r\n'
const AGREES = 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: Keep-Alive\r\nKeep-Alive: timeout=9\r\n\r\nok'

t.test('Proxy-Connection becomes its own Connection field, and the answer uses the field of the client', async t => {
  const { server, client } = await standing(t, { announceS: 5 })
  client.socket.write(ASKS)
  await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  server.socket().write(AGREES)
  await client.got(
    'HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: Keep-Alive\r\nKeep-Alive: timeout=5\r\n\r\nok',
  )
  client.socket.write(ASKS)
  await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  t.equal(server.sockets.length, 1, 'both hops persist')
})

t.test('a client that asks with Connection is answered with Connection, one that asks with both with both', async t => {
  const { server, client } = await standing(t)
  client.socket.write(
    'GET / HTTP/1.0\r\nConnection: x, KEEP-ALIVE\r\nKeep-Alive: 300\r\nproxy-connection: keep-alive\r\n\r\n',
  )
  await server.got('GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n')
  server.socket().write('HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n')
  await client.got(
    'HTTP/1.0 200 OK\r\nContent-Length: 0\r\nProxy-Connection: Keep-Alive\r\nConnection: Keep-Alive\r\n\r\n',
  )
})

t.test('the connection of a client that does not ask is closed, and the server is not asked, either', async t => {
  const { server, client } = await standing(t)
  client.socket.write('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  await server.got('GET / HTTP/1.0\r\nHost: a\r\n\r\n')
  server.socket().write('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok')
  await client.got('HTTP/1.0 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
  t.equal(await client.end(), 'end')
})

t.test('a server that does not agree gets a new connection, and the client keeps its own', async t => {
  const { server, client } = await standing(t)
  for (const nth of [1, 2]) {
    client.socket.write(ASKS)
    await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
    server.socket().end('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok')
    await client.got('HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: Keep-Alive\r\n\r\nok')
    t.equal(server.sockets.length, nth)
    await server.gone()
  }
})

t.test('a kept connection that the server ends while it is idle is not used again', async t => {
  const { server, client } = await standing(t)
  client.socket.write(ASKS)
  await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  server.socket().end(AGREES)
  await client.got('HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: Keep-Alive\r\n\r\nok')
  await server.gone()
  client.socket.write(ASKS)
  await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  t.equal(server.sockets.length, 2)
})

t.test('unrequested bytes of a kept server end its connection', async t => {
  const { server, client } = await standing(t)
  client.socket.write(ASKS)
  await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  server.socket().write(AGREES)
  await client.got('HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: Keep-Alive\r\n\r\nok')
  server.socket().write('HTTP/1.0 200 OK\r\n\r\nforged')
  await server.gone()
  t.equal(client.text(), '', 'and they go nowhere')
})

t.test('content is framed by its length, also if it came in chunks', async t => {
  const { server, client } = await standing(t)
  client.socket.write('POST /a HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhel')
  client.socket.write('lo')
  await server.got('POST /a HTTP/1.0\r\nContent-Length: 5\r\nConnection: Keep-Alive\r\n\r\nhello')
  server.socket().write('HTTP/1.1 100 Continue\r\n\r\n')
  server.socket().write('HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n')
  await client.got('HTTP/1.1 204 No Content\r\nConnection: Keep-Alive\r\n\r\n')
  client.socket.write(
    'POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n',
  )
  await server.got('POST /b HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello!')
})

t.test('a response without a length ends with the connection: chunks, and content until close', async t => {
  const chunked = await standing(t)
  chunked.client.socket.write(ASKS)
  await chunked.server.asked()
  chunked.server
    .socket()
    .write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n2\r\nok\r\n0\r\n\r\n')
  await chunked.client.got('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok')
  t.equal(await chunked.client.end(), 'end')

  const untilClose = await standing(t)
  untilClose.client.socket.write(ASKS)
  await untilClose.server.asked()
  untilClose.server.socket().end('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nall of it')
  await untilClose.client.got('HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nall of it')
  t.equal(await untilClose.client.end(), 'end')
})

t.test('a head-only answer has no content, whatever its length says', async t => {
  const { server, client } = await standing(t)
  client.socket.write('HEAD / HTTP/1.0\r\nProxy-Connection: Keep-Alive\r\n\r\n')
  await server.asked()
  server.socket().write('HTTP/1.0 200 OK\r\nContent-Length: 99\r\nConnection: Keep-Alive\r\n\r\n')
  await client.got('HTTP/1.0 200 OK\r\nContent-Length: 99\r\nProxy-Connection: Keep-Alive\r\n\r\n')
})

t.test(
  'a server that ends early: before the response the client is closed, in the middle of it the client is reset',
  async t => {
    const silent = await standing(t)
    silent.client.socket.write(ASKS)
    await silent.server.asked()
    silent.server.socket().end()
    t.equal(await silent.client.end(), 'end')
    t.equal(silent.client.text(), '')

    const half = await standing(t)
    half.client.socket.write(ASKS)
    await half.server.asked()
    half.server.socket().end('HTTP/1.0 200 OK\r\nContent-Length: 9\r\n\r\nhalf')
    t.equal(await half.client.end(), 'ECONNRESET')
  },
)

t.test('a server that does not answer with HTTP, and one that cannot be reached, end the client', async t => {
  const odd = await standing(t)
  odd.client.socket.write(ASKS)
  await odd.server.asked()
  odd.server.socket().write('this is no response\r\n\r\n')
  t.not(await odd.client.end(), '')

  const gone = await standing(t)
  gone.server.stop()
  gone.client.socket.write(ASKS)
  t.equal(await gone.client.end(), 'end')
})

t.test('requests that come at once are answered in turn; invalid requests and too much content are not', async t => {
  const { server, client } = await standing(t)
  client.socket.write(ASKS + ASKS.replace('GET /', 'GET /2'))
  await server.got('GET / HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')
  server.socket().write(AGREES)
  await server.got('GET /2 HTTP/1.0\r\nHost: a\r\nConnection: Keep-Alive\r\n\r\n')

  const odd = await standing(t)
  odd.client.socket.write('this is no request\r\n\r\n')
  t.not(await odd.client.end(), '')

  const large = await standing(t)
  large.client.socket.write(`POST / HTTP/1.0\r\nContent-Length: 2000000\r\n\r\n${'.'.repeat(2_000_000)}`)
  t.not(await large.client.end(), '')
  t.equal(large.server.sockets.length, 0)
})

t.test('a client that ends its side is answered and then ended; its server goes with it', async t => {
  const { server, client } = await standing(t)
  client.socket.end(ASKS)
  await server.asked()
  server.socket().write(AGREES)
  await client.got('HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: Keep-Alive\r\n\r\nok')
  t.equal(await client.end(), 'end')
  await server.gone()
})

t.test('it closes a client that is idle for too long, and reports which party it waits for', async t => {
  const { server, client, events } = await standing(t, { idleMs: 50 })
  client.socket.write(ASKS)
  await server.asked()
  server.socket().write(AGREES)
  await client.got('HTTP/1.0 200 OK\r\nContent-Length: 2\r\nProxy-Connection: Keep-Alive\r\n\r\nok')
  t.equal(await client.end(), 'end')
  await server.gone()
  const waits = events.flatMap(event =>
    event.kind === 'waits' ? [`${event.who} on ${event.on}`] : event.kind === 'goes-on' ? [`${event.who} goes on`] : [],
  )
  t.strictSame(waits, ['proxy on origin', 'proxy goes on', 'proxy on browser', 'proxy goes on'])
})

/** A smart proxy between a raw server and a connected raw client. */
async function standing(t: Test, options: SmartOptions = {}) {
  const events: Happening[] = []
  const bench = new Bench(1, new AbortController().signal, event => events.push(event), new IdealClock())
  t.teardown(() => bench.close())
  const scene = bench.scene('it', plain('it'), [party('client'), party('smart'), party('origin')])
  const server = await rawServer(t, scene)
  const smart = await openSmart(
    scene,
    'proxy',
    { party: 'origin', port: server.port, observes: false, expect() {} },
    options,
  )
  smart.expect('browser')
  const client = peer(t, net.connect({ port: smart.port, host: '127.0.0.1', allowHalfOpen: true }))
  bench.own(() => client.socket.destroy())
  return { server, client, events }
}

async function rawServer(t: Test, scene: Scene) {
  const peers: ReturnType<typeof peer>[] = []
  let accepted = () => {}
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    scene.bench.own(() => socket.destroy())
    peers.push(peer(t, socket))
    accepted()
  })
  const port = await scene.bench.listen(server)
  /** The newest connection, once there is one that has not been served. */
  const latest = async () => {
    while (peers.length === 0 || peers.at(-1)?.isOver()) await new Promise<void>(done => (accepted = done))
    return peers.at(-1)!
  }
  return {
    port,
    sockets: peers,
    socket: () => peers.at(-1)!.socket,
    got: async (text: string) => (await latest()).got(text),
    asked: async () => (await latest()).some(),
    gone: async () => peers.at(-1)!.end(),
    stop: () => server.close(),
  }
}

/** A socket with the bytes that came and were not read yet. */
function peer(t: Test, socket: net.Socket) {
  let text = ''
  let over = ''
  let changed = () => {}
  const change = (how = '') => {
    over ||= how
    changed()
  }
  socket.on('data', octets => {
    text += octets.toString('latin1')
    change()
  })
  socket.on('end', () => {
    change('end')
    socket.end()
  })
  socket.on('error', error => change((error as NodeJS.ErrnoException).code))
  socket.on('close', () => change('close'))
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>(done => (changed = done))
  }
  return {
    socket,
    text: () => text,
    isOver: () => over !== '',
    some: () => until(() => text !== '' || over !== ''),
    end: async () => {
      await until(() => over !== '')
      return over
    },
    /** Checks that exactly this came next. */
    async got(expected: string) {
      await until(() => text.length >= expected.length || over !== '')
      const came = text.slice(0, expected.length)
      text = text.slice(expected.length)
      t.equal(came, expected)
    },
  }
}
