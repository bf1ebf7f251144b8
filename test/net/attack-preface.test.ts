import { test } from 'tap'
import { connect, head, ok } from '../proxy/conversation.js'
import { fleet, routed, server } from '../proxy/fleet.js'
import { exchange, request, settled } from '../support/conversation.js'

// The PROXY protocol: pretending to be another client, or none.

const v1 = (source: string, family = 'TCP4', destination = '192.0.2.1'): string =>
  `PROXY ${family} ${source} ${destination} 4711 80\r\n`

function v2(family: number, ends: Buffer, more: Buffer = Buffer.alloc(0)): Buffer {
  const start = Buffer.from([...Buffer.from('\r\n\r\n\0\r\nQUIT\n'), 0x21, family, 0, 0])
  start.writeUInt16BE(ends.length + more.length, 14)
  return Buffer.concat([start, ends, more])
}
const six = (address: number[]): Buffer => Buffer.from([...address, ...new Array<number>(16).fill(1), 0, 1, 0, 80])
const MAPPED = [...new Array<number>(10).fill(0), 0xff, 0xff, 10, 6, 6, 6]

const DENIED: readonly (readonly [what: string, preface: Buffer | string])[] = [
  ['the address', v1('10.6.6.6')],
  ['mapped, in v1', v1('::ffff:10.6.6.6', 'TCP6', '::1')],
  ['mapped, in hexadecimal', v1('::ffff:a06:606', 'TCP6', '::1')],
  ['mapped, written out', v1('0:0:0:0:0:FFFF:0A06:0606', 'TCP6', '::1')],
  ['mapped, in v2', v2(0x21, six(MAPPED))],
]
for (const [what, preface] of DENIED)
  test(`a denied client is denied however its address is written: ${what}`, async t => {
    const [a] = await fleet(t, 'a')
    const { port } = await routed(t, {
      routes: [{ upstream: a!.url }],
      proxyProtocol: { from: ['127.0.0.0/8'] },
      clients: { deny: ['10.6.6.0/24'] },
    })
    const client = await connect(t, port)
    await client.send(preface)
    await client.send(request('GET', '/')).catch(() => {})
    t.equal((await client.readToEnd()).how, 'reset')
    t.equal(a!.connections.length, 0)
  })

test('a preface from an untrusted peer is a bad request, and its address is ignored', async t => {
  const [a] = await fleet(t, 'a')
  const { port, exchanged } = await routed(t, {
    routes: [{ upstream: a!.url }],
    proxyProtocol: { from: ['10.0.0.0/8'] },
  })
  for (const preface of [v1('10.6.6.6'), v2(0x11, Buffer.from([10, 6, 6, 6, 1, 1, 1, 1, 0, 1, 0, 80]))]) {
    const client = await connect(t, port)
    await client.send(Buffer.concat([Buffer.from(preface), Buffer.from(request('GET', '/'))]))
    t.match((await client.readToEnd()).bytes.toString(), /^HTTP\/1\.1 400 /)
  }
  t.equal(a!.connections.length, 0)
  t.ok((await exchanged(2)).every(({ client }) => client.address === '127.0.0.1'))
})

test('a second preface after the first is an invalid request', async t => {
  const [a] = await fleet(t, 'a')
  const { port } = await routed(t, { routes: [{ upstream: a!.url }], proxyProtocol: { from: ['127.0.0.0/8'] } })
  const client = await connect(t, port)
  await client.send(`${v1('192.0.2.7')}${v1('10.0.0.1')}${request('GET', '/')}`)
  t.match((await client.readToEnd()).bytes.toString(), /^HTTP\/1\.1 400 /)
  t.equal(a!.connections.length, 0)
})

test('a preface with the largest permitted block is read byte by byte, and what follows is not lost', async t => {
  const [a] = await fleet(t, 'a')
  const { port, exchanged } = await routed(t, {
    routes: [{ upstream: a!.url }],
    proxyProtocol: { from: ['127.0.0.0/8'] },
  })
  const tlv = Buffer.alloc(4_096 - 12)
  tlv[0] = 0xe0
  tlv.writeUInt16BE(tlv.length - 3, 1)
  const text = Buffer.concat([
    v2(0x11, Buffer.from([192, 0, 2, 7, 1, 1, 1, 1, 0, 1, 0, 80]), tlv),
    Buffer.from(request('GET', '/')),
  ])
  const client = await connect(t, port)
  for (let at = 0; at < text.length; at += 37) {
    await client.send(text.subarray(at, at + 37))
    if (at % 370 === 0) await settled(1)
  }
  t.equal(await client.readUntil('\r\n'), 'HTTP/1.1 200 OK\r\n')
  t.equal((await exchanged(1))[0]?.client.address, '192.0.2.7')
})

test('a connection to a server that requires a preface is never used for another client', async t => {
  const told: string[] = []
  const a = await server(t, 'a', (connection, { head: asked }, nth) => {
    told.push(`${nth} ${asked.slice(0, asked.indexOf('\r\n'))}`)
    return connection.send(ok('a'))
  })
  const { port } = await routed(t, {
    routes: [{ upstream: 'app' }],
    upstreams: { app: { servers: [a.url], proxyProtocol: 'v1' } },
    proxyProtocol: { from: ['127.0.0.0/8'] },
  })
  // The line of version 1 reads as a start line to the server here, and what follows as its fields.
  for (const source of ['192.0.2.1', '192.0.2.2', '192.0.2.1']) {
    const client = await connect(t, port)
    await client.send(v1(source))
    t.equal((await exchange(client, head('GET / HTTP/1.1', 'Host: a'))).status, 200)
  }
  t.same(
    told.map(line => /^\d PROXY TCP4 (\S+)/.exec(line)?.[1]),
    ['192.0.2.1', '192.0.2.2', '192.0.2.1'],
  )
  t.equal(new Set(told.map(line => line[0])).size, 3, 'each on its own connection')
})
