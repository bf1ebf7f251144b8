import fc from 'fast-check'
import { test } from 'tap'
import { NO_ROUTE, RouteIndex } from '../../lib/policy/route-index.js'
import { type RouteMatch, Routes } from '../../lib/policy/routes.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { checked, RUNS } from '../wire/property.js'
import { request } from './heads.js'
import { TARGET } from './paths.js'

const head = (line: string, ...host: string[]) => request(`${line} HTTP/1.1`, ...host.map(one => `Host: ${one}`)).head

const rowsOf = (matches: readonly RouteMatch[]) => matches.map((match, value) => ({ match, value }))

/** The route, or the error. */
function outcome(routes: Routes<number>, line: string, host: string): string {
  try {
    return String(routes.match(head(line, host)))
  } catch (error) {
    if (error instanceof ProtocolError) return `${error.status} ${error.section} ${error.message}`
    throw error
  }
}

const label = fc.constantFrom('a', 'b', 'ab')
const name = fc.array(label, { minLength: 1, maxLength: 3 }).map(labels => labels.join('.'))
const pattern = fc.oneof(
  name,
  name.map(host => `*.${host}`),
  fc.constant('[::1]'),
)
const asked = fc.oneof(
  name,
  name.map(host => `${host.toUpperCase()}.:80`),
  fc.constantFrom('[0::1]:80', 'a..b'),
)
const method = fc.constantFrom('GET', 'PUT', 'QUERY')
const path = fc.oneof(
  fc.constantFrom('/a', '/api', '/api/', '/api/a', '/a/api', '/').map(path => ({ path })),
  fc.constantFrom('/', '/api', '/a/a', '/api/').map(exact => ({ exact })),
  fc.constant({}),
)
const match: fc.Arbitrary<RouteMatch> = fc
  .tuple(
    path,
    fc.option(fc.array(pattern, { minLength: 1, maxLength: 3 })),
    fc.option(fc.array(method, { minLength: 1, maxLength: 2 })),
  )
  .map(([place, host, methods]) => ({
    ...place,
    ...(host === null ? {} : { host }),
    ...(methods === null ? {} : { method: methods }),
  }))
const target = fc.oneof(TARGET, fc.constantFrom('/api/a', '/api', '/a/api/x?y', '/api/', '/'))

checked(
  'a long list matches what comparing each route in turn matches, and refuses what that refuses',
  fc.property(fc.array(match, { maxLength: 10 }), method, target, asked, (matches, verb, where, host) => {
    const rows = rowsOf(matches)
    const line = `${verb} ${where}`
    const [linear, indexed] = [new Routes(rows, Number.POSITIVE_INFINITY), new Routes(rows, 0)]
    const [wanted, got] = [outcome(linear, line, host), outcome(indexed, line, host)]
    if (wanted !== got) throw new Error(`${line} of ${host}: ${got}, not ${wanted}, of ${JSON.stringify(matches)}`)
  }),
  RUNS * 10,
)

test('a target without a path, and a request without a host', async t => {
  const matches: RouteMatch[] = [{ path: '/' }, { path: '/a' }, { host: ['a'], method: ['OPTIONS'] }, { exact: '/x' }]
  for (const few of [0, Number.POSITIVE_INFINITY]) {
    const routes = new Routes(rowsOf(matches.slice(1)), few)
    t.equal(routes.match(head('OPTIONS *', 'a')), 1)
    t.equal(routes.match(head('OPTIONS *', 'b')), null)
    t.equal(routes.match(request('GET /x HTTP/1.0').head), 2)
  }
  t.equal(new Routes(rowsOf(matches), 0).only, 0)
})

test('the same route for one method twice, and a host twice', async t => {
  const index = new RouteIndex()
  for (const route of [
    { hosts: ['a', 'a'], methods: ['GET', 'GET'], path: '', exact: false },
    { hosts: ['a'], methods: ['GET'], path: '', exact: false },
    { hosts: ['a'], methods: null, path: '', exact: false },
  ])
    index.add(route)
  t.equal(index.anyPath('a', 'GET'), 0)
  t.equal(index.anyPath('a', 'PUT'), 2)
  t.equal(index.anyPath('b', 'GET'), NO_ROUTE)
  t.equal(index.somePath(), NO_ROUTE)
})

test('ten thousand routes cost the same for the first and the last', async t => {
  const lookUps = (routes: number): number => {
    const table = new Routes(
      Array.from({ length: routes }, (_, i) => ({
        match: { host: [`*.h${i % 100}.example`], path: `/p${i}/x` },
        value: i,
      })),
    )
    let compared = 0
    const { get } = Map.prototype
    Map.prototype.get = function (this: Map<unknown, unknown>, key: unknown) {
      compared++
      return get.call(this, key)
    }
    try {
      for (const nth of [0, routes - 1]) {
        const found = table.match(head(`GET /p${nth}/x/y?z`, `a.b.h${nth % 100}.example`))
        if (found !== nth) throw new Error(`route ${found}, not ${nth}`)
      }
    } finally {
      Map.prototype.get = get
    }
    return compared
  }
  t.equal(lookUps(10_000), lookUps(100), 'as many look-ups')
})

test('a host of a thousand labels is checked from its end, only as far as a pattern goes', async t => {
  for (const few of [0, 2]) {
    const routes = new Routes(rowsOf([{ host: ['*.a.example'] }, { host: ['a'] }]), few)
    t.equal(routes.match(head('GET /', `${'x.'.repeat(1000)}a.example`)), 0)
    t.equal(routes.match(head('GET /', `${'x.'.repeat(1000)}b.example`)), null)
  }
})
