/**
 * The CRC32c (Castagnoli) of `bytes[from, to)` (RFC 9260, appendix A) as an unsigned number; `before` continues an earlier sum.
 */
export function crc32c(bytes: Uint8Array, from: number, to: number, before = 0): number {
  let sum = ~before
  for (let i = from; i < to; i++) sum = TABLE[(sum ^ bytes[i]!) & 0xff]! ^ (sum >>> 8)
  return ~sum >>> 0
}

const POLYNOMIAL = 0x82f63b78 // in reversed bit order

const TABLE = Int32Array.from({ length: 256 }, (_, octet) => {
  let sum = octet
  for (let bit = 0; bit < 8; bit++) sum = (sum & 1) === 1 ? (sum >>> 1) ^ POLYNOMIAL : sum >>> 1
  return sum
})
