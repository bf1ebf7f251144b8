import { test } from 'tap'
import { workingReadMode } from '../../lib/daemon/read-mode.js'
import type { SelfCheck } from '../../lib/net/socket/self-check.js'

function asked(readMode: 'onread' | 'data', found: SelfCheck) {
  const said: unknown[] = []
  let checks = 0
  const check = async () => {
    checks++
    return found
  }
  const logger = { warn: (...all: unknown[]) => void said.push(all) }
  return workingReadMode(readMode, logger as never, check).then(used => ({ used, said, checks }))
}

test('a Node that behaves as expected is used in the fast way, without a log line', async t => {
  t.match(await asked('onread', { works: true }), { used: 'onread', said: [], checks: 1 })
  t.match(await asked('onread', { works: 'unknown', why: 'no loopback' }), { used: 'onread', said: [] })
})

test('a Node that behaves differently is used in the documented way, which is logged once, with the reason', async t => {
  const { used, said } = await asked('onread', { works: false, why: '300 bytes came back changed' })
  t.equal(used, 'data')
  t.match(said, [[{ readMode: 'data', node: process.version }, /\(300 bytes came back changed\).*readMode: data/]])
  t.equal(said.length, 1)
})

test('the documented way is used if configured, without a check', async t => {
  t.match(await asked('data', { works: true }), { used: 'data', said: [], checks: 0 })
})
