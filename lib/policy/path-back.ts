import { prefixEnd } from './path-prefixes.js'

/** What a route changed in the path of one request. Neither ends with a slash; '' for nothing. */
export interface PathWay {
  /** What was taken off: the client has it. */
  readonly outer: string
  /** What was put in front: the upstream has it. */
  readonly inner: string
}

/**
 * A path of the upstream's as the client would ask for it: the way of `rewritePath`, back. Null where no request of this route leads
 * there: it lies outside of what was put in front.
 * @param path begins with a slash; without dot segments, query and fragment
 */
export function pathBack(path: string, { outer, inner }: PathWay): string | null {
  const from = inner === '' ? 0 : prefixEnd(path, inner)
  if (from === 0 && inner !== '') return null
  const back = outer + path.slice(from)
  return back === '' ? '/' : back
}

/**
 * The path without its segments `.` and `..`, as a client resolves them before it asks (RFC 3986 5.2.4). Browsers take `%2e` for a dot
 * there.
 */
export function withoutDots(path: string): string {
  if (!hasDots(path)) return path
  const out: string[] = []
  const segments = path.split('/')
  for (let nth = 1; nth < segments.length; nth++) {
    const dots = DOTS[segments[nth]!.toLowerCase()] ?? 0
    if (dots === 0) out.push(segments[nth]!)
    else {
      if (dots === 2) out.pop()
      if (nth === segments.length - 1) out.push('')
    }
  }
  return `/${out.join('/')}`
}

/** Has this path a segment that leads nowhere or back? */
export function hasDots(path: string): boolean {
  return /\/(?:\.|%2e){1,2}(?:\/|$)/i.test(path)
}

const DOTS: Readonly<Record<string, number | undefined>> = {
  '.': 1,
  '%2e': 1,
  '..': 2,
  '.%2e': 2,
  '%2e.': 2,
  '%2e%2e': 2,
}
