import { test } from 'tap'
import { rangeOf, TIMER_MS_MAX } from '../../lib/link/number-range.js'

for (const [key, most, min, max] of [
  ['connectMs', undefined, 0, TIMER_MS_MAX],
  ['upstreamAgeMs', 5, 0, TIMER_MS_MAX],
  ['clientConnectionsMax', undefined, 1, Number.MAX_SAFE_INTEGER],
  ['clientConnectionsPerAddressMax', undefined, 1, Number.MAX_SAFE_INTEGER],
  ['originsMax', undefined, 1, Number.MAX_SAFE_INTEGER],
  ['lookupsPerAddressMax', undefined, 1, Number.MAX_SAFE_INTEGER],
  ['headBytesMax', 1_000, 1, 1_000],
  ['retryBytesMax', undefined, 0, Number.MAX_SAFE_INTEGER],
  ['emptyLinesMax', 7, 0, 7],
] as const)
  test(`${key} goes from ${min} to ${max}`, async t => {
    t.same(rangeOf(key, most), { min, max })
  })
