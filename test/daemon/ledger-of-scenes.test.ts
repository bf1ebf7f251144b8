import { test } from 'tap'
import { witnessAll, witnessed } from '../support/ledger-witness.js'

// The scenes of other tests again: the ledger of each exchange is compared with what was given to the sockets.

const SCENES = [
  ...[
    'bad-response',
    'early',
    'expect',
    'fields',
    'forward',
    'framing',
    'hop',
    'own-answer',
    'refused',
    'tls',
    'trailers',
  ].map(name => `message-${name}`),
  ...['attack-interim', 'buffer-request', 'client-certificate', 'fault-retry', 'group-retry', 'group-retry-fresh'],
  ...['login', 'parent', 'request-id', 'route-back', 'route-fields', 'route-tls', 'trace-context'],
  ...['tunnel-connect', 'tunnel-upgrade', 'update'],
]

witnessAll()
for (const scene of SCENES) await import(`../proxy/${scene}.test.js`)

test('each kind of section was compared', async t => {
  for (const [what, least] of [
    ['exchanges', 400],
    ['request', 300],
    ['request trailers', 5],
    ['response 100', 5],
    ['response 101', 5],
    ['response 103', 5],
    ['response 200', 200],
    ['response 400', 20],
    ['response trailers', 5],
  ] as const)
    t.ok((witnessed.get(what) ?? 0) >= least, `${what}: ${witnessed.get(what)}`)
})
