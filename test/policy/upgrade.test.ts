import { test } from 'tap'
import { agrees, upgradesOf } from '../../lib/policy/upgrade.js'
import { fieldLines } from './heads.js'

test('R153: every line counts, in order of preference', async t => {
  t.same(upgradesOf(fieldLines('Upgrade: A/1, , b', 'Host: x', 'upgrade: c')), ['A/1', 'b', 'c'])
  t.same(upgradesOf(fieldLines('Host: x')), [])
})

const rows: [chosen: string[], offered: string, agrees: boolean][] = [
  [['websocket'], 'websocket', true],
  [['WebSocket'], 'websocket', true],
  [['b'], 'a, b', true],
  [['a', 'b'], 'a, b', true],
  [['a', 'c'], 'a, b', false],
  [['a/2'], 'a', false],
  [['a'], '', false],
  [[], 'a', false],
]
for (const [chosen, offered, expected] of rows) {
  test(`R155: ${chosen.join(', ') || 'nothing'} for ${offered || 'nothing'}`, async t => {
    t.equal(agrees(chosen, offered), expected)
  })
}
