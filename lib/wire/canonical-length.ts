import { readLength } from './length.js'
import type { Lines } from './lines.js'
import { trimOws } from './list.js'
import { ID } from './names.js'

/**
 * A response whose Content-Length reads as one number, but is not written as one: several times, as lines or as a list, with one and the
 * same value each time (RFC 9112 6.3), with leading zeros, or with other whitespace than one space in front of it. The head's text with a
 * single line in its shortest form: whoever reads it after us must find nothing to interpret. Undefined when that is how it stands there,
 * or when it is no number.
 */
export function canonicalLength(lines: Lines): { text: string; collapsed: boolean } | undefined {
  const first = lines.find(ID['content-length'])
  if (first < 0) return undefined
  const single = lines.find(ID['content-length'], first) < 0
  if (single && lines.isCanonicalLength(first)) return undefined
  const length = equalLengths(lines, first)
  if (length < 0) return undefined
  return { text: textWithLength(lines, first, length), collapsed: !single || lines.contains(first, COMMA) }
}

/** The one value of every member of every line; -1 when they differ, or when one is no length that we can count to. */
function equalLengths(lines: Lines, first: number): number {
  let length = -1
  for (let i = first; i >= 0; i = lines.find(ID['content-length'], i)) {
    const value = lines.value(i)
    for (let from = 0; from <= value.length; ) {
      const comma = value.indexOf(',', from)
      const to = comma < 0 ? value.length : comma
      const digits = Buffer.from(trimOws(value, from, to), 'latin1')
      const member = readLength(digits, 0, digits.length)
      if (member < 0 || member === Number.POSITIVE_INFINITY || (length >= 0 && member !== length)) return -1
      length = member
      from = to + 1
    }
  }
  return length
}

/** Line `first` carries the value, the other Content-Length lines go. */
function textWithLength(lines: Lines, first: number, length: number): string {
  const { text } = lines
  let clean = `${text.slice(0, lines.nameEnd(first))}: ${length}\r\n`
  let kept = lines.to(first)
  for (let i = lines.find(ID['content-length'], first); i >= 0; i = lines.find(ID['content-length'], i)) {
    clean += text.slice(kept, lines.from(i))
    kept = lines.to(i)
  }
  return clean + text.slice(kept)
}

const COMMA = 0x2c
