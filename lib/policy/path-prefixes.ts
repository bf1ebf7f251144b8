import { BACKSLASH, checkPath, checkRoutePath, refuseDotSegments, SLASH, scanPath, spelled } from './path.js'

/** The changes of a route to the path; '' for none. Neither prefix ends with a slash. */
export interface PathPrefixes {
  /** Stripped first … */
  readonly stripPrefix: string
  /** … then added in front. */
  readonly setPrefix: string
}

/**
 * The two prefixes, ready for `rewritePath`; null when there is nothing to change.
 * @throws OptionError that says what is wrong and how to write it
 */
export function pathPrefixes({ stripPrefix = '', setPrefix = '' }: Partial<PathPrefixes>): PathPrefixes | null {
  if (stripPrefix !== '') checkRoutePath('stripPrefix', stripPrefix)
  if (setPrefix !== '') checkPath('setPrefix', setPrefix)
  const prefixes = { stripPrefix: withoutSlash(stripPrefix), setPrefix: withoutSlash(setPrefix) }
  return prefixes.stripPrefix === '' && prefixes.setPrefix === '' ? null : prefixes
}

const withoutSlash = (prefix: string): string => (prefix.endsWith('/') ? prefix.slice(0, -1) : prefix)

/**
 * The path to send. The prefix is stripped only where a segment ends, and only from a path that begins with it. Everything else
 * stays as received, including the query; `*` stays (RFC 9112 3.2.4).
 * @param path `RequestHead.path`
 * @throws ProtocolError 400 for dot segments, which could lead out of the prefix
 */
export function rewritePath(path: string, { stripPrefix, setPrefix }: PathPrefixes): string {
  if (path.charCodeAt(0) !== SLASH) return path
  const scanned = scanPath(path)
  if (scanned < 0) refuseDotSegments(path.slice(0, ~scanned))
  let from = stripPrefix === '' ? 0 : endOfPrefix(path, scanned, stripPrefix)
  if (from === 0) return setPrefix + path
  // Two slashes at the beginning would make it an authority instead of a path (RFC 3986 3.3), and browsers treat a backslash as a
  // slash.
  while (path.charCodeAt(from) === SLASH || path.charCodeAt(from) === BACKSLASH) from++
  return `${setPrefix}/${path.slice(from)}`
}

/** Whether `rewritePath` strips `stripPrefix` from this path. */
export function isStripped(path: string, { stripPrefix }: PathPrefixes): boolean {
  return stripPrefix !== '' && prefixEnd(path, stripPrefix) > 0
}

/**
 * The length of the prefix (which does not end with a slash) as it is written in the path; 0 when the path does not begin with
 * it.
 */
export function prefixEnd(path: string, prefix: string): number {
  return path.charCodeAt(0) === SLASH ? endOfPrefix(path, scanPath(path), prefix) : 0
}

/** Like `prefixEnd`, for a path that was scanned already. */
function endOfPrefix(path: string, scanned: number, prefix: string): number {
  const to = scanned < 0 ? ~scanned : scanned
  const end = scanned < 0 ? endOfSegments(path, to, segmentsOf(prefix)) : prefix.length
  if (end !== to && path.charCodeAt(end) !== SLASH) return 0
  return (scanned < 0 ? spelled(path.slice(0, end)) === prefix : path.startsWith(prefix)) ? end : 0
}

const segmentsOf = (prefix: string): number => prefix.split('/').length - 1

/** The end of the first `segments` segments of `path`, which ends at `to`. An encoded slash does not end a segment. */
function endOfSegments(path: string, to: number, segments: number): number {
  let end = 0
  for (let nth = 0; nth < segments && end < to; nth++) {
    const slash = path.indexOf('/', end + 1)
    end = slash < 0 || slash > to ? to : slash
  }
  return end
}
