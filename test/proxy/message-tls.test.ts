import type * as net from 'node:net'
import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import { needs } from '../support/needs.js'
import { makeCertificate } from '../support/tls.js'
import { DATED, gateway, head, heard, ok } from './conversation.js'

// An upstream over TLS: what the end of its connection means.

const CHUNKED = 'Transfer-Encoding: chunked'

/** An origin over TLS that answers the first bytes of each connection. */
async function tlsOrigin(t: Test, serve: (socket: tls.TLSSocket) => void) {
  const { cert, key } = await makeCertificate(t)
  const server = tls.createServer({ key, cert }, socket => {
    socket.on('error', () => {})
    socket.once('data', () => serve(socket))
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as net.AddressInfo
  return { upstream: `https://127.0.0.1:${port}`, upstreamTls: { ca: cert } }
}

test('R215: a response over verified TLS, to its end by the length', needs('openssl'), async t => {
  const { connect } = await gateway(t, await tlsOrigin(t, socket => socket.write(ok('over TLS'))))
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  await heard(t, client, ok('over TLS'))
})

test('R97: content until close over TLS is complete if TLS ends with close_notify', needs('openssl'), async t => {
  const { connect } = await gateway(
    t,
    await tlsOrigin(t, socket => socket.end(`${head('HTTP/1.1 200 OK', DATED)}whole`)),
  )
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  await heard(t, client, `${head('HTTP/1.1 200 OK', DATED, CHUNKED)}5\r\nwhole\r\n0\r\n\r\n`)
})
