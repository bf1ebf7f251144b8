import type { Lines } from '../wire/lines.js'
import { hashOf } from '../wire/names.js'
import { readCookie } from './cookie.js'

/** The property by which requests are assigned to a server. */
export type HashBy = { readonly by: 'address' } | { readonly by: 'field' | 'cookie'; readonly name: string }

/**
 * The key that is hashed for a request. A request without that field or cookie uses the address of its client: otherwise all such
 * requests would go to one server.
 */
export function hashKey(lines: Lines, by: HashBy, clientAddress: string): string {
  if (by.by === 'address') return clientAddress
  const key = by.by === 'cookie' ? readCookie(lines, by.name) : valuesOf(lines, by.name.toLowerCase())
  return key === '' ? clientAddress : key
}

/** All values of a field as one combined value (RFC 9110 5.3). */
function valuesOf(lines: Lines, lowerName: string): string {
  const hash = hashOf(lowerName)
  const values: string[] = []
  for (let i = 0; i < lines.count; i++) if (lines.isNamed(i, lowerName, hash)) values.push(lines.value(i))
  return values.join(', ')
}
