import * as tls from 'node:tls'
import { test } from 'tap'
import { makeAuthority } from '../support/certificates.js'
import { startDaemon } from '../support/daemon.js'
import { nothingLost, startLoad, startUpstreams, toPort } from '../support/load.js'
import { needs } from '../support/needs.js'
import { freePort } from '../support/ports.js'

// A new configuration under load, on the real command with real upstreams: every request is counted at both ends.

const RELOADS = 40

/** Three servers, of which each generation uses two; groups, routes, certificates and one listener come and go. */
function generation(n: number, workers: number, ports: readonly number[], extraPort: number): string {
  const [one, other] = [ports[n % 3], ports[(n + 1) % 3]]
  const certificate = n % 2 === 0 ? 'even' : 'odd'
  const extra = `
  - address: 127.0.0.1:${extraPort}
    name: extra
    routes: [{ upstream: steady }]`
  return `
workers: ${workers}
logs: { access: { to: off } }
listeners:
  - address: 127.0.0.1:0
    name: web
    deadlines: { clientIdleMs: ${20_000 + n}, responseHeadMs: ${30_000 + n} }
    clients: { requestsPerSecond: ${n % 4 === 3 ? 1_000_000 : 0} }
    routes:
      - { path: /generation-${n}, upstream: steady }
      - { method: POST, upstream: steady }
      - { upstream: group-${n % 5}, responseFields: { set: { X-Generation: '${n}' } } }
  - address: '[::1]:0'
    name: secure
    tls: { certificates: [{ cert: ${certificate}.pem, key: ${certificate}.key }] }
    routes: [{ upstream: 'http://127.0.0.1:${one}' }]${n % 3 === 1 ? extra : ''}
upstreams:
  steady: { servers: ['http://127.0.0.1:${ports[0]}'], limits: { upstreamIdleMax: ${1 + (n % 7)} } }
  group-${n % 5}:
    balance: ${n % 2 === 0 ? 'round-robin' : 'least-connections'}
    servers: ['http://127.0.0.1:${one}', 'http://127.0.0.1:${other}']
deadlines: { connectMs: ${4_000 + n}, upstreamIdleMs: ${2_000 + 10 * n} }
`
}

for (const workers of [1, 2]) {
  test(`forty reloads under load, workers: ${workers}`, needs('openssl'), async t => {
    const authority = await makeAuthority(t)
    const [even, odd] = [await authority.issue('even', 'IP:::1'), await authority.issue('odd', 'IP:::1')]
    const files = { 'even.pem': even.cert, 'even.key': even.key, 'odd.pem': odd.cert, 'odd.key': odd.key }
    const upstreams = await startUpstreams(t, [0, 0, 0])
    const extraPort = await freePort()
    const daemon = await startDaemon(t, generation(0, workers, upstreams.ports, extraPort), { files })
    const began = performance.now()
    const web = startLoad({
      clients: { kept: 4, fresh: 4, post: 3, slow: 4, pipeline: 2 },
      pauseMs: 10,
      connect: toPort(daemon.port('web')),
    })
    const secure = startLoad({
      clients: { kept: 2, fresh: 1, post: 1 },
      pauseMs: 20,
      connected: 'secureConnect',
      connect: () => tls.connect({ port: daemon.port('secure'), host: '::1', ca: authority.cert }),
    })
    // This listener exists in every third generation only.
    const extra = startLoad({ clients: { kept: 2, fresh: 4 }, pauseMs: 5, connect: toPort(extraPort) })
    for (let n = 1; n <= RELOADS; n++) {
      const said = await daemon.reload(generation(n, workers, upstreams.ports, extraPort))
      if (!/^reloaded in/.test(String(said.msg))) t.fail('a reload was refused', { said })
    }
    const seconds = (performance.now() - began) / 1000
    const all = [web, secure, extra]
    nothingLost(t, 'web', await web.stop(), upstreams, seconds)
    nothingLost(t, 'over TLS', await secure.stop(), upstreams, seconds)
    const seen = await extra.stop()
    const { ECONNREFUSED = 0, ECONNRESET = 0 } = seen.unconnected
    // Closing a port resets connections that arrive at that moment, before hopwise sees them. Nothing else may be lost.
    const unseen = seen.lost.filter(({ how, nth }) => how === 'reset' && nth === 0)
    const lost = seen.lost.filter(one => !unseen.includes(one))
    nothingLost(t, 'the listener that comes and goes', { ...seen, unconnected: {}, lost }, upstreams, seconds)
    t.comment(
      `there: ${ECONNREFUSED} connections refused while it did not exist, ${unseen.length + ECONNRESET} reset unseen`,
    )
    t.same(
      daemon.lines().filter(({ level }) => level !== 'info'),
      [],
      'no warnings',
    )
    await daemon.end()
    const { client } = daemon.lines().at(-1) as { client: { accepted: number } }
    const connections = all.reduce((sum, one) => sum + one.seen.connections, 0)
    t.ok(client.accepted + unseen.length >= connections, 'what was reset was never accepted')
    t.ok(client.accepted <= connections + ECONNRESET)
  })
}
