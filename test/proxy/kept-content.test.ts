import { test } from 'tap'
import { KeptContent } from '../../lib/proxy/kept-content.js'

const octets = (text: string): [Buffer, number, number] => [Buffer.from(text, 'latin1'), 0, text.length]

for (const chunked of [false, true]) {
  test(`thousands of pieces, short and long, are one text in their order (${chunked ? 'chunks' : 'as they are'})`, async t => {
    const kept = new KeptContent()
    let told = ''
    for (let nth = 0; nth < 2_000; nth++) {
      const piece = String.fromCharCode(nth & 0xff).repeat(nth % 300 === 7 ? 5_000 : 1)
      kept.add(...octets(piece), chunked)
      told += chunked ? `${piece.length.toString(16)}\r\n${piece}\r\n` : piece
      if (nth % 321 === 0) t.equal(kept.octets, told.length)
    }
    kept.end('end')
    t.ok(kept.text === `${told}end`)
    kept.drop()
    kept.add(...octets('x'), chunked)
    kept.end('y')
    kept.frame()
    t.match(kept, { text: null, isKept: false, octets: 0 })
  })
}

test('what was gathered goes out as one chunk after all; nothing as none', async t => {
  const kept = new KeptContent()
  kept.frame()
  t.equal(kept.text, '')
  kept.add(...octets('hello'), false)
  kept.frame()
  kept.add(...octets('you'), true)
  t.equal(kept.text, '5\r\nhello\r\n3\r\nyou\r\n')
})
