/** For each byte: the byte in lower case if it is a tchar (RFC 9110 5.6.2), else 0. */
export const TCHAR = new Uint8Array(256)
for (const char of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TCHAR[char.charCodeAt(0)] = char.toLowerCase().charCodeAt(0)
}

/** 1 for each byte that is allowed in a field value: HTAB, SP, VCHAR and obs-text (RFC 9110 5.5). */
export const FIELD_OCTET = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet === 0x09 || (octet >= 0x20 && octet !== 0x7f) ? 1 : 0,
)

/**
 * 1 for each byte that is kept in a field value of a response: all but CR, LF and NUL (RFC 9110 5.5 allows that for robustness).
 */
export const KEPT_OCTET = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet !== 0x00 && octet !== 0x0a && octet !== 0x0d ? 1 : 0,
)

/** 1 for each byte that is allowed in a request-target and kept as it is: 0x21 to 0x7E without `#` (RFC 9112 3.2). */
export const TARGET_OCTET = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet > 0x20 && octet < 0x7f && octet !== 0x23 ? 1 : 0,
)

export const HTAB = 0x09
export const LF = 0x0a
export const CR = 0x0d
export const SP = 0x20

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0xff || TCHAR[code] === 0) return false
  }
  return text !== ''
}

/** A byte in words: `LF (0x0a)`, `control character (0x01)`, `"#" (0x23)`. */
export function describeOctet(octet: number): string {
  const hex = `0x${octet.toString(16).padStart(2, '0')}`
  const word = WORDS[octet]
  if (word !== undefined) return `${word} (${hex})`
  if (octet < 0x20 || octet === 0x7f) return `control character (${hex})`
  return octet < 0x80 ? `"${String.fromCharCode(octet)}" (${hex})` : `non-ASCII byte (${hex})`
}

const WORDS: Partial<Record<number, string>> = { 0: 'NUL', 9: 'tab', 10: 'LF', 13: 'CR', 32: 'space' }
