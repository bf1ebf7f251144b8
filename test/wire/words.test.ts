import { test } from 'tap'
import { FIELD_OCTET } from '../../lib/wire/octets.js'
import { arePlain, wordOf, wordsOf } from '../../lib/wire/words.js'

test('four bytes are plain only when a field value may hold each of them, wherever it stands', async t => {
  const bytes = new Uint8Array(4)
  let plain = 0
  for (let octet = 0; octet < 256; octet++) {
    for (const beside of [0x20, 0x21, 0x7e, 0x80, 0x9f, 0xff, 0x0d, 0x7f, 0x00]) {
      for (let at = 0; at < 4; at++) {
        bytes.fill(beside)
        bytes[at] = octet
        const claimed = arePlain(wordsOf(bytes).getInt32(0, true))
        const allowed = bytes.every(one => FIELD_OCTET[one] === 1)
        if (claimed && !allowed) t.fail(`0x${octet.toString(16)} at ${at} beside 0x${beside.toString(16)}`)
        if (claimed) plain++
      }
    }
  }
  t.ok(plain > 4000, 'and it does say so where it may')
})

test('obs-text and printable bytes are plain, a tab is checked separately', async t => {
  const of = (...octets: number[]): boolean => arePlain(wordsOf(Uint8Array.from(octets)).getInt32(0, true))
  t.equal(of(0x20, 0x41, 0x7e, 0x80), true)
  t.equal(of(0xff, 0xa0, 0xc3, 0x21), true)
  t.equal(of(0x41, 0x09, 0x41, 0x41), false)
})

test('words of a slice of a larger buffer start where the slice starts', async t => {
  const all = Buffer.from('....HTTP/1.1....', 'latin1')
  t.equal(wordsOf(all).getInt32(4, true), wordOf('HTTP'))
  t.equal(wordsOf(all.subarray(4)).getInt32(0, true), wordOf('HTTP'))
  t.equal(wordsOf(all.subarray(4)).getInt32(4, true), wordOf('HTTP/1.1', 4))
})
