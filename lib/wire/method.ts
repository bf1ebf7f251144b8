// The methods that nearly every request has (RFC 9110 9, RFC 5789), as constants: who compares a method with one of them compares two
// addresses, not octets.
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']

// No two of them share both length and first letter.
const slotOf = (length: number, letter: number): number => ((length & 7) << 5) | (letter & 31)
const SLOTS: string[] = new Array(256).fill('')
for (const method of METHODS) SLOTS[slotOf(method.length, method.charCodeAt(0))] = method

/** The method in `text[0, to)`: case-sensitive, and any token is one. */
export function methodOf(text: string, to: number): string {
  const known = SLOTS[slotOf(to, text.charCodeAt(0))]!
  for (let i = 0; i < to; i++) if (text.charCodeAt(i) !== known.charCodeAt(i)) return text.slice(0, to)
  return known
}
