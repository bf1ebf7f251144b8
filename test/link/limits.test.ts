import { test } from 'tap'
import { LIMIT_NOTES, LIMITS, type LimitName } from '../../lib/link/limits.js'

const NAMES = Object.keys(LIMITS) as LimitName[]

/** Without these limits nothing of the proxy is used up. */
const UNLIMITED: readonly LimitName[] = ['requestContentBytesMax', 'requestsPerAddressMax']

test('every limit has a default above zero, unless there is none, and a sentence for --help in its unit', async t => {
  for (const name of NAMES) {
    t.ok(Number.isSafeInteger(LIMITS[name]) && LIMITS[name] > 0 !== UNLIMITED.includes(name), name)
    t.match(LIMIT_NOTES[name].sentence, /^[A-Z].*\.$/)
    t.equal(LIMIT_NOTES[name].unit, /Ms$/.test(name) ? 'ms' : /BytesMax$/.test(name) ? 'bytes' : 'count', name)
  }
  t.strictSame(Object.keys(LIMIT_NOTES).sort(), [...NAMES].sort(), 'no note without a limit')
})

test('the values that the rules decide', async t => {
  t.match(LIMITS, { retryBytesMax: 64 * 1024, discardBytesMax: 1024 * 1024 })
})

test('R86: idle connections are fewer than open ones, and one address does not take every place', async t => {
  t.ok(LIMITS.upstreamIdleMax < LIMITS.upstreamConnectionsMax)
  t.ok(LIMITS.clientConnectionsPerAddressMax < LIMITS.clientConnectionsMax)
})
