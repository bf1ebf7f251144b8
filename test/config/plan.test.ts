import { test } from 'tap'
import { type GatewayPlan, planOf } from '../../lib/config/plan.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { atOnce } from '../../lib/policy/steps.js'
import { groupSpec } from '../../lib/proxy/options/group-options.js'
import { dialOf, settingsOf, settingsSteps } from '../../lib/proxy/options/options.js'

function plan(text: string, contents: Record<string, string> = {}): GatewayPlan {
  const { configuration, findings } = readConfigurationText(text, '/etc/hopwise/hopwise.yaml', {
    environment: {},
    checkFiles: false,
  })
  if (configuration === undefined) throw new Error(JSON.stringify(findings))
  return planOf(configuration, contents, 'secret')
}

const ANN = `ann:$scrypt$ln=15,r=8,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`

const SMALL = `
listeners:
  - address: 127.0.0.1:8080
    routes: [{ upstream: app }]
upstreams:
  app: { servers: [http://127.0.0.1:3000] }
`

test('the fields about clients reach the engine', async t => {
  const more = 'xForwardedPort: true, xForwardedPrefix: true, xRealIp: true'
  const made = plan(`listeners:\n  - { address: ':1', ${more}, routes: [{ upstream: http://a }] }\n`)
  const { upstream: _, ...options } = { upstream: '', ...made.listeners[0]!.options }
  t.match(settingsOf({ ...options, mode: 'reverse' }).clientFields, {
    forwardedPort: true,
    forwardedPrefix: true,
    realIp: true,
  })
  const tls =
    'tls: { certificates: [{ cert: a, key: b }], clientCertificates: { ca: c, fields: [serial, certificate] } }'
  const shown = plan(
    `listeners:\n  - { address: ':1', ${tls}, routes: [{ upstream: http://a, rewriteLocation: true }] }\n`,
    {},
  )
  // TLS itself is not tried: the certificates are dummies.
  const settings = atOnce(
    settingsSteps({ ...shown.listeners[0]!.options, mode: 'reverse', upstreams: shown.upstreams }),
  )
  t.same(settings.clientFields?.certificate, ['serial', 'certificate'])
  t.same(settings.routes[0]?.wayBack, { locations: true, cookies: false })
})

test('the smallest file gives a proxy with one upstream, and the engine accepts it', async t => {
  const made = plan(SMALL)
  const [listener] = made.listeners
  t.match(listener, { name: '127.0.0.1:8080', address: '127.0.0.1:8080', mode: 'reverse', users: null })
  t.match(made, { workers: 1, admin: null, watch: false, ticketSecret: 'secret' })
  t.same(made, JSON.parse(JSON.stringify(made)), 'plain data')
  const settings = settingsOf({ ...listener!.options, mode: 'reverse', upstreams: made.upstreams })
  t.match(settings, { mode: 'reverse', xForwarded: true, viaRequest: true, requestRate: null, connectionRate: null })
  t.match(settings.routes, [{ upstream: 'app', sendHost: 'preserve', prefixes: null, requestEdits: null }])
  const group = groupSpec('app', made.upstreams.app!, {
    dial: dialOf({}),
    limits: made.limits,
    deadlines: made.deadlines,
  })
  t.match(group, { retries: 1, balance: { balance: 'round-robin', ejection: { failures: 3 } }, healthCheck: null })
})

test('a URL in a route becomes its own group', async t => {
  const { upstreams } = plan(`
listeners:
  - address: :80
    routes: [{ path: /a, upstream: http://127.0.0.1:1 }, { upstream: app }]
upstreams:
  app: { servers: [http://127.0.0.1:2] }
`)
  t.same(Object.keys(upstreams).sort(), ['app', 'http://127.0.0.1:1'])
})

test('a listener overrides the file', async t => {
  const { listeners, deadlines } = plan(`
name: edge
trust: [10.0.0.0/8]
deadlines: { clientIdleMs: 1000, connectMs: 2000 }
listeners:
  - { address: ':80', deadlines: { clientIdleMs: 3000 }, routes: [{ upstream: 'http://127.0.0.1:1' }] }
  - { address: ':81', trust: [], routes: [{ upstream: 'http://127.0.0.1:1' }] }
`)
  t.match(deadlines, { clientIdleMs: 1000, connectMs: 2000 })
  t.match(listeners[0]?.options, {
    name: 'edge',
    trust: ['10.0.0.0/8'],
    deadlines: { clientIdleMs: 3000, connectMs: 2000 },
  })
  t.match(listeners[1]?.options, { trust: [], deadlines: { clientIdleMs: 1000 } })
})

test('guards: 0 is no limit, and a burst of 0 is the requests of one second', async t => {
  const guarded = (clients: string) =>
    plan(`
listeners:
  - { address: ':80', clients: ${clients}, routes: [{ upstream: 'http://127.0.0.1:1' }] }
`).listeners[0]!.options
  t.equal(guarded('{ deny: [10.0.0.1] }').requestRate, undefined)
  t.same(guarded('{ requestsPerSecond: 7 }').requestRate, { perSecond: 7, burst: 7 })
  t.same(guarded('{ requestsPerSecond: 7, requestsBurst: 9 }').requestRate, { perSecond: 7, burst: 9 })
  t.match(guarded('{ allow: [10.0.0.0/8], deny: [10.0.0.1], connectionsPerSecond: 3 }').clients, {
    allow: ['10.0.0.0/8'],
    deny: ['10.0.0.1'],
    connectionsPerSecond: 3,
  })
})

test('files are included by content', async t => {
  const made = plan(
    `
listeners:
  - address: :443
    tls: { certificates: [{ cert: a.pem, key: a.key }], clientCertificates: { ca: /ca.pem } }
    routes: [{ upstream: app }]
  - { address: ':3128', mode: forward, users: { file: users }, parent: 'http://me:secret@127.0.0.1:1' }
  - { address: ':8082', mode: dumb, upstream: 'http://127.0.0.1:1' }
upstreams:
  app: { servers: [https://127.0.0.1], tls: { ca: /ca.pem }, healthCheck: { path: /ok }, ejection: { failures: 0 } }
`,
    {
      '/etc/hopwise/a.pem': 'A',
      '/etc/hopwise/a.key': 'K',
      '/ca.pem': 'C',
      '/etc/hopwise/users': `# who\n${ANN}\n`,
    },
  )
  t.match(made.listeners[0]?.options.tls, {
    certificates: [{ cert: 'A', key: 'K' }],
    clientCertificates: { ca: 'C', required: true },
    handshakeMs: 10_000,
  })
  t.same(made.listeners[1]?.users, [ANN.split(/:(.*)/).slice(0, 2)])
  t.equal(made.listeners[1]?.options.parent, 'http://me:secret@127.0.0.1:1')
  t.match(made.listeners[2], { mode: 'dumb', upstream: 'http://127.0.0.1:1', options: {} })
  t.match(made.upstreams.app, { tls: { ca: 'C' }, healthCheck: { path: '/ok', status: '200-399' }, ejection: null })
})
