import { test } from 'tap'
import { CLOSED_BY } from '../../lib/admin/closed-by.js'
import { shownLedger, shownSnapshot } from '../../lib/admin/look.js'
import { CLOSE_REASONS, type CloseReason } from '../../lib/policy/close-reason.js'
import { Scene } from './scene.js'
import { LEDGER } from './some-ledger.js'

test('fields of one hop are marked, others that were dropped or added are not', async t => {
  const { request, response } = shownLedger(LEDGER)
  const hops = (side: typeof request) => side?.rows.filter(({ hop }) => hop).map(({ field }) => field)
  t.same(hops(request), ['Connection', 'X-Debug'])
  t.same(hops(response), ['Keep-Alive', 'Transfer-Encoding'])
  t.equal(shownLedger({ ...LEDGER, request: null }).request, null)
})

test('why a connection ended is said in words, and who ended it', async t => {
  const scene = new Scene()
  scene.pass(60_000)
  const { closed } = shownSnapshot(scene.snapshot(10))
  t.ok(closed.length > 0)
  for (const { reason, by, sentence } of closed) {
    t.equal(sentence, CLOSE_REASONS[reason])
    t.equal(by, CLOSED_BY[reason])
  }
})

test('every reason has somebody who ended it; a reason named after a wait is ours', async t => {
  t.same(Object.keys(CLOSED_BY).sort(), Object.keys(CLOSE_REASONS).sort())
  const ours = (Object.keys(CLOSED_BY) as CloseReason[]).filter(reason => /-(timeout|idle|max|age)$/.test(reason))
  for (const reason of ours) t.equal(CLOSED_BY[reason], 'proxy', reason)
})
