import { test } from 'tap'
import { KeptContent } from '../../lib/proxy/kept-content.js'

const bytesOf = (text: string): [Buffer, number, number] => [Buffer.from(text, 'latin1'), 0, text.length]

test('thousands of pieces, short and long, form one text in order', async t => {
  const kept = new KeptContent()
  let told = ''
  for (let nth = 0; nth < 2_000; nth++) {
    const piece = String.fromCharCode(nth & 0xff).repeat(nth % 300 === 7 ? 5_000 : 1)
    kept.add(...bytesOf(piece))
    told += piece
    if (nth % 321 === 0) t.equal(kept.bytes, told.length)
  }
  t.ok(kept.text === told)
})

test('what was dropped stays dropped', async t => {
  const kept = new KeptContent()
  kept.add(...bytesOf('x'))
  kept.drop()
  kept.add(...bytesOf('y'))
  t.match(kept, { text: null, isKept: false, bytes: 0 })
})
