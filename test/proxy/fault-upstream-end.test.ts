import { test } from 'tap'
import { ask, proxyStatusOf, rawClient, request, settled, until } from '../support/conversation.js'
import type { RawClient } from '../support/raw-client.js'
import { readMessage } from '../support/raw-message.js'
import { scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// How an upstream connection can end, in every phase of a response. Each row: what the upstream does once it has the request.

interface Ending {
  phase: string
  /** What it sends before the end. */
  sends: string
  how: 'fin' | 'reset'
}

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'

async function end(connection: RawClient, { sends, how }: Ending): Promise<void> {
  await connection.readUntil('\r\n\r\n')
  if (sends !== '') await connection.send(sends)
  if (how === 'reset') {
    await settled() // a reset overtakes what the peer's kernel has not delivered yet
    connection.reset()
  } else connection.halfClose()
}

const unanswered: (Ending & { error: string })[] = [
  { phase: 'before the head', sends: '', how: 'fin', error: 'connection_terminated' },
  { phase: 'before the head', sends: '', how: 'reset', error: 'connection_terminated' },
  { phase: 'in the status line', sends: 'HTTP/1.1 2', how: 'fin', error: 'http_response_incomplete' },
  { phase: 'in the status line', sends: 'HTTP/1.1 2', how: 'reset', error: 'connection_terminated' },
  { phase: 'in the fields', sends: 'HTTP/1.1 200 OK\r\nContent-', how: 'fin', error: 'http_response_incomplete' },
  { phase: 'in the fields', sends: 'HTTP/1.1 200 OK\r\nContent-', how: 'reset', error: 'connection_terminated' },
]

for (const row of unanswered) {
  test(`R194, R202: ${row.how} ${row.phase}: 502 ${row.error}, and the client's connection is kept`, async t => {
    const origin = await scriptedOrigin(t, connection => end(connection, row))
    const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    for (const nth of [1, 2]) {
      await client.send(request('GET', '/'))
      const answer = await readMessage(client)
      t.equal(answer.status, 502)
      t.equal(proxyStatusOf(answer).error, row.error)
      t.equal(answer.field('Connection'), undefined)
      const record = (await exchanged(nth))[nth - 1]
      t.match(record, {
        outcome: 'failed',
        status: 502,
        clientVerdict: 'keep',
        retries: 0,
        error: { side: 'upstream' },
      })
    }
    t.equal(origin.connections.length, 2, 'a fresh connection that fails is not a reason to retry')
    t.equal(proxy.stats().upstream.open, 0)
  })
}

const truncated: (Ending & { arrives: string })[] = [
  { phase: 'after the head with a length', sends: HEAD, how: 'fin', arrives: '' },
  { phase: 'after the head with a length', sends: HEAD, how: 'reset', arrives: '' },
  { phase: 'in content with a length', sends: `${HEAD}12345`, how: 'fin', arrives: '12345' },
  { phase: 'in content with a length', sends: `${HEAD}12345`, how: 'reset', arrives: '12345' },
  { phase: 'after the head of chunks', sends: CHUNKED, how: 'fin', arrives: '' },
  { phase: 'in a chunk size', sends: `${CHUNKED}5\r\n12345\r\n1`, how: 'fin', arrives: '5\r\n12345\r\n' },
  { phase: 'in a chunk', sends: `${CHUNKED}5\r\n123`, how: 'fin', arrives: '3\r\n123\r\n' },
  { phase: 'in a chunk', sends: `${CHUNKED}5\r\n123`, how: 'reset', arrives: '3\r\n123\r\n' },
  { phase: 'between chunks', sends: `${CHUNKED}5\r\n12345\r\n`, how: 'fin', arrives: '5\r\n12345\r\n' },
  { phase: 'before the final CRLF', sends: `${CHUNKED}5\r\n12345\r\n0\r\n`, how: 'fin', arrives: '5\r\n12345\r\n' },
  { phase: 'in the trailers', sends: `${CHUNKED}5\r\n12345\r\n0\r\nA: b`, how: 'reset', arrives: '5\r\n12345\r\n' },
  {
    phase: 'in content until close',
    sends: 'HTTP/1.1 200 OK\r\n\r\n12345',
    how: 'reset',
    arrives: '5\r\n12345\r\n',
  },
]

for (const row of truncated) {
  test(`R54, R70: ${row.how} ${row.phase}: the client's response is left incomplete`, async t => {
    const origin = await scriptedOrigin(t, connection => end(connection, row))
    const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    await client.send(request('GET', '/'))
    const head = await client.readUntil('\r\n\r\n')
    t.match(head, /^HTTP\/1\.1 200 OK\r\n/)
    const { bytes } = await client.readToEnd()
    t.equal(bytes.toString('latin1'), row.arrives, 'no last chunk, no padding')
    const [record] = await exchanged(1)
    t.match(record, { outcome: 'upstream-aborted', status: 200, clientVerdict: 'response-truncated', retries: 0 })
    t.equal(record?.error?.type, 'http_response_incomplete')
    t.equal(record?.endedBy, 'upstream')
    await until('both are gone', () => proxy.stats().client.open + proxy.stats().upstream.open === 0)
    t.same(proxy.stats().client.closes, { 'response-truncated': 1 })
  })
}

for (const readMode of ['onread', 'data'] as const)
  test(`R54, R70: content until close whose reset comes with its last bytes is truncated, too (${readMode})`, async t => {
    const origin = await scriptedOrigin(t, async connection => {
      await connection.readUntil('\r\n\r\n')
      void connection.send('HTTP/1.1 200 OK\r\n\r\n12345')
      connection.reset()
    })
    const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url, readMode })
    for (const nth of [1, 2, 3]) {
      const client = await rawClient(t, port)
      await client.send(request('GET', '/'))
      const { bytes } = await client.readToEnd()
      t.notMatch(bytes.toString('latin1'), /\r\n0\r\n\r\n$/, 'no last chunk')
      const record = (await exchanged(nth)).at(-1)
      t.ok(record?.outcome === 'upstream-aborted' || record?.outcome === 'failed', `${record?.outcome}`)
    }
  })

for (const row of [
  { what: 'chunks', sends: `${CHUNKED}5\r\n12345\r\n` },
  { what: 'content until close, reset', sends: 'HTTP/1.1 200 OK\r\n\r\n12345', reset: true },
]) {
  test(`R216: truncated ${row.what} toward an HTTP/1.0 client ends in a reset, as a FIN would mean "whole"`, async t => {
    const origin = await scriptedOrigin(t, connection =>
      end(connection, { phase: '', sends: row.sends, how: row.reset ? 'reset' : 'fin' }),
    )
    const { port } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    await client.send('GET / HTTP/1.0\r\n\r\n')
    await client.readUntil('12345')
    t.equal((await client.readToEnd()).how, 'reset')
  })
}

test('R54: a truncated response with a length ends short toward an HTTP/1.0 client too', async t => {
  const origin = await scriptedOrigin(t, connection =>
    end(connection, { phase: '', sends: `${HEAD}12345`, how: 'fin' }),
  )
  const { port } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, port)
  await client.send('GET / HTTP/1.0\r\n\r\n')
  await client.readUntil('\r\n\r\n12345')
  t.equal((await client.readToEnd()).bytes.length, 0)
})

test('R55, R56: content until close that ends with a FIN is complete: chunked for 1.1, until close for 1.0', async t => {
  const origin = await scriptedOrigin(t, connection =>
    end(connection, { phase: '', sends: 'HTTP/1.1 200 OK\r\n\r\n12345', how: 'fin' }),
  )
  const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const modern = await ask(t, port, request('GET', '/'))
  t.equal(modern.framing, 'chunked')
  t.equal(String(modern.content), '12345')
  const old = await rawClient(t, port)
  await old.send('GET / HTTP/1.0\r\n\r\n')
  await old.readUntil('\r\n\r\n12345')
  t.equal((await old.readToEnd()).how, 'fin')
  const [first, second] = await exchanged(2)
  t.match(
    [first, second],
    [
      { outcome: 'complete', clientVerdict: 'keep', upstreamVerdict: 'response-close-delimited' },
      { outcome: 'complete', clientVerdict: 'client-http10', upstreamVerdict: 'response-close-delimited' },
    ],
  )
})

test('a complete response that arrives together with a FIN is complete, and its connection is not pooled', async t => {
  const origin = await scriptedOrigin(t, connection =>
    end(connection, { phase: '', sends: `${HEAD}1234567890`, how: 'fin' }),
  )
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  for (const nth of [1, 2, 3]) {
    t.equal(String((await ask(t, port, request('GET', '/'))).content), '1234567890')
    await until('the FIN was seen', () => proxy.stats().upstream.open === 0)
    t.equal(origin.connections.length, nth)
  }
})

for (const version of ['1.0', '1.1']) {
  test(`a FIN between an interim head and the final one is not a response (HTTP/${version})`, async t => {
    const origin = await scriptedOrigin(t, connection =>
      end(connection, { phase: '', sends: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', how: 'fin' }),
    )
    const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
    const client = await rawClient(t, port)
    await client.send(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`)
    if (version === '1.1') t.equal((await readMessage(client)).status, 103)
    const answer = await readMessage(client)
    t.equal(answer.status, 502)
    t.equal((await exchanged(1))[0]?.error?.type, proxyStatusOf(answer).error)
  })
}

test('R79, R194: the upstream ends in the middle of the request: 502, and the client connection closes', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    connection.reset()
  })
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: origin.url })
  const client = await rawClient(t, port)
  await client.send(`${request('POST', '/', 'Content-Length: 1000')}12345`)
  const answer = await readMessage(client)
  t.equal(answer.status, 502)
  t.equal(answer.field('Connection'), 'close')
  t.equal((await client.readToEnd()).how, 'fin')
  client.halfClose()
  await until('closed', () => proxy.stats().client.open === 0)
  t.same(proxy.stats().client.closes, { 'content-unread': 1 })
})
