import type { ListenAddress } from '../net/listen-address.js'
import { foldedName as folded } from '../policy/folded-name.js'
import { didYouMean } from '../proxy/options/did-you-mean.js'
import type { KeysGiven } from './check-listeners.js'
import { type Complaint, error, warning } from './complaint.js'
import type { Configuration, Route } from './configuration.js'
import { inWords, type Path, show } from './findings.js'
import { coveredBy } from './route-cover.js'
import { readAddress, readTarget, type Server } from './values.js'

/** Checks routes against the groups and against each other. */
export function checkRoutes(configuration: Configuration, keysGiven: KeysGiven): Complaint[] {
  // Taken from the file: a group with an error in it is still a group.
  const groups = new GroupNames(keysGiven(['upstreams']))
  return configuration.listeners.flatMap((listener, i) => {
    if (listener.mode !== 'reverse') return []
    const own = readAddress(listener.address)
    const covered = coveredBy(listener.routes)
    return listener.routes.flatMap((route, j) => {
      const path = ['listeners', i, 'routes', j]
      return [
        ...checkUpstream(groups, route, own, path),
        ...checkPaths(route, path),
        ...checkFields(route.requestFields, [...path, 'requestFields']),
        ...checkFields(route.responseFields, [...path, 'responseFields']),
        ...checkReached(covered[j]!, path),
      ]
    })
  })
}

/** The groups of the file, and the hint for a name that is not one of them. */
class GroupNames {
  readonly #known: ReadonlySet<string>
  /** All of them in one sentence, made once however many routes need it. */
  readonly #listed: string
  /** Guessing takes time: done once for each name, and for no more names than are reported. */
  readonly #meant = new Map<string, string | undefined>()

  constructor(private readonly names: readonly string[]) {
    this.#known = new Set(names)
    this.#listed = `there ${names.length === 1 ? 'is' : 'are'} ${inWords(names, 'and')}; or write a URL`
  }

  has(name: string): boolean {
    return this.#known.has(name)
  }

  hintFor(name: string): string {
    const meant = this.#meantBy(name)
    if (meant !== undefined) return `did you mean ${meant}?`
    if (this.names.length > 0) return this.#listed
    return `write upstreams: { ${name}: { servers: ['http://127.0.0.1:3000'] } }, or a URL here`
  }

  #meantBy(name: string): string | undefined {
    if (!this.#meant.has(name) && this.#meant.size < NAMES_GUESSED_MAX)
      this.#meant.set(name, didYouMean(name, this.names))
    return this.#meant.get(name)
  }
}

/** More than the number of findings that are reported. */
const NAMES_GUESSED_MAX = 200

function checkUpstream(groups: GroupNames, { upstream }: Route, own: ListenAddress, route: Path): Complaint[] {
  const path = [...route, 'upstream']
  const target = readTarget(upstream)
  if ('server' in target) return isItself(target.server, own) ? [toItself(path, upstream)] : []
  if (groups.has(upstream)) return []
  return [error(path, `there is no group ${show(upstream)} under upstreams`, groups.hintFor(upstream))]
}

/** Only the plain case; loop detection catches the others at the first request. */
export function isItself(server: Server, own: ListenAddress): boolean {
  if (server.kind === 'unix') return own.kind === 'unix' && own.path === server.path
  return (
    server.kind === 'tcp' && own.kind === 'tcp' && own.host === server.host && own.port === server.port && own.port > 0
  )
}

export function toItself(path: Path, url: string): Complaint {
  return error(path, `${show(url)} is the listen address of hopwise itself`, 'change one of them', {
    about: [{ path: ['listeners'], below: true }],
  })
}

function checkPaths({ path, exact, stripPrefix }: Route, route: Path): Complaint[] {
  if (path !== undefined && exact !== undefined)
    return [
      error(
        [...route, 'exact'],
        'a route cannot have both path and exact',
        'path is a prefix, exact is the whole path: remove one of them',
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
      `${show(stripPrefix)} is never a prefix of a path that matches ${show(first)}`,
      `write ${first}`,
      {
        about: [{ path: [...route, 'path'] }, { path: [...route, 'exact'] }],
      },
    ),
  ]
}

/** Whether a path is the prefix, or below it at a segment boundary. */
function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`)
}

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
            'setting a field replaces it: remove it from remove',
            { about: [{ path: [...path, 'set'], below: true }] },
          ),
        ]
      : [],
  )
  return [...twice, ...contrary]
}

/** A route that no request reaches, since an earlier one matches all of them. @param before the first that does, or -1 */
function checkReached(before: number, path: Path): Complaint[] {
  if (before < 0) return []
  const first = [...path.slice(0, -1), before]
  return [
    error(
      path,
      `no request reaches this route: routes[${before}] matches all that this one would`,
      'the first match wins: put this route before it',
      {
        about: [
          { path: first, below: true },
          { path, below: true },
        ],
      },
    ),
  ]
}
