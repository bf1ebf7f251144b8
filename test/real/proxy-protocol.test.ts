import * as net from 'node:net'
import { type Test, test } from 'tap'
import { TrustedPeers } from '../../lib/net/client/trusted-peers.js'
import { type ProxiedEnds, writeProxyPreface } from '../../lib/wire/proxy-protocol.js'
import { get, listeningPool, readAnswer } from '../support/answering-pool.js'
import { makeAuthority } from '../support/certificates.js'
import { rawClient, until } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { startHaproxy } from '../support/haproxy.js'
import { needs } from '../support/needs.js'
import { using } from '../support/secured-pool.js'

// The PROXY protocol, judged by its inventor: HAProxy in front of us, and behind us.

const HAPROXY = needs('haproxy')
const FROM = { from: new TrustedPeers(['127.0.0.1']) }

for (const [how, send] of [
  ['version 1', 'send-proxy'],
  ['version 2', 'send-proxy-v2'],
  ['version 2 with TLVs and a checksum', 'send-proxy-v2 proxy-v2-options crc32c,unique-id'],
] as const) {
  test(`HAProxy in front of us, ${how}: over IPv4 and over IPv6`, HAPROXY, async t => {
    const { port, handler } = await listeningPool(t, { proxyProtocol: FROM })
    const { ports } = await startHaproxy(
      t,
      `listen in
  mode tcp
  bind :::PORT1 v4v6
  unique-id-format %[uuid()]
  server us 127.0.0.1:${port} ${send}\n`,
    )
    for (const host of ['127.0.0.1', '::1']) {
      const socket = net.connect({ port: ports[0]!, host })
      const client = await rawClient(t, { port: 0, socket })
      for (const target of ['/1', '/2']) {
        await client.send(get(target))
        const { address, port: from, peerAddress, ends } = await readAnswer(client)
        t.same([address, from, peerAddress], [host, socket.localPort, '127.0.0.1'])
        t.same([ends.destination.replace('::ffff:', ''), ends.destinationPort], [host, ports[0]]) // it binds for both families
      }
    }
    t.same(
      handler.heard.filter(line => line.includes('client-preface')),
      [],
    )
  })
}

test('HAProxy passes TLS through to us, preceded by a preface', needs('haproxy', 'openssl', 'curl'), async t => {
  const authority = await makeAuthority(t)
  const tls = using([await authority.issue('localhost', 'DNS:localhost')])
  const { port } = await listeningPool(t, { proxyProtocol: FROM, tls })
  const sections = `listen in\n  mode tcp\n  bind 127.0.0.1:PORT1\n  server us 127.0.0.1:${port} send-proxy-v2\n`
  const { ports } = await startHaproxy(t, sections)
  const url = `https://localhost:${ports[0]}/`
  const { code, out } = await curl(t, '-4', '--cacert', authority.certFile, url, url)
  t.equal(code, 0)
  t.match(out, /"address":"127.0.0.1".*"peerAddress":"127.0.0.1","scheme":"https".*"target":"\/"/)
  t.match(out, `"destinationPort":${ports[0]}`)
})

test('HAProxy checks our health: LOCAL', HAPROXY, async t => {
  const { port, handler, pool } = await listeningPool(t, { proxyProtocol: FROM })
  await startHaproxy(
    t,
    `listen in
  mode http
  bind 127.0.0.1:PORT1
  option httpchk
  http-check send meth GET uri /health ver HTTP/1.1 hdr Host a
  server us 127.0.0.1:${port} send-proxy-v2 check check-send-proxy inter 100ms\n`,
  )
  await until('checked twice', () => pool.requests >= 2)
  t.match(handler.heard[0], 'c1 opened 127.0.0.1')
  t.same(
    handler.heard.filter(line => /preface|protocol/.test(line)),
    [],
  )
})

/** The addresses that HAProxy reads from a preface that we wrote. */
async function understood(t: Test, port: number, preface: Buffer): Promise<string> {
  const client = await rawClient(t, port)
  await client.send(Buffer.concat([preface, Buffer.from(get('/'))]))
  const { bytes } = await client.readToEnd()
  return String(bytes).split('\r\n\r\n')[1] ?? ''
}

test('HAProxy behind us reads what we write', HAPROXY, async t => {
  const { ports } = await startHaproxy(
    t,
    `frontend in
  mode http
  bind 127.0.0.1:PORT1 accept-proxy
  http-request return status 200 hdr Connection close content-type text/plain lf-string "%[src] %[src_port] %[dst] %[dst_port]"\n`,
  )
  const port = ports[0]!
  const rows: [Pick<ProxiedEnds, 'source' | 'destination'>, string][] = [
    [{ source: '192.0.2.1', destination: '198.51.100.2' }, '192.0.2.1 5555 198.51.100.2 443'],
    [{ source: '2001:db8::1', destination: '2001:db8:0:1::2' }, '2001:db8::1 5555 2001:db8:0:1::2 443'],
    [{ source: '::ffff:192.0.2.1', destination: '198.51.100.2' }, '192.0.2.1 5555 198.51.100.2 443'],
    [{ source: '192.0.2.1', destination: '2001:db8::2' }, '::ffff:192.0.2.1 5555 2001:db8::2 443'],
  ]
  for (const version of [1, 2] as const) {
    for (const [ends, expected] of rows) {
      const preface = writeProxyPreface(version, { ...ends, sourcePort: 5555, destinationPort: 443 })
      t.equal(await understood(t, port, preface), expected, `version ${version}`)
    }
    for (const nobody of ['local', { source: '', sourcePort: 0, destination: '', destinationPort: 0 }] as const)
      t.match(await understood(t, port, writeProxyPreface(version, nobody)), /^127\.0\.0\.1 \d+ 127\.0\.0\.1 \d+$/)
  }
})
