import { test } from 'tap'
import { everyWay, readRequests } from './reading.js'

// request line, Host and the rest of the field lines -> [form scheme|host|path] or the error
type Row = readonly [name: string, requestLine: string, fields: string, expected: string]

// biome-ignore format: one row each
const TARGETS: readonly Row[] = [
  ['origin-form', 'GET /a/../b//c?d=%zz|{} HTTP/1.1', 'Host: h', 'origin |h|/a/../b//c?d=%zz|{}'],
  ['asterisk-form', 'OPTIONS * HTTP/1.1', 'Host: h', 'asterisk |h|*'],
  ['asterisk-form with another method', 'GET * HTTP/1.1', 'Host: h', '400 RFC 9112 3.2.4 @-1 asterisk-form is allowed only with OPTIONS'],
  ['R22, R23: absolute-form takes precedence over Host', 'GET http://a:8080/b HTTP/1.1', 'Host: h', 'absolute http|a:8080|/b'],
  ['absolute-form without Host in 1.0', 'GET http://a/b HTTP/1.0', '', 'absolute http|a|/b'],
  ['R19: absolute-form with an invalid Host', 'GET http://a/ HTTP/1.1', 'Host: a b', '400 RFC 9112 3.2 @30 invalid Host "a b"'],
  ['R19: absolute-form without Host in 1.1', 'GET http://a/ HTTP/1.1', '', '400 RFC 9112 3.2 @-1 no Host field'],
  ['https', 'GET HTTPS://A/ HTTP/1.1', 'Host: h', 'absolute https|A|/'],
  ['R20: an empty path is sent as /', 'GET http://a HTTP/1.1', 'Host: a', 'absolute http|a|/'],
  ['R20: an empty path before a query', 'GET http://a?b/c HTTP/1.1', 'Host: a', 'absolute http|a|/?b/c'],
  ['R25: OPTIONS without path and query', 'OPTIONS http://a:1 HTTP/1.1', 'Host: a', 'absolute http|a:1|*'],
  ['R25: OPTIONS with a path', 'OPTIONS http://a/ HTTP/1.1', 'Host: a', 'absolute http|a|/'],
  ['R25: OPTIONS with a query', 'OPTIONS http://a?b HTTP/1.1', 'Host: a', 'absolute http|a|/?b'],
  ['R108: an empty host', 'GET http:///x HTTP/1.1', 'Host: a', '400 RFC 9110 4.2 @-1 invalid host in the request-target "http:///x"'],
  ['R108: a port without a host', 'GET http://:80/x HTTP/1.1', 'Host: a', '400 RFC 9110 4.2'],
  ['R109: userinfo', 'GET http://u:p@a/ HTTP/1.1', 'Host: a', '400 RFC 9110 4.2.4 @-1 userinfo'],
  ['R109: an @ in the path is not userinfo', 'GET http://a/@b HTTP/1.1', 'Host: a', 'absolute http|a|/@b'],
  ['a host that is none', 'GET http://a\\b/ HTTP/1.1', 'Host: a', '400 RFC 9110 4.2'],
  ['R214: another scheme', 'GET ftp://a/ HTTP/1.1', 'Host: a', '400 RFC 9112 3.2 @-1 the request-target is neither a path nor an http or https URI: "ftp://a/"'],
  ['no scheme', 'GET ://a/ HTTP/1.1', 'Host: a', '400 RFC 9112 3.2'],
  ['R214: authority-form with another method', 'GET a:80 HTTP/1.1', 'Host: a', '400 RFC 9112 3.2'],
  ['a relative path', 'GET a/b HTTP/1.1', 'Host: a', '400 RFC 9112 3.2'],
  ['R24: authority-form', 'CONNECT a:443 HTTP/1.1', 'Host: h', 'authority |a:443|'],
  ['R24: authority-form with an IPv6 address', 'CONNECT [::1]:443 HTTP/1.1', 'Host: h', 'authority |[::1]:443|'],
  ['R162: CONNECT without a port', 'CONNECT a HTTP/1.1', 'Host: a', '400 RFC 9112 3.2.3 @-1 CONNECT needs host:port, not "a"'],
  ['R162: CONNECT with an empty port', 'CONNECT a: HTTP/1.1', 'Host: a', '400 RFC 9112 3.2.3'],
  ['R162: CONNECT with an impossible port', 'CONNECT a:65536 HTTP/1.1', 'Host: a', '400 RFC 9112 3.2.3'],
  ['R162: CONNECT with port 0', 'CONNECT a:0 HTTP/1.1', 'Host: a', '400 RFC 9112 3.2.3'],
  ['CONNECT with origin-form', 'CONNECT /a HTTP/1.1', 'Host: a', '400 RFC 9112 3.2.3'],
  ['CONNECT with absolute-form', 'CONNECT http://a:80 HTTP/1.1', 'Host: a', '400 RFC 9112 3.2.3'],
  ['a long target is cut in the message', `GET ${'x'.repeat(70)} HTTP/1.1`, 'Host: a', `400 RFC 9112 3.2 @-1 the request-target is neither a path nor an http or https URI: "${'x'.repeat(64)}…"`],
]

// biome-ignore format: one row each
const HOSTS: readonly Row[] = [
  ['a name and port', 'GET / HTTP/1.1', 'Host: A-b_c.example:8080', 'origin |A-b_c.example:8080|/'],
  ['an empty Host', 'GET / HTTP/1.1', 'Host:', 'origin ||/'],
  ['an empty port', 'GET / HTTP/1.1', 'Host: a:', 'origin |a:|/'],
  ['IPv4', 'GET / HTTP/1.1', 'Host: 127.0.0.1', 'origin |127.0.0.1|/'],
  ['IPv6', 'GET / HTTP/1.1', 'Host: [2001:db8::1]:80', 'origin |[2001:db8::1]:80|/'],
  ['one in HTTP/1.0', 'GET / HTTP/1.0', 'Host: a', 'origin |a|/'],
  ['R19: none in 1.1', 'GET / HTTP/1.1', '', '400 RFC 9112 3.2 @-1 no Host field in an HTTP/1.1 request'],
  ['R19: none in 1.2', 'GET / HTTP/1.2', '', '400 RFC 9112 3.2'],
  ['R19: two', 'GET / HTTP/1.1', 'Host: a\r\nHost: a', '400 RFC 9112 3.2 @25 more than one Host field'],
  ['R19: two in HTTP/1.0', 'GET / HTTP/1.0', 'Host: a\r\nhost: b', '400 RFC 9112 3.2 @25'],
  ['R19: two values', 'GET / HTTP/1.1', 'Host: a, b', '400 RFC 9112 3.2 @22 invalid Host "a, b"'],
  ['R19: a path', 'GET / HTTP/1.1', 'Host: a/b', '400 RFC 9112 3.2 @22'],
  ['R19: userinfo', 'GET / HTTP/1.1', 'Host: u@a', '400 RFC 9112 3.2 @22'],
  ['R19: an invalid port', 'GET / HTTP/1.1', 'Host: a:b', '400 RFC 9112 3.2 @22'],
  ['R19: a port without a host', 'GET / HTTP/1.1', 'Host: :80', '400 RFC 9112 3.2 @22'],
  ['R19: two ports', 'GET / HTTP/1.1', 'Host: a:1:2', '400 RFC 9112 3.2 @22'],
  ['R19: bytes of 0x80 and up', 'GET / HTTP/1.1', 'Host: \xfcber', '400 RFC 9112 3.2 @22'],
  ['R19: invalid in HTTP/1.0', 'GET / HTTP/1.0', 'Host: <a>', '400 RFC 9112 3.2 @22'],
]

for (const [name, requestLine, fields, expected] of [...TARGETS, ...HOSTS]) {
  test(name, async t => {
    const octets = `${requestLine}\r\n${fields === '' ? '' : `${fields}\r\n`}\r\n`
    const { error, events } = everyWay(octets, (input, cuts) => readRequests(input, cuts))
    const told = error === '' ? (events[1] ?? '') : error
    t.equal(error === '' ? told : told.slice(0, expected.length), expected, told)
  })
}

// fields -> framing and length, or the error
// biome-ignore format: one row each
const FRAMINGS: readonly (readonly [name: string, fields: string, expected: string, requestLine?: string])[] = [
  ['digits', 'Content-Length: 10', 'length 10'],
  ['leading zeros', 'Content-Length: 0010', 'length 10'],
  ['whitespace around', 'Content-Length: \t10 ', 'length 10'],
  ['a tab after it, which llhttp refuses', 'Content-Length: 10 \t', '400 RFC 9112 6.3 @44 tab after the value of Content-Length'],
  ['a tab after the coding, which llhttp refuses', 'Transfer-Encoding: chunked\t', '400 RFC 9112 6.3 @51 tab after the value of Transfer-Encoding'],
  ['a tab in a later field', 'Content-Length: 10\r\nX: a\t', 'length 10'],
  ['R52: a sign', 'Content-Length: +1', '400 RFC 9112 6.3 @41 Content-Length is not a single number: "+1"'],
  ['R52: minus', 'Content-Length: -1', '400 RFC 9112 6.3'],
  ['R52: an underscore', 'Content-Length: 1_0', '400 RFC 9112 6.3'],
  ['R52: hexadecimal', 'Content-Length: 0x10', '400 RFC 9112 6.3'],
  ['R52: a fraction', 'Content-Length: 1.0', '400 RFC 9112 6.3'],
  ['R52: whitespace inside', 'Content-Length: 1 0', '400 RFC 9112 6.3'],
  ['R52: empty', 'Content-Length:', '400 RFC 9112 6.3'],
  ['R52: a list of equals', 'Content-Length: 5, 5', '400 RFC 9112 6.3'],
  ['R52: two equal lines', 'Content-Length: 5\r\nContent-Length: 5', '400 RFC 9112 6.3 @44 more than one Content-Length field'],
  ['R52: two different lines', 'Content-Length: 5\r\ncontent-length: 6', '400 RFC 9112 6.3'],
  ['R180: beyond 2^53-1', 'Content-Length: 9007199254740992', '413 RFC 9110 8.6 @41 Content-Length exceeds 2^53-1'],
  ['R180: far beyond', `Content-Length: ${'9'.repeat(400)}`, '413 RFC 9110 8.6'],
  ['R36: chunked', 'Transfer-Encoding: chunked', 'chunked -1'],
  ['R66: any case', 'transfer-encoding: \tCHUNKED ', 'chunked -1'],
  ['R44: with Content-Length', 'Transfer-Encoding: chunked\r\nContent-Length: 5', '400 RFC 9112 6.1 @53 both Content-Length and Transfer-Encoding'],
  ['R44: with Content-Length first', 'Content-Length: 5\r\nTransfer-Encoding: chunked', '400 RFC 9112 6.1 @25 both Content-Length and Transfer-Encoding'],
  ['R45: in HTTP/1.0', 'Transfer-Encoding: chunked', '400 RFC 9112 6.1 @25 Transfer-Encoding in an HTTP/1.0 request', 'PUT / HTTP/1.0'],
  ['R37: chunked twice in a list', 'Transfer-Encoding: chunked, chunked', '400 RFC 9112 7.1 @25 the chunked coding is applied more than once'],
  ['R37: chunked twice on two lines', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '400 RFC 9112 7.1'],
  ['R50: a final coding that is not chunked', 'Transfer-Encoding: gzip', '400 RFC 9112 6.3 @25 the final transfer coding is not chunked: "gzip"'],
  ['R50: chunked is not the final one', 'Transfer-Encoding: chunked, gzip', '400 RFC 9112 6.3'],
  ['R50: chunked is not the final one, on two lines', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', '400 RFC 9112 6.3'],
  ['R50: empty', 'Transfer-Encoding:', '400 RFC 9112 6.3'],
  ['R50: identity alone, which is tolerated only in responses', 'Transfer-Encoding: identity', '400 RFC 9112 6.3 @25 the final transfer coding is not chunked: "identity"'],
  ['R41: another coding before chunked', 'Transfer-Encoding: gzip, chunked', '501 RFC 9112 6.1 @25 unsupported transfer coding'],
  ['R41: another coding before chunked, on two lines', 'Transfer-Encoding: x-gzip\r\nTransfer-Encoding: chunked', '501 RFC 9112 6.1'],
  ['R61: parameters on chunked', 'Transfer-Encoding: chunked;q=1', '400 RFC 9112 7.1 @25 the chunked coding has parameters'],
  ['R61: parameters after a space', 'Transfer-Encoding: chunked ; q=1', '400 RFC 9112 7.1'],
  ['R118: empty members: chunked alone means alone', 'Transfer-Encoding: , chunked', '400 RFC 9112 6.1 @25 empty list member in Transfer-Encoding'],
  ['a name that only looks like chunked', 'Transfer-Encoding: xchunked', '400 RFC 9112 6.3'],
  ['NBSP is no whitespace', 'Transfer-Encoding: \xa0chunked', '400 RFC 9112 6.3'],
  ['R219: CONNECT with Content-Length', 'Content-Length: 0', '400 RFC 9110 9.3.6 @33 Content-Length or Transfer-Encoding in a CONNECT request', 'CONNECT a:443 HTTP/1.1'],
  ['R219: CONNECT with Transfer-Encoding', 'Transfer-Encoding: chunked', '400 RFC 9110 9.3.6', 'CONNECT a:443 HTTP/1.1'],
]

for (const [name, fields, expected, requestLine = 'PUT / HTTP/1.1'] of FRAMINGS) {
  test(`framing: ${name}`, async t => {
    const octets = `${requestLine}\r\nHost: a\r\n${fields}\r\n\r\n`
    const { error, events } = everyWay(octets, (input, cuts) => readRequests(input, cuts))
    const told = error === '' ? (events[0] ?? '').slice('PUT / 1.1 '.length) : error
    t.equal(error === '' ? told : told.slice(0, expected.length), expected, told)
  })
}
