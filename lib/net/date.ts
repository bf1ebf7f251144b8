import type { Clock } from './clock.js'

let second = Number.NaN
let text = ''

/** The time as an IMF-fixdate for `Date` (RFC 9110 5.6.7, 6.6.1), made once a second. */
export function imfDate(clock: Clock): string {
  const now = Math.floor(clock.wallMs() / 1_000)
  if (now !== second) {
    second = now
    text = new Date(now * 1_000).toUTCString() // ECMAScript's form of it is IMF-fixdate, to the letter
  }
  return text
}
