import { trimOws } from '../wire/list.js'
import { hasDots, type PathWay, pathBack } from './path-back.js'

/** What the attributes of a cookie are compared with. */
export interface CookieWay extends PathWay {
  /** The names under which the upstream was requested, in lower case. */
  readonly ownHosts: readonly string[]
  /** The name that the client requested, in lower case. */
  readonly askedHost: string
}

/**
 * The value of one Set-Cookie line rewritten for the client: `Path` is mapped to the path under which the client sends requests
 * here, and a `Domain` of the upstream that does not include the requested host is removed, so that the cookie is for that host
 * only. Null when nothing changes. Parsed as user agents do (RFC 6265 5.2): quotes have no meaning.
 */
export function cookieBack(value: string, way: CookieWay): string | null {
  // `__Host-` requires Path=/ and no Domain: a changed cookie would be refused (RFC 6265bis 4.1.3).
  if (CONTROL.test(value) || /^[ \t]*__host-/i.test(value)) return null
  const attributes = attributesOf(value)
  const isDropped = dropsDomain(attributes, way)
  let out = ''
  let from = 0
  for (const { name, text, semicolon, at, to } of attributes) {
    if (name === 'domain' && isDropped) {
      out += value.slice(from, semicolon)
      from = to
    } else if (name === 'path') {
      const path = cookiePathBack(text, way)
      if (path === text) continue
      out += value.slice(from, at) + path
      from = at + text.length
    }
  }
  return from === 0 ? null : out + value.slice(from)
}

interface Attribute {
  /** In lower case. */
  name: string
  /** The value without whitespace around it, '' for none. */
  text: string
  /** The offsets of its value, of the semicolon before it, and of its end. */
  at: number
  semicolon: number
  to: number
}

function attributesOf(value: string): Attribute[] {
  const attributes: Attribute[] = []
  for (let semicolon = value.indexOf(';'); semicolon >= 0; ) {
    const next = value.indexOf(';', semicolon + 1)
    const to = next < 0 ? value.length : next
    const written = value.slice(semicolon + 1, to)
    const equals = written.indexOf('=')
    const name = trimOws(written, 0, equals < 0 ? written.length : equals).toLowerCase()
    const text = equals < 0 ? '' : trimOws(written, equals + 1)
    const at = text === '' ? to : semicolon + 1 + written.indexOf(text, equals + 1)
    attributes.push({ name, text, semicolon, at, to })
    semicolon = next
  }
  return attributes
}

/**
 * Whether Domain must be removed. The last Domain counts (RFC 6265 5.3). If the client would accept it, it stays. If it means the
 * upstream, or a domain that contains the upstream, the client would refuse the cookie. Any other domain is left to the client.
 */
function dropsDomain(attributes: readonly Attribute[], { ownHosts, askedHost }: CookieWay): boolean {
  const last = attributes.findLast(({ name, text }) => name === 'domain' && text !== '')
  if (last === undefined) return false
  const domain = last.text.toLowerCase().replace(/^\./, '')
  return !isIn(askedHost, domain) && ownHosts.some(host => isIn(host, domain))
}

const isIn = (host: string, domain: string): boolean =>
  host === domain || (host.endsWith(`.${domain}`) && !/^[\d.]+$|:/.test(host))

/**
 * A path that covers the whole prefix that was set covers all that the client sees of this route. A path outside of it is not
 * changed: this route does not lead there, and another one may. Anything that is not a path, or that no client ever requests,
 * stays, too.
 */
function cookiePathBack(path: string, way: PathWay): string {
  const { outer, inner } = way
  if (!path.startsWith('/') || /[?#\\]/.test(path) || hasDots(path)) return path
  const covers = inner === path || inner.startsWith(path.endsWith('/') ? path : `${path}/`)
  if (covers || path === '/') return outer === '' ? '/' : outer
  return pathBack(path, way) ?? path
}

/** Characters for which user agents refuse a cookie (all control characters except tab). */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/
