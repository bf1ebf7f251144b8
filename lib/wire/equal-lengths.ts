import { readLength, trim } from './framing.js'
import type { Lines } from './lines.js'
import { ID } from './names.js'

/**
 * A response whose Content-Length stands there several times, as lines or as a list, with one and the same value each time: the
 * head's text with a single one (RFC 9112 6.3). Undefined when there is nothing to collapse, or the values are not that.
 */
export function collapseLengths(lines: Lines): string | undefined {
  const first = lines.find(ID['content-length'])
  if (first < 0) return undefined
  if (lines.find(ID['content-length'], first) < 0 && !isList(lines, first)) return undefined
  const values: string[] = []
  for (let i = first; i >= 0; i = lines.find(ID['content-length'], i))
    values.push(...lines.value(i).split(',').map(trim))
  const [value] = values as [string]
  const length = readLength(value, 0, value.length)
  if (values.some(other => readLength(other, 0, other.length) !== length)) return undefined
  return textWithLength(lines, first, value)
}

function isList(lines: Lines, i: number): boolean {
  for (let at = lines.valueFrom(i); at < lines.valueTo(i); at++) if (lines.text.charCodeAt(at) === COMMA) return true
  return false
}

/** Line `first` carries the value, the other Content-Length lines go. */
function textWithLength(lines: Lines, first: number, value: string): string {
  const { text } = lines
  let clean = text.slice(0, lines.valueFrom(first)) + value
  let kept = lines.valueTo(first)
  for (let i = lines.find(ID['content-length'], first); i >= 0; i = lines.find(ID['content-length'], i)) {
    clean += text.slice(kept, lines.from(i))
    kept = lines.to(i)
  }
  return clean + text.slice(kept)
}

const COMMA = 0x2c
