import { test } from 'tap'
import { chosenRequestId, type RequestIdMode } from '../../lib/policy/request-id.js'
import { fieldLines } from './heads.js'

const FRESH = 'made-here'
const LONG = 'x'.repeat(128)

const rows: [mode: RequestIdMode, received: string[], id: string][] = [
  ['off', ['X-Request-Id: a'], ''],
  ['off', [], ''],
  ['make', [], FRESH],
  ['make', ['X-Request-Id: a'], FRESH],
  ['keep', [], FRESH],
  ['keep', ['X-Other: a'], FRESH],
  ['keep', ['x-request-ID:  a.B_9~+/=:@-  '], 'a.B_9~+/=:@-'],
  ['keep', [`X-Request-Id: ${LONG}`], LONG],
  ['keep', [`X-Request-Id: ${LONG}x`], FRESH],
  ['keep', ['X-Request-Id:'], FRESH],
  ['keep', ['X-Request-Id: a b'], FRESH],
  ['keep', ['X-Request-Id: a,b'], FRESH],
  ['keep', ['X-Request-Id: a"'], FRESH],
  ['keep', ['X-Request-Id: \u00e9'], FRESH],
  ['keep', ['X-Request-Id: a', 'x-request-id: a'], FRESH],
  ['keep', ['X-Request-Id: a', 'X-Request-Id: b'], FRESH],
  ['keep', ['X_Request_Id: a'], FRESH],
]
for (const [mode, received, id] of rows) {
  test(`${mode}, ${received.join(' + ') || 'nothing'}: ${id || 'none'}`, async t => {
    t.equal(
      chosenRequestId(fieldLines(...received), mode, () => FRESH),
      id,
    )
  })
}
