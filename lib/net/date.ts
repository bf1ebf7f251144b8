import type { Clock } from './clock.js'

let second = Number.NaN
let text = ''

/** The current time as an IMF-fixdate for `Date` (RFC 9110 5.6.7, 6.6.1), formatted once a second. */
export function imfDate(clock: Clock): string {
  const now = Math.floor(clock.wallMs() / 1_000)
  if (now !== second) {
    second = now
    text = new Date(now * 1_000).toUTCString() // ECMAScript's format is exactly IMF-fixdate
  }
  return text
}
