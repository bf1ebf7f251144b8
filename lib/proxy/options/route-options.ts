import type { UpstreamGroup } from '../../net/upstream/upstream-group.js'
import { FieldEdits, type FieldEditsOptions } from '../../policy/field-edits.js'
import { type PathPrefixes, pathPrefixes } from '../../policy/path-prefixes.js'
import { checkRoute, type RouteMatch } from '../../policy/routes.js'
import { checkSendHost } from '../../policy/send-host.js'
import type { WayBackOptions } from '../../policy/way-back.js'
import { checkShape, flag, list, mapping, named, oneOrMore, type Shape, shape, text, whole } from './check.js'

/** Which requests a gateway sends where, and what it changes in them. The first route that matches is taken. */
export interface RouteOptions {
  /** `app.example`, `*.example`; without a port. Default: any. */
  host?: string | readonly string[]
  /** The path begins with it, at a segment's border. */
  path?: string
  /** The path is it. */
  exact?: string
  method?: string | readonly string[]
  /** The name of a group, or the URL of an upstream. */
  upstream: string
  /** Taken off the path. */
  stripPrefix?: string
  /** Put before the path. */
  setPrefix?: string
  /** `preserve` (the client's Host), `upstream` (the server's own), or any other text. Default: the proxy's `host`. */
  sendHost?: string
  /** Applied after the hop rules. */
  requestFields?: FieldEditsOptions
  responseFields?: FieldEditsOptions
  /** `Location`, `Content-Location` and `Refresh` that lead to the upstream lead the client back to this route. */
  rewriteLocation?: boolean
  /** `Path` and `Domain` of cookies become those under which the client knows the upstream. */
  rewriteCookies?: boolean
  /** So much content is gathered before a server is taken, for servers that have a thread for each request. 0: it is passed on as it comes. */
  bufferRequestBytes?: number
}

/** A route as exchanges use it; its group is found by name. */
export interface RouteSpec {
  readonly match: RouteMatch
  readonly upstream: string
  readonly prefixes: PathPrefixes | null
  readonly sendHost: string
  readonly requestEdits: FieldEdits | null
  readonly responseEdits: FieldEdits | null
  /** What of the response follows the changes of the request, null for nothing. */
  readonly wayBack: WayBackOptions | null
  readonly bufferRequestBytes: number
  /** For the log: what it matches, and where it goes. */
  readonly name: string
  /** It is worth naming: the configuration has routes. */
  readonly named: boolean
}

export interface Route extends RouteSpec {
  readonly group: UpstreamGroup
}

/**
 * @param what what the route is called: `routes[3]`
 * @param isNamed worth naming in the log
 * @throws TypeError that says which option of it is wrong, how, and what would be right
 */
export function routeSpec(options: RouteOptions, sendHost: string, what: string, isNamed = true): RouteSpec {
  checkShape(what, options, ROUTE, ['upstream'])
  return named(what, () => specOf(options, sendHost, isNamed))
}

function specOf(options: RouteOptions, sendHost: string, isNamed: boolean): RouteSpec {
  const { host, path, exact, method, stripPrefix = '', setPrefix = '', bufferRequestBytes = 0 } = options
  const { rewriteLocation = false, rewriteCookies = false } = options
  checkSendHost(options.sendHost ?? sendHost)
  const match: RouteMatch = {
    ...(host === undefined ? {} : { host: listOf(host) }),
    ...(path === undefined ? {} : { path }),
    ...(exact === undefined ? {} : { exact }),
    ...(method === undefined ? {} : { method: listOf(method) }),
  }
  checkRoute(match)
  return {
    match,
    upstream: options.upstream,
    prefixes: pathPrefixes({ stripPrefix, setPrefix }),
    sendHost: options.sendHost ?? sendHost,
    requestEdits: options.requestFields === undefined ? null : new FieldEdits('request', options.requestFields),
    responseEdits: options.responseFields === undefined ? null : new FieldEdits('response', options.responseFields),
    wayBack: rewriteLocation || rewriteCookies ? { locations: rewriteLocation, cookies: rewriteCookies } : null,
    bufferRequestBytes,
    name: nameOf(options),
    named: isNamed,
  }
}

const EDITS = shape({ set: mapping(text), remove: list(text) } satisfies Shape<FieldEditsOptions>)

/** Of content that is gathered for one request, in the memory of this process. */
const BUFFER_BYTES_MAX = 1_073_741_824

const ROUTE: Shape<RouteOptions> = {
  host: oneOrMore(text),
  path: text,
  exact: text,
  method: oneOrMore(text),
  upstream: text,
  stripPrefix: text,
  setPrefix: text,
  sendHost: text,
  requestFields: EDITS,
  responseFields: EDITS,
  rewriteLocation: flag,
  rewriteCookies: flag,
  bufferRequestBytes: whole(0, BUFFER_BYTES_MAX),
}

const listOf = (one: string | readonly string[]): readonly string[] => (typeof one === 'string' ? [one] : one)

function nameOf({ host, path, exact, method, upstream }: RouteOptions): string {
  const parts = [listOf(method ?? []).join(','), listOf(host ?? []).join(','), exact ?? path ?? '']
  const what = parts.filter(part => part !== '').join(' ')
  return `${what === '' ? 'all' : what} -> ${upstream}`
}
