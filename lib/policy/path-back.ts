import { prefixEnd } from './path-prefixes.js'

/** The change of a route to the path of one request. Neither prefix ends with a slash; '' for none. */
export interface PathWay {
  /** The prefix that was stripped: part of the path for the client. */
  readonly outer: string
  /** The prefix that was added: part of the path for the upstream. */
  readonly inner: string
}

/**
 * A path of the upstream as the client would request it: the inverse of `rewritePath`. Null when no request of this route leads
 * there, because it is outside the prefix that was added.
 * @param path begins with a slash; without dot segments, query and fragment
 */
export function pathBack(path: string, { outer, inner }: PathWay): string | null {
  const from = inner === '' ? 0 : prefixEnd(path, inner)
  if (from === 0 && inner !== '') return null
  const back = outer + path.slice(from)
  return back === '' ? '/' : back
}

/**
 * The path without `.` and `..` segments, as a client resolves them before a request (RFC 3986 5.2.4). Browsers treat `%2e` as a
 * dot here.
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

/** Whether this path has a `.` or `..` segment. */
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
