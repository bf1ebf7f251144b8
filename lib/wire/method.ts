import type { Lines } from './lines.js'

// The methods of nearly all requests (RFC 9110 9, RFC 5789), as constants: comparing a method with one of them compares two
// addresses, not bytes.
export const METHODS: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'PATCH',
]

// No two of them have the same length and the same first letter.
const slotOf = (length: number, letter: number): number => ((length & 7) << 5) | (letter & 31)
const SLOTS = Array.from({ length: 256 }, () => ({ name: '', octets: Buffer.alloc(0) }))
for (const name of METHODS) SLOTS[slotOf(name.length, name.charCodeAt(0))] = { name, octets: Buffer.from(name) }

/** The method, which ends at `to`: case-sensitive, and any token is valid. */
export function methodOf(lines: Lines, to: number): string {
  const { name, octets } = SLOTS[slotOf(to, lines.octet(0))]!
  return octets.length === to && lines.starts(octets) ? name : lines.text.slice(0, to)
}
