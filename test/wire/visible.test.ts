import { test } from 'tap'
import { plainJson, visible, visibleLatin1, visibleLines, visibleOctets } from '../../lib/wire/visible.js'

const EVIL = '\x1b[2J\x9b31m\x7f\x85\r\n\t\u2028\u2029\u202e\u00ad\ufeff\u{e0001}\ud800'

test('characters that a terminal acts on are shown escaped', async t => {
  t.equal(
    visible(EVIL),
    '\\x1b[2J\\x9b31m\\x7f\\x85\\r\\n\\t\\u{2028}\\u{2029}\\u{202e}\\xad\\u{feff}\\u{e0001}\\u{d800}',
  )
  t.equal(visible('café Привет 日本 😀 "\\x1b"'), 'café Привет 日本 😀 "\\x1b"', 'all else is as it was')
  t.equal(visible(visible(EVIL)), visible(EVIL), 'nothing is escaped twice')
})

test('our own lines keep their ends', async t => {
  t.equal(visibleLines('a\x1b\nb\u202e\n'), 'a\\x1b\nb\\u{202e}\n')
})

test('bytes as ASCII', async t => t.equal(visibleOctets('a\xe9\x9b'), 'a\\xe9\\x9b'))

const OCTETS: readonly (readonly [what: string, octets: string, shown: string])[] = [
  ['ASCII', 'a b\n', 'a b\n'],
  ['a lone latin1 letter', 'a\xe4b', 'a\xe4b'],
  ['letters of UTF-8', Buffer.from('é П 日 😀').toString('latin1'), Buffer.from('é П 日 😀').toString('latin1')],
  ['C0', '\x1b\0\t\r', '\\x1b\\x00\\t\\r'],
  ['C1', 'a\x9b', 'a\\x9b'],
  ['C1 as UTF-8', '\xc2\x9b31m', '\\xc2\\x9b31m'],
  ['a letter that turns the direction', Buffer.from('\u202e').toString('latin1'), '\\xe2\\x80\\xae'],
  ['one that cannot be seen', Buffer.from('\u{e0001}').toString('latin1'), '\\xf3\\xa0\\x80\\x81'],
  ['a soft hyphen', '\xad', '\\xad'],
  ['a piece of UTF-8', '\xe2\x80', '\xe2\\x80'],
]
for (const [what, octets, shown] of OCTETS) {
  test(`bytes come out as they went in: ${what}`, async t => {
    t.equal(visibleLatin1(octets), shown)
    const onTerminal = Buffer.from(visibleLatin1(octets), 'latin1').toString('utf8')
    t.notMatch(onTerminal, /[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}]/u)
  })
}

test('JSON has the same meaning and is safe to display', async t => {
  const json = JSON.stringify({ [EVIL]: EVIL }, null, 2)
  t.notMatch(plainJson(json), /[\x00-\x09\x0b-\x1f\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/u)
  t.same(JSON.parse(plainJson(json)), { [EVIL]: EVIL })
  t.equal(plainJson('{"a":"é"}'), '{"a":"é"}')
})
