import type { Lines } from './lines.js'
import { addMembers } from './list.js'
import { ID } from './names.js'

/** How the end of the content is determined (RFC 9112 6.3). 'close' occurs only in responses. */
export type ContentFraming = 'none' | 'length' | 'chunked' | 'close'

/**
 * The meaning of all Transfer-Encoding lines as one list (RFC 9112 6.1, 7): `chunked` once and alone; `identity` alone, which
 * used to mean that there is no coding (RFC 2616 3.6); or what is wrong with the list. Names of codings are case-insensitive.
 */
export type TransferCoding =
  | 'chunked'
  | 'identity'
  | 'twice'
  | 'parameters'
  | 'before-chunked'
  | 'not-final'
  | 'none'
  | 'empty-member'

/** Reads every Transfer-Encoding line from line `first` on. 'empty-member' is returned only when nothing else is wrong. */
export function readTransferCoding(lines: Lines, first: number): TransferCoding {
  const value = lines.value(first)
  if (lines.find(ID['transfer-encoding'], first) < 0 && value.toLowerCase() === 'chunked') return 'chunked'
  const codings: string[] = []
  for (let i = first; i >= 0; i = lines.find(ID['transfer-encoding'], i)) {
    addMembers(lines.value(i).toLowerCase(), codings)
  }
  if (codings.length === 1 && codings[0] === 'identity') return 'identity'
  if (codings.some(coding => /^chunked[ \t]*;/.test(coding))) return 'parameters'
  if (codings.length === 0) return 'none'
  if (codings.at(-1) !== 'chunked') return 'not-final'
  if (codings.indexOf('chunked') < codings.length - 1) return 'twice'
  if (codings.length > 1) return 'before-chunked'
  return 'empty-member'
}
