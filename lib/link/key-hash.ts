/**
 * A fast, well-distributed hash of a short text: FNV-1a (Fowler, Noll, Vo; 32 bits) followed by the finalizer of MurmurHash3
 * (Appleby), because the high bits of FNV alone are poor for short texts. Not for security: collisions are easy to find.
 *
 * @param text a key: a field value, a cookie, an address. Each code unit below 256 counts as one byte
 * @param seed a 32-bit integer: different seeds give independent hashes
 * @returns an integer from 0 to 2^32 - 1
 */
export function keyHash(text: string, seed = 0): number {
  return mix32(fnv1a(text, mix32(seed)))
}

/**
 * FNV-1a, 32 bits, without a finalizer: 0 to 2^32 - 1.
 *
 * @param start is mixed into the offset basis; 0: the published hash
 */
export function fnv1a(text: string, start = 0): number {
  let hash = FNV_OFFSET ^ start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return hash >>> 0
}

/** The finalizer of MurmurHash3: each of the 32 output bits depends on each input bit. A bijection; 0 maps to 0. */
export function mix32(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
