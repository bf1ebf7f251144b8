import type { UpstreamGroup } from '../../net/upstream/upstream-group.js'
import { FieldEdits, type FieldEditsOptions } from '../../policy/field-edits.js'
import { type PathPrefixes, pathPrefixes } from '../../policy/path-prefixes.js'
import { checkRoute, type RouteMatch } from '../../policy/routes.js'
import { checkSendHost } from '../../policy/send-host.js'
import type { WayBackOptions } from '../../policy/way-back.js'
import { checkShape, flag, list, mapping, named, oneOrMore, type Shape, shape, text, whole } from './check.js'

/** A route of a reverse proxy: which requests it matches, where they go, and what is changed in them. The first match wins. */
export interface RouteOptions {
  /** Host names without a port: `app.example`, `*.example`. Default: any. */
  host?: string | readonly string[]
  /** The path begins with this prefix, which ends at a segment boundary. */
  path?: string
  /** The path is exactly this. */
  exact?: string
  /** Methods. Default: any. */
  method?: string | readonly string[]
  /** The name of a group, or the URL of an upstream. */
  upstream: string
  /** Removed from the beginning of the path. */
  stripPrefix?: string
  /** Added to the beginning of the path. */
  setPrefix?: string
  /**
   * The Host to send: `preserve` (the client's), `upstream` (the server's own), or any other value. Default: the proxy's `host`.
   */
  sendHost?: string
  /** Fields to set and remove, after the hop-by-hop rules have been applied. */
  requestFields?: FieldEditsOptions
  responseFields?: FieldEditsOptions
  /** Rewrite `Location`, `Content-Location` and `Refresh` that point to the upstream so that they point back to this route. */
  rewriteLocation?: boolean
  /** Rewrite `Path` and `Domain` of cookies to those under which the client knows the upstream. */
  rewriteCookies?: boolean
  /**
   * Gather up to this many bytes of the content before a server is chosen, for servers that use a thread per request. 0
   * (default): pass the content on as it arrives.
   */
  bufferRequestBytes?: number
}

/** A route as exchanges use it, checked; it refers to its group by name. */
export interface RouteSpec {
  readonly match: RouteMatch
  readonly upstream: string
  readonly prefixes: PathPrefixes | null
  readonly sendHost: string
  readonly requestEdits: FieldEdits | null
  readonly responseEdits: FieldEdits | null
  /** What is rewritten in the response to match the changes to the request; null: nothing. */
  readonly wayBack: WayBackOptions | null
  readonly bufferRequestBytes: number
  /** For the log: what the route matches, and its upstream. */
  readonly name: string
  /** Whether the log names the route: only if the configuration has routes. */
  readonly named: boolean
}

export interface Route extends RouteSpec {
  readonly group: UpstreamGroup
}

/**
 * @param what what messages call the route: `routes[3]`
 * @param isNamed whether the log names it
 * @throws OptionError that says which option of the route is wrong, how, and what would be right
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

/** The most content that can be gathered for one request, in the memory of this process. */
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
