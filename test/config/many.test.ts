import fc from 'fast-check'
import { test } from 'tap'
import { checkListeners } from '../../lib/config/check-listeners.js'
import { type Complaint, error } from '../../lib/config/complaint.js'
import type { Configuration } from '../../lib/config/configuration.js'
import type { Path } from '../../lib/config/findings.js'
import { WrongPlaces } from '../../lib/config/prune.js'
import { readAddress } from '../../lib/config/values.js'
import { checked } from '../wire/property.js'
import { gateway, readText } from './reading.js'

// An indexed lookup compared with a comparison of every pair; and files of many lines.

function overlap(a: string, b: string): boolean {
  const [one, other] = [readAddress(a), readAddress(b)]
  const everywhere = (host: string) => host === '' || host === '0.0.0.0' || host === '::'
  if (one.kind !== 'tcp' || other.kind !== 'tcp') return JSON.stringify(one) === JSON.stringify(other)
  if (one.port !== other.port) return false
  // Each gets its own port, but listeners are identified by their address as written.
  if (one.port === 0) return one.host.toLowerCase() === other.host.toLowerCase()
  return everywhere(one.host) || everywhere(other.host) || one.host.toLowerCase() === other.host.toLowerCase()
}

const address = fc.constantFrom(
  ...[
    ':80',
    '0.0.0.0:80',
    '[::]:81',
    '127.0.0.1:80',
    '127.0.0.1:81',
    'A:80',
    'a:80',
    'a:0',
    ':0',
    'unix:/a',
    'unix:/b',
    'fd:3',
  ],
)

checked(
  'an address is taken by the first that overlaps with it',
  fc.property(fc.array(address, { maxLength: 8 }), addresses => {
    const listeners = addresses.map((one, i) => ({ address: one, name: `n${i}`, mode: 'dumb' as const }))
    const complaints = checkListeners({ listeners } as unknown as Configuration, () => [])
    const found = complaints.map(({ path, about }) => [path[1], about?.[0]?.path[1]])
    const wanted = addresses.flatMap((one, i) => {
      const before = addresses.slice(0, i).findIndex(other => overlap(one, other))
      return before < 0 ? [] : [[i, before]]
    })
    return JSON.stringify(found) === JSON.stringify(wanted)
  }),
)

const path = fc.array(fc.constantFrom<string | number>('a', 'b', 0), { maxLength: 4 })

checked(
  'a complaint depends on a wrong value around it, or in what it is about',
  fc.property(fc.array(path, { maxLength: 5 }), path, path, fc.boolean(), (wrong, where, other, below) => {
    const begins = (one: Path, start: Path) => start.length <= one.length && start.every((part, i) => part === one[i])
    const complaint: Complaint = error(where, 'x', '', { about: [{ path: other, below }] })
    const wanted = wrong.some(one => begins(where, one) || begins(other, one) || (below && begins(one, other)))
    return new WrongPlaces(wrong).isFollowUp(complaint) === wanted
  }),
)

const routesOf = (count: number, route: (i: number) => string) =>
  gateway().replace('      - upstream: app', Array.from({ length: count }, (_, i) => `      - ${route(i)}`).join('\n'))

test('ten thousand routes, and ten thousand faults', async t => {
  const { configuration, findings } = readText(routesOf(10_000, i => `{host: h${i}.example, upstream: app}`))
  t.ok(configuration)
  t.same(findings, [])
  const kinds: Record<string, (i: number) => string> = {
    'there is no group "b0" under upstreams': i => `{path: /p${i}, upstream: b${i}}`,
    'there is no key c0 here': i => `{path: /p${i}, upstream: app, c${i}: 1}`,
    '"p0" must begin with a slash': i => `{path: p${i}, upstream: b${i}}`,
    'the environment has no NO0': i => `{path: "/\\x24{NO${i}}", upstream: app}`,
  }
  for (const [message, route] of Object.entries(kinds)) {
    const reading = readText(routesOf(2_000, route))
    t.equal(reading.findings[0]?.message, message)
    t.equal(reading.findings.length, 100)
  }
})

test('a line of nothing but errors is reported once', async t => {
  const { findings } = readText(`a: ${'] '.repeat(100_000)}`)
  t.equal(findings.length, 1)
})
