// Octets by fours: what the loops of the readers skip with one comparison instead of four.

/** Where the scans of all connections read: nearly always the one shared buffer, so its view is kept. */
let viewed: Uint8Array = new Uint8Array(0)
let view = new DataView(viewed.buffer)

/** `bytes` as words; the same offsets. Valid until the next call. */
export function wordsOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  return view
}

/** Four characters as the word that `getInt32(…, true)` makes of their octets. */
export function wordOf(text: string, at = 0): number {
  const octet = (i: number): number => text.charCodeAt(at + i)
  return octet(0) | (octet(1) << 8) | (octet(2) << 16) | (octet(3) << 24)
}

/**
 * True when none of the four octets is below SP or DEL. False says nothing: look at them one by one. (For each octet: taking
 * 0x20, or 1 from what differs from DEL, borrows from the top bit only where it was less.)
 */
export function arePlain(word: number): boolean {
  const fromDel = word ^ 0x7f7f7f7f
  return ((((word - 0x20202020) & ~word) | ((fromDel - 0x01010101) & ~fromDel)) & TOP_BITS) === 0
}

const TOP_BITS = 0x80808080 | 0

/** Letters in lower case; what else changes by it are no characters of a token, and `_`, `^` and `@`. */
export const LOWER_CASE = 0x20202020
