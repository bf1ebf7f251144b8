import type { Lines } from '../wire/lines.js'
import { membersOf } from '../wire/list.js'
import { ID } from '../wire/names.js'

/**
 * What the Expect lines of a request ask for (RFC 9110 10.1.1): nothing, only `100-continue`, or an expectation that is not
 * defined.
 */
export function readExpect(lines: Lines): 'nothing' | 'continue' | 'unknown' {
  let expect: 'nothing' | 'continue' = 'nothing'
  for (let i = lines.find(ID.expect); i >= 0; i = lines.find(ID.expect, i)) {
    for (const member of membersOf(lines.value(i))) {
      if (member.toLowerCase() !== '100-continue') return 'unknown'
      expect = 'continue'
    }
  }
  return expect
}
