import { test } from 'tap'
import { curl } from '../support/curl.js'
import { startDaemon } from '../support/daemon.js'
import { startHaproxy } from '../support/haproxy.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { freePort } from '../support/ports.js'

// The client's address, through HAProxy in front of the real command and nginx behind it.

const NEEDS = needs('haproxy', 'nginx', 'curl')

for (const [version, send, workers] of [
  ['v1', 'send-proxy', 1],
  ['v2', 'send-proxy-v2', 1],
  ['v2', 'send-proxy-v2', 2],
] as const) {
  test(`HAProxy, hopwise, nginx: ${version}, workers: ${workers}`, NEEDS, async t => {
    const proxied = await freePort()
    const nginx = await startNginx(t, {
      server: `listen 127.0.0.1:${proxied} proxy_protocol;
    location / { return 200 "$http_x_forwarded_for|$proxy_protocol_addr|$remote_addr\\n"; }`,
    })
    const daemon = await startDaemon(
      t,
      `
workers: ${workers}
listeners:
  - address: 127.0.0.1:0
    proxyProtocol: { from: [127.0.0.1] }
    routes: [{ path: /proxied, upstream: proxied }, { upstream: plain }]
upstreams:
  plain: { servers: ['http://127.0.0.1:${nginx.port}'] }
  proxied: { servers: ['http://127.0.0.1:${proxied}'], proxyProtocol: ${version} }
`,
    )
    const { ports } = await startHaproxy(
      t,
      `listen in\n  mode tcp\n  bind 127.0.0.1:PORT1\n  server us 127.0.0.1:${daemon.port()} ${send}\n`,
    )
    const url = `http://127.0.0.1:${ports[0]}`
    const asked = (path: string) => curl(t, '--interface', '127.0.0.9', `${url}${path}`, `${url}${path}`)
    t.match(await asked('/'), { code: 0, out: '127.0.0.9||127.0.0.1\n127.0.0.9||127.0.0.1\n' }, 'in')
    t.match(await asked('/proxied'), { code: 0, out: '127.0.0.9|127.0.0.9|127.0.0.1\n'.repeat(2) }, 'in and out')
    // A peer that is not trusted keeps its own address, and a preface from it is not a request.
    const direct = await curl(t, '--interface', '127.0.0.9', `http://127.0.0.1:${daemon.port()}/`)
    t.match(direct, { code: 0, out: '127.0.0.9||127.0.0.1\n' })
    const forged = ['--haproxy-protocol', '--interface', '127.0.0.9', '-o', '/dev/null', '-w', '%{http_code}']
    t.match(await curl(t, ...forged, `http://127.0.0.1:${daemon.port()}/`), { out: '400' })
    await daemon.end()
  })
}
