import type { Lines } from '../wire/lines.js'
import { ID } from '../wire/names.js'

/** The largest number of hops that we pass on (RFC 9110 7.6.2 leaves the choice to the recipient). */
export const MAX_FORWARDS_MAX = 2 ** 31 - 1

/** Two lines, or a value that is no number: nobody can count down what two readers may understand in two ways. */
export const UNCLEAR = -2

/**
 * How many hops a TRACE or OPTIONS request may still make: 0 is answered here (RFC 9110 7.6.2). -1 means no limit: without the field,
 * and for any other method, where it says nothing. `UNCLEAR` is refused.
 */
export function readMaxForwards(lines: Lines, method: string): number {
  if (method !== 'TRACE' && method !== 'OPTIONS') return -1
  const i = lines.find(ID['max-forwards'])
  if (i < 0) return -1
  if (lines.find(ID['max-forwards'], i) >= 0) return UNCLEAR
  const value = lines.value(i)
  return /^[0-9]+$/.test(value) ? Math.min(Number(value), MAX_FORWARDS_MAX + 1) : UNCLEAR
}
