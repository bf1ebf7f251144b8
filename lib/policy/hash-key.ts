import type { Lines } from '../wire/lines.js'
import { hashOf } from '../wire/names.js'
import { readCookie } from './cookie.js'

/** What makes two requests go to the same server. */
export type HashBy = { readonly by: 'address' } | { readonly by: 'field' | 'cookie'; readonly name: string }

/** What is hashed for a request. One without that field or cookie goes by its client's address: else all of these would meet at one server. */
export function hashKey(lines: Lines, by: HashBy, clientAddress: string): string {
  if (by.by === 'address') return clientAddress
  const key = by.by === 'cookie' ? readCookie(lines, by.name) : valuesOf(lines, by.name.toLowerCase())
  return key === '' ? clientAddress : key
}

/** All values of a field as one (RFC 9110 5.3). */
function valuesOf(lines: Lines, lowerName: string): string {
  const hash = hashOf(lowerName)
  const values: string[] = []
  for (let i = 0; i < lines.count; i++) if (lines.isNamed(i, lowerName, hash)) values.push(lines.value(i))
  return values.join(', ')
}
