import type { Lines } from '../wire/lines.js'

/**
 * Is this the name of a field that says who the client is: `X-Forwarded-*`, `Forwarded`, `X-Real-IP`, or a name that
 * CGI and WSGI cannot tell from one of these, because they turn `-` into `_` (RFC 3875 4.1.18)?
 * @param lowerName a field name in lower case
 */
export function isIdentityName(lowerName: string): boolean {
  const name = lowerName.replaceAll('_', '-')
  return name.startsWith('x-forwarded-') || name === 'forwarded' || name === 'x-real-ip'
}

/** The same question about line `i`, answered from three octets for nearly every line. */
export function isIdentityLine(lines: Lines, i: number): boolean {
  const { text } = lines
  const from = lines.from(i)
  if ((text.charCodeAt(from) | 0x20) !== 0x78) return false // x
  const dash = text.charCodeAt(from + 1)
  if (dash !== 0x2d && dash !== 0x5f) return false
  const third = text.charCodeAt(from + 2) | 0x20
  return (third === 0x66 || third === 0x72) && isIdentityName(lines.name(i).toLowerCase()) // f or r
}
