/** The maximum of a timer: 2^31 - 1 ms is 24 days. */
export const TIMER_MS_MAX = 2_147_483_647

/**
 * The range of a deadline or limit, by its name: the same in the configuration file, on the command line and in the library.
 * @param most the maximum, if the name does not imply one
 */
export function rangeOf(key: string, most: number = Number.MAX_SAFE_INTEGER): { min: number; max: number } {
  // Without any connection, origin or start line nothing works; for all others, 0 means "none" or "no limit".
  const min = /(connections\w*|lookups\w*|origins|requestLineBytes|headBytes|fields)Max$/i.test(key) ? 1 : 0
  return { min, max: key.endsWith('Ms') ? TIMER_MS_MAX : most }
}
