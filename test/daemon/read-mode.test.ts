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

test('a Node that does what is expected is read and written in the short way, without a word', async t => {
  t.match(await asked('onread', { works: true }), { used: 'onread', said: [], checks: 1 })
  t.match(await asked('onread', { works: 'unknown', why: 'no loopback' }), { used: 'onread', said: [] })
})

test('one that does something else is used as it documents itself, and that is said once, with what was seen', async t => {
  const { used, said } = await asked('onread', { works: false, why: '300 bytes came back changed' })
  t.equal(used, 'data')
  t.match(said, [[{ readMode: 'data', node: process.version }, /\(300 bytes came back changed\).*readMode: data/]])
  t.equal(said.length, 1)
})

test('who asks for the documented way gets it, and nothing is tried', async t => {
  t.match(await asked('data', { works: true }), { used: 'data', said: [], checks: 0 })
})
