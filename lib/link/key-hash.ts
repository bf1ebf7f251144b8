/**
 * A fast and well spread hash of a short text: FNV-1a (Fowler, Noll, Vo; 32 bits) and then the finalizer of MurmurHash3 (Appleby),
 * since the high bits of FNV alone are poor for short texts. Not for secrets: whoever wants two keys that collide finds them.
 *
 * @param text a key: a field value, a cookie, an address. Each code unit counts as one byte where it is below 256
 * @param seed a 32-bit integer: other seeds give hashes that have nothing to do with one another
 * @returns an integer from 0 to 2^32 - 1
 */
export function keyHash(text: string, seed = 0): number {
  return mix32(fnv1a(text, mix32(seed)))
}

/**
 * FNV-1a, 32 bits, without a finalizer: 0 to 2^32 - 1.
 *
 * @param start is mixed into the offset basis; 0: the hash as it was published
 */
export function fnv1a(text: string, start = 0): number {
  let hash = FNV_OFFSET ^ start
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return hash >>> 0
}

/** The finalizer of MurmurHash3: each bit of 32 depends on each bit that went in. One to one; 0 stays 0. */
export function mix32(value: number): number {
  let mixed = value ^ (value >>> 16)
  mixed = Math.imul(mixed, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
