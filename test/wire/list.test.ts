import { test } from 'tap'
import { membersOf, trimOws } from '../../lib/wire/list.js'

const rows: [string, string[]][] = [
  ['', []],
  ['close', ['close']],
  [' , close,, \t,keep-alive ,', ['close', 'keep-alive']],
  ['a b,c\td', ['a b', 'c\td']],
  ['\u00a0close\u00a0', ['\u00a0close\u00a0']],
]

for (const [value, members] of rows) {
  test(`R118: members of ${JSON.stringify(value)}`, async t => t.same(membersOf(value), members))
}

test('only SP and HTAB are whitespace', async t => {
  t.equal(trimOws(' \t a\u00a0 \t'), 'a\u00a0')
  t.equal(trimOws('  \t '), '')
})
