/** Why an interim response is not forwarded to the client. */
export type Withheld = 'http10' | 'continued' | 'off'

/**
 * Why this interim response (not a 101) is withheld from the client; all others are forwarded (RFC 9110 15.2).
 * @param takesInterim the version of the client has interim responses
 * @param continued the client got a 100 (Continue) before, from this proxy or from the upstream
 * @param passed interim responses other than 100 are forwarded
 * @returns null: it is forwarded
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
