import { test } from 'tap'
import { ResponseReader, type ResponseSink } from '../../lib/wire/response-reader.js'
import { cpuMs } from '../support/cpu.js'
import { everyWay, type ResponseOptions, readResponses } from './reading.js'

const OK = 'HTTP/1.1 200 OK\r\n'
const END = { ends: true }

// the input, what the sink receives
const READ: readonly (readonly [name: string, octets: string, events: readonly string[], options?: ResponseOptions])[] =
  [
    [
      'Content-Length',
      `${OK}Content-Length: 2\r\n\r\nhi`,
      ['200 "OK" 1.1 length 2', 'Content-Length: 2', 'content "hi"', 'end'],
    ],
    ['Content-Length: 0', `${OK}Content-Length: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'Content-Length: 0', 'end']],
    [
      'R36: chunked with trailers',
      `${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nA: b\r\n\r\n`,
      ['200 "OK" 1.1 chunked -1', 'Transfer-Encoding: chunked', 'content "hi"', 'end', 'trailers', 'A: b'],
    ],
    [
      'R118: empty members with chunked',
      `${OK}Transfer-Encoding: ,chunked,\r\n\r\n0\r\n\r\n`,
      ['200 "OK" 1.1 chunked -1', 'Transfer-Encoding: ,chunked,', 'end'],
    ],
    ['R55: neither: until close', `${OK}\r\nhi`, ['200 "OK" 1.1 close -1', 'last', 'content "hi"', 'end'], END],
    ['R55: until close, and nothing came', `${OK}\r\n`, ['200 "OK" 1.1 close -1', 'last', 'end'], END],
    [
      'until close in HTTP/1.0',
      'HTTP/1.0 200 OK\r\n\r\nhi',
      ['200 "OK" 1.0 close -1', 'last', 'content "hi"', 'end'],
      END,
    ],
    [
      'R105: HTTP/1.2 is read as 1.1',
      'HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n',
      ['200 "OK" 1.1 length 0', 'Content-Length: 0', 'end'],
    ],
    [
      'R28: a status without a reason',
      'HTTP/1.1 299 \r\nContent-Length: 0\r\n\r\n',
      ['299 "" 1.1 length 0', 'Content-Length: 0', 'end'],
    ],
    [
      'R1: a reason of any bytes',
      'HTTP/1.1 200 \xe9\t \xff\r\nContent-Length: 0\r\n\r\n',
      ['200 "é\\t ÿ" 1.1 length 0', 'Content-Length: 0', 'end'],
    ],
    [
      'R49: Transfer-Encoding with Content-Length',
      `${OK}Transfer-Encoding: chunked\r\nContent-Length: 7\r\n\r\n0\r\n\r\n`,
      ['200 "OK" 1.1 chunked -1', 'length dropped', 'last', 'Transfer-Encoding: chunked', 'Content-Length: 7', 'end'],
    ],
    [
      'R49: an overridden Content-Length may be anything',
      `${OK}Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      ['200 "OK" 1.1 chunked -1', 'length dropped', 'last', 'Content-Length: x', 'Transfer-Encoding: chunked', 'end'],
    ],
    [
      'R45: Transfer-Encoding in HTTP/1.0',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      ['200 "OK" 1.0 chunked -1', 'last', 'Transfer-Encoding: chunked', 'end'],
    ],
    [
      'R47: HEAD',
      `${OK}Content-Length: 5\r\n\r\n`,
      ['200 "OK" 1.1 none 0', 'Content-Length: 5', 'end'],
      { to: ['HEAD'] },
    ],
    [
      'R47: HEAD with chunked',
      `${OK}Transfer-Encoding: chunked\r\n\r\n`,
      ['200 "OK" 1.1 none 0', 'Transfer-Encoding: chunked', 'end'],
      { to: ['HEAD'] },
    ],
    ['R47: HEAD with neither', `${OK}\r\n`, ['200 "OK" 1.1 none 0', 'end'], { to: ['HEAD'] }],
    ['R47: 204', 'HTTP/1.1 204 No Content\r\n\r\n', ['204 "No Content" 1.1 none 0', 'end']],
    [
      'R47: 204 that claims to have content: what follows is unknown',
      'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n',
      ['204 "No Content" 1.1 none 0', 'last', 'Content-Length: 5', 'end'],
    ],
    [
      'R47: 204 with Content-Length: 0',
      'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
      ['204 "No Content" 1.1 none 0', 'Content-Length: 0', 'end'],
    ],
    [
      'R47: 304',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n',
      ['304 "Not Modified" 1.1 none 0', 'Content-Length: 5', 'end'],
    ],
    [
      'R217: 205 is framed like any other',
      'HTTP/1.1 205 Reset Content\r\nContent-Length: 1\r\n\r\nx',
      ['205 "Reset Content" 1.1 length 1', 'Content-Length: 1', 'content "x"', 'end'],
    ],
    [
      'R217: 205 until close',
      'HTTP/1.1 205 Reset Content\r\n\r\nx',
      ['205 "Reset Content" 1.1 close -1', 'last', 'content "x"', 'end'],
      END,
    ],
    [
      'R48: 2xx to CONNECT, whatever its fields say',
      'HTTP/1.1 200 OK\r\nContent-Length: x\r\nTransfer-Encoding: gzip\r\n\r\n',
      ['200 "OK" 1.1 none 0', 'Content-Length: x', 'Transfer-Encoding: gzip', 'end'],
      { to: ['CONNECT'] },
    ],
    [
      'R163: another status to CONNECT is not a tunnel',
      'HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno',
      ['407 "No" 1.1 length 2', 'Content-Length: 2', 'content "no"', 'end'],
      { to: ['CONNECT'] },
    ],
    [
      'R184, R186, R205: several interim heads',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 \r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
      [
        '100 "Continue" 1.1 none 0',
        '103 "Early Hints" 1.1 none 0',
        'Link: </a>',
        '103 "" 1.1 none 0',
        '200 "OK" 1.1 length 1',
        'Content-Length: 1',
        'content "x"',
        'end',
      ],
    ],
    [
      'R47, R182: an interim head ends at its empty line',
      `HTTP/1.1 100 Continue\r\nContent-Length: 5\r\n\r\n${OK}Content-Length: 0\r\n\r\n`,
      ['100 "Continue" 1.1 none 0', 'last', 'Content-Length: 5', '200 "OK" 1.1 length 0', 'Content-Length: 0', 'end'],
    ],
    [
      'R187: 101 ends HTTP',
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n',
      ['101 "Switching Protocols" 1.1 none 0', 'Upgrade: websocket', 'Connection: upgrade', 'end'],
    ],
    [
      'R72: one response for each request',
      `${OK}Content-Length: 5\r\n\r\n${OK}Content-Length: 1\r\n\r\nx`,
      [
        '200 "OK" 1.1 none 0',
        'Content-Length: 5',
        'end',
        '200 "OK" 1.1 length 1',
        'Content-Length: 1',
        'content "x"',
        'end',
      ],
      { to: ['HEAD', 'PUT'] },
    ],
    [
      'R218: 100 and 999',
      'HTTP/1.1 100 \r\n\r\nHTTP/1.1 999 \r\nContent-Length: 0\r\n\r\n',
      ['100 "" 1.1 none 0', '999 "" 1.1 length 0', 'Content-Length: 0', 'end'],
    ],
    [
      'R218: 600 has content like any other',
      'HTTP/1.1 600 No\r\nContent-Length: 1\r\n\r\nx',
      ['600 "No" 1.1 length 1', 'Content-Length: 1', 'content "x"', 'end'],
    ],
    [
      'R116: control characters in a value and in the reason are kept',
      'HTTP/1.1 200 O\x01K\r\nSet-Cookie: a\x01\x0b\x7fc\r\nContent-Length: 0\r\n\r\n',
      ['200 "O\\u0001K" 1.1 length 0', 'Set-Cookie: a\x01\x0b\x7fc', 'Content-Length: 0', 'end'],
    ],
    [
      'R116: control characters in interim heads and in trailers',
      `HTTP/1.1 103 \r\nLink: \x02\r\n\r\n${OK}Transfer-Encoding: chunked\r\n\r\n0\r\nA: \x03b\r\n\r\n`,
      [
        '103 "" 1.1 none 0',
        'Link: \x02',
        '200 "OK" 1.1 chunked -1',
        'Transfer-Encoding: chunked',
        'end',
        'trailers',
        'A: \x03b',
      ],
    ],
    [
      'R51: identity is not a coding: until close',
      `${OK}Transfer-Encoding: Identity\r\n\r\nhi`,
      ['200 "OK" 1.1 close -1', 'last', 'Transfer-Encoding: Identity', 'content "hi"', 'end'],
      END,
    ],
    [
      'R51: identity with a length: by that length, and nothing more is read from the connection',
      `${OK}Transfer-Encoding: ,identity\r\nContent-Length: 2\r\n\r\nhi`,
      ['200 "OK" 1.1 length 2', 'last', 'Transfer-Encoding: ,identity', 'Content-Length: 2', 'content "hi"', 'end'],
    ],
    [
      'R51: identity in HTTP/1.0',
      'HTTP/1.0 200 OK\r\nTransfer-Encoding: identity\r\nContent-Length: 2\r\n\r\nhi',
      ['200 "OK" 1.0 length 2', 'last', 'Transfer-Encoding: identity', 'Content-Length: 2', 'content "hi"', 'end'],
    ],
    ...(['gzip', 'chunked, chunked', '\x0bchunked', ''] as const).flatMap((coding): typeof READ => [
      [
        `R47: HEAD with ${JSON.stringify(coding)}: no content, so no coding matters`,
        `${OK}Transfer-Encoding: ${coding}\r\n\r\n`,
        ['200 "OK" 1.1 none 0', 'last', `Transfer-Encoding: ${coding}`, 'end'],
        { to: ['HEAD'] },
      ],
      [
        `R47: 304 with ${JSON.stringify(coding)}`,
        `HTTP/1.1 304 \r\nTransfer-Encoding: ${coding}\r\n\r\n`,
        ['304 "" 1.1 none 0', 'last', `Transfer-Encoding: ${coding}`, 'end'],
      ],
      [
        `R47: 204 with ${JSON.stringify(coding)}`,
        `HTTP/1.1 204 \r\nTransfer-Encoding: ${coding}\r\n\r\n`,
        ['204 "" 1.1 none 0', 'last', `Transfer-Encoding: ${coding}`, 'end'],
      ],
    ]),
    [
      'R181: digits are in their shortest form: leading zeros',
      `${OK}Content-Length: 002\r\n\r\nhi`,
      ['200 "OK" 1.1 length 2', 'Content-Length: 2', 'content "hi"', 'end'],
    ],
  ]

// what real origins send, and what it becomes
// biome-ignore format: one row each
const REPAIRED: typeof READ = [
  ['R2: bare LF everywhere in the head', 'HTTP/1.1 200 OK\nA: b\nContent-Length: 1\n\nx', ['200 "OK" 1.1 length 1', 'repairs 4', 'A: b', 'Content-Length: 1', 'content "x"', 'end']],
  ['R2: bare LF after one field', `${OK}A: b\nContent-Length: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'repairs 1', 'A: b', 'Content-Length: 0', 'end']],
  ['R2: bare LF as the empty line', `${OK}Content-Length: 0\r\n\n`, ['200 "OK" 1.1 length 0', 'repairs 1', 'Content-Length: 0', 'end']],
  ['R30: a space before the colon counts as none', `${OK}Content-Length : 1\r\n\r\nx`, ['200 "OK" 1.1 length 1', 'repairs 1', 'Content-Length: 1', 'content "x"', 'end']],
  ['R30: several of any kind', `${OK}A \t : b\r\nContent-Length\t: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'repairs 2', 'A: b', 'Content-Length: 0', 'end']],
  ['R34: obs-fold becomes spaces', `${OK}A: b\r\n c\r\n\td\r\nContent-Length: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'repairs 2', 'A: b c\td', 'Content-Length: 0', 'end']],
  ['R34: a folded empty line', `${OK}A: b\r\n \r\nContent-Length: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'repairs 1', 'A: b', 'Content-Length: 0', 'end']],
  ['R34: obs-fold with bare LF', `${OK}A: b\n c\r\nContent-Length: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'repairs 2', 'A: b c', 'Content-Length: 0', 'end']],
  ['R34: a fold that hides a field name', `${OK}A: b\r\n Content-Length: 5\r\nContent-Length: 0\r\n\r\n`, ['200 "OK" 1.1 length 0', 'repairs 1', 'A: b Content-Length: 5', 'Content-Length: 0', 'end']],
  ['R27: no space after the status', 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n', ['200 "" 1.1 length 0', 'repairs 1', 'Content-Length: 0', 'end']],
  ['R27: no space after the status, bare LF', 'HTTP/1.1 200\n\n', ['200 "" 1.1 close -1', 'last', 'repairs 3', 'end'], END],
  ['R52: equal lengths collapse: two lines', `${OK}Content-Length: 1\r\nA: b\r\ncontent-length: 1\r\nC: d\r\n\r\nx`, ['200 "OK" 1.1 length 1', 'repairs 1', 'Content-Length: 1', 'A: b', 'C: d', 'content "x"', 'end']],
  ['R52: equal lengths collapse: a list', `${OK}Content-Length: 1, 01 ,1\r\n\r\nx`, ['200 "OK" 1.1 length 1', 'repairs 1', 'Content-Length: 1', 'content "x"', 'end']],
  ['R52: equal lengths collapse, after another repair', `${OK}Content-Length: 1\nContent-Length: 1\r\n\r\nx`, ['200 "OK" 1.1 length 1', 'repairs 2', 'Content-Length: 1', 'content "x"', 'end']],
  ['interim heads are repaired too', `HTTP/1.1 103 \nA : b\n\n${OK}Content-Length: 0\r\n\r\n`, ['103 "" 1.1 none 0', 'repairs 4', 'A: b', '200 "OK" 1.1 length 0', 'Content-Length: 0', 'end']],
]

for (const [name, octets, events, options = {}] of [...READ, ...REPAIRED]) {
  test(name, async t => {
    const told = everyWay(octets, (input, cuts) => readResponses(input, cuts, options))
    t.strictSame(told, { events, error: '', consumed: octets.length })
    if (options.ends === true) return
    for (const more of ['x', '\r\n', OK]) {
      const followed = everyWay(octets + more, (input, cuts) => readResponses(input, cuts, options))
      t.strictSame(followed, told, `R59: octets after it are not read: ${JSON.stringify(more)}`)
    }
  })
}

const STRICT = { strict: true }
const many = (count: number) => Array.from({ length: count }, (_, i) => `N${i}: v\r\n`).join('')
const length = (value: string) => `${OK}Content-Length: ${value}\r\n\r\n`
const chunked = (content: string) => `${OK}Transfer-Encoding: chunked\r\n\r\n${content}`

// biome-ignore format: one row each
const REFUSED: readonly (readonly [name: string, octets: string, error: string, options?: ResponseOptions])[] = [
  ['strict: bare LF', 'HTTP/1.1 200 OK\n\r\n', '502 RFC 9112 2.2 @15 bare LF (0x0a) at byte 15 of the response head, in the status line', STRICT],
  ['strict: space before the colon', `${OK}A : b\r\n\r\n`, '502 RFC 9112 5.1 @18', STRICT],
  ['strict: obs-fold', `${OK}A: b\r\n c\r\n\r\n`, '502 RFC 9112 5.2 @23', STRICT],
  ['strict: no space after the status', 'HTTP/1.1 200\r\n\r\n', '502 RFC 9112 4 @12 no space after the status code: CR', STRICT],
  ['R116: NUL', `${OK}A: \0\r\n\r\n`, '502 RFC 9110 5.5 @20 not allowed in a field value: NUL (0x00) at byte 20 of the response head, in the value of field "A"'],
  ['R3: bare CR', `${OK}A: b\rc\r\n\r\n`, '502 RFC 9112 2.2 @21 bare CR'],
  ['R3: bare CR in a head that is repaired', `HTTP/1.1 200 OK\nA: b\rc\r\n\r\n`, '502 RFC 9112 2.2 @21 bare CR'],
  ['R3: two CR', `${OK}A: b\r\r\n\r\n`, '502 RFC 9112 2.2 @21 bare CR'],
  ['R3: bare CR at the start of a line, in a head that is repaired', 'HTTP/1.1 200 OK\n\rA: b\r\n\r\n', '502 RFC 9112 2.2 @17 bare CR'],
  ['R8: whitespace before the first field', `${OK} A: b\r\n\r\n`, '502 RFC 9112 2.2 @17 whitespace before the first field'],
  ['R8: whitespace before the first field, in a head that is repaired', 'HTTP/1.1 200 OK\n A: b\r\n\r\n', '502 RFC 9112 2.2 @17 whitespace before the first field'],
  ['a space in a name, in a head that is repaired', `${OK}A B: b\r\n\r\n`, '502 RFC 9112 5.1 @18 whitespace before the colon'],
  ['a line without a colon, in a head that is repaired', `${OK}A \r\n\r\n`, '502 RFC 9112 5.1 @18'],
  ['a line without a colon and with bare LF', `${OK}A\n\r\n`, '502 RFC 9112 5 @18 field line without a colon'],
  ['more spaces before a colon than are tolerated', `${OK}A${' '.repeat(65)}: b\r\n\r\n`, '502 RFC 9112 5.1 @18'],
  ['an empty name', `${OK}: b\r\n\r\n`, '502 RFC 9112 5.1 @17 empty field name'],
  ['R218: status 099', 'HTTP/1.1 099 X\r\n\r\n', '502 RFC 9110 15 @9 invalid status code (must be 100 to 999): "0"'],
  ['R218: status 000', 'HTTP/1.1 000 X\r\n\r\n', '502 RFC 9110 15 @9 invalid status code (must be 100 to 999): "0"'],
  ['R218: two digits', 'HTTP/1.1 20 OK\r\n\r\n', '502 RFC 9110 15 @11'],
  ['R218: four digits', 'HTTP/1.1 2000 OK\r\n\r\n', '502 RFC 9110 15 @12'],
  ['R218: four digits and bare LF', 'HTTP/1.1 20\n OK\r\n\r\n', '502 RFC 9110 15 @11'],
  ['R27: two spaces', 'HTTP/1.1  200 OK\r\n\r\n', '502 RFC 9110 15 @9'],
  ['R27: a tab', 'HTTP/1.1 200\tOK\r\n\r\n', '502 RFC 9110 15 @12'],
  ['strict: a control octet in the reason', 'HTTP/1.1 200 O\x01K\r\n\r\n', '502 RFC 9112 4 @14 not allowed in a reason phrase: control character (0x01)', STRICT],
  ['strict: a control octet in a value', `${OK}A: \x7f\r\n\r\n`, '502 RFC 9110 5.5 @20 not allowed in a field value: control character (0x7f)', STRICT],
  ['R116: NUL in the reason', 'HTTP/1.1 200 O\0K\r\n\r\n', '502 RFC 9112 4 @14 not allowed in a reason phrase: NUL (0x00)'],
  ['R116: NUL in a trailer', chunked('0\r\nA: \0\r\n\r\n'), '502 RFC 9110 5.5 @3 not allowed in a field value: NUL'],
  ['a control octet in a name', `${OK}A\x01: b\r\n\r\n`, '502 RFC 9110 5.1 @18 not allowed in a field name: control character (0x01)'],
  ['R53: a length with a control character', length('1\x01'), '502 RFC 9112 6.3'],
  ['R194: HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n', '502 RFC 9110 15.6.6 @5'],
  ['no HTTP at all', 'ICY 200 OK\r\n\r\n', '502 RFC 9112 2.3 @0 malformed HTTP-version: "I"'],
  ['an empty line in front', '\r\nHTTP/1.1 200 OK\r\n\r\n', '502 RFC 9112 2.3 @0'],
  ['an empty line of bare LF in front', '\nHTTP/1.1 200 OK\r\n\r\n', '502 RFC 9112 2.3 @0'],
  ['bare LF instead of a version', 'HTTP\n/1.1 200 OK\r\n\r\n', '502 RFC 9112 2.3 @4'],
  ['R53: two different lengths', `${OK}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, '502 RFC 9112 6.3 @36 Content-Length values differ'],
  ['R53: two different lengths in a list', length('1, 2'), '502 RFC 9112 6.3 @33 Content-Length is not a single number up to 2^53-1: "1, 2"'],
  ['R53: an empty member', length('1,'), '502 RFC 9112 6.3'],
  ['R53: no number', length('x'), '502 RFC 9112 6.3'],
  ['R53: no number, twice', length('x, x'), '502 RFC 9112 6.3'],
  ['R53: empty', length(''), '502 RFC 9112 6.3'],
  ['R53: no number, to HEAD', length('-1'), '502 RFC 9112 6.3', { to: ['HEAD'] }],
  ['R180: beyond 2^53-1', length('9007199254740992'), '502 RFC 9112 6.3'],
  ['R51: another coding', `${OK}Transfer-Encoding: gzip\r\n\r\n`, '502 RFC 9112 6.3 @17 the final transfer coding is not chunked: "gzip"'],
  ['R51: another coding before chunked', `${OK}Transfer-Encoding: gzip, chunked\r\n\r\n`, '502 RFC 9112 6.3 @17 a transfer coding that was not requested: "gzip, chunked"'],
  ['R51: identity before chunked', `${OK}Transfer-Encoding: identity, chunked\r\n\r\n`, '502 RFC 9112 6.3 @17 a transfer coding that was not requested: "identity, chunked"'],
  ['R51: identity twice', `${OK}Transfer-Encoding: identity, identity\r\n\r\n`, '502 RFC 9112 6.3 @17 the final transfer coding is not chunked'],
  ['R37: chunked twice', `${OK}Transfer-Encoding: chunked, chunked\r\n\r\n`, '502 RFC 9112 7.1 @17 the chunked coding is applied more than once: "chunked, chunked"'],
  ['R37: chunked twice, in two lines', `${OK}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, '502 RFC 9112 7.1 @17 the chunked coding is applied more than once: "chunked"'],
  ['R61: parameters on chunked', `${OK}Transfer-Encoding: chunked;a=b\r\n\r\n`, '502 RFC 9112 7.1 @17 the chunked coding has parameters: "chunked;a=b"'],
  ['R51: chunked after a control character', `${OK}Transfer-Encoding: \x0bchunked\r\n\r\n`, '502 RFC 9112 6.3 @17 the final transfer coding is not chunked'],
  ['R51: an empty Transfer-Encoding', `${OK}Transfer-Encoding: \r\n\r\n`, '502 RFC 9112 6.3 @17 Transfer-Encoding names no transfer coding: ""'],
  ['R62: bare LF in chunk framing is never repaired', chunked('1\nx\r\n0\r\n\r\n'), '502 RFC 9112 7.1 @-1 bare LF in a chunk line'],
  ['R62: bare LF after a chunk', chunked('1\r\nx\n0\r\n\r\n'), '502 RFC 9112 7.1 @-1 no CRLF after the chunk data: LF'],
  ['bare LF in the trailers is never repaired', chunked('0\r\nA: b\n\r\n'), '502 RFC 9112 2.2 @4 bare LF (0x0a) at byte 4 of the trailer section of the response'],
  ['R115: a status line beyond the limit', `HTTP/1.1 200 ${'x'.repeat(30)}\r\n\r\n`, '502 RFC 9112 3 @20', { limits: { requestLineBytesMax: 20 } }],
  ['R115: a field section beyond the limit', `${OK}A: ${'x'.repeat(30)}\r\n\r\n`, '502 RFC 6585 5 @37', { limits: { headBytesMax: 20 } }],
  ['R115: a repaired field section beyond the limit', `${OK}A : ${'x'.repeat(30)}\r\n\r\n`, '502 RFC 6585 5 @37', { limits: { headBytesMax: 20 } }],
  ['R115: too many fields', `${OK}${many(4)}\r\n`, '502 RFC 6585 5 @38', { limits: { fieldsMax: 3 } }],
  ['R184: interim heads without end', 'HTTP/1.1 102 a\r\n\r\n'.repeat(4), '502 RFC 9110 15.2 @-1 more than 3 interim responses before the final response', { limits: { interimResponsesMax: 3 } }],
  ['R184: too many bytes of interim heads', 'HTTP/1.1 102 a\r\n\r\n'.repeat(3), '502 RFC 6585 5 @-1 interim responses of more than 53 bytes', { limits: { interimBytesMax: 53 } }],
  ['R64: chunk extensions beyond the limit', chunked('1;abc\r\nx'), '502 RFC 9112 7.1.1', { limits: { chunkExtensionBytesMax: 3 } }],
  ['R73: bytes received with no request outstanding', 'H', '502 RFC 9112 9.2 @-1 bytes received with no request outstanding', { to: [] }],
  ['R54, R70: the connection ends before the response', '', '502 RFC 9112 8 @-1 incomplete response: the connection ended before the head', END],
  ['R54, R70: the connection ends in the head', 'HTTP/1.1 200', '502 RFC 9112 8 @-1 incomplete response: the connection ended in the head', END],
  ['R54, R70: the connection ends after an interim head', 'HTTP/1.1 100 \r\n\r\n', '502 RFC 9112 8 @-1 incomplete response: the connection ended in the head', END],
  ['R54, R70: the connection ends in content with a length', `${length('5')}hell`, '502 RFC 9112 8 @-1 incomplete response: the connection ended in the content', END],
  ['R54, R70: the connection ends in chunked content', chunked('5\r\nhello\r\n'), '502 RFC 9112 8 @-1 incomplete response: the connection ended in the content', END],
  ['R54, R70: the connection ends in the trailers', chunked('0\r\nA: b\r\n'), '502 RFC 9112 8 @-1 incomplete response: the connection ended in the content', END],
]

for (const [name, octets, error, options = {}] of REFUSED) {
  test(`refused: ${name}`, async t => {
    const told = everyWay(octets, (input, cuts) => readResponses(input, cuts, options))
    t.equal(told.error.slice(0, error.length), error, told.error)
    if (options.ends === true) return
    const followed = everyWay(`${octets}xyz\r\n\r\n`, (input, cuts) => readResponses(input, cuts, options))
    t.strictSame(followed, told, 'the same error whatever follows')
  })
}

// The text is what is forwarded: the framing fields of a response must leave nothing to interpret.
for (const [name, line, repairs] of [
  ['one line in its shortest form', 'Content-Length: 2\r\n', 0],
  ['no space', 'content-length:2\r\n', 0],
  ['a tab behind it', 'Content-Length: 2\t\r\n', 0],
  ['spaces behind it', 'Content-Length: 2  \r\n', 0],
  ['a tab in front of it', 'Content-Length:\t2\r\n', 0],
  ['two spaces in front of it', 'Content-Length:  2\r\n', 0],
  ['leading zeros', 'Content-Length: 0000000000000000000000000000002\r\n', 0],
  ['a list', 'Content-Length: 2, 02 ,\t2\t\r\n', 1],
  ['two lines', 'Content-Length: 2\t\r\nContent-Length: 002\r\n', 1],
  ['a tab of our own repair', 'Content-Length: 2\r\n\t\r\n', 1],
  ['a tab of our own repair in front of it', 'Content-Length:\r\n\t2\r\n', 1],
] as const) {
  test(`R181: Content-Length leaves in its shortest form: ${name}`, async t => {
    const octets = `${OK}A: b\t\r\n${line}C:d\r\n\r\nhi`
    everyWay(octets, (input, cuts) => {
      const reader = new ResponseReader()
      let text = ''
      reader.expect('GET')
      const sink = {
        ...SILENT,
        onResponseHead: (head: import('../../lib/wire/response-head.js').ResponseHead) => {
          text = `${head.lines.repairs} ${head.lines.text}`
        },
      }
      for (const [i, from] of [0, ...cuts].entries())
        reader.consume(Buffer.from(input, 'latin1'), from, cuts[i] ?? input.length, sink)
      const sent = line.startsWith('content-length:2') ? line : 'Content-Length: 2\r\n'
      if (text !== `${repairs} ${OK}A: b\t\r\n${sent}C:d\r\n\r\n`) t.fail(text)
      return { events: [], error: '', consumed: 0 }
    })
  })
}

const SILENT: ResponseSink = { onResponseHead() {}, onResponseContent() {}, onResponseEnd() {} }

test('the state of the reader, at each step', async t => {
  const reader = new ResponseReader()
  const states: string[] = []
  const feed = (text: string) => {
    reader.consume(Buffer.from(text), 0, text.length, SILENT)
    states.push(
      `${reader.done ? 'done' : ''}${reader.started ? 'started' : ''}${reader.inContent ? ' content' : ''} ${reader.contentLeft}`,
    )
  }
  feed('')
  reader.expect('GET')
  feed('')
  feed('HTTP/1.1 100 \r\n\r\n')
  feed('HTTP')
  feed('/1.1 200 \r\nContent-Length: 2\r\n\r\n')
  feed('a')
  feed('b')
  reader.expect('GET')
  feed('HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n')
  feed('1\r\na')
  feed('\r\n0\r\nA')
  feed(': b\r\n\r\n')
  reader.expect('GET')
  feed('HTTP/1.1 200 \r\n\r\n')
  reader.end(SILENT)
  feed('')
  t.strictSame(states, [
    ' 0',
    ' 0',
    'started 0',
    'started 0',
    'started content 2',
    'started content 1',
    'done 0',
    'started content -1',
    'started content -1',
    'started content -1',
    'done 0',
    'started content -1',
    'done 0',
  ])
})

test('end() does nothing when no response is outstanding', async t => {
  const reader = new ResponseReader()
  reader.end(SILENT)
  reader.expect('HEAD')
  const bytes = Buffer.from('HTTP/1.1 200 \r\n\r\n')
  reader.consume(bytes, 0, bytes.length, SILENT)
  reader.end(SILENT)
  t.equal(reader.done, true)
})

test('R73: bytes after a complete response are an error when they are read', async t => {
  const reader = new ResponseReader()
  reader.expect('HEAD')
  const bytes = Buffer.from('HTTP/1.1 200 \r\n\r\nx')
  t.equal(reader.consume(bytes, 0, bytes.length, SILENT), bytes.length - 1)
  t.throws(() => reader.consume(bytes, bytes.length - 1, bytes.length, SILENT), {
    name: 'ProtocolError',
    status: 502,
  })
  t.equal(reader.failed, true)
  t.throws(() => reader.consume(bytes, 0, 1, SILENT), /must not be used again/)
})

test('expect() while a response is outstanding throws', async t => {
  const reader = new ResponseReader()
  reader.expect('GET')
  t.throws(() => reader.expect('GET'), /not complete/)
})

test('a repaired head is linear work, one byte at a time', async t => {
  const bytes = Buffer.from(`HTTP/1.1 200 OK\nX: ${'y\r\n '.repeat(10_000)}\r\n\r\n`)
  const reader = new ResponseReader()
  reader.expect('GET')
  const took = await cpuMs(() => {
    for (let i = 0; i < bytes.length; i++) reader.consume(bytes, i, i + 1, SILENT)
  })
  t.equal(reader.inContent, true)
  t.ok(took < 1_000, `${took} ms`)
})

test('small content that arrived with its head is delivered as text, too; other content is not', async t => {
  const texts = (octets: string, ...cuts: number[]): (string | undefined)[] => {
    const reader = new ResponseReader()
    const given: (string | undefined)[] = []
    const bytes = Buffer.from(octets, 'latin1')
    reader.expect('GET')
    let from = 0
    for (const to of [...cuts, bytes.length]) {
      reader.consume(bytes, from, to, {
        onResponseHead: head => void head.lines.text,
        onResponseContent: (_bytes, _from, _to, text) => given.push(text),
        onResponseEnd() {},
      })
      from = to
    }
    return given
  }
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: '
  t.strictSame(texts(`${head}5\r\n\r\nh\xe9llo`), ['h\xe9llo'])
  t.strictSame(texts(`${head}1024\r\n\r\n${'x'.repeat(1024)}`), ['x'.repeat(1024)])
  t.strictSame(texts(`${head}1025\r\n\r\n${'x'.repeat(1025)}`), [''])
  const whole = `${head}5\r\n\r\nhello`
  t.strictSame(texts(whole, whole.length - 1), ['', ''], 'its end came later')
  t.strictSame(texts(whole, 3), [''], 'its head came in two pieces')
  t.strictSame(texts('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'), [undefined])
})
