import { test } from 'tap'
import { until } from '../support/conversation.js'
import { type ServingDaemon, startDaemon } from '../support/daemon.js'
import { startDnsmasq } from '../support/dnsmasq.js'
import { nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'
import { needs } from '../support/needs.js'
import { freePort } from '../support/ports.js'

// Servers that move to another address under load, with a real name server.

const configured = (port: number, nameserver: string) => `
logs: { access: { to: off } }
admin: { address: 127.0.0.1:0 }
listeners: [{ address: 127.0.0.1:0, routes: [{ upstream: app }] }]
upstreams:
  app:
    servers: ['http://app.test:${port}']
    resolve: { nameservers: ['${nameserver}'], minMs: 200, maxMs: 2000 }
`

/** The addresses of the members of the group. */
async function members({ admin }: ServingDaemon): Promise<string[]> {
  const status = (await (await fetch(`${admin}/status`)).json()) as { groups: { members: { name: string }[] }[] }
  return status.groups.flatMap(({ members }) => members.map(({ name }) => /\((.*)\)/.exec(name)?.[1] ?? name))
}

test('a name gets another address under load: the traffic moves, nothing is lost', needs('dnsmasq'), async t => {
  const port = await freePort()
  const places = ['127.0.0.1', '127.0.0.2', '127.0.0.3'].map(host => ({ host, port }))
  const sockets = [0, 0, 0]
  let which = 0
  const upstreams = await startUpstreams(t, places, server => {
    const at = which++
    server.on('connection', socket => {
      sockets[at]! += 1
      socket.on('close', () => {
        sockets[at]! -= 1
      })
    })
  })
  const { counts } = upstreams
  const dns = await startDnsmasq(t, { hosts: { 'app.test': ['127.0.0.1'] }, ttl: 1 })
  const daemon = await startDaemon(t, configured(port, dns.nameserver))
  const began = performance.now()
  const load = startLoad({
    clients: { kept: 4, fresh: 3, post: 3, slow: 3 },
    pauseMs: 3,
    connect: toPort(daemon.port()),
  })
  await until('the first has traffic', () => counts[0]! > 50)

  const changed = performance.now()
  await dns.hosts({ 'app.test': ['127.0.0.2'] })
  await until('the other has traffic', () => counts[1]! > 0)
  const moved = performance.now() - changed
  t.comment(`moved within ${Math.round(moved)} ms of the change, with a TTL of a second`)
  await until('no connections to the old address', () => sockets[0] === 0)
  t.same(await members(daemon), ['127.0.0.2'])
  const first = counts[0]!
  await until('more traffic', () => counts[1]! > 200)
  t.equal(counts[0], first, 'and none at the old address')

  // A container that is recreated has no name for a moment; the old one keeps getting requests while it finishes its work.
  await dns.hosts({})
  const asked = dns.asked()
  await until('the lookup has failed more than once', () => dns.asked() > asked + 4)
  t.same(await members(daemon), ['127.0.0.2'], 'a missing name is no reason to give up')
  await dns.hosts({ 'app.test': ['127.0.0.3'] })
  await until('the third has traffic', () => counts[2]! > 100)
  await until('no connections to the second address', () => sockets[1] === 0)
  t.same(await members(daemon), ['127.0.0.3'])

  // Two at once, and back to one.
  await dns.hosts({ 'app.test': ['127.0.0.1', '127.0.0.3'] })
  await until('both have traffic', () => counts[0]! > first)
  await dns.hosts({ 'app.test': ['127.0.0.1'] })
  await until('no connections to the third', () => sockets[2] === 0)
  nothingLost(t, 'four changes of a name', await load.stop(), upstreams, (performance.now() - began) / 1000)
  await daemon.end()
})
