import { test } from 'tap'
import { imfDate } from '../../lib/net/date.js'
import { FakeClock } from '../support/fake-clock.js'

test('R119: a date is an IMF-fixdate', async t => {
  t.equal(
    imfDate(new FakeClock({ wallMs: 784_111_777_000 })),
    'Sun, 06 Nov 1994 08:49:37 GMT',
    'the example of RFC 9110 5.6.7',
  )
})

test('a date is formatted again every second', async t => {
  const clock = new FakeClock({ wallMs: Date.UTC(2026, 11, 31, 23, 59, 59, 400) })
  const dates: string[] = []
  for (const ms of [0, 599, 1, 999, 1]) {
    clock.advance(ms)
    dates.push(imfDate(clock).slice(5))
  }
  t.strictSame(dates, [
    '31 Dec 2026 23:59:59 GMT',
    '31 Dec 2026 23:59:59 GMT',
    '01 Jan 2027 00:00:00 GMT',
    '01 Jan 2027 00:00:00 GMT',
    '01 Jan 2027 00:00:01 GMT',
  ])
})

test('a date follows a wall clock that was set back', async t => {
  t.match(imfDate(new FakeClock({ wallMs: Date.UTC(2026, 5, 1) })), 'Mon, 01 Jun 2026')
  t.match(imfDate(new FakeClock({ wallMs: Date.UTC(2025, 5, 1) })), 'Sun, 01 Jun 2025')
})
