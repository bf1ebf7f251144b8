import fc from 'fast-check'
import { test } from 'tap'
import { type RouteMatch, Routes } from '../../lib/policy/routes.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { caught, request } from './heads.js'
import { TARGET } from './paths.js'

const routesOf = (...matches: RouteMatch[]) => new Routes(matches.map((match, value) => ({ match, value })))
const head = (line: string, host = 'a.example') => request(`${line} HTTP/1.1`, `Host: ${host}`).head

test('the first route that matches, whatever comes after', async t => {
  const routes = routesOf(
    { path: '/api', method: ['GET', 'HEAD'] },
    { path: '/api' },
    { host: ['b.example'], path: '/api' },
    { host: ['b.example'] },
    { exact: '/', method: ['OPTIONS'] },
    { method: ['OPTIONS'] },
  )
  const rows: [line: string, host: string, route: number | null][] = [
    ['GET /api/x', 'a.example', 0],
    ['HEAD /api', 'b.example', 0],
    ['POST /api', 'a.example', 1],
    ['get /api', 'a.example', 1],
    ['POST /apix', 'b.example', 3],
    ['GET /', 'b.example:81', 3],
    ['OPTIONS /', 'a.example', 4],
    ['OPTIONS /?x', 'a.example', 4],
    ['OPTIONS /x', 'a.example', 5],
    ['OPTIONS *', 'a.example', 5],
    ['OPTIONS *', 'b.example', 3],
    ['GET http://b.example/x', 'a.example', 3],
    ['GET /', 'a.example', null],
  ]
  for (const [line, host, route] of rows) t.equal(routes.match(head(line, host)), route, `${line} ${host}`)
  t.equal(routes.match(request('GET /x HTTP/1.0').head), null, 'a client that names no host')
})

test('a request is matched by its effective authority, and only by it', async t => {
  const routes = routesOf({ host: ['a.example'] }, {})
  t.equal(routes.match(head('GET http://b/', 'a.example')), 1)
  t.equal(routes.match(head('CONNECT a.example:443', 'b')), 0)
})

test('one route for everything needs no matching', async t => {
  t.equal(routesOf({}).only, 0)
  t.equal(routesOf({ path: '/' }, { path: '/x' }).only, 0)
  t.equal(routesOf({ path: '/' }).match(head('GET /..')), 0)
  for (const match of [{ host: ['a'] }, { path: '/x' }, { exact: '/' }, { method: ['GET'] }])
    t.equal(routesOf(match, {}).only, null, JSON.stringify(match))
  t.equal(routesOf().only, null)
  t.equal(routesOf().match(head('GET /')), null)
})

test('a path with another interpretation is refused if routing depends on it, and only then', async t => {
  const routes = routesOf(
    { host: ['free.example'] },
    { method: ['PUT'] },
    { path: '/admin' },
    { method: ['POST'], path: '/post' },
    {},
  )
  t.equal(routes.match(head('GET /x/../admin', 'free.example')), 0)
  t.equal(routes.match(head('PUT /x/../admin')), 1)
  t.equal(routes.match(head('GET //post')), 4, 'a route of another method is not judged')
  t.equal(routes.match(head('GET /admin//x')), 2)
  t.equal(routes.match(head('GET /%61dmin')), 2)
  for (const [line, section] of [
    ['GET /x/../admin', 'RFC 3986 3.3'],
    ['GET /admin/..', 'RFC 3986 3.3'],
    ['GET //admin', 'RFC 3986 6.2.2'],
    ['GET /admin%2f', 'RFC 3986 6.2.2'],
    ['POST /post;x', 'RFC 3986 6.2.2'],
  ] as const) {
    const error = caught(() => routes.match(head(line)))
    t.ok(error instanceof ProtocolError && error.status === 400 && error.section === section, line)
  }
  const bare = routesOf({ path: '/admin' })
  t.equal(bare.match(head('GET /%62')), null)
  t.match(
    caught(() => bare.match(head('GET //admin'))),
    { status: 400 },
  )
})

test('conditions that cannot be met are refused', async t => {
  const rows: [match: RouteMatch, sentence: RegExp][] = [
    [{ path: '/a', exact: '/a' }, /path or exact, not both/],
    [{ host: [] }, /host is empty/],
    [{ method: [] }, /method is empty/],
    [{ host: ['a:80'] }, /remove the port/],
    [{ path: 'a' }, /^path "a" must begin/],
    [{ exact: '/a?b' }, /^exact "\/a\?b" must end/],
    [{ exact: '' }, /must begin with a slash/],
    [{ method: ['G T'] }, /is not a method such as GET/],
    [{ method: ['any'] }, /^method "any" is not a method: omit method/],
    [{ path: '/api/*' }, /^path "\/api\/\*" is a pattern, but paths are matched literally: write \/api/],
    [{ method: ['get'] }, /methods are case-sensitive, write GET/],
  ]
  for (const [match, sentence] of rows) t.throws(() => routesOf(match), { name: 'TypeError', message: sentence })
  t.ok(routesOf({ method: ['m-search', 'REPORT'] }), 'unknown methods are welcome')
})

test('made in steps, they are the same', async t => {
  const rows = Array.from({ length: 100 }, (_, value) => ({ match: { path: `/p${value}` }, value }))
  const steps = Routes.made(rows)
  let yields = 0
  let step = steps.next()
  for (; step.done !== true; step = steps.next()) yields++
  t.equal(yields, 100)
  t.equal(step.value.match(head('GET /p99/x')), 99)
})

test('a thousand routes', async t => {
  const routes = routesOf(
    ...Array.from({ length: 1000 }, (_, i) => ({ host: [`h${i}.example`, `*.h${i}.example`], path: '/x' })),
    {},
  )
  t.equal(routes.match(head('GET /x/y', 'H999.example:80')), 999)
  t.equal(routes.match(head('GET /x/y', 'a.b.h500.example')), 500)
  t.equal(routes.match(head('GET /y', 'h999.example')), 1000)
})

test('for any path: the route matches it in every interpretation, or there is none', async t => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  const conditions: fc.Arbitrary<RouteMatch> = fc.oneof(
    fc.constantFrom('/a', '/api', '/api/', '/api/a', '/a/api').map(path => ({ path })),
    fc.constantFrom('/', '/api', '/a/a').map(exact => ({ exact })),
    fc.constant({}),
  )
  // Servers that decode and resolve in different ways.
  const readers = [
    (path: string) => path,
    (path: string) => new URL(path, 'http://x').pathname,
    (path: string) =>
      path.replace(/%(2[ef]|5c|[467][0-9a-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
    (path: string) => path.replace(/\/+/g, '/'),
    (path: string) => path.replace(/;[^/]*/g, ''),
  ]
  fc.assert(
    fc.property(fc.array(conditions, { minLength: 1, maxLength: 5 }), TARGET, (matches, target) => {
      const routes = routesOf(...matches)
      const [path = ''] = target.split('?')
      let taken: number | null = null
      try {
        taken = routes.match(head(`GET ${target}`))
      } catch (error) {
        if (error instanceof ProtocolError) return
        throw error
      }
      if (routes.only !== null) return
      const condition: RouteMatch = taken === null ? {} : (matches[taken] ?? {})
      const { path: prefix = '' } = condition
      const byRoute = taken === null || prefix === '' ? [] : readers
      for (const reader of byRoute) {
        const read = reader(path.replace(/%61/g, 'a'))
        const same = read === prefix || read.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
        if (!same) throw new Error(`route ${prefix} took ${path}, which may be ${read}`)
      }
    }),
    { seed, numRuns: 3000 },
  )
  t.comment(`seed ${seed}`)
})
