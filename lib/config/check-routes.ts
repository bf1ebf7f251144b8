import type { KeysGiven } from './check-listeners.js'
import { type Complaint, error, warning } from './complaint.js'
import type { Configuration, Route } from './configuration.js'
import { didYouMean } from './did-you-mean.js'
import { inWords, type Path, show } from './findings.js'
import { readAddress, readRouteHost, readTarget, type Server } from './values.js'

/** Routes against the groups, and among themselves. */
export function checkRoutes(configuration: Configuration, keysGiven: KeysGiven): Complaint[] {
  // As the file has them: a group with a fault in it is a group.
  const groups = keysGiven(['upstreams'])
  return configuration.listeners.flatMap((listener, i) =>
    listener.mode !== 'reverse'
      ? []
      : listener.routes.flatMap((route, j) => {
          const path = ['listeners', i, 'routes', j]
          return [
            ...checkUpstream(groups, route, listener.address, path),
            ...checkPaths(route, path),
            ...checkFields(route.requestFields, [...path, 'requestFields']),
            ...checkFields(route.responseFields, [...path, 'responseFields']),
            ...checkReached(listener.routes, j, path),
          ]
        }),
  )
}

function checkUpstream(groups: readonly string[], { upstream }: Route, address: string, route: Path): Complaint[] {
  const path = [...route, 'upstream']
  const target = readTarget(upstream)
  if ('server' in target) return isItself(target.server, address) ? [toItself(path, upstream)] : []
  if (groups.includes(upstream)) return []
  const meant = didYouMean(upstream, groups)
  const hint = meant
    ? `did you mean ${meant}?`
    : groups.length === 0
      ? `write upstreams: { ${upstream}: { servers: ['http://127.0.0.1:3000'] } }, or a URL here`
      : `there ${groups.length === 1 ? 'is' : 'are'} ${inWords(groups, 'and')}; or write a URL`
  return [error(path, `there is no group ${show(upstream)} under upstreams`, hint)]
}

/** The plain case only; the others are met by the loop detection when the first request comes. */
export function isItself(server: Server, address: string): boolean {
  const own = readAddress(address)
  if (server.kind === 'unix') return own.kind === 'unix' && own.path === server.path
  return (
    server.kind === 'tcp' && own.kind === 'tcp' && own.host === server.host && own.port === server.port && own.port > 0
  )
}

export function toItself(path: Path, url: string): Complaint {
  return error(path, `${show(url)} is the address that hopwise itself listens on`, 'change one of them', {
    about: [{ path: ['listeners'], below: true }],
  })
}

function checkPaths({ path, exact, stripPrefix }: Route, route: Path): Complaint[] {
  if (path !== undefined && exact !== undefined)
    return [
      error(
        [...route, 'exact'],
        'path and exact stand in one route',
        'path is a prefix, exact is the whole path: leave one of them',
        {
          at: 'key',
          about: [{ path: [...route, 'path'] }],
        },
      ),
    ]
  const first = exact ?? path
  if (stripPrefix === undefined || first === undefined || isBelow(first, stripPrefix) || isBelow(stripPrefix, first))
    return []
  return [
    warning(
      [...route, 'stripPrefix'],
      `${show(stripPrefix)} is never at the front of a path that fits ${show(first)}`,
      `write ${first}`,
      {
        about: [{ path: [...route, 'path'] }, { path: [...route, 'exact'] }],
      },
    ),
  ]
}

/** Whether a path is the prefix, or below it at the border of a segment. */
function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

/** `_` counts as `-`: many servers cannot tell them apart. */
const folded = (name: string) => name.toLowerCase().replaceAll('_', '-')

function checkFields({ set, remove }: Route['requestFields'], path: Path): Complaint[] {
  const seen = new Map<string, string>()
  const twice = Object.keys(set).flatMap(name => {
    const before = seen.get(folded(name))
    seen.set(folded(name), name)
    return before === undefined
      ? []
      : [error([...path, 'set', name], `${name} is the same field as ${before}`, 'set it once', { at: 'key' })]
  })
  const contrary = remove.flatMap((name, i) =>
    seen.has(folded(name))
      ? [
          error(
            [...path, 'remove', i],
            `${name} is set and removed`,
            'setting replaces what was there: leave remove out',
            { about: [{ path: [...path, 'set'], below: true }] },
          ),
        ]
      : [],
  )
  return [...twice, ...contrary]
}

/** A route to which nothing comes, because one before it takes all. */
function checkReached(routes: readonly Route[], nth: number, path: Path): Complaint[] {
  const route = routes[nth]
  const before = route === undefined ? -1 : routes.slice(0, nth).findIndex(other => takesAllOf(other, route))
  if (before < 0) return []
  const first = [...path.slice(0, -1), before]
  return [
    error(
      path,
      `nothing comes to this route: routes[${before}] takes all that would fit it`,
      'the first that fits wins: put this one before it',
      {
        about: [
          { path: first, below: true },
          { path, below: true },
        ],
      },
    ),
  ]
}

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
