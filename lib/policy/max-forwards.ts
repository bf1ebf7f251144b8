import type { Lines } from '../wire/lines.js'
import { ID } from '../wire/names.js'

/** The largest number of hops that is forwarded (RFC 9110 7.6.2 leaves the maximum to the recipient). */
export const MAX_FORWARDS_MAX = 2 ** 31 - 1

/** Two lines, or a value that is not a number: it cannot be decremented, because readers may understand it differently. */
export const UNCLEAR = -2

/**
 * The number of hops that a TRACE or OPTIONS request may still be forwarded: 0 is answered here (RFC 9110 7.6.2). -1 means no
 * limit: without the field, and for any other method, for which the field has no meaning. `UNCLEAR` is refused.
 */
export function readMaxForwards(lines: Lines, method: string): number {
  if (method !== 'TRACE' && method !== 'OPTIONS') return -1
  const i = lines.find(ID['max-forwards'])
  if (i < 0) return -1
  if (lines.find(ID['max-forwards'], i) >= 0) return UNCLEAR
  const value = lines.value(i)
  return /^[0-9]+$/.test(value) ? Math.min(Number(value), MAX_FORWARDS_MAX + 1) : UNCLEAR
}
