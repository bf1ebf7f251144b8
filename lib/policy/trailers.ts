import type { Lines } from '../wire/lines.js'
import type { ConnectionOptions } from './connection-options.js'
import type { FieldEdits } from './field-edits.js'
import { foldedName } from './folded-name.js'
import { isIdentityName } from './identity.js'
import type { RuleName } from './rules.js'

/**
 * The trailer fields that go on, as whole lines, '' for none. Always a section of its own, never merged into the head
 * (RFC 9112 7.1.2). Dropped: what frames, routes, authenticates, controls or describes the content (RFC 9110 6.5.1),
 * who the client is, what the *head's* Connection names (RFC 9110 7.6.1), and what the route edits. A Connection line in
 * here names nothing.
 */
export function keepTrailers(lines: Lines, options: ConnectionOptions, edits: FieldEdits | null = null): string {
  const { text, count } = lines
  let out = ''
  for (let i = 0; i < count; i++) {
    if (judgeTrailer(lines, i, options, edits) === 'keep') out += text.slice(lines.from(i), lines.to(i))
  }
  return out
}

/** What becomes of line `i` of a trailer section. */
export function judgeTrailer(lines: Lines, i: number, options: ConnectionOptions, edits: FieldEdits | null): RuleName {
  // Every sign counts as `-`, as for the identity fields: some servers put trailers beside the fields of the head, under names of CGI.
  const name = foldedName(lines.name(i))
  const rule = TRAILER_RULES.get(name)
  if (rule !== undefined) return rule
  if (isIdentityName(name)) return 'inTrailer'
  if (options.any && options.has(lines, i)) return lines.id(i) === 0 ? 'named' : 'nominated'
  return edits?.has(lines, i) ? 'removedByRoute' : 'keep'
}

/**
 * What may not stand in a trailer section that we pass on (RFC 9110 6.5.1): by name, as trailers are rare and may carry
 * any name. Everything that a head may not pass on is here as well, in both directions.
 */
export const TRAILER_RULES: ReadonlyMap<string, RuleName> = new Map([
  ...Object.entries({ connection: 'connection', 'proxy-connection': 'proxyConnection' } as const),
  ...['keep-alive', 'te', 'upgrade', 'http2-settings', 'close', 'alpn'].map(name => [name, 'oneHop'] as const),
  ...[
    // framing and routing
    ...['transfer-encoding', 'content-length', 'trailer', 'host'],
    // authentication and credentials
    ...['authorization', 'authentication-info', 'www-authenticate', 'cookie', 'cookie2', 'set-cookie', 'set-cookie2'],
    ...['proxy-authorization', 'proxy-authenticate', 'proxy-authentication-info'],
    // what modifies or controls a request
    ...['cache-control', 'pragma', 'expect', 'max-forwards', 'range', 'prefer', 'priority'],
    ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'],
    // what controls the reading of a response
    ...['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning', 'allow'],
    // the format of the content
    ...['content-encoding', 'content-type', 'content-range', 'content-location', 'content-language'],
    // identity, of the client and of the exchange
    ...['via', 'forwarded', 'x-real-ip', 'proxy', 'x-request-id', 'traceparent', 'tracestate'],
  ].map(name => [name, 'inTrailer'] as const),
])
