import { test } from 'tap'
import { CLOSED_BY } from '../../lib/admin/closed-by.js'
import { type ShownSide, type ShownTrailers, shownLedger, shownSnapshot } from '../../lib/admin/look.js'
import { CLOSE_REASONS, type CloseReason } from '../../lib/policy/close-reason.js'
import { Scene } from './scene.js'
import { LEDGER, NO_LEDGER } from './some-ledger.js'

test('hop-by-hop fields are marked, other dropped or added fields are not', async t => {
  const { request, requestTrailers, interim, response, responseTrailers } = shownLedger(LEDGER)
  const hops = (section: ShownSide | ShownTrailers | null | undefined) =>
    section?.rows.filter(({ hop }) => hop).map(({ field }) => field)
  t.same(hops(request), ['Connection', 'X-Debug'])
  t.same(hops(requestTrailers), ['X-Debug'])
  t.same(interim.map(hops), [[], [], []])
  t.same(hops(response), ['Keep-Alive', 'Transfer-Encoding'])
  t.same(hops(responseTrailers), [])
  t.strictSame(shownLedger({ ...NO_LEDGER, exchange: 'x1' }), { ...NO_LEDGER, exchange: 'x1' })
})

test('why a connection ended, and who ended it, is put into words', async t => {
  const scene = new Scene()
  scene.pass(60_000)
  const { closed } = shownSnapshot(scene.snapshot(10))
  t.ok(closed.length > 0)
  for (const { reason, by, sentence } of closed) {
    t.equal(sentence, CLOSE_REASONS[reason])
    t.equal(by, CLOSED_BY[reason])
  }
})

test('every close reason names who closed; one named after a wait or a limit is ours', async t => {
  t.same(Object.keys(CLOSED_BY).sort(), Object.keys(CLOSE_REASONS).sort())
  const ours = (Object.keys(CLOSED_BY) as CloseReason[]).filter(reason => /-(timeout|idle|max|age)$/.test(reason))
  for (const reason of ours) t.equal(CLOSED_BY[reason], 'proxy', reason)
})
