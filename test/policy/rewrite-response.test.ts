import { test } from 'tap'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { type ResponseContext, rewriteResponse } from '../../lib/policy/rewrite-response.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { caught, crlf, GATEWAY, request, response, TO_CLIENT } from './heads.js'

// Each row: what the upstream sends, its difference to an ordinary GET with a length, and what the client gets.
type Row = [title: string, inbound: string[], context: Partial<ResponseContext>, outbound: string[]]

const OK = 'HTTP/1.1 200 OK'
const LENGTH = 'Content-Length: 3'
const DATE = 'Date: Sun, 06 Nov 1994 08:49:37 GMT'
const NOW = { now: () => 'Mon, 07 Nov 1994 08:49:37 GMT' }
const CHUNKED = { framing: 'chunked' } as const
const CHUNKS = 'Transfer-Encoding: chunked'
const CLOSE = { framing: 'close' } as const
const NONE = { framing: 'none' } as const

const kept: Row[] = [
  ['R110: unknown fields', [OK, DATE, LENGTH, 'X-New: 1'], {}, [OK, DATE, LENGTH, 'X-New: 1']],
  [
    'R114: Set-Cookie lines are not joined',
    [OK, DATE, LENGTH, 'Set-Cookie: a', 'set-cookie: b'],
    {},
    [OK, DATE, LENGTH, 'Set-Cookie: a', 'set-cookie: b'],
  ],
  [
    'R175: Allow and WWW-Authenticate',
    [OK, DATE, LENGTH, 'Allow: GET', 'WWW-Authenticate: Basic'],
    {},
    [OK, DATE, LENGTH, 'Allow: GET', 'WWW-Authenticate: Basic'],
  ],
  ['R179: Vary is never made', [OK, DATE, LENGTH], {}, [OK, DATE, LENGTH]],
  [
    'R149: Server and ETag',
    [OK, DATE, 'Server: x', 'ETag: "y"', LENGTH],
    {},
    [OK, DATE, 'Server: x', 'ETag: "y"', LENGTH],
  ],
  [
    'R200: the Proxy-Status of others',
    [OK, DATE, LENGTH, 'Proxy-Status: x; error=dns_error'],
    {},
    [OK, DATE, LENGTH, 'Proxy-Status: x; error=dns_error'],
  ],
  [
    'R28: a status without a reason keeps its space',
    ['HTTP/1.1 299 ', DATE, LENGTH],
    {},
    ['HTTP/1.1 299 ', DATE, LENGTH],
  ],
  ['R10: our own version', ['HTTP/1.0 200 OK', DATE, LENGTH], {}, [OK, DATE, LENGTH]],
]

const hop: Row[] = [
  [
    'R94, R133: Connection of the upstream has no effect on the client',
    [OK, DATE, LENGTH, 'Connection: close'],
    {},
    [OK, DATE, LENGTH],
  ],
  [
    'R132: what Connection names',
    [OK, DATE, LENGTH, 'Connection: x-a', 'X-A: 1', 'X-B: 2'],
    {},
    [OK, DATE, LENGTH, 'X-B: 2'],
  ],
  [
    'R132: naming framing fields in a response is ignored',
    [OK, DATE, LENGTH, 'Connection: Content-Length, Host, Transfer-Encoding', 'Host: a'],
    {},
    [OK, DATE, LENGTH, 'Host: a'],
  ],
  [
    'R132: naming Transfer-Encoding is common',
    [OK, DATE, CHUNKS, 'Connection: Transfer-Encoding'],
    CHUNKED,
    [OK, DATE, CHUNKS],
  ],
  [
    'R134: Keep-Alive, Proxy-Connection, TE, Upgrade',
    [OK, DATE, LENGTH, 'Keep-Alive: timeout=5', 'Proxy-Connection: close', 'TE: x', 'Upgrade: h2,h2c'],
    {},
    [OK, DATE, LENGTH],
  ],
  ['R135: Close, HTTP2-Settings', [OK, DATE, LENGTH, 'Close: 1', 'HTTP2-Settings: x'], {}, [OK, DATE, LENGTH]],
  [
    'R176: challenges of the upstream were for us',
    ['HTTP/1.1 407 X', DATE, LENGTH, 'Proxy-Authenticate: Basic', 'Proxy-Authorization: x'],
    {},
    ['HTTP/1.1 407 X', DATE, LENGTH],
  ],
  [
    'R175: Proxy-Authentication-Info was for us',
    [OK, DATE, LENGTH, 'Proxy-Authentication-Info: x'],
    {},
    [OK, DATE, LENGTH],
  ],
]

const framing: Row[] = [
  ['R56, R81: until close becomes chunked', [OK, DATE], CHUNKED, [OK, DATE, CHUNKS]],
  ['R134: chunked is replaced by our own', [OK, 'transfer-encoding: Chunked', DATE], CHUNKED, [OK, DATE, CHUNKS]],
  ['R43: never chunked to HTTP/1.0', [OK, DATE, CHUNKS], { ...CLOSE, clientMinor: 0 }, [OK, DATE]],
  ['R43: not even by mistake', [OK, DATE, CHUNKS], { ...CHUNKED, clientMinor: 0 }, [OK, DATE]],
  ['R46, R49: a length with chunked is dropped', [OK, DATE, LENGTH, CHUNKS], CHUNKED, [OK, DATE, CHUNKS]],
  ['R49: an overridden length is not sent either', [OK, DATE, LENGTH, CHUNKS], {}, [OK, DATE]],
  ['R182: HEAD keeps its length', [OK, DATE, LENGTH], { ...NONE, method: 'HEAD' }, [OK, DATE, LENGTH]],
  ['R161: HEAD gets no framing of ours', [OK, DATE, CHUNKS], { ...CHUNKED, method: 'HEAD' }, [OK, DATE]],
  ['R49: HEAD with both keeps neither', [OK, DATE, LENGTH, CHUNKS], { ...NONE, method: 'HEAD' }, [OK, DATE]],
  ['R182: 304 keeps its length', ['HTTP/1.1 304 X', DATE, LENGTH], NONE, ['HTTP/1.1 304 X', DATE, LENGTH]],
  ['R182, R120: 204 has neither', ['HTTP/1.1 204 X', DATE, LENGTH], {}, ['HTTP/1.1 204 X', DATE]],
  ['R40: 204 is not chunked', ['HTTP/1.1 204 X', DATE, CHUNKS], CHUNKED, ['HTTP/1.1 204 X', DATE]],
  ['R164, R182: 2xx to CONNECT has neither', [OK, DATE, LENGTH, CHUNKS], { ...CHUNKED, method: 'CONNECT' }, [OK, DATE]],
  [
    'R163: any other status to CONNECT is framed',
    ['HTTP/1.1 403 X', DATE, LENGTH],
    { method: 'CONNECT' },
    ['HTTP/1.1 403 X', DATE, LENGTH],
  ],
  ['R217: 205 is framed like any other', ['HTTP/1.1 205 X', DATE, LENGTH], {}, ['HTTP/1.1 205 X', DATE, LENGTH]],
  [
    'R124: Trailer stays with the trailers',
    [OK, DATE, CHUNKS, 'Trailer: X-Sum'],
    { ...CHUNKED, trailers: true },
    [OK, DATE, 'Trailer: X-Sum', CHUNKS],
  ],
  ['R124: Trailer goes with the trailers', [OK, DATE, CHUNKS, 'Trailer: X-Sum'], CHUNKED, [OK, DATE, CHUNKS]],
  ['R124: no trailers without chunks', [OK, DATE, LENGTH, 'Trailer: X-Sum'], { trailers: true }, [OK, DATE, LENGTH]],
]

const added: Row[] = [
  ['R123: Date when it is missing', [OK, LENGTH], NOW, [OK, LENGTH, 'Date: Mon, 07 Nov 1994 08:49:37 GMT']],
  ['R123: an existing Date is untouched', [OK, DATE, LENGTH], NOW, [OK, DATE, LENGTH]],
  [
    'R119, R123: an existing Date stays, in whatever format',
    [OK, 'Date: Sunday, 06-Nov-94 08:49:37 GMT', LENGTH],
    NOW,
    [OK, 'Date: Sunday, 06-Nov-94 08:49:37 GMT', LENGTH],
  ],
  [
    'R123: a Date that Connection names is missing',
    [OK, DATE, LENGTH, 'Connection: date'],
    NOW,
    [OK, LENGTH, 'Date: Mon, 07 Nov 1994 08:49:37 GMT'],
  ],
  ['R123: a Date with another field named', [OK, DATE, LENGTH, 'Connection: x'], NOW, [OK, DATE, LENGTH]],
  [
    'R141, R143: Via in a response, with the received version',
    ['HTTP/1.0 200 OK', DATE, 'Via: 1.1 x', LENGTH],
    { via: 'edge-7' },
    [OK, DATE, 'Via: 1.1 x', LENGTH, 'Via: 1.0 edge-7'],
  ],
  ['R77, R90, R92: our close', [OK, DATE, LENGTH], { persist: 'close' }, [OK, DATE, LENGTH, 'Connection: close']],
  [
    'R131: our Keep-Alive, with its option',
    [OK, DATE, LENGTH],
    { persist: 'keep-alive', keepAlive: 'timeout=5, max=9' },
    [OK, DATE, LENGTH, 'Connection: keep-alive', 'Keep-Alive: timeout=5, max=9'],
  ],
  [
    'R131: the option without a Keep-Alive',
    [OK, DATE, LENGTH],
    { persist: 'keep-alive' },
    [OK, DATE, LENGTH, 'Connection: keep-alive'],
  ],
  [
    'R131: never a Keep-Alive without its option',
    [OK, DATE, LENGTH],
    { keepAlive: 'timeout=5, max=9' },
    [OK, DATE, LENGTH],
  ],
]

const HINT = 'HTTP/1.1 103 Early Hints'
const interim: Row[] = [
  [
    'R186: 1xx has a head of its own, hop rules apply',
    [HINT, 'Link: </a>', 'Connection: x-a', 'X-A: 1', 'Keep-Alive: x'],
    {},
    [HINT, 'Link: </a>'],
  ],
  ['R40, R182: no framing field in 1xx', ['HTTP/1.1 100 X', LENGTH], {}, ['HTTP/1.1 100 X']],
  ['R40: not even with a coding', ['HTTP/1.1 102 X', CHUNKS], CHUNKED, ['HTTP/1.1 102 X']],
  [
    'R141: Via in 1xx; no Date, none of our options',
    [HINT],
    { via: 'edge-7', persist: 'keep-alive', keepAlive: 'timeout=5' },
    [HINT, 'Via: 1.1 edge-7'],
  ],
]

const SWITCH = 'HTTP/1.1 101 Switching Protocols'
const upgrade: Row[] = [
  [
    'R154, R157, R207: 101 for what was offered',
    [SWITCH, 'upgrade: WebSocket', 'Connection: Upgrade', 'Sec-WebSocket-Accept: x'],
    { upgrade: 'websocket' },
    [SWITCH, 'Sec-WebSocket-Accept: x', 'Upgrade: WebSocket', 'Connection: upgrade'],
  ],
  [
    'R132: naming applies to the 101',
    [SWITCH, 'Upgrade: b', 'Connection: Upgrade, x-a', 'X-A: 1'],
    { upgrade: 'a, b' },
    [SWITCH, 'Upgrade: b', 'Connection: upgrade'],
  ],
  [
    'R154: 426 names the required protocol',
    ['HTTP/1.1 426 X', DATE, LENGTH, 'Upgrade: TLS/1.2, chat', 'Connection: Upgrade'],
    { persist: 'close' },
    ['HTTP/1.1 426 X', DATE, LENGTH, 'Upgrade: TLS/1.2, chat', 'Connection: close, upgrade'],
  ],
  [
    'R154: 426 without our own option',
    ['HTTP/1.1 426 X', DATE, LENGTH, 'Upgrade: chat', 'Connection: Upgrade'],
    {},
    ['HTTP/1.1 426 X', DATE, LENGTH, 'Upgrade: chat', 'Connection: upgrade'],
  ],
  [
    'R137: 426 whose Upgrade is not named',
    ['HTTP/1.1 426 X', DATE, LENGTH, 'Upgrade: chat'],
    {},
    ['HTTP/1.1 426 X', DATE, LENGTH],
  ],
  [
    'HTTP/1.0 hears of no upgrade',
    ['HTTP/1.1 426 X', DATE, LENGTH, 'Upgrade: chat', 'Connection: upgrade'],
    { clientMinor: 0 },
    ['HTTP/1.1 426 X', DATE, LENGTH],
  ],
]

for (const [title, inbound, context, outbound] of [kept, hop, framing, added, interim, upgrade].flat()) {
  test(title, async t => {
    const all = { ...TO_CLIENT, ...context }
    const { head, options } = response(all.method, ...inbound)
    t.equal(rewriteResponse(head, options, all), crlf(...outbound))
  })
}

for (const status of ['100 Continue', '103 Early Hints']) {
  test(`R183, R205: ${status} never goes to HTTP/1.0`, async t => {
    const { head, options } = response('GET', `HTTP/1.1 ${status}`)
    t.equal(rewriteResponse(head, options, { ...TO_CLIENT, clientMinor: 0 }), '')
  })
}

const wrong: [title: string, lines: string[], offered: string][] = [
  ['that was not offered', ['Upgrade: websocket', 'Connection: upgrade'], ''],
  ['for another protocol', ['Upgrade: h2c', 'Connection: upgrade'], 'websocket'],
  ['for one protocol more', ['Upgrade: websocket, h2c', 'Connection: upgrade'], 'websocket'],
  ['without Upgrade', ['Connection: upgrade'], 'websocket'],
  ['with an empty Upgrade', ['Upgrade: ,', 'Connection: upgrade'], 'websocket'],
  ['whose Upgrade is not named by Connection', ['Upgrade: websocket'], 'websocket'],
]
for (const [title, lines, offered] of wrong) {
  test(`R155: a 101 ${title} is refused`, async t => {
    const { head, options } = response('GET', SWITCH, ...lines)
    const thrown = caught(() => rewriteResponse(head, options, { ...TO_CLIENT, upgrade: offered }))
    t.type(thrown, ProtocolError)
    t.match(thrown, { status: 502, section: 'RFC 9110 7.8' })
  })
}

test('R123: the time is read only when it is needed', async t => {
  const { head, options } = response('GET', OK, DATE, LENGTH)
  const now = (): string => t.fail('asked') as never
  t.equal(rewriteResponse(head, options, { ...TO_CLIENT, now }), crlf(OK, DATE, LENGTH))
})

test('R136: fields that a response removes by naming them are counted', async t => {
  const { head, options } = response(
    'GET',
    OK,
    DATE,
    LENGTH,
    'Connection: set-cookie',
    'Set-Cookie: a',
    'Set-Cookie: b',
  )
  t.equal(rewriteResponse(head, options, TO_CLIENT), crlf(OK, DATE, LENGTH))
  t.equal(options.nominated, 2)
})

test('R10, R105: our own version is sent, whatever was received; a start line that has it already stays as it is', async t => {
  for (const version of ['1.0', '1.1', '1.2', '1.9']) {
    const { head, options } = response('GET', `HTTP/${version} 200 Fine`, 'Content-Length: 2')
    t.equal(rewriteResponse(head, options, { ...TO_CLIENT, persist: '' }).slice(0, 17), 'HTTP/1.1 200 Fine', version)
    const asked = request(`GET / HTTP/${version}`, 'Host: a.example')
    t.equal(rewriteRequest(asked.head, asked.options, GATEWAY).text().slice(0, 16), 'GET / HTTP/1.1\r\n', version)
  }
})
