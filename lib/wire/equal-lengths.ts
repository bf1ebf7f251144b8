import { trim } from './framing.js'
import { readLength } from './length.js'
import type { Lines } from './lines.js'
import { ID } from './names.js'

/**
 * A response whose Content-Length stands there several times, as lines or as a list, with one and the same value each time: the
 * head's text with a single one (RFC 9112 6.3). Undefined when there is nothing to collapse, or the values are not that.
 */
export function collapseLengths(lines: Lines): string | undefined {
  const first = lines.find(ID['content-length'])
  if (first < 0) return undefined
  if (lines.find(ID['content-length'], first) < 0 && !lines.contains(first, COMMA)) return undefined
  const values: string[] = []
  for (let i = first; i >= 0; i = lines.find(ID['content-length'], i))
    values.push(...lines.value(i).split(',').map(trim))
  const [value] = values as [string]
  if (values.some(other => lengthIn(other) !== lengthIn(value))) return undefined
  return textWithLength(lines, first, value)
}

function lengthIn(text: string): number {
  const octets = Buffer.from(text, 'latin1')
  return readLength(octets, 0, octets.length)
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
