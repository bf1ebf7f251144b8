import { test } from 'tap'
import { request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import type { Script } from '../support/scripted-origin.js'
import {
  ALL,
  ANSWER,
  CHUNKED,
  CONTINUE,
  chunked,
  compare,
  EDITED,
  final,
  GET,
  HINTS,
  lines,
  PROCESSING,
  PUT,
  TRAILERS,
  UPLOAD,
} from './fixture/on-the-wire.js'
import { OK, type Options, watched } from './fixture/watched.js'

// Each line of a head or trailer section that leaves, on either side, stands in the ledger, in its order and with its value; and nothing
// stands there as sent that was not. The octets are read off the sockets.

const methodOf = (text: string): string => text.slice(0, text.indexOf(' '))

interface Case {
  readonly text: string
  /** Behind the first, when its answer is here. */
  readonly more?: string
  /** When an interim response is here. */
  readonly content?: string
  readonly answer?: string
  readonly script?: Script
  readonly options?: Options
  /** What the ledger says besides. */
  readonly says?: object
}

const CASES: Readonly<Record<string, Case>> = {
  'a plain GET': { text: GET() },
  'a HEAD': { text: request('HEAD', '/a'), answer: lines('HTTP/1.1 200 OK', 'Content-Length: 7') },
  'everything that we add': { text: GET('Cookie: a=b', 'TE: trailers', 'Connection: TE'), options: ALL },
  'the last request on an upstream connection': { text: GET(), options: { limits: { upstreamRequestsMax: 1 } } },
  'the same with TE of ours': {
    text: GET('TE: trailers', 'Connection: TE'),
    options: { limits: { upstreamRequestsMax: 1 } },
  },
  'the same with fields of the route': { text: GET(), options: { routes: EDITED, limits: { upstreamRequestsMax: 1 } } },
  'fields of the route': { text: GET('Cookie: a=b'), options: { ...ALL, routes: EDITED } },
  'the last request of a client connection': { text: GET(), options: { limits: { clientRequestsMax: 1 } } },
  'as many requests as a client likes': { text: GET(), options: { ...ALL, limits: { clientRequestsMax: 0 } } },
  'a client that says close': { text: GET('Connection: close') },
  'a client of HTTP/1.0 that asks for keep-alive': { text: 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n' },
  'an answer without Date': { text: GET(), answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  'an answer of HTTP/1.0': { text: GET(), answer: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  'a head that is repaired': {
    text: GET(),
    answer: 'HTTP/1.1 200 OK\nServer : x\r\nX-Long: a\r\n b\r\nContent-Length: 2\r\n\r\nok',
    says: { response: { notes: [/^\d fault\(s\) in the lines were repaired/] } },
  },
  'content in chunks': { text: chunked(PUT, 'X: 1') },
  'a length that is not in its shortest form': { text: `${request('PUT', '/a', 'Content-Length: 002')}hi` },
  'gathered chunks': {
    text: chunked(request('PUT', '/a', CHUNKED, 'Trailer: X', 'TE: trailers', 'Connection: TE')),
    options: { ...ALL, routes: [{ ...EDITED[0]!, bufferRequestBytes: 100 }] },
  },
  'gathered chunks with trailers': {
    text: chunked(PUT, ...TRAILERS),
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 100 }] },
    says: { requestTrailers: { sent: true } },
  },
  'gathered chunks with trailers of which none goes on': {
    text: chunked(PUT, 'Host: evil'),
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 100 }] },
    says: { requestTrailers: { sent: false, rows: [{ field: 'Host', verdict: 'drop' }] } },
  },
  'more chunks than are gathered': {
    text: `${request('PUT', '/a', CHUNKED)}5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n`,
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 3 }] },
    says: { requestTrailers: { sent: true } },
  },
  'gathered content that was asked for here': {
    text: `${UPLOAD}hi`,
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 100 }] },
    says: { interim: [{ startLine: '', sentLine: 'HTTP/1.1 100 Continue', rows: [], notes: [] }] },
  },
  'a stale connection, and once more': { text: GET(), more: GET('X-Nth: 2') },
  'a stale connection, and content with trailers once more': { text: GET(), more: chunked(PUT, ...TRAILERS) },
  'an answer of our own': { text: request('TRACE', '/a') },
  'a head that nobody can read': {
    text: 'GET /a HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n',
    says: { request: null, response: { startLine: '', notes: [/could not be read/, /^What went wrong/, /400/] } },
  },
  'a broken answer': { text: GET('Accept: application/json'), answer: 'nonsense\r\n\r\n', options: ALL },
  'an answer that breaks off': {
    text: GET(),
    script: async connection => {
      await readMessage(connection)
      await connection.send(`${ANSWER}2\r\nok\r\n`)
      connection.reset()
    },
    says: { request: { notes: [/route/, /^What went wrong: [^\n]*failed/] }, responseTrailers: null },
  },
  'no route': { text: GET(), options: { ...ALL, routes: [{ path: '/other', upstream: 'app' }] } },
  'too much content': {
    text: request('PUT', '/a', 'Content-Length: 9'),
    options: { limits: { requestContentBytesMax: 1 } },
  },
  'hints, and a sign of life': {
    text: GET(),
    answer: HINTS + PROCESSING + OK,
    says: { interim: [{ startLine: /103/, rows: [{}, {}, { field: 'X-Hop', verdict: 'drop' }, {}] }, { rows: [] }] },
  },
  'interim responses that the route edits, and Via': {
    text: GET(),
    answer: HINTS + OK,
    options: { ...ALL, routes: EDITED },
    says: {
      interim: [{ rows: [{}, {}, {}, { field: 'X-Debug', verdict: 'drop' }, { field: 'Via', verdict: 'add' }] }],
    },
  },
  'an interim response that is repaired': {
    text: GET(),
    answer: `HTTP/1.0 103 Early Hints\nLink : <x>\r\n\r\n${OK}`,
    says: { interim: [{ notes: [/fault\(s\)/] }], response: { notes: [] } },
  },
  'two 100': {
    text: UPLOAD,
    content: 'hi',
    script: async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send(CONTINUE + CONTINUE)
      await connection.readUntil('hi')
      await connection.send(OK)
    },
    says: {
      interim: [{ notes: [] }, { sentLine: '', notes: [/does not receive it: it has already been told to continue/] }],
    },
  },
  'interim responses for a client of HTTP/1.0': {
    text: 'GET /a HTTP/1.0\r\n\r\n',
    answer: CONTINUE + HINTS + OK,
    options: ALL,
    says: {
      interim: [
        { sentLine: '', notes: [/not for HTTP\/1\.0/] },
        { sentLine: '', notes: [/not for HTTP\/1\.0/] },
      ],
    },
  },
  'interim responses that are not passed on here': {
    text: GET(),
    answer: HINTS + CONTINUE + OK,
    options: { interim: 'none' },
    says: {
      interim: [
        { sentLine: '', notes: [/only 100 is passed on here/] },
        { sentLine: /100/, notes: [] },
      ],
    },
  },
  'more interim responses than are kept': {
    text: GET(),
    answer: PROCESSING.repeat(110) + OK,
    options: { interim: 'none', grammar: { interimResponsesMax: 200 } },
    says: { interim: { length: 100 }, interimMore: 10 },
  },
  'an interim response, then a broken answer': { text: GET(), answer: `${HINTS}nonsense\r\n\r\n` },
  'trailers both ways': {
    text: chunked(PUT, ...TRAILERS),
    answer: chunked(ANSWER, ...TRAILERS),
    says: {
      requestTrailers: {
        sent: true,
        rows: [{ verdict: 'keep' }, { reason: /may not stand/ }, { verdict: 'keep' }, {}, { reason: /by Connection/ }],
      },
      responseTrailers: { sent: true },
    },
  },
  'trailers that the route edits': {
    text: chunked(PUT, ...TRAILERS),
    answer: chunked(ANSWER, ...TRAILERS),
    options: { ...ALL, routes: EDITED },
    says: {
      requestTrailers: { rows: [{}, {}, { reason: 'removed by the route' }] },
      responseTrailers: { rows: [{}, {}, { reason: 'removed by the route' }] },
    },
  },
  'trailers with what only a lenient reader takes': {
    text: GET(),
    answer: chunked(ANSWER, 'X: a\x1bb'),
    says: { responseTrailers: { sent: true, rows: [{ value: 'a\x1bb' }] } },
  },
  'trailers for a client of HTTP/1.0': {
    text: 'GET /a HTTP/1.0\r\n\r\n',
    answer: chunked(ANSWER, ...TRAILERS),
    says: { responseTrailers: { sent: false, rows: [{ verdict: 'drop', section: 'RFC 9112 7.1.2' }] } },
  },
  'trailers for an upstream of HTTP/1.0': {
    text: GET(),
    more: chunked(PUT, ...TRAILERS),
    answer: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok',
    says: { requestTrailers: { sent: false, rows: [{ verdict: 'drop', section: 'RFC 9112 7.1.2' }] } },
  },
}

for (const [what, { text, more = '', content = '', answer = OK, script, options = {}, says = {} }] of Object.entries(
  CASES,
)) {
  test(`the ledger is what was on the wire: ${what}`, async t => {
    let asked = 0
    const scene = await watched(
      t,
      script ??
        (async connection => {
          for (;;) {
            await readMessage(connection)
            asked++
            if (what.startsWith('a stale connection') && asked === 2) {
              connection.reset()
              return
            }
            await connection.send(answer)
          }
        }),
      options,
    )
    scene.watching.on = true
    const client = await scene.connect()
    await client.send(text)
    if (content !== '') {
      await readMessage(client)
      await client.send(content)
    }
    if (what === 'an answer that breaks off') await client.readToEnd()
    else await final(client, methodOf(text))
    const methods = [methodOf(text)]
    if (more !== '') {
      await client.send(more)
      await final(client)
      methods.push(methodOf(more))
    }
    t.match(await compare(t, scene, { client, methods }), says)
    if (what.startsWith('a stale connection')) t.equal(asked, 3)
  })
}
