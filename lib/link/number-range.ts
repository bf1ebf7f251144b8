/** What timers take: 2^31 - 1 ms is 24 days. */
export const TIMER_MS_MAX = 2_147_483_647

/**
 * From where to where a deadline or a limit goes, by its name: the same in the configuration file, on the command line and in the library.
 * @param most for what has no end by its name
 */
export function rangeOf(key: string, most: number = Number.MAX_SAFE_INTEGER): { min: number; max: number } {
  // Without a connection, an origin or a first line nothing goes at all; elsewhere 0 is a way to say "none".
  const min = /(connections\w*|lookups\w*|origins|requestLineBytes|headBytes|fields)Max$/i.test(key) ? 1 : 0
  return { min, max: key.endsWith('Ms') ? TIMER_MS_MAX : most }
}
