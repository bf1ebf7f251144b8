import { test } from 'tap'
import { ADVICE_CODES, advise, keyOf } from '../../lib/admin/adviser.js'
import type { Facts } from '../../lib/admin/facts.js'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { factsOf, withGroup, withListener } from './facts.js'

/** The facts; the code of the advice, or null for none; the key that it names. */
type Row = readonly [facts: Facts, code: string | null, key?: string]

const SERVER = { backup: false, literal: true }

const LISTENERS: readonly Row[] = [
  [withListener(), null],
  [withListener({ mode: 'dumb', trust: ['0.0.0.0/0'], users: true }), null],
  [withListener({ mode: 'forward' }), 'open-forward-proxy', 'listeners[0].users'],
  [withListener({ mode: 'forward', loopback: true }), null],
  [withListener({ mode: 'forward', restricted: true }), null],
  [withListener({ mode: 'forward', users: true, tls: true }), null],
  [withListener({ mode: 'forward', users: true }), 'password-in-clear', 'listeners[0].tls'],
  [withListener({ mode: 'forward', users: true, loopback: true }), null],
  [withListener({ trust: ['10.0.0.0/8'] }), null],
  [withListener({ trust: ['10.0.0.0/8', '0.0.0.0/0'] }), 'trust-everybody', 'listeners[0].trust'],
  [withListener({ trust: ['::/0'] }), 'trust-everybody'],
  [withListener({ deadlines: { clientIdleMs: 5_000 } }), null],
  [
    withListener({ trust: ['10.0.0.0/8'], deadlines: { clientIdleMs: 60_000 } }),
    'client-idle-order',
    'listeners[0].deadlines.clientIdleMs',
  ],
  [withListener({ trust: ['10.0.0.0/8'], deadlines: { clientIdleMs: 60_001 } }), null],
  [withListener({ proxyProtocol: true, deadlines: { clientIdleMs: 5_000 } }), 'client-idle-order'],
  [withListener({ deadlines: { requestHeadMs: 0 } }), 'no-deadline', 'listeners[0].deadlines.requestHeadMs'],
  [
    withListener({ trust: ['10.0.0.0/8'], deadlines: { clientIdleMs: 0 } }),
    'no-deadline',
    'listeners[0].deadlines.clientIdleMs',
  ],
  [withListener({ deadlines: { exchangeMs: 0, tunnelIdleMs: 0 } }), null],
]

const GROUPS: readonly Row[] = [
  [withGroup(), null],
  [withGroup({ insecure: true }), 'insecure-tls', 'upstreams.app.tls.insecure'],
  // our limit, and the learned limit of the upstream (less the margin of a second)
  [
    withGroup({ deadlines: { upstreamIdleMs: 4_000 }, seen: { learnedIdleMs: 3_000 } }),
    'upstream-idle-order',
    'upstreams.app.deadlines.upstreamIdleMs',
  ],
  [withGroup({ deadlines: { upstreamIdleMs: 0 }, seen: { learnedIdleMs: 59_000 } }), 'upstream-idle-order'],
  [withGroup({ deadlines: { upstreamIdleMs: 4_000 }, seen: { learnedIdleMs: 0 } }), 'upstream-idle-order'],
  [withGroup({ deadlines: { upstreamIdleMs: 4_000 }, seen: { learnedIdleMs: 3_001 } }), null],
  [withGroup({ seen: { requests: 1_000, queued: 9 } }), null],
  [
    withGroup({ seen: { requests: 1_000, queued: 10 } }),
    'connections-few',
    'upstreams.app.limits.upstreamConnectionsMax',
  ],
  [withGroup({ seen: { requests: 99, queued: 99 } }), null],
  [withGroup({ seen: { requests: 10, refused: 1 } }), 'connections-few'],
  [
    withGroup({ servers: [SERVER, { ...SERVER, connectionsMax: 8 }], seen: { requests: 10, refused: 1 } }),
    'connections-few',
    'upstreams.app.servers[1].connectionsMax',
  ],
  [withGroup({ seen: { requests: 1_000, closes: { 'surplus-idle': 9 } } }), null],
  [
    withGroup({ seen: { requests: 1_000, closes: { 'surplus-idle': 10 } } }),
    'idle-few',
    'upstreams.app.limits.upstreamIdleMax',
  ],
  [withGroup({ limits: { upstreamRequestsMax: 99 } }), 'requests-few', 'upstreams.app.limits.upstreamRequestsMax'],
  [withGroup({ limits: { upstreamRequestsMax: 100 } }), null],
  [withGroup({ limits: { upstreamRequestsMax: 0 } }), null],
  [
    withGroup({ seen: { requests: 1_000, closes: { 'upstream-close': 300, 'upstream-http10': 200 } } }),
    'upstream-closes',
    'upstreams.app.servers',
  ],
  [withGroup({ seen: { requests: 1_000, closes: { 'upstream-close': 499 } } }), null],
  [withGroup({ seen: { plain: 3 } }), 'upstream-uncompressed', 'listeners[0].via'],
  [withGroup({ seen: { plain: 2 } }), null],
  [withGroup({ seen: { plain: 300, compressed: 1 } }), null],
  [withGroup({ viaPath: null, seen: { plain: 3 } }), null],
  [withGroup({ servers: [SERVER], retries: 2 }), 'retry-alone', 'upstreams.app.retries'],
  [withGroup({ servers: [SERVER], retries: 3 }), 'retry-alone'],
  [withGroup({ servers: [SERVER], retries: 1 }), null],
  [withGroup({ servers: [SERVER], retries: 0 }), null],
  [withGroup({ servers: [{ ...SERVER, literal: false }], retries: 2 }), null],
  [withGroup({ servers: [SERVER, SERVER], retries: 2 }), null],
  [withGroup({ deadlines: { connectMs: 0 } }), 'no-deadline', 'upstreams.app.deadlines.connectMs'],
  [withGroup({ healthCheck: { intervalMs: 5_000, timeoutMs: 2_000, unhealthyAfter: 3 } }), null],
  [
    withGroup({ healthCheck: { intervalMs: 10_000, timeoutMs: 2_000, unhealthyAfter: 3 } }),
    'health-check-slow',
    'upstreams.app.healthCheck.intervalMs',
  ],
  [withGroup({ healthCheck: { intervalMs: 9_000, timeoutMs: 3_000, unhealthyAfter: 3 } }), null],
]

const UNLIMITED = { ...DEADLINES, connectMs: 0, requestHeadMs: 0 }

const PROCESS: readonly Row[] = [
  [
    { ...withListener({ deadlines: { requestHeadMs: 0 } }), deadlines: UNLIMITED },
    'no-deadline',
    'deadlines.requestHeadMs',
  ],
  [{ ...withListener(), deadlines: UNLIMITED }, null],
  [factsOf(), null],
  [factsOf({ admin: null }), null],
  [factsOf({ admin: { loopback: false } }), 'admin-open', 'admin.address'],
  [factsOf({ filesMax: null }), null],
  [factsOf({ filesMax: 1_024 }), 'files-few', 'limits.clientConnectionsMax'],
  [factsOf({ filesMax: LIMITS.clientConnectionsMax + LIMITS.upstreamConnectionsTotalMax + 63 }), 'files-few'],
  [factsOf({ filesMax: LIMITS.clientConnectionsMax + LIMITS.upstreamConnectionsTotalMax + 64 }), null],
  [factsOf({ stopGraceMs: null, deadlines: { ...DEADLINES, drainMs: 0 } }), null],
  [factsOf({ deadlines: { ...DEADLINES, drainMs: 0 } }), 'drain-longer-than-grace', 'deadlines.drainMs'],
  [factsOf({ deadlines: { ...DEADLINES, drainMs: 30_000 } }), 'drain-longer-than-grace'],
  [factsOf({ deadlines: { ...DEADLINES, drainMs: 25_000, announceMs: 5_000 } }), 'drain-longer-than-grace'],
  [factsOf({ deadlines: { ...DEADLINES, drainMs: 25_000, announceMs: 4_999 } }), null],
  [
    factsOf({ deadlines: { ...DEADLINES, drainMs: 8_000, announceMs: 28_000 } }),
    'drain-longer-than-grace',
    'deadlines.announceMs',
  ],
  [factsOf({ races: { lost: 0, reused: 1_000_000 } }), null],
  [factsOf({ races: { lost: 1, reused: 1_001 } }), null],
  [factsOf({ races: { lost: 1, reused: 1_000 } }), 'races-lost', 'deadlines.upstreamIdleMs'],
  [factsOf({ races: { lost: 1, reused: 1 } }), 'races-lost'],
]

for (const [name, rows] of Object.entries({ listeners: LISTENERS, groups: GROUPS, process: PROCESS }))
  test(`advice on ${name}: row by row`, async t => {
    for (const [i, [facts, code, key]] of rows.entries()) {
      const said = advise(facts)
      t.same(
        said.map(it => it.code),
        code === null ? [] : [code],
        `row ${i + 1}`,
      )
      if (key !== undefined) t.equal(said[0]?.key, key)
    }
  })

test('every code has a row, and all advice is in whole sentences with sensible numbers', async t => {
  const all = [...LISTENERS, ...GROUPS, ...PROCESS]
  t.same([...new Set(all.flatMap(([, code]) => code ?? []))].sort(), [...ADVICE_CODES].sort())
  for (const [facts] of all)
    for (const { sentence, change, severity } of advise(facts)) {
      t.match(sentence, /^[A-Za-z0-9].*\.$/)
      t.notMatch(`${sentence} ${change}`, /undefined|NaN|null|Infinity|-\d/)
      t.match(change, /^[a-z].*[^.]$/)
      t.match(severity, /^(serious|warning|note)$/)
    }
})

test('the most serious first, and the command line option where there is one', async t => {
  const group = withGroup({ insecure: true, servers: [SERVER], retries: 2, seen: { learnedIdleMs: 1_000 } })
  const said = advise({ ...group, admin: { loopback: false } })
  t.same(
    said.map(({ code, severity }) => [code, severity]),
    [
      ['insecure-tls', 'serious'],
      ['upstream-idle-order', 'warning'],
      ['retry-alone', 'note'],
      ['admin-open', 'note'],
    ],
  )
  t.same(
    said.map(({ option }) => option),
    [undefined, '--upstream-idle-ms', undefined, undefined],
  )
  t.match(said[1]?.sentence, 'app has been seen to close idle connections after 2 s, and hopwise keeps them at least')
  t.match(said[1]?.sentence, '(upstreamIdleMs: 4 s)')
  t.equal(said[1]?.change, 'set it to 1000 or less, or raise the idle limit of app')
})

test('a key is written as people write it', async t => {
  t.equal(keyOf(['listeners', 0, 'tls']), 'listeners[0].tls')
  t.equal(keyOf(['upstreams', 'my-app', 'retries']), 'upstreams.my-app.retries')
  t.equal(keyOf(['upstreams', 'app.v2', 'servers', 1]), 'upstreams["app.v2"].servers[1]')
  t.equal(keyOf([]), '')
})

test('a server that was seen to close with its responses is not reported to wait for a second', async t => {
  const [said] = advise(withGroup({ seen: { learnedIdleMs: 0 } }))
  t.match(said?.sentence, 'app has been seen to close idle connections within 1 s, and hopwise keeps them')
})

test('the value to set differs from the current one, and is accepted', async t => {
  const changeOf = (facts: Facts) => advise(facts).map(({ change }) => change)
  const checks = (intervalMs: number, timeoutMs: number, unhealthyAfter = 3) =>
    changeOf(withGroup({ healthCheck: { intervalMs, timeoutMs, unhealthyAfter } }))
  t.same(checks(10_000, 2_000), ['set it to 9333 or less'])
  t.same(
    checks(29_500, 29_500),
    ['set it and timeoutMs to 7500 or less, or lower unhealthyAfter'],
    'no check lasts longer than its interval',
  )
  t.same(checks(20_000, 1, 40_000), ['set it and timeoutMs to 1 or less, or lower unhealthyAfter'])
  const drain = (drainMs: number, announceMs: number) =>
    changeOf(factsOf({ deadlines: { ...DEADLINES, drainMs, announceMs } }))
  t.same(drain(0, 0), ['set it to 28000 or less, or raise the grace period'])
  t.same(drain(8_000, 28_000), ['lower it, or raise the grace period'], '0 would mean no limit')
  t.same(changeOf(withGroup({ deadlines: { upstreamIdleMs: 5_000 }, seen: { learnedIdleMs: 4_000 } })), [
    'set it to 4000 or less, or raise the idle limit of app',
  ])
})
