import type { Lines } from '../wire/lines.js'
import type { ConnectionOptions } from './connection-options.js'
import type { FieldEdits } from './field-edits.js'
import { foldedName } from './folded-name.js'
import { isIdentityName } from './identity.js'
import { type RuleName, TRAILER_RULES } from './rules.js'

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
