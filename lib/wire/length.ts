/**
 * The Content-Length value in `octets[from, to)`, digits only (RFC 9110 8.6): -1 when it is not a number, Infinity when it is a
 * number above 2^53-1 (R180).
 */
export function readLength(octets: Uint8Array, from: number, to: number): number {
  let length = from < to ? 0 : -1
  for (let i = from; i < to; i++) {
    const digit = octets[i]! - 0x30
    if (digit < 0 || digit > 9) return -1
    length = length * 10 + digit
  }
  return length > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : length
}
