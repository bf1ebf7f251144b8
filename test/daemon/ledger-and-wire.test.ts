import { type Test, test } from 'tap'
import type { LedgerSide } from '../../lib/admin/source.js'
import { request, response } from '../support/conversation.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { OK, type Options, type Watched, watched } from './fixture/watched.js'

// Each line of a head that leaves, on either side, stands in the ledger, in its order and with its value; and nothing stands there as sent
// that was not. The heads are read off the sockets.

/** `Name: value` of what the ledger says was sent. */
const said = (side: LedgerSide | null): string[] =>
  (side?.rows ?? [])
    .filter(({ verdict }) => verdict === 'keep' || verdict === 'add')
    .map(row => `${row.field}: ${row.value}`)

/** The last final head among these octets, without interim ones and content: its lines. */
function linesOf(octets: Buffer, start: RegExp): string[] {
  const text = String(octets)
  const at = [...text.matchAll(start)].at(-1)!.index
  return text.slice(at, text.indexOf('\r\n\r\n', at)).split('\r\n')
}

/** Compares both sides of exchange `id` with what the sockets saw. */
async function compare(t: Test, { watching, origin }: Watched, client: RawClient, id: string): Promise<void> {
  const { request: asked, response: answered } = watching.ledger(id)!
  const upstream = origin.connections.at(-1)
  if (upstream !== undefined && asked?.sentLine !== '') {
    const [line, ...fields] = linesOf(
      upstream.received,
      /(?<=^|\r\n\r\n|[^\r\n])(?:GET|PUT|POST|HEAD) [^\r\n]* HTTP\/1\.1(?=\r\n)/g,
    )
    t.equal(asked?.sentLine, line)
    t.strictSame(said(asked), fields, 'the request, line by line')
  }
  const [line, ...fields] = linesOf(client.received, /HTTP\/1\.1 (?!100|103)\d{3} [^\r\n]*(?=\r\n)/g)
  t.equal(answered?.sentLine, line)
  t.strictSame(said(answered), fields, 'the response, line by line')
}

const GET = (...fields: string[]) => request('GET', '/a', ...fields)
const EDITED = [
  {
    upstream: 'app',
    sendHost: 'upstream',
    requestFields: { set: { 'X-Team': 'blue' }, remove: ['Cookie'] },
    responseFields: { set: { 'X-Frame-Options': 'DENY' } },
  },
]
const ALL: Options = { via: 'both', xForwarded: true, forwarded: true, requestId: 'make', announceKeepAlive: 'always' }

interface Case {
  readonly text: string
  /** Behind the first, when its answer is here. */
  readonly more?: string
  readonly answer?: string
  readonly options?: Options
  readonly http10?: boolean
}

const CASES: Readonly<Record<string, Case>> = {
  'a plain GET': { text: GET() },
  'everything that we add': { text: GET('Cookie: a=b', 'TE: trailers', 'Connection: TE'), options: ALL },
  'the last request on an upstream connection': { text: GET(), options: { limits: { upstreamRequestsMax: 1 } } },
  'the same with TE of ours': {
    text: GET('TE: trailers', 'Connection: TE'),
    options: { limits: { upstreamRequestsMax: 1 } },
  },
  'the same with fields of the route': { text: GET(), options: { routes: EDITED, limits: { upstreamRequestsMax: 1 } } },
  'fields of the route': { text: GET('Cookie: a=b'), options: { ...ALL, routes: EDITED } },
  'the last request of a client connection': { text: GET(), options: { limits: { clientRequestsMax: 1 } } },
  'a client that says close': { text: GET('Connection: close') },
  'a client of HTTP/1.0 that asks for keep-alive': {
    text: 'GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
    http10: true,
  },
  'an answer without Date': { text: GET(), answer: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  'an answer of HTTP/1.0': { text: GET(), answer: 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok' },
  'an answer in chunks, with trailers': {
    text: GET(),
    answer: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\n\r\n',
  },
  'content in chunks': {
    text: `${request('PUT', '/a', 'Transfer-Encoding: chunked', 'Trailer: X')}2\r\nhi\r\n0\r\nX: 1\r\n\r\n`,
  },
  'a length that is not in its shortest form': { text: `${request('PUT', '/a', 'Content-Length: 002')}hi` },
  'gathered chunks': {
    text: `${request('PUT', '/a', 'Transfer-Encoding: chunked', 'Trailer: X', 'TE: trailers', 'Connection: TE')}2\r\nhi\r\n0\r\n\r\n`,
    options: { ...ALL, routes: [{ ...EDITED[0]!, bufferRequestBytes: 100 }] },
  },
  'gathered chunks with trailers': {
    text: `${request('PUT', '/a', 'Transfer-Encoding: chunked', 'Trailer: X')}2\r\nhi\r\n0\r\nX: 1\r\n\r\n`,
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 100 }] },
  },
  'more chunks than are gathered': {
    text: `${request('PUT', '/a', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 3 }] },
  },
  'gathered content that was asked for here': {
    text: `${request('PUT', '/a', 'Content-Length: 2', 'Expect: 100-continue')}hi`,
    options: { routes: [{ upstream: 'app', bufferRequestBytes: 100 }] },
  },
  'a stale connection, and once more': {
    text: GET(),
    more: GET('X-Nth: 2'),
  },
  'an answer of our own': { text: request('TRACE', '/a') },
  'a broken answer': { text: GET('Accept: application/json'), answer: 'nonsense\r\n\r\n', options: ALL },
  'no route': { text: GET(), options: { ...ALL, routes: [{ path: '/other', upstream: 'app' }] } },
  'too much content': {
    text: request('PUT', '/a', 'Content-Length: 9'),
    options: { limits: { requestContentBytesMax: 1 } },
  },
}

for (const [what, { text, more = '', answer = OK, options = {} }] of Object.entries(CASES)) {
  test(`the ledger is what was on the wire: ${what}`, async t => {
    let asked = 0
    const scene = await watched(
      t,
      async connection => {
        for (;;) {
          await readMessage(connection)
          asked++
          if (more !== '' && asked === 2) {
            connection.reset()
            return
          }
          await connection.send(answer)
        }
      },
      options,
    )
    scene.watching.on = true
    const client = await scene.connect()
    await client.send(text)
    const final = async (): Promise<void> => {
      while ((await readMessage(client)).status < 200);
    }
    await final()
    if (more !== '') {
      await client.send(more)
      await final()
      await compare(t, scene, client, 'x2')
      t.equal(asked, 3)
    } else await compare(t, scene, client, 'x1')
  })
}

test('the ledger is what was on the wire: a proxy behind us that knows us', async t => {
  const reply = response('ok')
  const scene = await watched(
    t,
    async connection => {
      for (;;) {
        await readMessage(connection)
        await connection.send(reply)
      }
    },
    {},
  )
  const behind = await watched(t, async () => {}, {
    mode: 'forward',
    parent: `http://user:secret@127.0.0.1:${scene.origin.port}`,
    limits: { upstreamRequestsMax: 1 },
  })
  behind.watching.on = true
  const client = await behind.connect()
  await client.send('GET http://a.example/x HTTP/1.1\r\nHost: a.example\r\nProxy-Authorization: Basic bWluZQ==\r\n\r\n')
  await readMessage(client)
  const { request: asked } = behind.watching.ledger('x1')!
  const [, ...fields] = linesOf(scene.origin.connections[0]!.received, /GET http:[^\r\n]*(?=\r\n)/g)
  t.strictSame(said(asked), fields)
  t.match(fields.join('\n'), /Proxy-Authorization: Basic dXNlcjpzZWNyZXQ=\nConnection: close/)
})

test('the ledger is what was on the wire: a tunnel that stands', async t => {
  const scene = await watched(t, async () => {}, { mode: 'forward' })
  scene.watching.on = true
  const client = await scene.connect()
  await client.send(`CONNECT 127.0.0.1:${scene.origin.port} HTTP/1.1\r\nHost: a\r\n\r\n`)
  await client.readUntil('\r\n\r\n')
  const ledger = scene.watching.ledger('x1')
  if (ledger === null) return // a tunnel may keep no heads
  t.strictSame(said(ledger.response), String(client.received).split('\r\n').slice(1, -2))
})
