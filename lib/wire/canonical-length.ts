import { readLength } from './length.js'
import type { Lines } from './lines.js'
import { trimOws } from './list.js'
import { ID } from './names.js'

/**
 * The text of a response head with a single Content-Length line in its shortest form, so that the next reader has nothing to
 * interpret. For a Content-Length that means one number but is not written as one: repeated, as lines or as a list, with the same
 * value each time (RFC 9112 6.3), with leading zeros, or with whitespace other than one space before the value. Undefined when it
 * is canonical already, or when it is not a number.
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

/** The common value of every member of every line; -1 when they differ, or when one is not a length up to 2^53-1. */
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

/** The head with the value in line `first` and without the other Content-Length lines. */
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
