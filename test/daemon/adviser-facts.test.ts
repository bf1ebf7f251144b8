import { test } from 'tap'
import { advise } from '../../lib/admin/adviser.js'
import type { Totals } from '../../lib/admin/source.js'
import { planOf } from '../../lib/config/plan.js'
import { readConfigurationText } from '../../lib/config/read.js'
import { adviserFacts } from '../../lib/daemon/views/adviser-facts.js'

function plan(text: string) {
  const { configuration, findings } = readConfigurationText(text, 'h.yaml', { environment: {}, checkFiles: false })
  if (configuration === undefined) throw new Error(JSON.stringify(findings))
  return planOf(configuration, {}, '')
}

const FILE = plan(`
admin: { address: 0.0.0.0:9090 }
deadlines: { upstreamIdleMs: 60000 }
listeners:
  - { address: 'unix:/run/h.sock', routes: [{ upstream: app }] }
  - { address: ':3128', mode: forward }
upstreams:
  app: { servers: [https://127.0.0.1:1, { url: 'https://name.example:1', backup: true }], tls: { insecure: true } }
`)

test('facts from the file', async t => {
  const facts = adviserFacts(FILE, null)
  t.match(facts, {
    admin: { loopback: false },
    listeners: [
      { path: ['listeners', 0], mode: 'reverse', loopback: true, users: false },
      { path: ['listeners', 1], mode: 'forward', loopback: false, restricted: false, tls: false },
    ],
    groups: [
      {
        path: ['upstreams', 'app'],
        insecure: true,
        retries: 1,
        servers: [
          { backup: false, literal: true },
          { backup: true, literal: false },
        ],
        deadlines: { upstreamIdleMs: 60_000 },
        seen: { requests: 0, queued: 0, learnedIdleMs: null, closes: {} },
      },
    ],
  })
  const codes = advise(facts).map(({ code }) => code)
  t.ok(codes.length > 0 && codes.every(code => typeof code === 'string'), codes.join())
})

test('observed facts: sums, and the shortest of the limits', async t => {
  const member = { requests: 3, queued: 2, refused: 1, compressedSeen: 0.5, plainSeen: 2, closes: { stale: 1 } }
  const members = [
    { ...member, learnedIdleMs: 5_000, announcedIdleMs: 2_000 },
    { ...member, closes: { stale: 2, 'upstream-fin': 1 }, announcedIdleMs: 7_000 },
  ]
  const totals = { groups: [{ name: 'app', members }], racesLost: 3, upstream: { reused: 40 } } as unknown as Totals
  const facts = adviserFacts(FILE, totals)
  t.same(facts.races, { lost: 3, reused: 40 })
  t.same(facts.groups[0]?.seen, {
    requests: 6,
    queued: 4,
    refused: 2,
    compressed: 1,
    plain: 4,
    closes: { stale: 3, 'upstream-fin': 1 },
    learnedIdleMs: 5_000,
  })
  const found = advise(facts).find(({ key }) => key.includes('upstreamIdleMs'))
  t.match(
    found,
    { severity: 'warning', key: 'upstreams.app.deadlines.upstreamIdleMs' },
    'idle limits in the wrong order',
  )
})

test('a server that a route names directly has the settings of the file, and its place is the route', async t => {
  const facts = adviserFacts(
    plan(`
listeners:
  - { address: 'fd:3', mode: forward }
  - { address: ':80', routes: [{ path: /a, upstream: 'http://127.0.0.1:1' }, { upstream: 'http://127.0.0.1:2' }] }
`),
    {
      groups: [
        {
          name: 'http://127.0.0.1:2',
          members: [{ requests: 100, queued: 0, refused: 0, closes: { 'upstream-close': 100, 'surplus-idle': 9 } }],
        },
      ],
      racesLost: 0,
      upstream: { reused: 0 },
    } as unknown as Totals,
  )
  t.match(facts.groups, [
    { path: [], serversPath: ['listeners', 1, 'routes', 0, 'upstream'] },
    { path: [], serversPath: ['listeners', 1, 'routes', 1, 'upstream'] },
  ])
  t.match(
    facts.listeners,
    [{ loopback: true }, { loopback: false }],
    'an inherited socket is protected where it is created',
  )
  const keys = advise({ ...facts, filesMax: null, stopGraceMs: null }).map(({ code, key }) => `${code} ${key}`)
  t.same(keys, ['upstream-closes listeners[1].routes[1].upstream', 'idle-few limits.upstreamIdleMax'])
})

test('a listener that requires client certificates counts as restricted', async t => {
  const { listeners, ...rest } = FILE
  const tls = { certificates: [], clientCertificates: { ca: '', required: true } } as never
  const withTls = listeners.map(listener => ({ ...listener, options: { ...listener.options, tls } }))
  t.match(adviserFacts({ ...rest, listeners: withTls }, null).listeners, [{ restricted: true }, { restricted: true }])
})
