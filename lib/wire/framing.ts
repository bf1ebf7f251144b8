import type { Lines } from './lines.js'
import { ID } from './names.js'

/** How the end of the content is known (RFC 9112 6.3). 'close' only in responses. */
export type ContentFraming = 'none' | 'length' | 'chunked' | 'close'

/**
 * What the Transfer-Encoding lines say together, as one list (RFC 9112 6.1, 7):
 * chunked once and alone; or what is wrong with them. Names of codings are case-insensitive.
 */
export type TransferCoding = 'chunked' | 'twice' | 'parameters' | 'before-chunked' | 'not-final' | 'empty-member'

/** Reads every Transfer-Encoding line from line `first` on. An empty member is told only where everything else is right. */
export function readTransferCoding(lines: Lines, first: number): TransferCoding {
  const value = lines.value(first)
  if (lines.find(ID['transfer-encoding'], first) < 0 && value.toLowerCase() === 'chunked') return 'chunked'
  const members: string[] = []
  for (let i = first; i >= 0; i = lines.find(ID['transfer-encoding'], i)) {
    members.push(...lines.value(i).toLowerCase().split(',').map(trim))
  }
  const codings = members.filter(member => member !== '')
  if (codings.some(coding => /^chunked[ \t]*;/.test(coding))) return 'parameters'
  if (codings.at(-1) !== 'chunked') return 'not-final'
  if (codings.indexOf('chunked') < codings.length - 1) return 'twice'
  if (codings.length > 1) return 'before-chunked'
  return 'empty-member'
}

/**
 * OWS around a list member: SP and HTAB, never what `String.trim` takes away besides (NBSP is obs-text). A regular expression
 * takes quadratic time for whitespace *within* a member: a second for one head.
 */
export function trim(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && isOws(text.charCodeAt(from))) from++
  while (to > from && isOws(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

const isOws = (octet: number): boolean => octet === 0x20 || octet === 0x09
