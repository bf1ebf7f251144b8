import { readAuthority } from '../wire/authority.js'
import { hasDots, type PathWay, pathBack, withoutDots } from './path-back.js'

/** Where an `http` or `https` URL points to. */
export interface Place {
  readonly scheme: 'http' | 'https'
  /** Lower case, without brackets. */
  readonly host: string
  readonly port: number
}

/** @param authority `a.example:81`; null for what is none */
export function placeOf(scheme: Place['scheme'], authority: string): Place | null {
  const read = readAuthority(authority)
  if (read === undefined) return null
  return { scheme, host: read.host.toLowerCase(), port: read.port > 0 ? read.port : DEFAULT_PORTS[scheme] }
}

const DEFAULT_PORTS = { http: 80, https: 443 } as const

/** How one request was asked, and how it was sent. */
export interface ReferenceWay extends PathWay {
  /** As the upstream knows itself: by `Host`, and as it stands in the configuration. Who names one of these means the upstream. */
  readonly own: readonly Place[]
  /** As the client asked: an upstream that is told so means itself by it, too. Null: nobody knows. */
  readonly client: Place | null
  /** The path that the client asked for, and the one that was sent, both without query. */
  readonly asked: string
  readonly sent: string
}

/**
 * A reference to something of the upstream's (RFC 3986 4.1) as the client has to know it: always as a path, since the client knows best
 * under which scheme, name and port it asked. Null where it stays as it is: it leads elsewhere, it leads to the same place already, or
 * it is no reference that everybody reads in the same way.
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

/** Its client resolves it against what it asked, the upstream against what it was sent: mostly that is the same, and then it stays. */
function relativeBack(path: string, rest: string, way: ReferenceWay): string | null {
  if (!way.sent.startsWith('/') || !way.asked.startsWith('/')) return null
  const meant = leadBack(resolved(path, way.sent), '', way)
  return meant === null || meant === resolved(path, way.asked) ? null : meant + rest
}

function resolved(relative: string, base: string): string {
  return withoutDots(base.slice(0, base.lastIndexOf('/') + 1) + relative)
}

/** What begins with two slashes would be an authority (RFC 3986 4.2): a segment that leads nowhere stands before it. */
function leadBack(path: string, rest: string, way: PathWay): string | null {
  const back = pathBack(hasDots(path) ? withoutDots(path) : path, way)
  if (back === null) return null
  return (back.startsWith('//') ? `/.${back}` : back) + rest
}

/** User information is for somebody else, whatever host follows; an authority that cannot be read is nobody's. */
function isPlace(scheme: string | undefined, authority: string, place: Place): boolean {
  if (scheme !== undefined && scheme.toLowerCase() !== place.scheme) return false
  const named = placeOf(place.scheme, authority)
  return named !== null && named.host === place.host && named.port === place.port
}

/** RFC 3986 B, the fragment together with the query. */
const REFERENCE = /^(?:([^:/?#]+):)?(?:\/\/([^/?#]*))?([^?#]*)(.*)$/

/** No URI has these in it; browsers take a backslash for a slash, and leave out what is not printed. */
const ODD = /[\x00-\x20\x7f\\]/
