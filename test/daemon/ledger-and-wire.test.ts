import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import { request, response, until } from '../support/conversation.js'
import { seenRequest, seenResponses, toldRequest, toldResponses } from '../support/ledger-and-wire.js'
import { needs } from '../support/needs.js'
import { connectRaw, type RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { makeCertificate, pairOf } from '../support/tls.js'
import { type WireMessage, WireOctets } from '../support/wire-sections.js'
import { OK, type Options, type Watched, watched } from './fixture/watched.js'

// Each line of a head or trailer section that leaves, on either side, stands in the ledger, in its order and with its value; and nothing
// stands there as sent that was not. The octets are read off the sockets.

const octetsOf = ({ received }: RawClient): WireOctets => new WireOctets(received.toString('latin1'))

/** The last request that these connections of an upstream got. */
function lastRequest(connections: readonly RawClient[]): WireMessage | null {
  let last: WireMessage | null = null
  for (const connection of connections) {
    const octets = octetsOf(connection)
    octets.passPreface()
    for (let next = octets.request(); next !== null; next = octets.request()) last = next
  }
  return last
}

interface Asked {
  readonly client: RawClient
  /** The methods of its requests so far, the last of which is looked at. */
  readonly methods: readonly string[]
  /** Those of the upstreams; else of the only one. */
  readonly connections?: readonly RawClient[]
}

/** Compares both sides of the last exchange of a client with what the sockets saw. @returns the ledger */
async function compare(t: Test, { watching, origin }: Watched, { client, methods, connections }: Asked) {
  const ledger = watching.ledger(`x${methods.length}`)!
  const told = toldRequest(ledger)
  await until('the whole request', () => told.length === 0 || lastRequest(connections ?? origin.connections) !== null)
  if (told.length > 0)
    t.strictSame(told, seenRequest(lastRequest(connections ?? origin.connections)), 'the request, line by line')
  else t.equal(ledger.request?.sentLine ?? '', '', 'nothing was sent on')
  const answers = octetsOf(client)
  const seen = methods.map(method => seenResponses(answers, method)).at(-1)
  t.strictSame(toldResponses(ledger), seen, 'the responses, line by line')
  t.ok(answers.isEmpty, 'and nothing else')
  t.strictSame(JSON.parse(JSON.stringify(ledger)), ledger, 'plain data')
  return ledger
}

/** Reads up to and with the final response. */
async function final(client: RawClient, method = 'GET'): Promise<void> {
  while ((await readMessage(client, { toHead: method === 'HEAD' })).status < 200);
}

const methodOf = (text: string): string => text.slice(0, text.indexOf(' '))
const GET = (...fields: string[]) => request('GET', '/a', ...fields)
const lines = (...all: string[]) => `${all.join('\r\n')}\r\n\r\n`
const EDITED = [
  {
    upstream: 'app',
    sendHost: 'upstream',
    requestFields: { set: { 'X-Team': 'blue' }, remove: ['Cookie', 'X-Debug'] },
    responseFields: { set: { 'X-Frame-Options': 'DENY' }, remove: ['X-Debug'] },
  },
] as const
const ALL: Options = { via: 'both', xForwarded: true, forwarded: true, requestId: 'make', announceKeepAlive: 'always' }
const CHUNKED = 'Transfer-Encoding: chunked'
const HINTS = lines(
  'HTTP/1.1 103 Early Hints',
  'Link: </a.css>; rel=preload',
  'Connection: X-Hop',
  'X-Hop: 1',
  'X-Debug: 2',
)
const PROCESSING = lines('HTTP/1.1 102 Processing')
const CONTINUE = lines('HTTP/1.1 100 Continue', 'X-Note:  go ')
const UPLOAD = request('PUT', '/a', 'Content-Length: 2', 'Expect: 100-continue')
const TRAILERS = ['X-Sum:1', 'Host: evil', 'X-Debug: 2', 'x-sum:  3 ', 'X-Hop: 4', 'Cookie: a=b', 'Keep-Alive: 5']

/** A message with content in chunks, and these lines behind it. */
const chunked = (head: string, ...trailers: string[]): string =>
  `${head}2\r\nok\r\n0\r\n${trailers.map(line => `${line}\r\n`).join('')}\r\n`
const ANSWER = lines('HTTP/1.1 200 OK', CHUNKED, 'Trailer: X-Sum', 'Connection: x-hop')
const PUT = request('PUT', '/a', CHUNKED, 'Trailer: X-Sum', 'Connection: x-hop')

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
    says: { request: { notes: [/route/, /^What went wrong: [^\n]*broke/] }, responseTrailers: null },
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
    says: { interim: [{ notes: [] }, { sentLine: '', notes: [/does not get it: it was told to continue before/] }] },
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

test('the ledger is what was on the wire: 100 from us, then from the upstream, and the time that has passed', async t => {
  const scene = await watched(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.readUntil('hi')
    await connection.send(CONTINUE + response('ok'))
  })
  const { watching, clock, origin } = scene
  watching.on = true
  const client = await scene.connect()
  await client.send(UPLOAD)
  await until('the head', () => (origin.connections[0]?.received.length ?? 0) > 0)
  clock.advance(1_100)
  t.equal((await readMessage(client)).status, 100)
  t.match(watching.ledger('x1'), { interim: [{ startLine: '', notes: [/had not said it/] }], response: null })
  clock.advance(5_000)
  await client.send('hi')
  await final(client)
  t.match((await compare(t, scene, { client, methods: ['PUT'] })).interim, [
    { startLine: '', sentLine: 'HTTP/1.1 100 Continue' },
    { startLine: 'HTTP/1.1 100 Continue', sentLine: '', notes: [/told to continue before/] },
  ])
})

test('the ledger is what was on the wire: Date is that of the final head', async t => {
  const scene = await watched(t, async connection => {
    await readMessage(connection)
    await connection.send(HINTS)
  })
  const { watching, clock, origin } = scene
  watching.on = true
  const client = await scene.connect()
  await client.send(GET())
  t.equal((await readMessage(client)).status, 103)
  clock.advance(5_000)
  await origin.connections[0]!.send(response('ok'))
  await final(client)
  await compare(t, scene, { client, methods: ['GET'] })
})

test('the ledger is what was on the wire: an upgrade', async t => {
  const scene = await watched(t, async connection => {
    await readMessage(connection)
    await connection.send(
      lines('HTTP/1.1 101 Switching Protocols', 'Upgrade: websocket', 'Connection: upgrade', 'X: 1'),
    )
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(GET('Connection: upgrade', 'Upgrade: websocket', 'X-A: 1'))
  await client.readUntil('\r\n\r\n')
  await compare(t, scene, { client, methods: ['GET'] })
})

test('the ledger is what was on the wire: another server gets it, under its own name', async t => {
  const lost = await scriptedOrigin(t, async connection => {
    await readMessage(connection)
    connection.reset()
  })
  const answers: Script = async connection => {
    await readMessage(connection)
    await connection.send(OK)
  }
  const second = await scriptedOrigin(t, answers, { host: '127.0.0.2' })
  const scene = await watched(t, answers, {
    upstreams: { app: { servers: [lost.url, second.url], retryOn: 'any' } },
    routes: EDITED,
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(GET())
  await final(client)
  t.equal(lost.connections.length, 1)
  await compare(t, scene, { client, methods: ['GET'], connections: second.connections })
})

test('the ledger is what was on the wire: another server was to get it, and could not be reached', async t => {
  const lost = await scriptedOrigin(t, async connection => {
    await readMessage(connection)
    connection.reset()
  })
  const gone = await scriptedOrigin(t, () => {}, { host: '127.0.0.2' })
  await gone.stop()
  const scene = await watched(t, () => {}, {
    upstreams: { app: { servers: [lost.url, gone.url], retryOn: 'any' } },
    routes: EDITED,
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(GET())
  await final(client)
  const ledger = await compare(t, scene, { client, methods: ['GET'], connections: lost.connections })
  t.ok(ledger.request?.rows.some(({ field, value }) => field === 'Host' && value === `127.0.0.1:${lost.port}`))
})

test('the ledger is what was on the wire: TLS toward the client', needs('openssl'), async t => {
  const certificate = await makeCertificate(t)
  const scene = await watched(
    t,
    async connection => {
      await readMessage(connection)
      await connection.send(HINTS + chunked(ANSWER, ...TRAILERS))
    },
    { ...ALL, tls: { certificates: [pairOf(certificate)] } },
  )
  scene.watching.on = true
  const { port } = scene.proxies[0]!.clients.address!
  const socket = tls.connect({ port, host: '127.0.0.1', ca: certificate.cert, servername: 'localhost' })
  t.teardown(() => socket.destroy())
  await new Promise<void>((done, failed) => socket.once('secureConnect', done).once('error', failed))
  const client = await connectRaw({ port: 0, socket })
  await client.send(chunked(PUT, ...TRAILERS))
  await final(client)
  const ledger = await compare(t, scene, { client, methods: ['PUT'] })
  t.ok(ledger.request?.rows.some(({ field, value }) => field === 'X-Forwarded-Proto' && value === 'https'))
})

test('the ledger is what was on the wire: a proxy behind us that knows us', async t => {
  const reply = response('ok')
  const parent = await scriptedOrigin(t, async connection => {
    for (;;) {
      await readMessage(connection)
      await connection.send(reply)
    }
  })
  const scene = await watched(t, async () => {}, {
    mode: 'forward',
    parent: `http://user:secret@127.0.0.1:${parent.port}`,
    limits: { upstreamRequestsMax: 1 },
  })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send('GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic bWluZQ==\r\n\r\n')
  await final(client)
  await compare(t, scene, { client, methods: ['GET'], connections: parent.connections })
  t.match(
    String(parent.connections[0]!.received),
    /\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\nConnection: close\r\n/,
  )
})

test('the ledger is what was on the wire: a tunnel through a proxy behind us, and one that it refuses', async t => {
  for (const [status, answer] of [
    [200, lines('HTTP/1.1 200 OK', 'X-Own: 1')],
    [403, lines('HTTP/1.1 403 Forbidden', 'Content-Length: 0')],
  ] as const) {
    const parent = await scriptedOrigin(t, async connection => {
      await readMessage(connection)
      await connection.send(answer)
    })
    const scene = await watched(t, async () => {}, {
      mode: 'forward',
      parent: `http://user:secret@127.0.0.1:${parent.port}`,
      connectPorts: [443],
      via: 'both',
    })
    scene.watching.on = true
    const client = await scene.connect()
    await client.send(lines('CONNECT a.example:443 HTTP/1.1', 'Host: a.example:443', 'Via: 1.1 other', 'X: 1'))
    t.match(await client.readUntil('\r\n\r\n'), new RegExp(`^HTTP/1.1 ${status} `))
    if (status === 403) await client.readToEnd()
    const ledger = await compare(t, scene, { client, methods: ['CONNECT'], connections: parent.connections })
    t.match(ledger.request, {
      sentLine: 'CONNECT a.example:443 HTTP/1.1',
      rows: [{ field: 'Host', verdict: 'drop', section: 'RFC 9110 9.3.6' }, { field: 'Via' }, { field: 'X' }],
    })
    t.match(
      String(parent.connections[0]!.received),
      /\r\nProxy-Authorization: Basic [\s\S]*\r\nVia: 1.1 other, 1.1 edge\r\n/,
    )
  }
})

test('the ledger is what was on the wire: a tunnel that stands', async t => {
  const scene = await watched(t, async () => {}, { mode: 'forward' })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(`CONNECT 127.0.0.1:${scene.origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await client.readUntil('\r\n\r\n')
  await compare(t, scene, { client, methods: ['CONNECT'] })
})

test('while nobody looks nothing is kept, and what was kept goes with who looked', async t => {
  const scene = await watched(t, async connection => {
    for (;;) {
      await readMessage(connection)
      await connection.send(HINTS + chunked(ANSWER, ...TRAILERS))
    }
  })
  const client = await scene.connect()
  const [proxy] = scene.proxies
  const kept: boolean[] = []
  const { begin } = proxy!
  proxy!.begin = connection => {
    const exchange = begin.call(proxy, connection)
    const { over } = exchange
    exchange.over = (outcome, endedBy) => {
      kept.push(exchange.texts !== null)
      over.call(exchange, outcome, endedBy)
    }
    return exchange
  }
  for (const on of [false, true, false]) {
    scene.watching.on = on
    await client.send(chunked(PUT, ...TRAILERS))
    await final(client)
  }
  t.same(kept, [false, true, false])
  t.equal(scene.watching.ledger('x2'), null)
})
