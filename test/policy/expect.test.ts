import { test } from 'tap'
import { readExpect } from '../../lib/policy/expect.js'
import { fieldLines } from './heads.js'

const rows: [lines: string[], expect: ReturnType<typeof readExpect>][] = [
  [[], 'nothing'],
  [['Expect:'], 'nothing'],
  [['Expect: 100-continue'], 'continue'],
  [['Expect: 100-CONTINUE,'], 'continue'],
  [['Expect: 100-continue', 'expect: 100-continue'], 'continue'],
  [['Expect: 100-continue', 'Expect: tea'], 'unknown'],
  [['Expect: 100-continue;x=1'], 'unknown'],
]
for (const [lines, expect] of rows) {
  test(`R171: the meaning of Expect: ${lines.join(' | ') || 'no Expect'}: ${expect}`, async t =>
    t.equal(readExpect(fieldLines(...lines)), expect))
}
