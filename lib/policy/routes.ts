import { METHODS } from '../wire/method.js'
import { isToken } from '../wire/names.js'
import { ProtocolError } from '../wire/protocol-error.js'
import type { RequestHead } from '../wire/request-head.js'
import { quote } from '../wire/request-target.js'
import { methodHabit } from './habits.js'
import { OptionError, WrongText } from './option-error.js'
import { checkRoutePath, loosely, refuseDotSegments, refuseHiddenEnds, SLASH, scanPath, spelled } from './path.js'
import { HostIndex, hostPattern } from './route-hosts.js'
import { type Conditions, NO_ROUTE, RouteIndex } from './route-index.js'
import { atOnce, type Steps } from './steps.js'

/** The conditions of a route: it matches a request that fulfils all of them. */
export interface RouteMatch {
  /** One of these hosts, see `hostPattern`. */
  readonly host?: readonly string[]
  /** The path begins with it, and a segment ends there. `/` matches every path, so it is no condition. */
  readonly path?: string
  /** The path equals it; the query does not count. */
  readonly exact?: string
  /** One of these methods. They are case-sensitive, and GET does not include HEAD (RFC 9110 9.1). */
  readonly method?: readonly string[]
}

/** A route and its destination. */
export interface RouteRow<T> {
  readonly match: RouteMatch
  readonly value: T
}

interface Row<T> extends Conditions {
  readonly value: T
}

/** Up to this number of routes, comparing them one by one is faster than a lookup. */
const FEW = 32

/**
 * The routing table: the first route that matches gets the request. A path with only one interpretation is matched as received
 * (nearly every path is one, as a single scan shows); any other path is matched in two interpretations, which must lead to the
 * same route.
 */
export class Routes<T> {
  /** The first route, if it has no conditions: then nothing has to be matched. */
  readonly only: T | null
  readonly #rows: readonly Row<T>[]
  readonly #hosts: HostIndex<Row<T>>
  /** For a long list. */
  readonly #index: RouteIndex | null

  /**
   * @param few up to this number of routes, they are compared one by one
   * @throws OptionError for an invalid condition
   */
  constructor(rows: readonly RouteRow<T>[], few = FEW, table: Table<T> = atOnce(tableOf(rows, few))) {
    const { compiled, index } = table
    const [first] = compiled
    this.only = first?.hosts === null && first.methods === null && first.path === '' ? first.value : null
    this.#rows = compiled
    this.#hosts = new HostIndex(index === null ? compiled : [])
    this.#index = index
  }

  /** Like the constructor, in steps between which the thread can do other work. */
  static *made<T>(rows: readonly RouteRow<T>[]): Steps<Routes<T>> {
    return new Routes(rows, FEW, yield* tableOf(rows, FEW))
  }

  /**
   * The destination of this request, null if no route matches. `*` matches only routes without a path condition.
   * @throws ProtocolError 400 for a path that matters for the decision and has another interpretation that leads elsewhere
   */
  match(head: RequestHead): T | null {
    if (this.only !== null) return this.only
    if (this.#index !== null) return this.#lookUp(this.#index, head)
    const rows = this.#hosts.find(head.host)
    const { method, path } = head
    let end = -1
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (row.methods !== null && !row.methods.includes(method)) continue
      if (row.path === '') return row.value
      if (end < 0) {
        if (path.charCodeAt(0) !== SLASH) continue
        end = scanPath(path)
        if (end < 0) return matchBothWays(path.slice(0, ~end), read => firstOf(rows, method, read))?.value ?? null
      }
      if (fits(row, path, end)) return row.value
    }
    return null
  }

  /**
   * The same with an index. Of the routes that match any path, only the first counts, and path conditions matter only before it.
   */
  #lookUp(index: RouteIndex, { host, method, path }: RequestHead): T | null {
    const open = index.anyPath(host, method)
    if (index.somePath() >= open || path.charCodeAt(0) !== SLASH) return this.#valueOf(open)
    const end = scanPath(path)
    if (end >= 0) return this.#valueOf(Math.min(open, index.byPath(path, end)))
    return this.#valueOf(matchBothWays(path.slice(0, ~end), read => Math.min(open, index.byPath(read, read.length))))
  }

  #valueOf(nth: number): T | null {
    return nth === NO_ROUTE ? null : this.#rows[nth]!.value
  }
}

interface Table<T> {
  readonly compiled: readonly Row<T>[]
  readonly index: RouteIndex | null
}

function* tableOf<T>(rows: readonly RouteRow<T>[], few: number): Steps<Table<T>> {
  const compiled: Row<T>[] = []
  const index = rows.length > few ? new RouteIndex() : null
  for (const row of rows) {
    const one = compile(row)
    compiled.push(one)
    index?.add(one)
    yield
  }
  return { compiled, index }
}

/**
 * The result for both interpretations of a path.
 * @param first the first route that matches an interpretation
 * @throws ProtocolError 400
 */
function matchBothWays<R>(path: string, first: (read: string) => R): R {
  refuseDotSegments(path)
  const strict = spelled(path)
  refuseHiddenEnds(strict)
  const found = first(strict)
  if (found === first(loosely(strict))) return found
  throw new ProtocolError(
    400,
    `the path matches another route when it is read differently: ${quote(path)}`,
    'RFC 3986 6.2.2',
  )
}

function firstOf<T>(rows: readonly Row<T>[], method: string, path: string): Row<T> | undefined {
  return rows.find(
    row => (row.methods === null || row.methods.includes(method)) && (row.path === '' || fits(row, path, path.length)),
  )
}

/** Whether a path, which ends at `end`, matches the condition of this row. */
function fits({ path: wanted, exact }: Row<unknown>, path: string, end: number): boolean {
  const { length } = wanted
  if (exact) return end === length && path.startsWith(wanted)
  if (!path.startsWith(wanted)) return false
  return end === length || path.charCodeAt(length) === SLASH || wanted.charCodeAt(length - 1) === SLASH
}

function compile<T>({ match, value }: RouteRow<T>): Row<T> {
  const { host, path = '/', exact = '', method } = match
  checkRoute(match)
  return {
    hosts: host === undefined ? null : host.map(hostPattern),
    methods: method ?? null,
    path: exact === '' ? (path === '/' ? '' : path) : exact,
    exact: exact !== '',
    value,
  }
}

/**
 * Checks that a request can fulfil these conditions.
 * @throws OptionError that says what is wrong and how to write it
 */
export function checkRoute({ host, path, exact, method }: RouteMatch): void {
  if (path !== undefined && exact !== undefined) throw new OptionError('a route has path or exact, not both')
  if (host?.length === 0) throw new OptionError('host is empty: omit it to match every host')
  if (method?.length === 0) throw new OptionError('method is empty: omit it to match every method')
  for (const one of host ?? []) hostPattern(one)
  if (path !== undefined) checkRoutePath('path', path)
  if (exact !== undefined) checkRoutePath('exact', exact)
  for (const one of method ?? []) checkMethod(one)
}

/** @throws OptionError */
function checkMethod(method: string): void {
  const habit = methodHabit(method)
  const what = `method ${JSON.stringify(method)}`
  if (habit !== null) throw new WrongText(what, habit.what, habit.right)
  if (!isToken(method)) throw new WrongText(what, 'is not a method such as GET')
  const upper = method.toUpperCase()
  if (method !== upper && METHODS.includes(upper))
    throw new WrongText(what, '', `methods are case-sensitive, write ${upper}`)
}
