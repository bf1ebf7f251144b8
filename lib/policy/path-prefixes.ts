import { BACKSLASH, checkPath, checkRoutePath, refuseDotSegments, SLASH, scanPath, spelled } from './path.js'

/** What a route changes in the path; '' for nothing. Neither ends with a slash. */
export interface PathPrefixes {
  /** Taken off first … */
  readonly stripPrefix: string
  /** … then put in front. */
  readonly setPrefix: string
}

/**
 * The two prefixes, ready for `rewritePath`; null when there is nothing to do.
 * @throws TypeError with what is wrong and what would be right
 */
export function pathPrefixes({ stripPrefix = '', setPrefix = '' }: Partial<PathPrefixes>): PathPrefixes | null {
  if (stripPrefix !== '') checkRoutePath('stripPrefix', stripPrefix)
  if (setPrefix !== '') checkPath('setPrefix', setPrefix)
  const prefixes = { stripPrefix: withoutSlash(stripPrefix), setPrefix: withoutSlash(setPrefix) }
  return prefixes.stripPrefix === '' && prefixes.setPrefix === '' ? null : prefixes
}

const withoutSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)

/**
 * The path to send. A prefix is taken off only where a segment ends, and not where the path does not begin with it; what was not
 * touched stays as received, the query too; `*` stays (RFC 9112 3.2.4).
 * @param path `RequestHead.path`
 * @throws ProtocolError 400 for dot segments: they would lead out of the prefix
 */
export function rewritePath(path: string, { stripPrefix, setPrefix }: PathPrefixes): string {
  if (path.charCodeAt(0) !== SLASH) return path
  const scanned = scanPath(path)
  if (scanned < 0) refuseDotSegments(path.slice(0, ~scanned))
  let from = stripPrefix === '' ? 0 : endOfPrefix(path, scanned, stripPrefix)
  if (from === 0) return setPrefix + path
  // What begins with two slashes would no longer be a path but an authority (RFC 3986 3.3), and a backslash counts as one in browsers.
  while (path.charCodeAt(from) === SLASH || path.charCodeAt(from) === BACKSLASH) from++
  return `${setPrefix}/${path.slice(from)}`
}

/** Whether `rewritePath` takes `stripPrefix` off this path. */
export function isStripped(path: string, { stripPrefix }: PathPrefixes): boolean {
  return stripPrefix !== '' && prefixEnd(path, stripPrefix) > 0
}

/** How many bytes of the path are the prefix, which does not end with a slash; 0 when it begins with something else. */
export function prefixEnd(path: string, prefix: string): number {
  return path.charCodeAt(0) === SLASH ? endOfPrefix(path, scanPath(path), prefix) : 0
}

/** The same for a path that was scanned. */
function endOfPrefix(path: string, scanned: number, prefix: string): number {
  const to = scanned < 0 ? ~scanned : scanned
  const end = scanned < 0 ? endOfSegments(path, to, segmentsOf(prefix)) : prefix.length
  if (end !== to && path.charCodeAt(end) !== SLASH) return 0
  return (scanned < 0 ? spelled(path.slice(0, end)) === prefix : path.startsWith(prefix)) ? end : 0
}

const segmentsOf = (prefix: string): number => prefix.split('/').length - 1

/** Where so many segments of `path`, which ends at `to`, end. An encoded slash ends none. */
function endOfSegments(path: string, to: number, segments: number): number {
  let end = 0
  for (let nth = 0; nth < segments && end < to; nth++) {
    const slash = path.indexOf('/', end + 1)
    end = slash < 0 || slash > to ? to : slash
  }
  return end
}
