import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { type Authority, type MadeCertificate, makeAuthority } from '../support/certificates.js'
import { exchange, rawClient, request, settled } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { needs } from '../support/needs.js'
import { readMessage } from '../support/raw-message.js'
import { until } from './conversation.js'
import { answers, fleet, type Grouped, routed } from './fleet.js'

// TLS toward clients, and what routes and upstreams learn about it.

const client = async (t: Test, port: number, { cert }: Authority, options: tls.ConnectionOptions = {}) => {
  const socket = tls.connect({ port, host: '127.0.0.1', servername: 'app.example', ca: cert, ...options })
  socket.on('error', () => {})
  await new Promise<void>((done, failed) => socket.once('secureConnect', done).once('error', failed))
  return { socket, raw: await rawClient(t, { port: 0, socket }) }
}

const pair = ({ cert, key }: MadeCertificate) => ({ cert, key })

test(
  'https: X-Forwarded-Proto says so, the sticky cookie is Secure, and it is in the record',
  needs('openssl', 'curl'),
  async t => {
    const [a, b] = await fleet(t, 'a', 'b')
    const authority = await makeAuthority(t)
    const certificate = await authority.issue('app', 'DNS:app.example')
    const { port, exchanged } = await routed(t, {
      routes: [{ host: 'app.example', upstream: 'app' }],
      upstreams: { app: { servers: [a!.url, b!.url], sticky: { cookie: 'hw' } } },
      tls: { certificates: [pair(certificate)] },
      xForwarded: true,
    })
    const { code, out, err } = await curl(
      t,
      ...['-D', '-', '--cacert', authority.certFile, '--resolve', `app.example:${port}:127.0.0.1`],
      ...[`https://app.example:${port}/one`, `https://app.example:${port}/two`],
    )
    t.equal(code, 0, err)
    t.match(out, /Set-Cookie: hw=[0-9a-z]+; Path=\/; HttpOnly; SameSite=Lax; Secure\r\n/)
    const asked = [...a!.asked, ...b!.asked]
    t.equal(asked.length, 2)
    for (const one of asked) {
      t.equal(one.field('X-Forwarded-Proto'), 'https')
      t.equal(one.field('X-Forwarded-Host'), `app.example:${port}`)
    }
    t.match(await exchanged(2), [
      { scheme: 'https', client: { nth: 1 } },
      { scheme: 'https', client: { nth: 2 } },
    ])
  },
)

test('R126: an https target is one of ours over TLS, and refused in the clear', needs('openssl'), async t => {
  const [a] = await fleet(t, 'a')
  const authority = await makeAuthority(t)
  const certificate = await authority.issue('app', 'DNS:app.example')
  const secured = await routed(t, { routes: [{ upstream: a!.url }], tls: { certificates: [pair(certificate)] } })
  const plain = await routed(t, { routes: [{ upstream: a!.url }] })
  const text = request('GET', 'https://app.example/x')
  const { raw } = await client(t, secured.port, authority)
  t.equal((await exchange(raw, text)).status, 200)
  t.equal((await exchange(await plain.connect(), text)).status, 421)
})

async function updated(t: Test) {
  const [a] = await fleet(t, 'a')
  const authority = await makeAuthority(t)
  const [first, second] = [
    await authority.issue('first', 'DNS:app.example'),
    await authority.issue('second', 'DNS:app.example'),
  ]
  const options = (certificate: MadeCertificate): Partial<ProxyOptions> => ({
    routes: [{ upstream: a!.url }],
    tls: { certificates: [pair(certificate)] },
  })
  const running: Grouped = await routed(t, options(first))
  const renew = (certificate: MadeCertificate | null): void =>
    running.proxy.update({
      mode: 'reverse',
      name: 'edge',
      clock: running.clock,
      ...(certificate === null ? { routes: [{ upstream: a!.url }] } : options(certificate)),
    })
  return { authority, first, second, running, renew }
}

const nameOf = ({ socket }: { socket: tls.TLSSocket }): string => socket.getPeerCertificate().subject.CN as string

test('a new certificate is shown to new connections, and no connection is lost for it', needs('openssl'), async t => {
  const { authority, second, running, renew } = await updated(t)
  const before = await client(t, running.port, authority)
  t.equal(nameOf(before), 'first')
  t.equal(await answers(before.raw, 1), 'a')
  await before.raw.send('GET / HT')
  await settled()
  renew(second)
  const after = await client(t, running.port, authority)
  t.equal(nameOf(after), 'second')
  await before.raw.send('TP/1.1\r\nHost: a\r\n\r\n')
  t.equal(String((await readMessage(before.raw)).content), 'a')
  t.equal(await answers(before.raw, 2), 'aa')
  t.throws(() => renew({ ...second, key: 'none' }), TypeError)
  t.equal(nameOf(await client(t, running.port, authority)), 'second')
})

test('from TLS to none and back', needs('openssl'), async t => {
  const { authority, first, running, renew } = await updated(t)
  const secured = await client(t, running.port, authority)
  renew(null)
  t.equal(await answers(await running.connect(), 1), 'a')
  t.equal(await answers(secured.raw, 1), 'a')
  renew(first)
  const refused = await exchange(await running.connect(), request('GET', '/'))
  t.equal(refused.status, 400)
  t.match(String(refused.content), /https/)
  t.equal(await answers((await client(t, running.port, authority)).raw, 1), 'a')
  await until(() => running.proxy.stats().client.closes['client-tls'] !== undefined || true)
})
