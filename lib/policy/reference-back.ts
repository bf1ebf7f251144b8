import { readAuthority } from '../wire/authority.js'
import { hasDots, type PathWay, pathBack, withoutDots } from './path-back.js'

/** The origin of an `http` or `https` URL. */
export interface Place {
  readonly scheme: 'http' | 'https'
  /** In lower case, without brackets. */
  readonly host: string
  readonly port: number
}

/** @param authority `a.example:81` @returns null if it is not an authority */
export function placeOf(scheme: Place['scheme'], authority: string): Place | null {
  const read = readAuthority(authority)
  if (read === undefined) return null
  return { scheme, host: read.host.toLowerCase(), port: read.port > 0 ? read.port : DEFAULT_PORTS[scheme] }
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const

/** How the client made one request, and how it was sent to the upstream. */
export interface ReferenceWay extends PathWay {
  /** The origins of the upstream: from `Host`, and from the configuration. A reference with one of these means the upstream. */
  readonly own: readonly Place[]
  /** The origin that the client requested: an upstream that is told it means itself by it, too. Null: unknown. */
  readonly client: Place | null
  /** The path that the client requested, and the path that was sent, both without the query. */
  readonly asked: string
  readonly sent: string
}

/**
 * A reference to a resource of the upstream (RFC 3986 4.1), rewritten for the client: always as a path, because the client knows
 * best which scheme, name and port it requested. Null when nothing changes: the reference leads elsewhere, it leads to the right
 * place already, or it has more than one interpretation.
 */
export function referenceBack(reference: string, way: ReferenceWay): string | null {
  if (reference === '' || ODD.test(reference)) return null
  const [, scheme, authority, path = '', rest = ''] = REFERENCE.exec(reference)!
  if (authority !== undefined) {
    const isClients = way.client !== null && isPlace(scheme, authority, way.client)
    if (!isClients && !way.own.some(place => isPlace(scheme, authority, place))) return null
    const back = leadBack(path || '/', rest, way)
    return isClients && back === path + rest ? null : back
  }
  if (scheme !== undefined || path === '') return null
  if (path.startsWith('/')) {
    const back = leadBack(path, rest, way)
    return back === reference ? null : back
  }
  return relativeBack(path, rest, way)
}

/**
 * The client resolves it against what it requested, the upstream against what it received. Usually the result is the same, so it
 * stays.
 */
function relativeBack(path: string, rest: string, way: ReferenceWay): string | null {
  if (!way.sent.startsWith('/') || !way.asked.startsWith('/')) return null
  const meant = leadBack(resolved(path, way.sent), '', way)
  return meant === null || meant === resolved(path, way.asked) ? null : meant + rest
}

function resolved(relative: string, base: string): string {
  return withoutDots(base.slice(0, base.lastIndexOf('/') + 1) + relative)
}

/** A path that begins with two slashes would be an authority (RFC 3986 4.2), so a `.` segment is put before it. */
function leadBack(path: string, rest: string, way: PathWay): string | null {
  const back = pathBack(hasDots(path) ? withoutDots(path) : path, way)
  if (back === null) return null
  return (back.startsWith('//') ? `/.${back}` : back) + rest
}

/** An authority with userinfo never matches, whatever host follows; an authority that cannot be parsed matches nothing. */
function isPlace(scheme: string | undefined, authority: string, place: Place): boolean {
  if (scheme !== undefined && scheme.toLowerCase() !== place.scheme) return false
  const named = placeOf(place.scheme, authority)
  return named !== null && named.host === place.host && named.port === place.port
}

/** RFC 3986 B, the fragment together with the query. */
const REFERENCE = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/

/** No URI contains these; browsers treat a backslash as a slash and drop characters that are not printable. */
const ODD = /[\x00-\x20\x7f\\]/
