// Conversion of IP addresses between text and bytes. Text is read strictly (RFC 3986 3.2.2, RFC 4291 2.2).

/** The 4 bytes of an IPv4 address in dotted-decimal form, without leading zeros; null for anything else. */
export function readIpv4(text: string): number[] | null {
  const parts = text.split('.')
  if (parts.length !== 4) return null
  const octets = parts.map(part => (/^(?:0|[1-9]\d{0,2})$/.test(part) ? Number(part) : 256))
  return octets.every(octet => octet < 256) ? octets : null
}

/**
 * The 16 bytes of an IPv6 address: eight groups, at most one `::`, the last two groups possibly as IPv4. No zone. Null for
 * anything else.
 */
export function readIpv6(text: string): number[] | null {
  const halves = text.split('::')
  if (halves.length > 2) return null
  const [before, after] = [octetsOf(halves[0]!, halves.length === 1), octetsOf(halves[1] ?? '', true)]
  if (before === null || after === null) return null
  const missing = 16 - before.length - after.length
  if (halves.length === 1 ? missing !== 0 : missing < 2) return null
  return [...before, ...new Array<number>(missing).fill(0), ...after]
}

/** The bytes of the groups on one side of a `::`; with `ends`, the last group may be an IPv4 address. */
function octetsOf(groups: string, ends: boolean): number[] | null {
  if (groups === '') return []
  const octets: number[] = []
  const parts = groups.split(':')
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      const group = Number.parseInt(part, 16)
      octets.push(group >> 8, group & 0xff)
    } else {
      const last = ends && i === parts.length - 1 ? readIpv4(part) : null
      if (last === null) return null
      octets.push(...last)
    }
  }
  return octets
}

/** `octets[at, at + 4)` as text. */
export function writeIpv4(octets: ArrayLike<number>, at: number): string {
  return `${octets[at]}.${octets[at + 1]}.${octets[at + 2]}.${octets[at + 3]}`
}

/**
 * `octets[at, at + 16)` as text in the form of RFC 5952: lower case, the longest run of zero groups (the first of equally long
 * ones) as `::`. */
export function writeIpv6(octets: ArrayLike<number>, at: number): string {
  if (isMapped(octets, at)) return `::ffff:${writeIpv4(octets, at + 12)}`
  const groups = Array.from({ length: 8 }, (_, i) => octets[at + 2 * i]! * 256 + octets[at + 2 * i + 1]!)
  const { begin, length } = longestZeros(groups)
  const text = (part: number[]) => part.map(group => group.toString(16)).join(':')
  if (length < 2) return text(groups)
  return `${text(groups.slice(0, begin))}::${text(groups.slice(begin + length))}`
}

/** Whether the address is an IPv4-mapped IPv6 address: `::ffff:a.b.c.d` (RFC 4291 2.5.5.2). */
export function isMapped(octets: ArrayLike<number>, at: number): boolean {
  for (let i = 0; i < 12; i++) if (octets[at + i] !== (i < 10 ? 0 : 0xff)) return false
  return true
}

function longestZeros(groups: readonly number[]): { begin: number; length: number } {
  let best = { begin: 0, length: 0 }
  for (let begin = 0; begin < groups.length; begin++) {
    let length = 0
    while (groups[begin + length] === 0) length++
    if (length > best.length) best = { begin, length }
  }
  return best
}
