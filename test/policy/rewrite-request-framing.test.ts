import { CHUNKED, GET, HOST, LENGTH, PUT, type Row, testRows, WANTED, WS } from './request-rows.js'

const framing: Row[] = [
  [
    'R35: a length',
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 3'],
    LENGTH,
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 3'],
  ],
  [
    'R134: chunked is replaced by our own',
    ['PUT / HTTP/1.1', HOST, 'transfer-encoding: Chunked', 'A: 1'],
    CHUNKED,
    ['PUT / HTTP/1.1', HOST, 'A: 1', 'Transfer-Encoding: chunked'],
  ],
  [
    'R46: a length is dropped for chunked',
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 3'],
    CHUNKED,
    ['PUT / HTTP/1.1', HOST, 'Transfer-Encoding: chunked'],
  ],
  [
    'R42: buffered chunks get a length',
    ['PUT / HTTP/1.1', HOST, 'Transfer-Encoding: chunked'],
    { ...LENGTH, gatheredLength: 7 },
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 7'],
  ],
  [
    'R42: nothing was buffered',
    ['PUT / HTTP/1.1', HOST, 'Transfer-Encoding: chunked'],
    LENGTH,
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 0'],
  ],
  ...['Content-Length: 003', 'content-length:\t3', 'Content-Length:  3', 'Content-Length: 3 '].map(
    (line): Row => [
      `R181: a length leaves in its shortest form: ${JSON.stringify(line)}`,
      ['PUT / HTTP/1.1', HOST, line, 'A: 1'],
      LENGTH,
      ['PUT / HTTP/1.1', HOST, 'A: 1', 'Content-Length: 3'],
    ],
  ),
  [
    'R181: without a space it is in its shortest form',
    ['PUT / HTTP/1.1', HOST, 'content-length:3', 'A: 1'],
    LENGTH,
    ['PUT / HTTP/1.1', HOST, 'content-length:3', 'A: 1'],
  ],
  ['R35: no content, no framing', ['PUT / HTTP/1.1', HOST, 'Content-Length: 0'], {}, ['PUT / HTTP/1.1', HOST]],
  [
    'R124: Trailer stays where trailers can',
    ['PUT / HTTP/1.1', HOST, 'Transfer-Encoding: chunked', 'Trailer: X-Sum'],
    CHUNKED,
    ['PUT / HTTP/1.1', HOST, 'Trailer: X-Sum', 'Transfer-Encoding: chunked'],
  ],
  [
    'R124: Trailer goes where they cannot',
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 3', 'Trailer: X-Sum'],
    LENGTH,
    ['PUT / HTTP/1.1', HOST, 'Content-Length: 3'],
  ],
]

const te: Row[] = [
  ['R68, R173: TE: trailers, sent again as our own', WANTED, {}, [GET, HOST, 'TE: trailers', 'Connection: TE']],
  [
    'R67: chunked is never named in TE',
    [GET, HOST, 'TE: chunked', 'TE: trailers', 'Connection: TE'],
    {},
    [GET, HOST, 'TE: trailers', 'Connection: TE'],
  ],
  ['R122: not from an HTTP/1.0 client', ['GET / HTTP/1.0', ...WANTED.slice(1)], {}, [GET, HOST]],
  ['R137: not without its option', WANTED.slice(0, 3), {}, [GET, HOST]],
  ['R173: only codings', [GET, HOST, 'TE: gzip;q=1', 'Connection: TE'], {}, [GET, HOST]],
]

const upgrade: Row[] = [
  [
    'R153, R157, R207: WebSocket',
    [GET, HOST, ...WS, 'Sec-WebSocket-Key: x'],
    {},
    [GET, HOST, 'Sec-WebSocket-Key: x', 'Upgrade: websocket', 'Connection: upgrade'],
  ],
  [
    'R153: only what is allowed of a list, in its order and spelling',
    [GET, HOST, 'Upgrade: h2c, WebSocket', 'Upgrade: chat/1', 'Connection: upgrade'],
    { upgrades: new Set(['websocket', 'chat/1']) },
    [GET, HOST, 'Upgrade: WebSocket, chat/1', 'Connection: upgrade'],
  ],
  ['R156: not from HTTP/1.0', ['GET / HTTP/1.0', HOST, ...WS], {}, [GET, HOST]],
  ['R137: not without its option', [GET, HOST, 'Upgrade: websocket'], {}, [GET, HOST]],
  [
    'R208: h2c is not forwarded',
    [GET, HOST, 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk', 'Connection: Upgrade, HTTP2-Settings'],
    {},
    [GET, HOST],
  ],
  [
    'R209: connect-udp is refused by default',
    [GET, HOST, 'Upgrade: connect-udp', 'Connection: upgrade', 'Capsule-Protocol: ?1'],
    {},
    [GET, HOST, 'Capsule-Protocol: ?1'],
  ],
  [
    'R131: several of our options in one Connection',
    [GET, HOST, 'TE: trailers', 'Upgrade: websocket', 'Connection: TE, upgrade'],
    { closes: true },
    [GET, HOST, 'TE: trailers', 'Upgrade: websocket', 'Connection: upgrade, TE, close'],
  ],
  [
    'R78, R90: our own close',
    [GET, HOST, 'Connection: keep-alive'],
    { closes: true },
    [GET, HOST, 'Connection: close'],
  ],
]

const expectation: Row[] = [
  ['R171: 100-continue is forwarded', [...PUT, 'Expect: 100-Continue'], LENGTH, [...PUT, 'Expect: 100-Continue']],
  ['R171: ignored in HTTP/1.0', ['PUT / HTTP/1.0', ...PUT.slice(1), 'Expect: 100-continue'], LENGTH, PUT],
  ['R171: anything is ignored in HTTP/1.0', ['PUT / HTTP/1.0', ...PUT.slice(1), 'Expect: tea'], LENGTH, PUT],
]

const maxForwards: Row[] = [
  [
    'R139: one hop less for OPTIONS',
    ['OPTIONS / HTTP/1.1', HOST, 'Max-Forwards: 5', 'A: 1'],
    {},
    ['OPTIONS / HTTP/1.1', HOST, 'A: 1', 'Max-Forwards: 4'],
  ],
  [
    'R139: one hop less for TRACE',
    ['TRACE / HTTP/1.1', HOST, 'Max-Forwards: 1'],
    {},
    ['TRACE / HTTP/1.1', HOST, 'Max-Forwards: 0'],
  ],
  [
    'R139: never below 0',
    ['TRACE / HTTP/1.1', HOST, 'Max-Forwards: 0'],
    {},
    ['TRACE / HTTP/1.1', HOST, 'Max-Forwards: 0'],
  ],
  [
    'R139: never above what we can count',
    ['TRACE / HTTP/1.1', HOST, 'Max-Forwards: 99999999999999999999'],
    {},
    ['TRACE / HTTP/1.1', HOST, 'Max-Forwards: 2147483647'],
  ],
  [
    'R140: ignored with other methods, whatever it says',
    [GET, HOST, 'Max-Forwards: 5'],
    {},
    [GET, HOST, 'Max-Forwards: 5'],
  ],
  ['R140: never added', ['OPTIONS / HTTP/1.1', HOST], {}, ['OPTIONS / HTTP/1.1', HOST]],
  [
    'R140: for other methods it has no meaning, whatever it is',
    [GET, HOST, 'Max-Forwards: x', 'Max-Forwards: 1'],
    {},
    [GET, HOST, 'Max-Forwards: x', 'Max-Forwards: 1'],
  ],
  [
    'R222: TRACE with a length of 0 has no content',
    ['TRACE / HTTP/1.1', HOST, 'Content-Length: 0'],
    LENGTH,
    ['TRACE / HTTP/1.1', HOST, 'Content-Length: 0'],
  ],
]

testRows(...framing, ...te, ...upgrade, ...expectation, ...maxForwards)
