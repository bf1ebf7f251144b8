import { PathTree } from '../policy/path-tree.js'
import type { Route } from './configuration.js'
import { readRouteHost } from './values.js'

/**
 * For each route, the index of the first earlier route that matches all requests it would match, or -1. Routes are
 * indexed by host, path and method, so the cost grows with the length of the routes, and not with a comparison of every
 * pair.
 */
export function coveredBy(routes: readonly Route[]): number[] {
  const before = new Covers()
  return routes.map((route, nth) => {
    const demands = new Demands(nth, route)
    const first = before.firstFor(demands)
    before.add(demands)
    return first === NONE ? -1 : first
  })
}

const NONE = Number.POSITIVE_INFINITY

/** What a route requires of a request. undefined: anything matches. */
class Demands {
  readonly hosts: readonly string[] | undefined
  readonly methods: ReadonlySet<string> | undefined
  readonly path: string | undefined
  readonly exact: string | undefined
  #taken: PathTree<true> | undefined

  constructor(
    readonly nth: number,
    { host, method, path, exact }: Route,
  ) {
    this.hosts = host && [...new Set(host.map(readRouteHost))]
    this.methods = method && new Set(method)
    this.path = path
    this.exact = exact
  }

  /** Whether this route, which is known to match one host and one method of another, matches all of them. */
  takesRest({ hosts, methods }: Demands): boolean {
    const { hosts: own, methods: ownMethods } = this
    if (ownMethods !== undefined && methods !== undefined && methods.size > 1)
      for (const method of methods) if (!ownMethods.has(method)) return false
    return own === undefined || hosts === undefined || hosts.length === 1 || hosts.every(host => this.#takes(host))
  }

  #takes(host: string): boolean {
    if (this.#taken === undefined) {
      this.#taken = new PathTree()
      for (const own of this.hosts ?? []) hang(this.#taken, own, () => true)
    }
    return hangingOn(this.#taken, host).length > 0
  }
}

/** Routes by the hosts that they match. */
class Covers {
  readonly #everyHost = new OfHost()
  readonly #byHost = new PathTree<OfHost>()

  add(demands: Demands): void {
    if (demands.hosts === undefined) this.#everyHost.add(demands)
    else for (const host of demands.hosts) hang(this.#byHost, host, () => new OfHost()).add(demands)
  }

  firstFor(demands: Demands): number {
    const first = this.#everyHost.firstFor(demands, NONE)
    return this.#fewest(demands.hosts ?? []).reduce((best, place) => place.firstFor(demands, best), first)
  }

  /** A route that matches several hosts matches each of them, so it is enough to search the host with the fewest routes. */
  #fewest(hosts: readonly string[]): readonly OfHost[] {
    let fewest: readonly OfHost[] = []
    let least = NONE
    for (const host of hosts) {
      const places = hangingOn(this.#byHost, host)
      const routes = places.reduce((sum, { size }) => sum + size, 0)
      if (routes >= least) continue
      fewest = places
      least = routes
    }
    return fewest
  }
}

/** The routes of one host, by their paths. */
class OfHost {
  size = 0
  readonly #everyPath = new OfPath()
  readonly #whole = new Map<string, OfPath>()
  readonly #prefixes = new PathTree<OfPath>()

  add(demands: Demands): void {
    this.size++
    const { path, exact } = demands
    if (exact !== undefined) {
      const whole = this.#whole.get(exact) ?? new OfPath()
      this.#whole.set(exact, whole)
      whole.add(demands)
    } else if (path !== undefined) this.#prefixes.from(path, () => new OfPath()).add(demands)
    else this.#everyPath.add(demands)
  }

  /** @param least only routes before this one matter */
  firstFor(demands: Demands, least: number): number {
    const { path, exact } = demands
    let first = this.#everyPath.firstFor(demands, least)
    if (exact !== undefined) first = this.#whole.get(exact)?.firstFor(demands, first) ?? first
    const wanted = exact ?? path
    const met = (leaf: OfPath) => {
      first = leaf.firstFor(demands, first)
    }
    if (wanted !== undefined) this.#prefixes.visit(wanted, wanted.length, { met })
    return first
  }
}

/** The routes of one host and path by their methods, each list in order. */
class OfPath {
  readonly #every: Demands[] = []
  readonly #each = new Map<string, Demands[]>()

  add(demands: Demands): void {
    if (demands.methods === undefined) this.#every.push(demands)
    for (const method of demands.methods ?? []) {
      const list = this.#each.get(method) ?? []
      this.#each.set(method, list)
      list.push(demands)
    }
  }

  firstFor(demands: Demands, least: number): number {
    const some = [...(demands.methods ?? [])].map(method => this.#each.get(method) ?? [])
    const fewest = some.reduce((a, b) => (b.length < a.length ? b : a), some[0] ?? [])
    return firstOf(fewest, demands, firstOf(this.#every, demands, least))
  }
}

function firstOf(candidates: readonly Demands[], demands: Demands, least: number): number {
  for (const one of candidates) {
    if (one.nth >= least) return least
    if (one.takesRest(demands)) return one.nth
  }
  return least
}

// Hosts as paths, the last label first: a wildcard matches everything below its labels.

function hang<T>(tree: PathTree<T>, host: string, make: () => T): T {
  return host.startsWith('*') ? tree.from(`${pathOf(host.slice(2))}/`, make) : tree.exactly(pathOf(host), make)
}

function hangingOn<T>(tree: PathTree<T>, host: string): T[] {
  const found: T[] = []
  const path = pathOf(host)
  tree.visit(path, path.length, { met: leaf => found.push(leaf) })
  return found
}

const pathOf = (host: string): string => `/${host.split('.').reverse().join('/')}`
