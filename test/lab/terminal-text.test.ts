import t from 'tap'
import { painter, visible, visibleOctets } from '../../lib/lab/terminal/paint.js'
import { followed } from '../../lib/lab/terminal/particles.js'
import { Row } from '../../lib/lab/terminal/row.js'
import { cut, padded, widthOf, wrapped } from '../../lib/lab/terminal/width.js'

const plain = painter(false)

t.test('a letter of Hangul or Han takes two columns, a mark none, every other letter one', async t => {
  for (const [text, columns] of [
    ['', 0],
    ['Keep-Alive', 10],
    ['커넥션', 6],
    ['원 서버', 7],
    ['漢字', 4],
    ['ｆｕｌｌ', 8],
    ['é', 1],
    ['e\u0301', 1],
    ['\u1112\u1161\u11ab', 2],
    ['│─►…', 4],
    ['😀', 2],
  ] as const)
    t.equal(widthOf(text), columns, JSON.stringify(text))
})

t.test('a cut text shows that it is cut, and never exceeds its width', async t => {
  t.equal(cut('dumb proxy', 10), 'dumb proxy')
  t.equal(cut('dumb proxy', 9), 'dumb pro…')
  t.equal(cut('dumb proxy', 6), 'dumb…', 'no blank before the sign')
  t.equal(cut('멍청한 프록시', 6), '멍청…', 'a wide letter that does not fit is left out')
  t.equal(widthOf(cut('멍청한 프록시', 6)), 5)
  t.equal(cut('abc', 0), '')
})

t.test('filling counts columns, not letters', async t => {
  t.equal(padded('원 서버', 9), '원 서버  ')
  t.equal(padded('원 서버', 9, 'start'), '  원 서버')
  t.equal(padded('too long', 3), 'too long')
})

t.test('lines break between words, and inside one only where it is longer than a line', async t => {
  t.strictSame(wrapped('a proxy that passes it on', 10), ['a proxy', 'that', 'passes it', 'on'])
  t.strictSame(wrapped('커넥션을 유지해 달라고', 10), ['커넥션을', '유지해', '달라고'])
  t.strictSame(wrapped('abcdefgh', 3), ['abc', 'def', 'gh'])
  t.strictSame(wrapped('커넥션', 5), ['커넥', '션'])
  t.strictSame(wrapped('', 5), [''])
  for (const columns of [5, 11, 40])
    for (const line of wrapped('멍청한 프록시는 Connection 헤더를 이해하지 못한 채 그대로 전달한다.', columns))
      t.ok(widthOf(line) <= columns, `${columns}: ${line}`)
})

t.test('characters that a terminal would obey are escaped', async t => {
  t.equal(visible('a\x1b[2Jb'), 'a\\x1b[2Jb')
  t.equal(visible('\r\n\t\0'), '\\r\\n\\t\\x00')
  t.equal(visible('\x9b31m\x7f'), '\\x9b31m\\x7f', 'C1 and DEL as well')
  t.equal(visible('\u202eabc\u2028'), '\\u{202e}abc\\u{2028}', 'what turns the direction, and ends of lines')
  t.equal(visible('\ud800'), '\\u{d800}')
  t.equal(visible('커넥션 é'), '커넥션 é')
  t.equal(visibleOctets('caf\xe9 \x80'), 'caf\\xe9 \\x80', 'bytes are ASCII or escaped')
})

t.test('colours surround texts, and only if they are wanted', async t => {
  t.equal(plain('x', 'bad'), 'x')
  t.equal(painter(true)('x', 'bad'), '\x1b[1;31mx\x1b[0m')
  t.equal(painter(true)('x'), 'x')
  t.equal(painter(true)('\x1b[0m', 'bad'), '\x1b[1;31m\\x1b[0m\x1b[0m', 'text cannot end them from inside')
  t.equal(painter(true)('', 'bad'), '')
})

t.test('a row takes texts at their columns and overwrites what was there', async t => {
  t.equal(new Row(10).put(2, 'ab').put(6, 'c').text(plain), '  ab  c')
  t.equal(new Row(8).put(2, 'ab').text(plain, true), '  ab    ')
  t.equal(new Row(6).put(0, '------').put(1, 'ab').text(plain), '-ab---')
  t.equal(new Row(4).put(2, 'abcdef').text(plain), '  ab', 'there is nothing beyond its width')
  t.equal(new Row(5).put(0, '원').put(4, '서').text(plain), '원', 'half a letter is not shown, either')
  t.equal(new Row(6).put(0, '원서').put(1, 'x').text(plain), ' x서', 'and does not remain')
  t.equal(new Row(6).put(0, '원서').put(2, 'x').text(plain), '원x')
  t.equal(new Row(6).put(1, '서').put(0, '원').text(plain), '원')
  t.equal(new Row(6).put(0, 'e\u0301x').text(plain), 'e\u0301x')
  t.equal(new Row(40).put(0, 'a\nb').text(plain), 'a\\nb', 'it is one line whatever is put into it')
  t.equal(new Row(6).put(0, 'ab', 'bad').put(2, 'c').text(painter(true)), '\x1b[1;31mab\x1b[0mc')
})

t.test('particles follow the sound before them', async t => {
  t.equal(followed('프록시', '을/를'), '프록시를')
  t.equal(followed('브라우저들', '이/가'), '브라우저들이')
  t.equal(followed('hopwise', '은/는'), 'hopwise는')
  t.equal(followed('nginx', '을/를'), 'nginx를')
  t.equal(followed('curl', '이/가'), 'curl이')
  t.equal(followed('프록시 1', '은/는'), '프록시 1은')
  t.equal(followed('프록시 2', '은/는'), '프록시 2는')
})
