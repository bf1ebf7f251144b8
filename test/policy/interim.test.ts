import { test } from 'tap'
import { withheldBecause } from '../../lib/policy/interim.js'

for (const [status, minor, continued, passed, why] of [
  [100, 1, false, true, null],
  [100, 1, true, true, 'continued'],
  [100, 1, false, false, null],
  [100, 0, true, true, 'http10'],
  [103, 1, true, true, null],
  [103, 1, false, false, 'off'],
  [103, 0, false, false, 'http10'],
] as const) {
  const who = `a ${status} to HTTP/1.${minor}, ${continued ? 'told to continue' : 'not told'}, ${passed ? 'all' : 'none'}`
  test(`R183, R185: an interim response is ${why ?? 'forwarded'}: ${who}`, async t => {
    t.equal(withheldBecause(status, minor === 1, continued, passed), why)
  })
}
