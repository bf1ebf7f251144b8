import { scrypt } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { proxyStatusOf, rawClient, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { startNameServer } from '../support/name-server.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// Names that clients of a forward proxy choose, and name servers that do not answer for them. `*.silent.test` is never answered,
// `slow.test` when the test says so, and all other names are 127.0.0.1.

async function forward(t: Test, options: Partial<ProxyOptions> = {}) {
  let release = (): void => {}
  const slow = new Promise<void>(done => {
    release = done
  })
  const server = await startNameServer(t, async name => {
    if (name.endsWith('.silent.test')) return null
    if (name === 'slow.test') await slow
    return { addresses: ['127.0.0.1'] }
  })
  const origin = await scriptedOrigin(t, () => {})
  const running = await withProxy(t, {
    mode: 'forward',
    connectPorts: [origin.port],
    resolve: { nameservers: [server.nameserver] },
    ...options,
  })
  const ask = async (name: string, from = '127.0.0.1'): Promise<RawClient> => {
    const client = await rawClient(t, { port: running.port, localAddress: from, deadlineMs: 600_000 })
    await client.send(`CONNECT ${name}:${origin.port} HTTP/1.1\r\nHost: ${name}:${origin.port}\r\n\r\n`)
    return client
  }
  const pending = (): number => running.proxy.stats().lookups.pending
  const reached = (count: number) => until(`${count} lookups pending`, () => pending() === count, 600_000)
  return { ...running, server, origin, ask, pending, reached, release }
}

const NEVER = { deadlines: { resolveMs: 0 } }

/** Five tunnels at once to names that resolve. */
async function healthy({ ask }: Awaited<ReturnType<typeof forward>>, t: Test, from: string): Promise<void> {
  const clients = await Promise.all([1, 2, 3, 4, 5].map(nth => ask(`well${nth}.test`, from)))
  for (const client of clients) t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /)
}

for (const [whose, addressOf] of [
  ['one client', () => '127.0.0.1'],
  ['many clients', (nth: number) => `127.0.1.${1 + (nth % 100)}`],
] as const) {
  test(`200 silent names of ${whose}: five of five good names, files and passwords are served at once`, async t => {
    const it = await forward(t, NEVER)
    await Promise.all(Array.from({ length: 200 }, (_, nth) => it.ask(`n${nth}.silent.test`, addressOf(nth))))
    await it.reached(200)
    await healthy(it, t, '127.0.0.1')
    t.match(await readFile(new URL(import.meta.url), 'latin1'), /silent/)
    t.equal(((await promisify(scrypt)('a', 'b', 32)) as Buffer).length, 32)
    t.equal(it.pending(), 200, 'and the others wait for their own names')
  })
}

test('one client has only its share: its other lookups are refused, with the name of the setting', async t => {
  const it = await forward(t, { ...NEVER, limits: { lookupsPerAddressMax: 20 } })
  const clients = await Promise.all(Array.from({ length: 30 }, (_, nth) => it.ask(`n${nth}.silent.test`, '127.0.0.9')))
  await it.reached(20)
  await until('ten were refused', () => it.proxy.stats().lookups.refused.lookupsPerAddressMax === 10, 600_000)
  t.match(it.proxy.stats().lookups, { pending: 20, asked: 20, refused: { lookupsMax: 0, lookupsPerAddressMax: 10 } })
  await healthy(it, t, '127.0.0.1')
  const refused = clients.filter((_, nth) => it.exchanges.some(({ target }) => target.startsWith(`n${nth}.`)))
  t.equal(refused.length, 10)
  const answer = await readMessage(refused[0]!)
  t.equal(answer.status, 503)
  t.match(proxyStatusOf(answer), { error: 'dns_error', details: /20 lookups .* \(limits\.lookupsPerAddressMax\)/ })
})

test('the total number of lookups is limited', async t => {
  const it = await forward(t, { ...NEVER, limits: { lookupsMax: 2 } })
  for (const nth of [1, 2]) await it.ask(`n${nth}.silent.test`, `127.0.0.${nth}`)
  await it.reached(2)
  const answer = await readMessage(await it.ask('well.test', '127.0.0.3'))
  t.equal(answer.status, 503)
  t.match(proxyStatusOf(answer), { error: 'dns_error', details: /2 lookups .* \(limits\.lookupsMax\)/ })
  t.same(it.proxy.stats().lookups.refused, { lookupsMax: 1, lookupsPerAddressMax: 0 })
})

test('the client leaves: its lookup ends, unless another client waits for that name', async t => {
  const it = await forward(t, { ...NEVER, limits: { lookupsMax: 12 } })
  const clients = await Promise.all(Array.from({ length: 11 }, (_, nth) => it.ask(`n${nth}.silent.test`)))
  const first = await it.ask('slow.test')
  await it.reached(12)
  const second = await it.ask('slow.test')
  await until('both are being served', () => it.proxy.stats().exchanges.active === 13, 600_000)
  for (const client of clients) client.destroy()
  first.destroy()
  await it.reached(1)
  await healthy(it, t, '127.0.0.1')
  it.release()
  t.match(await second.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /)
  t.equal(it.pending(), 0)
})

test('the same for requests that wait for a connection of the pool', async t => {
  const it = await forward(t, { ...NEVER, limits: { upstreamConnectionsMax: 1 } })
  const plain = async (name: string) => {
    const client = await rawClient(t, { port: it.port, deadlineMs: 600_000 })
    await client.send(`GET http://${name}:${it.origin.port}/ HTTP/1.1\r\nHost: ${name}:${it.origin.port}\r\n\r\n`)
    return client
  }
  const first = await plain('a.silent.test')
  await it.reached(1)
  await plain('a.silent.test')
  await until('the second waits behind it', () => it.proxy.stats().upstream.waiting === 1, 600_000)
  first.destroy()
  await until('its turn has come', () => it.proxy.stats().upstream.waiting === 0, 600_000)
  t.match(it.proxy.stats(), { lookups: { pending: 1, asked: 2 }, upstream: { dialing: 1, waiting: 0 } })
})

test('resolveMs ends a lookup, and a reload changes it and the name servers', async t => {
  const clock = new FakeClock()
  const it = await forward(t, { clock, deadlines: { resolveMs: 2_000 } })
  const client = await it.ask('a.silent.test')
  await it.reached(1)
  clock.advance(2_000)
  const answer = await readMessage(client)
  t.equal(answer.status, 504)
  t.match(proxyStatusOf(answer), { error: 'dns_timeout', details: /deadlines\.resolveMs/ })
  t.equal(it.pending(), 0)
  const other = await startNameServer(t, () => ({ addresses: ['127.0.0.1'] }), { host: '127.0.0.2' })
  const { origin } = it
  it.proxy.update({
    mode: 'forward',
    allow: ['127.0.0.0/8'],
    connectPorts: [origin.port],
    clock,
    resolve: { nameservers: [other.nameserver] },
    deadlines: { resolveMs: 3_000 },
  })
  t.match(await (await it.ask('b.silent.test')).readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /)
  t.ok(other.asked.length > 0, 'the other server was asked')
})

test('a server of a group whose name has no answer yet is looked up at the name servers of the group only', async t => {
  let knows = false
  const server = await startNameServer(t, () => (knows ? { addresses: ['127.0.0.1'] } : { rcode: 'SERVFAIL' }))
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  })
  const { port, proxy } = await withProxy(t, {
    mode: 'reverse',
    clock: new FakeClock(), // so the name is not looked up again on its own
    routes: [{ upstream: 'app' }],
    upstreams: {
      app: { servers: [`http://app.inside:${origin.port}`], resolve: { nameservers: [server.nameserver] } },
    },
  })
  await new Promise(warned => proxy.on('warning', warned))
  knows = true
  const client = await rawClient(t, port)
  await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  t.match(await readMessage(client), { status: 200 })
})
