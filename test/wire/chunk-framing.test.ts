import { test } from 'tap'
import { everyWay, type RequestOptions, readRequests } from './reading.js'

const HEAD = 'PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

const read = (content: string, options?: RequestOptions) => {
  const { events, error } = everyWay(HEAD + content, (input, cuts) => readRequests(input, cuts, options))
  return error === '' ? events.slice(4) : error
}

// chunked content that reads as "hello"
// biome-ignore format: one row each
const READ: readonly (readonly [name: string, content: string])[] = [
  ['one chunk', '5\r\nhello\r\n0\r\n\r\n'],
  ['several chunks', '1\r\nh\r\n4\r\nello\r\n0\r\n\r\n'],
  ['leading zeros', '0000000000000005\r\nhello\r\n000\r\n\r\n'],
  ['R63: an unknown extension is dropped', '5;a\r\nhello\r\n0\r\n\r\n'],
  ['R63: with a value', '5;a=b;c="d;\\"\t\xe9=\\\\";e\r\nhello\r\n0;z="0"\r\n\r\n'],
  ['R62: whitespace around the semicolon', '5 \t;\t a\r\nhello\r\n0 ; b\r\n\r\n'],
  ['R62: whitespace around the equals sign', '5;a \t=\t b ; c = "d" ;e ;f\r\nhello\r\n0\r\n\r\n'],
  ['whitespace between the size and its CRLF', '5  \r\nhello\r\n0\t \r\n\r\n'],
  ['whitespace between an extension and its CRLF', '5;a \r\nhello\r\n0;a="b"\t\r\n\r\n'],
]

for (const [name, content] of READ) {
  test(name, async t => {
    t.strictSame(read(content), ['content "hello"', 'end'])
  })
}

test('hexadecimal digits in both cases', async t => {
  const octets = 'x'.repeat(0xaf)
  t.strictSame(read(`aF\r\n${octets}\r\n0\r\n\r\n`), [`content ${JSON.stringify(octets)}`, 'end'])
})

// biome-ignore format: one row each
const REFUSED: readonly (readonly [name: string, content: string, error: string, options?: RequestOptions])[] = [
  ['R60: 17 digits', '10000000000000000\r\n', '400 RFC 9112 7.1 @-1 chunk size exceeds 2^53-1, or has more than 16 digits'],
  ['R60: 17 zeros', '00000000000000000\r\n', '400 RFC 9112 7.1 @-1 chunk size exceeds 2^53-1, or has more than 16 digits'],
  ['R60: 2^53', '20000000000000\r\n', '400 RFC 9112 7.1 @-1 chunk size exceeds 2^53-1, or has more than 16 digits'],
  ['R60: FFFFFFFFFFFFFFFF1', 'FFFFFFFFFFFFFFFF1\r\n', '400 RFC 9112 7.1 @-1 chunk size exceeds 2^53-1, or has more than 16 digits'],
  ['R60: 0x', '0x5\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk size: "x" (0x78)'],
  ['R60: a sign', '+5\r\nhello\r\n', '400 RFC 9112 7.1 @-1 chunk size does not begin with a hexadecimal digit: "+"'],
  ['R60: an underscore', '1_0\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk size: "_"'],
  ['R60: leading whitespace', ' 5\r\nhello\r\n', '400 RFC 9112 7.1 @-1 chunk size does not begin with a hexadecimal digit: space'],
  ['no size', '\r\nhello\r\n', '400 RFC 9112 7.1 @-1 chunk size does not begin with a hexadecimal digit: CR'],
  ['an octet of 0x80 and up', '\xe9\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['R62: bare CR after whitespace', '5 \rhello\r\n', '400 RFC 9112 7.1 @-1 bare CR in a chunk line: "h"'],
  ['R62: bare CR between whitespace', '5 \r \nhello\r\n', '400 RFC 9112 7.1 @-1 bare CR in a chunk line: space'],
  ['R62: bare LF after whitespace', '5 \nhello\r\n', '400 RFC 9112 7.1 @-1 bare LF in a chunk line: LF (0x0a)'],
  ['R62: two CRs after whitespace', '5 \r\r\nhello\r\n', '400 RFC 9112 7.1 @-1 bare CR in a chunk line: CR'],
  ['R60: digits after whitespace', '5 0\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk extension: "0"'],
  ['whitespace other than blanks after the size', '5\x0b\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk size: control character (0x0b)'],
  ['R64: whitespace beyond the limit', '5     \r\nhello\r\n', '413 RFC 9112 7.1.1 @-1 chunk extensions exceed the limit', { limits: { chunkExtensionBytesMax: 4 } }],
  ['R64: all whitespace beyond the limit', '1  \r\nh\r\n1  \r\ne\r\n1  \r\n', '413 RFC 9112 7.1.1 @-1 chunk extensions exceed the limit', { limits: { chunkExtensionsBytesMax: 5 } }],
  ['R62: bare LF after the size', '5\nhello\r\n', '400 RFC 9112 7.1 @-1 bare LF in a chunk line: LF (0x0a)'],
  ['R62: bare CR after the size', '5\rhello\r\n', '400 RFC 9112 7.1 @-1 bare CR in a chunk line: "h"'],
  ['R62: bare LF in an extension', '5;a\nhello\r\n', '400 RFC 9112 7.1 @-1 bare LF in a chunk line'],
  ['R62: bare LF in a quoted value', '5;a="b\n"\r\nhello\r\n', '400 RFC 9112 7.1 @-1 bare LF in a chunk line'],
  ['R62: CR in a quoted value', '5;a="\r\n"\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk extension: CR'],
  ['R62: bare LF after the data', '5\r\nhello\n', '400 RFC 9112 7.1 @-1 no CRLF after the chunk data: LF'],
  ['R62: more data than the size', '4\r\nhello\r\n', '400 RFC 9112 7.1 @-1 no CRLF after the chunk data: "o"'],
  ['R62: bare CR after the data', '5\r\nhello\r0\r\n', '400 RFC 9112 7.1 @-1 no CRLF after the chunk data: "0"'],
  ['an extension without a name', '5;\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['an extension without a name, with a value', '5;=b\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['an extension without a value', '5;a=\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['an extension of two words', '5;a b\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['an extension with text after a quoted value', '5;a="b"c\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['an extension with a value of no token', '5;a=(\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['NUL in an extension', '5;a\0\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk extension: NUL'],
  ['NUL in a quoted value', '5;a="\0"\r\nhello\r\n', '400 RFC 9112 7.1 @-1 not allowed in a chunk extension: NUL'],
  ['an escaped CR', '5;a="\\\r\n"\r\nhello\r\n', '400 RFC 9112 7.1'],
  ['R64: one extension beyond the limit', '5;abcd\r\nhello\r\n', '413 RFC 9112 7.1.1 @-1 chunk extensions exceed the limit', { limits: { chunkExtensionBytesMax: 4 } }],
  ['R64: all extensions beyond the limit', '1;a\r\nh\r\n1;a\r\ne\r\n1;a\r\n', '413 RFC 9112 7.1.1 @-1 chunk extensions exceed the limit', { limits: { chunkExtensionsBytesMax: 5 } }],
]

for (const [name, content, error, options] of REFUSED) {
  test(`refused: ${name}`, async t => {
    const told = read(content, options)
    t.equal(String(told).slice(0, error.length), error, String(told))
  })
}

test('R60: a chunk of 2^53-1 bytes is awaited', async t => {
  t.strictSame(read('1fffffffffffff\r\nx'), ['content "x"'])
})

test('R64: the limits are for one message, and met exactly', async t => {
  const limits = { chunkExtensionBytesMax: 4, chunkExtensionsBytesMax: 4 }
  const one = `${HEAD}1;abc\r\nx\r\n0\r\n\r\n`
  t.equal(readRequests(one + one, [], { limits }).error, '')
})
