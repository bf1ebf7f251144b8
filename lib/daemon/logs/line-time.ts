let second = Number.NaN
let untilSecond = ''
/** `.000Z` … `.999Z` */
const ENDS = Array.from({ length: 1000 }, (_, ms) => `.${`${ms}`.padStart(3, '0')}Z`)

/** The time of a line, as pino writes it: `2030-01-02T03:04:05.678Z`. The text of a second is made once. @param ms whole, since 1970 */
export function lineTime(ms: number): string {
  const at = Math.floor(ms / 1000)
  if (at !== second) {
    second = at
    untilSecond = new Date(at * 1000).toISOString().slice(0, -5)
  }
  return `${untilSecond}${ENDS[ms - at * 1000]}`
}
