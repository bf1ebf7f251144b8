import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import * as http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { type Test, test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { startHopwise } from '../support/hopwise.js'
import { openHopwise } from '../support/open-hopwise.js'

// Client and server are the ws package: it implements RFC 6455, hopwise only sees an upgrade and a tunnel.

test('R154, R157, R159, R207: a WebSocket through reverse', async t => {
  const { port, heads } = await echoServer(t)
  const hopwise = await startHopwise(t, ['reverse', `http://127.0.0.1:${port}`])
  await converse(t, new WebSocket(`ws://127.0.0.1:${hopwise.port}/chat`, ['echo']))
  t.match(heads[0], { upgrade: 'websocket', connection: /^upgrade$/i, via: /^1\.1 /, 'sec-websocket-protocol': 'echo' })
  t.match(await hopwise.exchanged(1), [{ status: 101, outcome: 'tunnel' }])
})

test('R163: a WebSocket through forward, by CONNECT', async t => {
  const { port, heads } = await echoServer(t)
  const hopwise = await startHopwise(t, ['forward', '--allow', '127.0.0.1', '--connect-port', String(port)])
  const socket = await connectThrough(hopwise.port, `127.0.0.1:${port}`)
  await converse(t, new WebSocket(`ws://127.0.0.1:${port}/chat`, ['echo'], { createConnection: () => socket }))
  t.equal(heads[0]?.via, undefined, 'a tunnel adds nothing')
  t.match(await hopwise.exchanged(1), [{ method: 'CONNECT', outcome: 'tunnel' }])
})

test('a server that ends the connection ends the client’s, and the other way round', async t => {
  const { port, server } = await echoServer(t)
  const hopwise = await openHopwise(t, ['reverse', `http://127.0.0.1:${port}`])
  const client = new WebSocket(`ws://127.0.0.1:${hopwise.port}/`)
  await once(client, 'open')
  for (const peer of server.clients) peer.terminate()
  t.match(await once(client, 'close'), [1006])
  const other = new WebSocket(`ws://127.0.0.1:${hopwise.port}/`)
  await once(other, 'open')
  const [peer] = server.clients
  other.terminate()
  if (peer) await once(peer, 'close')
})

test('R160: a refused upgrade changes nothing: the refusal arrives', async t => {
  const origin = http.createServer((_request, response) => response.writeHead(403).end('no\n'))
  await new Promise<void>(done => origin.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    origin.close()
    origin.closeAllConnections()
  })
  const hopwise = await openHopwise(t, ['reverse', `http://127.0.0.1:${(origin.address() as AddressInfo).port}`])
  const client = new WebSocket(`ws://127.0.0.1:${hopwise.port}/`)
  const [error] = await once(client, 'error')
  t.match(error, { message: /Unexpected server response: 403/ })
})

async function converse(t: Test, client: WebSocket): Promise<void> {
  await once(client, 'open')
  t.equal(client.protocol, 'echo')
  for (const message of [Buffer.from('hello'), randomBytes(1_000_000), Buffer.alloc(0), randomBytes(70_000)]) {
    client.send(message)
    const [back] = (await once(client, 'message')) as [Buffer]
    t.ok(message.equals(back), `${message.length} bytes came back`)
  }
  client.ping('are you there?')
  t.equal(String((await once(client, 'pong'))[0]), 'are you there?', 'ping and pong are end to end')
  client.close(4_000, 'enough')
  t.match(await once(client, 'close'), [4_000])
}

async function echoServer(t: Test) {
  const heads: http.IncomingHttpHeaders[] = []
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (peer, request) => {
    heads.push(request.headers)
    peer.on('error', () => {})
    peer.on('message', (data, isBinary) => peer.send(data, { binary: isBinary }))
  })
  await once(server, 'listening')
  t.teardown(() => {
    for (const peer of server.clients) peer.terminate()
    server.close()
  })
  return { port: (server.address() as AddressInfo).port, heads, server }
}

async function connectThrough(proxyPort: number, authority: string): Promise<Socket> {
  const request = http.request({ port: proxyPort, host: '127.0.0.1', method: 'CONNECT', path: authority, agent: false })
  request.end()
  const [response, socket] = (await once(request, 'connect')) as [http.IncomingMessage, Socket]
  if (response.statusCode !== 200) throw new Error(`CONNECT was answered ${response.statusCode}`)
  return socket
}
