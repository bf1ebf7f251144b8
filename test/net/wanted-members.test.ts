import { test } from 'tap'
import { DEADLINES } from '../../lib/link/deadlines.js'
import { LIMITS } from '../../lib/link/limits.js'
import { originOf } from '../../lib/link/origin.js'
import type { WatchedAddress } from '../../lib/net/names/name-watch.js'
import type { GroupSpec, ServerSpec } from '../../lib/net/upstream/group-spec.js'
import { nameOf, wantedMembers } from '../../lib/net/upstream/wanted-members.js'

const specOf = (server: Partial<ServerSpec>, more: Partial<GroupSpec> = {}): GroupSpec => ({
  name: 'app',
  servers: [{ origin: originOf('http', 'app.test', 80), kind: 'one', weight: 3, backup: false, ...server }],
  balance: { balance: 'round-robin', ejection: null, slowStartMs: 0, health: null },
  hash: { by: 'address' },
  sticky: '',
  retries: 1,
  retryOn: 'reused',
  healthCheck: null,
  resolve: { nameservers: null, minMs: 1_000, maxMs: 60_000 },
  dial: { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} },
  proxyProtocol: 'off',
  limits: LIMITS,
  deadlines: DEADLINES,
  ...more,
})

const place = (address: string, port: number, weight = 1, backup = false): WatchedAddress => ({
  address,
  family: 4,
  port,
  weight,
  backup,
})

const PLACES = [place('127.0.0.2', 80, 2), place('127.0.0.3', 81, 5, true)]

/** Each member as a sentence: its name, its port, its weight. */
const told = (spec: GroupSpec, places: readonly WatchedAddress[] | null): string[] =>
  [...wantedMembers(spec, () => places).values()].map(
    member => `${nameOf(member)} :${member.origin.port} ×${member.weight}${member.backup ? ' backup' : ''}`,
  )

for (const [what, server, places, members] of [
  ['a server without a name', {}, null, ['http://app.test:80 :80 ×3']],
  ['a name without an answer yet', { kind: 'name' }, [], ['http://app.test:80 :80 ×3']],
  [
    'a name with two addresses: each has the weight of the server',
    { kind: 'name' },
    [place('127.0.0.2', 80), place('127.0.0.3', 80)],
    ['http://app.test:80 (127.0.0.2) :80 ×3', 'http://app.test:80 (127.0.0.3) :80 ×3'],
  ],
  ['an SRV name without targets', { kind: 'srv' }, [], []],
  [
    'an SRV name: ports, shares and backups of its targets',
    { kind: 'srv' },
    PLACES,
    ['http://app.test:80 (127.0.0.2) :80 ×6', 'http://app.test:81 (127.0.0.3) :81 ×15 backup'],
  ],
] as const) {
  test(`members of ${what}`, async t => t.same(told(specOf(server), places), members))
}

test('whatever makes connections different makes another member', async t => {
  const keyOf = (spec: GroupSpec, at = PLACES.slice(0, 1)) => [...wantedMembers(spec, () => at).keys()].join()
  const keys = [
    keyOf(specOf({ kind: 'name' })),
    keyOf(specOf({ kind: 'name' }), [place('127.0.0.9', 80)]),
    keyOf(specOf({ kind: 'name' }), [place('127.0.0.2', 90)]),
    keyOf(specOf({ kind: 'name', origin: originOf('http', 'other.test', 80) })),
    keyOf(specOf({ kind: 'name' }, { proxyProtocol: 'v1' })),
    keyOf(
      specOf(
        { kind: 'name' },
        { dial: { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: { insecure: true } } },
      ),
    ),
    keyOf(specOf({ kind: 'name' }, { name: 'other' })),
  ]
  t.equal(new Set(keys).size, keys.length)
  t.equal(keyOf(specOf({ kind: 'name', weight: 7, backup: true })), keys[0], 'the weight does not')
})
