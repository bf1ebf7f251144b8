import { test } from 'tap'
import { latin1, sliceOf } from '../../lib/wire/latin1.js'

const all = Buffer.from(Array.from({ length: 256 }, (_, octet) => octet))

for (const [name, slice] of Object.entries({ 'the shorter way': latin1, 'the documented way': sliceOf({}) })) {
  test(`R1: every byte is one character, by ${name}`, async t => {
    t.equal(slice(all, 0, 256), all.toString('latin1'))
    t.equal(slice(all, 0x41, 0x44), 'ABC')
    t.equal(slice(all, 7, 7), '')
  })
}
