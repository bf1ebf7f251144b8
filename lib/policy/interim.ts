/** Why a client does not get an interim response. */
export type Withheld = 'http10' | 'continued' | 'off'

/**
 * Does the client get this interim response (not a 101): as it comes, but for those that mean nothing to it (RFC 9110 15.2)?
 * @param takesInterim its version has them
 * @param continued it was told to continue before, by us or by an earlier 100
 * @param passed other interim responses than 100 are passed on here
 * @returns null: it does
 */
export function withheldBecause(
  status: number,
  takesInterim: boolean,
  continued: boolean,
  passed: boolean,
): Withheld | null {
  if (!takesInterim) return 'http10'
  if (status === 100) return continued ? 'continued' : null
  return passed ? null : 'off'
}
