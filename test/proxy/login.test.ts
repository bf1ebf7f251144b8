import type * as net from 'node:net'
import * as tls from 'node:tls'
import { type Test, test } from 'tap'
import { exchange, rawClient, until } from '../support/conversation.js'
import { needs } from '../support/needs.js'
import { connectRaw, type RawClient } from '../support/raw-client.js'
import { type RawMessage, readMessage } from '../support/raw-message.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { makeCertificate } from '../support/tls.js'
import { withProxy } from '../support/with-proxy.js'
import { forwarder, gateway, head, ok, READ_MODES } from './conversation.js'
import { grouped, type Server, server } from './fleet.js'

// Origins that authenticate the connection (RFC 4559): after one login everything on it counts as that user, whoever sends it. Ours
// goes through the states of the handshake without the cryptography.

interface Seat {
  user: string
  /** The user that it has challenged. */
  challenged: string
}

/** The answer of a connection in this state, and its next state. */
function danced(seat: Seat, credentials: string | undefined, at = ''): string {
  const [, scheme = '', step = '', name = ''] = /^(\w+) (\w+):(.*)$/.exec(credentials ?? '') ?? []
  if (step === 'third' && seat.challenged === name) {
    seat.user = name
    seat.challenged = ''
  } else if (step !== '') {
    seat.user = ''
    seat.challenged = step === 'first' ? name : ''
    const token = step === 'first' ? `${scheme} second:${name}` : 'NTLM'
    return head('HTTP/1.1 401 Unauthorized', `WWW-Authenticate: ${token}`, 'Content-Length: 0')
  }
  if (seat.user !== '') return ok(`for ${seat.user}${at}`)
  return head('HTTP/1.1 401 Unauthorized', 'WWW-Authenticate: NTLM', 'Content-Length: 0')
}

/** An origin that authenticates connections. */
const logsConnectionsIn: Script = async connection => {
  const seat: Seat = { user: '', challenged: '' }
  for (;;) {
    const asked = await readMessage(connection)
    await connection.send(danced(seat, asked.field('Authorization')))
  }
}

const get = (...fields: string[]): string => head('GET / HTTP/1.1', 'Host: a', ...fields)
const first = (name: string, scheme = 'NTLM'): string => get(`Authorization: ${scheme} first:${name}`)
const third = (name: string, scheme = 'NTLM'): string => get(`Authorization: ${scheme} third:${name}`)

/** The whole handshake on this connection. */
async function logIn(client: RawClient, name: string, scheme = 'NTLM'): Promise<RawMessage> {
  const challenge = await exchange(client, first(name, scheme))
  if (challenge.field('WWW-Authenticate') !== `${scheme} second:${name}`) throw new Error(challenge.head)
  return exchange(client, third(name, scheme))
}

const says = async (client: RawClient, text = get()): Promise<string> => {
  const answer = await exchange(client, text)
  return `${answer.status} ${answer.content}`
}

/** While its script waits for more. */
const hasEnded = (peer: RawClient): Promise<void> => until('its end', () => peer.ended === 'fin')

const closed = (proxy: { stats(): { upstream: { closes: object } } }, closes: object): Promise<void> =>
  until(JSON.stringify(closes), () => JSON.stringify(proxy.stats().upstream.closes) === JSON.stringify(closes))

for (const readMode of READ_MODES) {
  for (const scheme of ['NTLM', 'Negotiate', 'nTlM']) {
    test(`R225: parallel logins all succeed, and no client is served as another user (${scheme}, ${readMode})`, async t => {
      const { connect, dialed, proxy } = await gateway(t, { readMode }, logsConnectionsIn)
      const names = ['ann', 'bob', 'cleo', 'dan']
      const clients = await Promise.all(names.map(() => connect()))
      // One leg of all of them, then the next one: a pool would hand out the most recently used one first.
      for (const [i, client] of clients.entries())
        t.equal((await exchange(client, first(names[i]!, scheme))).status, 401)
      for (const [i, client] of clients.entries())
        t.equal(await says(client, third(names[i]!, scheme)), `200 for ${names[i]}`)
      const stranger = await connect()
      t.equal(await says(stranger), '401 ', 'another client is not logged in there')
      for (const [i, client] of clients.entries()) t.equal(await says(client), `200 for ${names[i]}`)
      await Promise.all(clients.map(async (client, i) => t.equal(await says(client), `200 for ${names[i]}`)))
      t.equal(dialed(), 5)
      t.match(proxy.stats().upstream, { idle: 0, reserved: 5, busy: 0, open: 5 })
    })
  }

  test(`R225: the connection ends with its client, in whatever way that ends (${readMode})`, async t => {
    const { connect, upstream, proxy } = await gateway(t, { readMode }, logsConnectionsIn)
    const ends = [
      (client: RawClient) => client.halfClose(),
      (client: RawClient) => client.reset(),
      (client: RawClient) => client.destroy(),
      (client: RawClient) => exchange(client, get('Connection: close')),
      (client: RawClient) => client.send('no HTTP\r\n\r\n'),
    ]
    for (const [nth, end] of ends.entries()) {
      const client = await connect()
      await logIn(client, 'ann')
      await end(client)
      await hasEnded(await upstream(nth))
      await closed(proxy, { 'login-ended': nth + 1 })
    }
  })
}

test('R225: the first request of a login may use an idle connection; from then on it belongs to the client', async t => {
  const { connect, dialed } = await gateway(t, {}, logsConnectionsIn)
  const [ann, bob] = [await connect(), await connect()]
  t.equal(await says(bob, get()), '401 ')
  t.equal((await logIn(ann, 'ann')).status, 200)
  t.equal(await says(ann), '200 for ann')
  t.equal(dialed(), 2, 'bob was challenged on the first one, which is now his')
})

const CHALLENGES = [
  ['alone', 'WWW-Authenticate: NTLM'],
  ['in a list', 'WWW-Authenticate: Basic realm="a, b", negotiate'],
  ['in one of several lines', 'WWW-Authenticate: Basic realm="a"\r\nwww-authenticate: NEGOTIATE'],
] as const

for (const [where, line] of CHALLENGES) {
  test(`R225: the challenge makes the connection the client’s, ${where}`, async t => {
    const { connect, upstream, dialed, proxy } = await gateway(t)
    const [client, other] = [await connect(), await connect()]
    await client.send(get())
    const origin = await upstream()
    await origin.readUntil('\r\n\r\n')
    await origin.send(head('HTTP/1.1 401 Unauthorized', line, 'Content-Length: 0'))
    t.equal(
      (await readMessage(client)).field('WWW-Authenticate'),
      line.replace(/\r\nwww-authenticate:/, ',').replace(/^[^:]*: /, ''),
    )
    t.equal(proxy.stats().upstream.reserved, 1)
    await other.send(get())
    await (await upstream(1)).send(ok('other'))
    await heardOk(t, other, 'other')
    await client.send(get('Authorization: Basic YTpi'))
    await origin.readUntil('\r\n\r\n')
    await origin.send(ok('own'))
    await heardOk(t, client, 'own')
    t.equal(dialed(), 2)
  })
}

async function heardOk(t: Test, client: RawClient, content: string): Promise<void> {
  const answer = await readMessage(client)
  t.equal(`${answer.content}`, content)
}

for (const line of ['WWW-Authenticate: Basic realm="a"', 'WWW-Authenticate: Bearer', 'Proxy-Authenticate: NTLM']) {
  test(`R225: ${line} leaves the connection to all clients`, async t => {
    const answer = head('HTTP/1.1 401 Unauthorized', line, 'Content-Length: 0')
    const { connect, dialed } = await gateway(t, {}, async connection => {
      for (;;) {
        await connection.readUntil('\r\n\r\n')
        await connection.send(answer)
      }
    })
    for (const authorization of ['Basic YTpi', 'Bearer NTLM', 'Digest username="negotiate"']) {
      const client = await connect()
      t.equal((await exchange(client, get(`Authorization: ${authorization}`))).status, 401)
    }
    t.equal(dialed(), 1)
  })
}

test('R225: a broken connection is replaced, and the new one belongs to the client once it logs in again', async t => {
  const { connect, upstream, dialed, proxy } = await gateway(t, {}, logsConnectionsIn)
  const client = await connect()
  await logIn(client, 'ann')
  ;(await upstream()).halfClose()
  await closed(proxy, { 'upstream-fin': 1 })
  t.equal(await says(client), '401 ')
  t.equal((await logIn(client, 'ann')).status, 200)
  t.equal(await says(client), '200 for ann')
  t.equal(dialed(), 2)
})

test('R225: a request that continues a login is not sent again, one without credentials is', async t => {
  for (const [text, status] of [
    [third('ann'), 502],
    [get(), 401],
  ] as const) {
    // After the first leg the origin takes one more request and closes without a response.
    const { connect, upstream, exchanges, dialed } = await gateway(t, {}, async (connection, nth) => {
      const seat: Seat = { user: '', challenged: '' }
      for (let asked = 0; nth > 0 || asked === 0; asked++) {
        const message = await readMessage(connection)
        await connection.send(danced(seat, message.field('Authorization')))
      }
      await connection.readUntil('\r\n\r\n')
      connection.halfClose()
    })
    const client = await connect()
    await exchange(client, first('ann'))
    const answer = await exchange(client, text)
    t.equal(answer.status, status)
    t.equal(dialed(), status === 502 ? 1 : 2)
    await hasEnded(await upstream())
    if (status === 502) t.match(exchanges[1]?.error?.message, /not sent again: login-lost/)
    else t.equal((await logIn(client, 'ann')).status, 200, 'and the client logs in again')
  }
})

test('R225: the first leg of a login that met a stale connection is sent again', async t => {
  const { connect, dialed } = await gateway(t, {}, async (connection, nth) => {
    if (nth > 0) return logsConnectionsIn(connection, nth)
    await connection.readUntil('\r\n\r\n')
    await connection.send(ok('anonymous'))
    await connection.readUntil('\r\n\r\n')
    connection.halfClose()
  })
  const client = await connect()
  t.equal(await says(client), '200 anonymous')
  t.equal((await logIn(client, 'ann')).status, 200)
  t.equal(dialed(), 2)
})

test('R225: if all places are taken, logins proceed one after the other and none fails', async t => {
  const { connect, clock, proxy } = await gateway(t, { limits: { upstreamConnectionsMax: 1 } }, logsConnectionsIn)
  const [ann, bob] = [await connect(), await connect()]
  t.equal((await exchange(ann, first('ann'))).status, 401)
  const answer = exchange(bob, first('bob'))
  await until('bob waits', () => proxy.stats().upstream.waiting === 1)
  clock.advance(500)
  t.equal(await says(ann, third('ann')), '200 for ann', 'a connection between two legs is left alone for a moment')
  clock.advance(900)
  t.equal(proxy.stats().upstream.waiting, 1)
  clock.advance(300)
  t.equal((await answer).status, 401)
  t.equal(await says(bob, third('bob')), '200 for bob')
  t.same(proxy.stats().upstream.closes, { 'login-surplus': 1 })
  clock.advance(1_000)
  t.equal(await says(ann), '401 ', 'a later client gets the place at once')
})

test('R225: if there is no room in total, a connection that is reserved for one client makes it', async t => {
  const { connect, proxy } = await forwarder(t, { limits: { upstreamConnectionsTotalMax: 1 } }, logsConnectionsIn)
  const other = await server(t, 'other')
  const client = await connect()
  await client.send(head(`GET ${other.url}/ HTTP/1.1`, 'Host: a', 'Authorization: NTLM first:ann'))
  t.equal((await readMessage(client)).status, 200)
  const next = await server(t, 'next')
  const stranger = await connect()
  t.equal(`${(await exchange(stranger, head(`GET ${next.url}/ HTTP/1.1`, 'Host: a'))).content}`, 'next')
  t.same(proxy.stats().upstream.closes, { 'login-surplus': 1 })
})

test('R225: a drain lets the login end with its client', async t => {
  const { connect, proxy, upstream, clock } = await gateway(t, {}, logsConnectionsIn)
  const client = await connect()
  await exchange(client, first('ann'))
  const gone = proxy.close()
  const answer = await exchange(client, third('ann'))
  t.equal(
    `${answer.status} ${answer.content}`,
    '200 for ann',
    'the client may send one more request, and is still logged in',
  )
  t.equal(answer.field('Connection'), 'close')
  await hasEnded(await upstream())
  t.same(proxy.stats().upstream.closes, { 'login-ended': 1 })
  client.destroy()
  await until('drained', () => {
    clock.advance(100)
    return proxy.stats().client.open === 0
  })
  await gone
})

/** A server of a group that authenticates connections. */
const member = (t: Test, name: string): Promise<Server> => {
  const seats = new WeakMap<RawClient, Seat>()
  return server(t, name, (connection, asked) => {
    const seat = seats.get(connection) ?? { user: '', challenged: '' }
    seats.set(connection, seat)
    return connection.send(danced(seat, asked.field('Authorization'), `@${name}`))
  })
}

for (const sticky of ['', 'srv']) {
  test(`R225: in a group the client returns to the server that it has logged in on (${sticky || 'in turn'})`, async t => {
    const servers = await Promise.all(['a', 'b', 'c'].map(name => member(t, name)))
    const { connect, proxy } = await grouped(t, {
      servers: servers.map(({ url }) => url),
      ...(sticky === '' ? {} : { sticky: { cookie: sticky } }),
    })
    const clients = [await connect(), await connect()]
    const cookies: string[] = []
    for (const [i, name] of ['ann', 'bob'].entries()) {
      const client = clients[i]!
      const challenge = await exchange(client, first(name))
      const at = `${(await exchange(client, third(name))).content}`
      cookies.push(challenge.field('Set-Cookie')?.replace(/;.*/, '') ?? '')
      t.match(at, new RegExp(`^for ${name}@[abc]$`))
      for (let nth = 0; nth < 4; nth++) t.equal(await says(client), `200 ${at}`)
    }
    t.equal(proxy.stats().upstream.reserved, 2)
    if (sticky !== '') {
      t.not(cookies[0], cookies[1])
      t.match(await says(clients[0]!, get(`Cookie: ${cookies[1]}`)), /^200 for ann@/, 'whatever a cookie says')
    }
    const at = servers.findIndex(({ asked }) => asked.some(it => it.field('Authorization')?.endsWith('first:ann')))
    await servers[at]!.stop()
    await until('its connection is gone', () => proxy.stats().upstream.reserved === 1)
    t.equal((await logIn(clients[0]!, 'ann')).status, 200, 'when its server is gone it logs in on another one')
  })
}

test('R225: in forward mode each origin has its own', async t => {
  const { connect, proxy, origin } = await forwarder(t, {}, logsConnectionsIn)
  const second = await member(t, 'second')
  const at = (url: string, text: string) => text.replace('GET /', `GET ${url}/`)
  const [ann, bob] = [await connect(), await connect()]
  for (const [client, name] of [
    [ann, 'ann'],
    [bob, 'bob'],
  ] as const) {
    t.equal((await exchange(client, at(origin.url, first(name)))).status, 401)
    t.equal((await exchange(client, at(second.url, first(name)))).status, 401)
    t.equal(await says(client, at(second.url, third(name))), `200 for ${name}@second`)
    t.equal(await says(client, at(origin.url, third(name))), `200 for ${name}`)
  }
  t.equal(await says(ann, at(origin.url, get())), '200 for ann')
  t.equal(await says(bob, at(second.url, get())), '200 for bob@second')
  t.equal(proxy.stats().upstream.reserved, 4)
  ann.halfClose()
  await closed(proxy, { 'login-ended': 2 })
})

test('R225: through a parent, the connection to the parent belongs to the client, for everything that goes there', async t => {
  const { port, proxy, origin } = await forwarder(t, {}, logsConnectionsIn)
  const inner = `http://127.0.0.1:${port}`
  const outer = await forwarder(t, { name: 'outer', parent: inner, allow: [] })
  const at = (text: string) => text.replace('GET /', `GET ${origin.url}/`)
  const [ann, bob] = [await outer.connect(), await outer.connect()]
  for (const [client, name] of [
    [ann, 'ann'],
    [bob, 'bob'],
  ] as const)
    t.equal((await exchange(client, at(first(name)))).status, 401)
  t.equal(await says(ann, at(third('ann'))), '200 for ann')
  t.equal(await says(bob, at(third('bob'))), '200 for bob')
  t.equal(await says(ann, at(get())), '200 for ann')
  t.match([outer.proxy.stats().upstream, proxy.stats().upstream], [{ reserved: 2 }, { reserved: 2 }])
  ann.halfClose()
  await closed(outer.proxy, { 'login-ended': 1 })
  await closed(proxy, { 'login-ended': 1 })
  t.equal(await says(await outer.connect(), at(get())), '401 ')
})

test('R225: the same if the parent itself continues with its own Negotiate', async t => {
  const line = 'Proxy-Authenticate: Basic realm="a", Negotiate oYG2'
  const parent = await server(t, 'parent', connection => connection.send(ok('passed', line)))
  const { port, proxy } = await withProxy(t, { mode: 'forward', parent: parent.url, allow: [] })
  for (const nth of [1, 2]) {
    const client = await rawClient(t, port)
    for (let asked = 0; asked < 2; asked++) {
      const answer = await exchange(client, head('GET http://a.example/ HTTP/1.1', 'Host: a'))
      t.equal(`${answer.content} ${answer.field('Proxy-Authenticate')}`, 'passed undefined')
    }
    t.equal(proxy.stats().upstream.reserved, nth)
  }
})

test('R225: its 407 is still an error of our configuration, and leaves nothing behind', async t => {
  const answer = head(
    'HTTP/1.1 407 Proxy Authentication Required',
    'Proxy-Authenticate: Negotiate',
    'Content-Length: 0',
  )
  const parent = await server(t, 'parent', connection => connection.send(answer))
  const { port, proxy } = await withProxy(t, { mode: 'forward', parent: parent.url, allow: [] })
  const client = await rawClient(t, port)
  const text = head('GET http://a.example/ HTTP/1.1', 'Host: a', 'Proxy-Authorization: Negotiate YII=')
  t.equal((await exchange(client, text)).status, 502)
  t.equal(parent.asked[0]?.field('Proxy-Authorization'), undefined, 'credentials of our client end here')
  t.match(proxy.stats().upstream, { open: 0, reserved: 0, closes: { 'upstream-protocol-error': 1 } })
})

test('R225: a connection that begins with its client’s address is kept for that client', async t => {
  const prefaces: string[] = []
  const logs = await scriptedOrigin(t, async (connection, nth) => {
    prefaces.push(await connection.readUntil('\r\n'))
    await logsConnectionsIn(connection, nth)
  })
  const { connect, proxy } = await grouped(t, { servers: [logs.url], proxyProtocol: 'v1' })
  const client = await connect()
  t.equal((await logIn(client, 'ann')).status, 200)
  t.equal(await says(client), '200 for ann')
  t.equal(prefaces.length, 1)
  t.match(proxy.stats().upstream, { reserved: 1, closes: {} })
})

for (const ends of [false, true]) {
  test(
    `R225: a request pipelined after another gets the connection next, ${ends ? 'or a new one if that ends' : 'once it is released'}`,
    needs('openssl'),
    async t => {
      const { cert, key } = await makeCertificate(t)
      let connections = 0
      const origin = tls.createServer({ key, cert }, async socket => {
        const seat: Seat = { user: '', challenged: '' }
        const nth = ++connections
        const connection = await connectRaw({ port: 0, socket })
        for (let asked = 1; !connection.ended; asked++) {
          const message = await readMessage(connection).catch(() => null)
          if (message === null) break
          const answer = danced(seat, message.field('Authorization'))
          if (ends && nth === 1 && asked === 2) socket.end(answer)
          else await connection.send(answer)
        }
      })
      await new Promise<void>(done => origin.listen(0, '127.0.0.1', done))
      t.teardown(() => origin.close())
      const { port: at } = origin.address() as net.AddressInfo
      const { connect, proxy } = await gateway(t, { upstream: `https://127.0.0.1:${at}`, upstreamTls: { ca: cert } })
      const client = await connect()
      await exchange(client, first('ann'))
      await client.send(third('ann') + get() + get()) // over TLS a release comes one turn later, and these are here before
      const answers = [await readMessage(client), await readMessage(client), await readMessage(client)]
      const texts = answers.map(({ status, content }) => `${status} ${content}`)
      t.same(texts, ends ? ['200 for ann', '401 ', '401 '] : ['200 for ann', '200 for ann', '200 for ann'])
      t.equal(connections, ends ? 2 : 1)
      t.equal(proxy.stats().upstream.reserved + proxy.stats().upstream.busy, 1)
    },
  )
}
