// Bytes four at a time: the loops of the readers skip them with one comparison instead of four.

/**
 * The buffer that was viewed last. The scans of all connections nearly always read the one shared buffer, so its view is kept.
 */
let viewed: Uint8Array = new Uint8Array(0)
let view = new DataView(viewed.buffer)

/** A view of `bytes` as words, with the same offsets. Valid until the next call. */
export function wordsOf(bytes: Uint8Array): DataView {
  if (bytes !== viewed) {
    viewed = bytes
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
  return view
}

/** Four characters as the word that `getInt32(…, true)` reads from their bytes. */
export function wordOf(text: string, at = 0): number {
  const octet = (i: number): number => text.charCodeAt(at + i)
  return octet(0) | (octet(1) << 8) | (octet(2) << 16) | (octet(3) << 24)
}

/**
 * True when none of the four bytes is below SP or is DEL. False proves nothing: check them one by one. (For each byte,
 * subtracting 0x20, or 1 from its difference to DEL, borrows from the top bit only when it was less.)
 */
export function arePlain(word: number): boolean {
  const fromDel = word ^ 0x7f7f7f7f
  return ((((word - 0x20202020) & ~word) | ((fromDel - 0x01010101) & ~fromDel)) & TOP_BITS) === 0
}

const TOP_BITS = 0x80808080 | 0

/** ORed into a word, it lowers the case of letters. It also changes `_`, `^`, `@` and characters that no token contains. */
export const LOWER_CASE = 0x20202020
