import type { Lines } from '../wire/lines.js'
import type { ConnectionOptions } from './connection-options.js'
import type { FieldEdits } from './field-edits.js'
import { foldedName } from './folded-name.js'
import { isIdentityName } from './identity.js'
import type { RuleName } from './rules.js'

/**
 * The trailer fields that are forwarded, as complete lines, '' for none. They are always sent as a trailer section, never merged
 * into the head (RFC 9112 7.1.2). Dropped are fields for framing, routing, authentication, control and the format of the content
 * (RFC 9110 6.5.1), identity fields, fields that the Connection of the *head* names (RFC 9110 7.6.1), and fields that the route
 * edits. A Connection line in the trailer section names nothing.
 */
export function keepTrailers(lines: Lines, options: ConnectionOptions, edits: FieldEdits | null = null): string {
  const { text, count } = lines
  let out = ''
  for (let i = 0; i < count; i++) {
    if (judgeTrailer(lines, i, options, edits) === 'keep') out += text.slice(lines.from(i), lines.to(i))
  }
  return out
}

/** The rule for line `i` of a trailer section. */
export function judgeTrailer(lines: Lines, i: number, options: ConnectionOptions, edits: FieldEdits | null): RuleName {
  // Every sign counts as `-`, as for the identity fields: some servers merge trailers with the fields of the head, under CGI
  // names.
  const name = foldedName(lines.name(i))
  const rule = TRAILER_RULES.get(name)
  if (rule !== undefined) return rule
  if (isIdentityName(name)) return 'inTrailer'
  if (options.any && options.has(lines, i)) return lines.id(i) === 0 ? 'named' : 'nominated'
  return edits?.has(lines, i) ? 'removedByRoute' : 'keep'
}

/**
 * The fields that are not allowed in a forwarded trailer section (RFC 9110 6.5.1): by name, because trailers are rare and may
 * have any name. Includes everything that is not forwarded from a head, in either direction.
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
    // modifiers and controls of a request
    ...['cache-control', 'pragma', 'expect', 'max-forwards', 'range', 'prefer', 'priority'],
    ...['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'if-range'],
    // controls of a response
    ...['age', 'date', 'expires', 'location', 'retry-after', 'vary', 'warning', 'allow'],
    // the format of the content
    ...['content-encoding', 'content-type', 'content-range', 'content-location', 'content-language'],
    // identity, of the client and of the exchange
    ...['via', 'forwarded', 'x-real-ip', 'proxy', 'x-request-id', 'traceparent', 'tracestate'],
  ].map(name => [name, 'inTrailer'] as const),
])
