import fc from 'fast-check'
import { test } from 'tap'
import { LineMerger } from '../../lib/daemon/logs/line-merger.js'
import { checked } from '../wire/property.js'

checked(
  'however the input is cut, each piece passed on ends with a line end, and nothing is lost',
  fc.property(
    fc.array(fc.constantFrom('a', 'ü', '\u{1f600}', '\n', 'line\n')),
    fc.infiniteStream(fc.nat(5)),
    (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''))
      const passed: string[] = []
      const merger = new LineMerger(lines => passed.push(lines))
      for (let from = 0; from < bytes.length; ) {
        const length = 1 + cuts.next().value!
        merger.push(bytes.subarray(from, from + length))
        from += length
      }
      merger.end()
      const text = bytes.toString()
      const whole = text === '' || text.endsWith('\n') ? text : `${text}\n`
      return passed.join('') === whole && passed.every(lines => lines.endsWith('\n'))
    },
  ),
)

test('a line without an end is not kept without a limit', async t => {
  let passed = 0
  const merger = new LineMerger(lines => {
    passed += lines.length
  })
  for (let i = 0; i < 40; i++) merger.push(Buffer.alloc(65_536, 'x'))
  t.ok(passed > 2_000_000)
})
