import { trimOws } from '../wire/list.js'
import { hasDots, type PathWay, pathBack } from './path-back.js'

/** What a cookie's attributes are compared with. */
export interface CookieWay extends PathWay {
  /** The names under which the upstream was asked, lower case. */
  readonly ownHosts: readonly string[]
  /** The name that the client asked for, lower case. */
  readonly askedHost: string
}

/**
 * The value of one Set-Cookie line as its client has to know it: `Path` where the client would send it, and without a `Domain` that is the
 * upstream's and not the client's, so that the cookie is for the asked host alone. Null where it stays as it is. Read as user agents read it
 * (RFC 6265 5.2): quotes have no meaning.
 */
export function cookieBack(value: string, way: CookieWay): string | null {
  // `__Host-` promises Path=/ and no Domain: changed, the cookie is refused (RFC 6265bis 4.1.3).
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
  /** Lower case. */
  name: string
  /** The value without whitespace around it, '' for none. */
  text: string
  /** Where its value stands, where the semicolon before it does, and where it ends. */
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
 * The last Domain counts (RFC 6265 5.3). Where the client would take it, it stays. Where the upstream is meant by it, or a domain that the
 * upstream is in, the client would refuse the cookie; whatever else it names, the client decides.
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
 * A path that covers all of what was put in front covers all that the client sees of this route. One beside it is not changed: nobody comes
 * there through this route, and another one may lead there. What is no path, or one that no client ever asks, stays, too.
 */
function cookiePathBack(path: string, way: PathWay): string {
  const { outer, inner } = way
  if (!path.startsWith('/') || /[?#\\]/.test(path) || hasDots(path)) return path
  const covers = inner === path || inner.startsWith(path.endsWith('/') ? path : `${path}/`)
  if (covers || path === '/') return outer === '' ? '/' : outer
  return pathBack(path, way) ?? path
}

/** User agents refuse such a cookie, but for the tab. */
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/
