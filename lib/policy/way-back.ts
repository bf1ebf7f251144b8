import type { Lines } from '../wire/lines.js'
import { hashOf, ID } from '../wire/names.js'
import type { ConnectionOptions } from './connection-options.js'
import { type CookieWay, cookieBack } from './cookie-back.js'
import { judge, passOver } from './judge.js'
import type { Rules } from './message-rules.js'
import { type Place, placeOf, type ReferenceWay, referenceBack } from './reference-back.js'
import { KEEP, RULE } from './rules.js'

/** Which fields that refer to the upstream a route rewrites in responses. */
export interface WayBackOptions {
  readonly locations: boolean
  readonly cookies: boolean
}

/** How one request was rewritten, to map the fields of its response back. */
export interface WayBack extends ReferenceWay, CookieWay, WayBackOptions {}

/** How client and upstream address each other in one exchange. */
export interface Ends {
  readonly outer: string
  readonly inner: string
  readonly asked: string
  readonly sent: string
  /** The authorities under which it was requested: from `Host`, and from the configuration. */
  readonly upstream: { readonly scheme: 'http' | 'https'; readonly authorities: readonly string[] }
  /** What the client requested, as far as it is known, or according to a trusted peer. */
  readonly client: { readonly scheme: string; readonly authority: string }
}

export function wayBack(
  { locations, cookies }: WayBackOptions,
  { outer, inner, asked, sent, upstream, client }: Ends,
): WayBack {
  const itsOwn = upstream.authorities.map(authority => placeOf(upstream.scheme, authority))
  // An upstream that gets X-Forwarded-Host and -Proto refers to itself as the client does.
  const asAsked = placeOf(client.scheme.toLowerCase() === 'https' ? 'https' : 'http', client.authority)
  return {
    locations,
    cookies,
    outer,
    inner,
    asked,
    sent,
    own: itsOwn.filter((place): place is Place => place !== null),
    client: asAsked,
    ownHosts: itsOwn.flatMap(place => (place === null ? [] : [place.host])),
    askedHost: asAsked?.host ?? '',
  }
}

/** The value of line `i` for the client, null if it stays. Each line on its own, because Set-Cookie lines cannot be combined. */
export function valueBack(lines: Lines, i: number, way: WayBack): string | null {
  const id = lines.id(i)
  if (id === ID['set-cookie']) return way.cookies ? cookieBack(lines.value(i), way) : null
  if (!way.locations) return null
  if (id === ID.location || id === ID['content-location']) return referenceBack(lines.value(i), way)
  return id === 0 && lines.isNamed(i, 'refresh', REFRESH) ? refreshBack(lines.value(i), way) : null
}

/** The rule for a value that was rewritten. */
export function ruleOfBack(lines: Lines, i: number): number {
  return lines.id(i) === ID['set-cookie'] ? RULE.cookieBack : RULE.locationBack
}

/** `5; url=/x` (HTML: shared declarative refresh steps), with or without quotes around the URL; any other form stays. */
function refreshBack(value: string, way: WayBack): string | null {
  const [, before, quote, url, after] =
    /^([\d.]+[ \t]*[;,][ \t]*url[ \t]*=[ \t]*)(["']?)([^"' \t]*)(\2[ \t]*)$/i.exec(value) ?? []
  if (url === undefined) return null
  const back = referenceBack(url, way)
  return back === null ? null : `${before}${quote}${back}${after}`
}

const REFRESH = hashOf('refresh')

/** Like `copyKept` for the whole head, with the rewritten values. */
export function copyBack(
  lines: Lines,
  rules: Rules,
  options: ConnectionOptions,
  start: string,
  from: number,
  way: WayBack,
): string {
  const { text, count } = lines
  let out = start
  let run = from
  for (let i = 0; i < count; i++) {
    const rule = judge(lines, i, rules, options)
    if (rule === KEEP) {
      const back = valueBack(lines, i, way)
      if (back === null) continue
      out += text.slice(run, lines.valueFrom(i)) + back
      run = lines.valueTo(i)
    } else {
      passOver(rule, lines, i, options)
      out += text.slice(run, lines.from(i))
      run = lines.to(i)
    }
  }
  return out + text.slice(run, text.length - 2)
}
