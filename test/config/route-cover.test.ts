import fc from 'fast-check'
import { test } from 'tap'
import { checkRoutes } from '../../lib/config/check-routes.js'
import type { Configuration, Route } from '../../lib/config/configuration.js'
import { coveredBy } from '../../lib/config/route-cover.js'
import { readRouteHost } from '../../lib/config/values.js'
import { checked, RUNS } from '../wire/property.js'
import { gateway, readText, told } from './reading.js'

// The definition, which compares each route with every earlier one.

function takesAllOf(first: Route, second: Route): boolean {
  const methods =
    first.method === undefined || (second.method?.every(method => first.method?.includes(method)) ?? false)
  const host = first.host?.map(readRouteHost)
  const hosts =
    host === undefined ||
    (second.host?.every(name => host.some(taken => takesHost(taken, readRouteHost(name)))) ?? false)
  return methods && hosts && takesPath(first, second)
}

function takesHost(taken: string, name: string): boolean {
  if (taken === name) return true
  return taken.startsWith('*.') && name.replace(/^\*/, '').endsWith(taken.slice(1)) && name.length > taken.length - 1
}

function takesPath(first: Route, second: Route): boolean {
  if (first.exact !== undefined) return second.exact === first.exact
  if (first.path === undefined) return true
  const wanted = second.exact ?? second.path
  return wanted !== undefined && isBelow(wanted, first.path)
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

const defined = (routes: readonly Route[]): number[] =>
  routes.map((route, nth) => routes.slice(0, nth).findIndex(other => takesAllOf(other, route)))

// Small tables of few words, so that routes meet.

const name = fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 3 }).map(labels => labels.join('.'))
const host = fc.oneof(
  name,
  name.map(one => `*.${one}`),
  fc.constantFrom('[::1]', 'A.'),
)
const place = fc.oneof(
  fc.constantFrom('/', '/a', '/a/', '/a/b', '/ab').map(path => ({ path })),
  fc.constantFrom('/', '/a', '/a/', '/a/b').map(exact => ({ exact })),
  fc.constant({}),
  // An error in itself, but checked anyway.
  fc.constant({ path: '/a', exact: '/b' }),
)
const some = <T>(one: fc.Arbitrary<T>) => fc.option(fc.array(one, { minLength: 1, maxLength: 3 }))
const route = fc
  .tuple(place, some(host), some(fc.constantFrom('GET', 'PUT', 'QUERY')))
  .map(([where, hosts, methods]) => ({
    ...where,
    ...(hosts === null ? {} : { host: hosts }),
    ...(methods === null ? {} : { method: methods }),
  })) as unknown as fc.Arbitrary<Route>

checked(
  'the first covering route is the one that a comparison of every pair finds',
  fc.property(fc.array(route, { maxLength: 12 }), routes => {
    const [wanted, found] = [defined(routes), coveredBy(routes)]
    return JSON.stringify(found) === JSON.stringify(wanted)
  }),
  RUNS * 10,
)

test('the findings and their places', async t => {
  const text = gateway().replace(
    '      - upstream: app\n',
    [
      "      - {host: '*.example', path: /a, upstream: app}",
      '      - {path: /b, method: [GET, HEAD], upstream: app}',
      '      - {host: x.example, path: /a/c, upstream: app}',
      '      - {exact: /b/c, method: HEAD, upstream: app}',
      '      - {upstream: app}',
      '      - {path: /b, upstream: app}',
      '',
    ].join('\n'),
  )
  const hint = 'the first match wins: put this route before it'
  t.same(told(readText(text)), [
    `6:9 error listeners[0].routes[2] | no request reaches this route: routes[0] matches all that this one would | ${hint}`,
    `7:9 error listeners[0].routes[3] | no request reaches this route: routes[1] matches all that this one would | ${hint}`,
    `9:9 error listeners[0].routes[5] | no request reaches this route: routes[4] matches all that this one would | ${hint}`,
  ])
})

test('each route is examined only a few times, however many there are', async t => {
  const looksAt = (count: number): number => {
    let looks = 0
    const counted = (one: Route): Route =>
      new Proxy(one, {
        get(target, key, receiver) {
          looks++
          return Reflect.get(target, key, receiver)
        },
      })
    const lines = Array.from({ length: count }, (_, i) => `      - {host: h${i}.example, path: /p, upstream: app}`)
    const { configuration } = readText(gateway().replace('      - upstream: app', lines.join('\n')))
    const whole = configuration as Configuration
    const listeners = whole.listeners.map(one =>
      one.mode === 'reverse' ? { ...one, routes: one.routes.map(counted) } : one,
    )
    t.same(
      checkRoutes({ ...whole, listeners }, () => ['app']),
      [],
    )
    return looks / count
  }
  t.equal(looksAt(1_000), looksAt(100))
})
