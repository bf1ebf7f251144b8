import { PathTree, type PathVisitor } from './path-tree.js'
import { canonicalHost } from './route-hosts.js'

/** The validated conditions of a route. */
export interface Conditions {
  /** The host patterns; null for every host. */
  readonly hosts: readonly string[] | null
  readonly methods: readonly string[] | null
  /** '' for any path. */
  readonly path: string
  /** The path must be equal, not only begin with it. */
  readonly exact: boolean
}

/** No route. Greater than the number of any route. */
export const NO_ROUTE = 2 ** 30

/**
 * An index of a long list of routes by their conditions: finding the first route that matches costs a lookup for each label of
 * the host and for each segment of the path, not a check of every route. Allocates only the parts of the path that are looked up.
 */
export class RouteIndex implements PathVisitor<Firsts> {
  readonly #exact = new Map<string, Place>()
  /** By the part after the `*`: `.example`. */
  readonly #wild = new Map<string, Place>()
  readonly #rest = new Place()
  #routes = 0
  /** The maximum number of bytes at the end of a host that are looked up: a host of a thousand labels costs no more. */
  #wildLength = 0
  /** The results of the current lookup; reused. */
  readonly #places: Place[] = []
  #method = ''
  #first = NO_ROUTE

  /** Appends a route. */
  add(route: Conditions): void {
    const nth = this.#routes++
    if (route.hosts === null) this.#rest.add(nth, route)
    else for (const pattern of new Set(route.hosts)) this.#placeOf(pattern).add(nth, route)
  }

  #placeOf(pattern: string): Place {
    const wild = pattern.startsWith('*')
    const name = wild ? pattern.slice(1) : pattern
    const places = wild ? this.#wild : this.#exact
    if (wild && name.length > this.#wildLength) this.#wildLength = name.length
    const known = places.get(name)
    if (known !== undefined) return known
    const made = new Place()
    places.set(name, made)
    return made
  }

  /**
   * Begins a lookup. @param host as received, '' for none
   * @returns the first route that matches any path
   */
  anyPath(host: string, method: string): number {
    this.#method = method
    this.#look(host)
    let first = NO_ROUTE
    for (const { anyPath } of this.#places) first = Math.min(first, anyPath.for(method))
    return first
  }

  /** In the current lookup: the first route that matches if its path condition does. */
  somePath(): number {
    let first = NO_ROUTE
    for (const { somePath } of this.#places) first = Math.min(first, somePath.for(this.#method))
    return first
  }

  /** In the current lookup: the first route whose path condition matches. @param path begins with a slash, ends at `end` */
  byPath(path: string, end: number): number {
    this.#first = NO_ROUTE
    for (const { paths } of this.#places) paths.visit(path, end, this)
    return this.#first
  }

  met(firsts: Firsts): void {
    this.#first = Math.min(this.#first, firsts.for(this.#method))
  }

  #look(received: string): void {
    const places = this.#places
    places.length = 0
    places.push(this.#rest)
    if (this.#exact.size === 0 && this.#wild.size === 0) return
    let host = received
    let exact = this.#exact.get(host)
    if (exact === undefined) {
      host = canonicalHost(received)
      exact = this.#exact.get(host)
    }
    if (exact !== undefined) places.push(exact)
    if (this.#wild.size === 0) return
    const from = Math.max(1, host.length - this.#wildLength)
    for (let dot = host.indexOf('.', from); dot > 0; dot = host.indexOf('.', dot + 1)) {
      const wild = this.#wild.get(host.slice(dot))
      if (wild !== undefined) places.push(wild)
    }
  }
}

/** The routes of one host. */
class Place {
  readonly anyPath = new Firsts()
  readonly somePath = new Firsts()
  readonly paths = new PathTree<Firsts>()

  add(nth: number, { path, exact, methods }: Conditions): void {
    if (path === '') {
      this.anyPath.add(nth, methods)
      return
    }
    this.somePath.add(nth, methods)
    const firsts = exact ? this.paths.exactly(path, firstsOf) : this.paths.from(path, firstsOf)
    firsts.add(nth, methods)
  }
}

/** The first route for each method, of routes that differ only in the method. Routes are added in their order. */
class Firsts {
  #every = NO_ROUTE
  #each: Map<string, number> | null = null

  add(nth: number, methods: readonly string[] | null): void {
    if (methods === null) this.#every = Math.min(this.#every, nth)
    else {
      this.#each ??= new Map()
      for (const method of methods) if (!this.#each.has(method)) this.#each.set(method, nth)
    }
  }

  for(method: string): number {
    const one = this.#each === null ? undefined : this.#each.get(method)
    return one !== undefined && one < this.#every ? one : this.#every
  }
}

const firstsOf = (): Firsts => new Firsts()
