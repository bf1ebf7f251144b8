import { type Test, test } from 'tap'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { createProxy } from '../../lib/proxy/proxy.js'
import { hashPassword, type PasswordHash, readPasswordHash, Users } from '../../lib/proxy/users.js'
import { exchange, settled } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { delivery, head, heard, ok, quiet, until } from './conversation.js'
import { answers, fleet, type Grouped, routed, type Server, server } from './fleet.js'

// Users of a forward proxy, whose passwords are known only as hashes: the check takes a while, and everything else waits for it.

// The cheapest hash that is accepted from a file, so that the tests are fast.
const cheap = (salt: Buffer, hash: Buffer): PasswordHash => ({ ln: 14, r: 8, p: 1, salt, hash })

/** `ann` with the password `pässword: 1`, `bob` with `secret`. */
async function users(): Promise<ReadonlyMap<string, PasswordHash>> {
  const { scryptSync } = await import('node:crypto')
  const salt = Buffer.alloc(16, 7)
  const of = (password: string): PasswordHash => cheap(salt, scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 1 }))
  return new Map([
    ['ann', of('pässword: 1')],
    ['bob', of('secret')],
  ])
}

const basic = (credentials: string): string =>
  `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}`
const ANN = basic('ann:pässword: 1')
const BOB = basic('bob:secret')

async function guarded(t: Test, origin: Server, more: Partial<ProxyOptions> = {}): Promise<Grouped> {
  return routed(t, {
    mode: 'forward',
    users: await users(),
    allow: ['127.0.0.0/8'],
    connectPorts: [origin.port],
    ...more,
  })
}

const get = (origin: Server, ...fields: string[]): string => head(`GET ${origin.url}/ HTTP/1.1`, 'Host: x', ...fields)
const post = (origin: Server, length: number, ...fields: string[]): string =>
  head(`POST ${origin.url}/ HTTP/1.1`, 'Host: x', `Content-Length: ${length}`, ...fields)
const tunnel = (origin: Server, ...fields: string[]): string =>
  head(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1`, 'Host: x', ...fields)

test('right, and right again at once; the credentials stay here; the record names the user', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, exchanged } = await guarded(t, a!)
  const client = await connect()
  t.equal(await answers(client, 1, get(a!, ANN)), 'a')
  t.equal(await answers(client, 2, get(a!, ANN)), 'aa')
  t.equal(await answers(client, 1, get(a!, BOB)), 'a')
  t.ok(a!.asked.every(asked => asked.field('Proxy-Authorization') === undefined))
  t.same(
    (await exchanged(4)).map(({ user }) => user),
    ['ann', 'ann', 'ann', 'bob'],
  )
})

const wrong: [what: string, fields: string[]][] = [
  ['no credentials', []],
  ['a wrong password', [basic('ann:secret')]],
  ['an unknown user', [basic('eve:secret')]],
  ['no colon', [basic('ann')]],
  ['no user', [basic(':secret')]],
  ['another scheme', ['Proxy-Authorization: Bearer YW5uOnNlY3JldA==']],
  ['no base64', ['Proxy-Authorization: Basic !!!!']],
  ['two of them, both right', [ANN, ANN]],
  ['only Authorization', [ANN.replace('Proxy-', '')]],
  ['a password that goes on', [basic('bob:secret\0')]],
  ['a name from Object', [basic('constructor:secret')]],
]
for (const [what, fields] of wrong) {
  test(`407 for ${what}: absolute-form and CONNECT`, async t => {
    const [a] = await fleet(t, 'a')
    const { connect, proxy } = await guarded(t, a!)
    const client = await connect()
    for (let nth = 0; nth < 2; nth++) {
      const answer = await exchange(client, get(a!, ...fields))
      t.equal(answer.status, 407)
      t.equal(answer.field('Proxy-Authenticate'), 'Basic realm="edge", charset="UTF-8"')
      t.equal(answer.field('Connection'), undefined, 'kept, so that it can try again')
    }
    const refused = await exchange(client, tunnel(a!, ...fields))
    t.equal(refused.status, 407)
    t.equal(refused.field('Connection'), 'close')
    t.equal((await client.readToEnd()).how, 'fin')
    t.match(proxy.stats().upstream, { dialed: 0 })
    t.equal(a!.connections.length, 0)
  })
}

test('CONNECT: the tunnel begins after the check, and what was sent before is not lost', async t => {
  const a = await server(t, 'a', () => {})
  const { connect } = await guarded(t, a)
  const client = await connect()
  await client.send(`${tunnel(a, BOB)}GET /early HTTP/1.1\r\n`)
  t.match(await readMessage(client, { toHead: true }), { status: 200 })
  await client.send('Host: a\r\n\r\n')
  await until(() => a.asked.length === 1)
  t.equal(a.asked[0]?.startLine, 'GET /early HTTP/1.1')
})

test('CONNECT with a lot of data after it: held within the limit meanwhile, and all of it arrives', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await guarded(t, a!, { limits: { pipelineBytesMax: 10_000 } })
  const client = await connect()
  const content = 'x'.repeat(3_000_000)
  const sending = client.send(
    `${tunnel(a!, BOB)}POST / HTTP/1.1\r\nContent-Length: ${content.length}\r\n\r\n${content}`,
  )
  t.match(await readMessage(client, { toHead: true }), { status: 200 })
  await sending
  t.equal(String((await readMessage(client)).content), 'a')
  t.equal(a!.asked[0]?.content.length, content.length)
})

test('content that arrives during the check waits, and is forwarded whole', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await guarded(t, a!)
  const client = await connect()
  const content = 'x'.repeat(400_000)
  await client.send(`${post(a!, content.length, BOB)}${content.slice(0, 100)}`)
  await client.send(content.slice(100))
  t.equal(String((await readMessage(client)).content), 'a')
  t.equal(String(a!.asked[0]?.content), content)
})

test('… also if a connection is available after the check; and a client that then stops sending is not waited for indefinitely', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, clock } = await guarded(t, a!)
  const client = await connect()
  t.equal(await answers(client, 1, get(a!, ANN)), 'a')
  await client.send(`${post(a!, 300_000, BOB)}begin`)
  await until(() => a!.connections[0]!.waiting.length > 0)
  await client.send('x'.repeat(299_995))
  t.equal(String((await readMessage(client)).content), 'a')
  t.equal(a!.connections.length, 1)
  const fresh = await guarded(t, a!)
  const other = await fresh.connect()
  t.equal(await answers(other, 1, get(a!, ANN)), 'a')
  await other.send(`${post(a!, 10, BOB)}begin`)
  await until(() => String(a!.connections[1]!.waiting).includes('begin'))
  await delivery()
  fresh.clock.advance(60_200)
  t.equal((await readMessage(other)).status, 408)
  clock.advance(0)
})

test('content with wrong credentials: 407, and the connection closes', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await guarded(t, a!)
  const client = await connect()
  await client.send(`${post(a!, 100, basic('bob:wrong'))}begin`)
  const answer = await readMessage(client)
  t.equal(answer.status, 407)
  t.equal(answer.field('Connection'), 'close')
  t.equal((await client.readToEnd()).how, 'fin')
  t.equal(a!.connections.length, 0)
})

test('a client that leaves during the check: nothing is sent for it', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, exchanged, proxy } = await guarded(t, a!)
  for (const [nth, text] of [get(a!, BOB), tunnel(a!, ANN)].entries()) {
    const client = await connect()
    await client.send(text)
    await until(() => proxy.stats().exchanges.active === 1)
    client.reset()
    t.match((await exchanged(nth + 1))[nth], { outcome: 'client-aborted' })
  }
  // Checks that were requested later have ended, so these two have ended, too.
  const after = await connect()
  for (let nth = 0; nth < 2; nth++) t.equal((await exchange(after, get(a!, basic(`bob:${nth}`)))).status, 407)
  await delivery()
  t.match(proxy.stats(), { upstream: { dialed: 0 }, exchanges: { active: 0 } })
  t.equal(a!.connections.length, 0)
})

test('what is pipelined after a check is answered in order', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await guarded(t, a!)
  const client = await connect()
  await client.send(get(a!, BOB) + get(a!, basic('bob:wrong')) + get(a!, BOB) + get(a!) + get(a!, ANN))
  const statuses: number[] = []
  for (let nth = 0; nth < 5; nth++) statuses.push((await readMessage(client)).status)
  t.same(statuses, [200, 407, 200, 407, 200])
})

test('many at once with the same credentials are one check; others, up to the limit, each have their own', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await guarded(t, a!)
  const clients = await Promise.all(Array.from({ length: 40 }, connect))
  const got = await Promise.all(clients.map(client => answers(client, 1, get(a!, BOB))))
  t.equal(got.join(''), 'a'.repeat(40))
})

test('Users: one check at a time for the same credentials; the result is remembered for a while, right or wrong', async t => {
  const all = new Users(await users())
  const prove = (credentials: string, now: number, site = '192.0.2.1') => all.prove(credentials, site, now, null)
  const first = prove('bob:secret', 0)
  t.type(first, Promise)
  t.equal(prove('bob:secret', 0), first, 'the same check')
  t.equal(await first, 'right')
  t.equal(prove('bob:secret', 100_000), 'right', 'at once')
  t.equal(prove('bob:secret', 299_999), 'right')
  t.equal(prove('bob:secret', 599_998), 'right', 'as long as it is in use')
  t.equal(prove('bob:secret', 299_999, '192.0.2.2'), 'right', 'from elsewhere, too')
  t.equal(prove('bob:wrong', 0) instanceof Promise && (await prove('bob:wrong', 0)), 'wrong')
  t.equal(prove('bob:wrong', 299_999), 'wrong', 'at once')
  t.type(
    prove('bob:wrong', 299_999, '192.0.2.2'),
    Promise,
    'not at another site: it would reveal that it has been tried',
  )
  t.type(prove('bob:wrong', 300_001), Promise, 'not for ever')
  t.type(prove('bob:secret', 899_999), Promise, 'not for ever')
})

test('without credentials 407 comes before anything else: no hint at ports, no OPTIONS, no TRACE', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await guarded(t, a!)
  for (const text of [
    head('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: x'),
    head('OPTIONS * HTTP/1.1', 'Host: x'),
    head(`TRACE ${a!.url}/ HTTP/1.1`, 'Host: x', 'Max-Forwards: 0'),
    head('GET / HTTP/1.1', 'Host: x'),
  ])
    t.equal((await exchange(await connect(), text)).status, 407, text.slice(0, 12))
  t.equal((await exchange(await connect(), head('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: x', BOB))).status, 403)
})

test('a user removed by an update is unknown at once, however recently the password was checked', async t => {
  const [a] = await fleet(t, 'a')
  const running = await guarded(t, a!)
  const client = await running.connect()
  t.equal(await answers(client, 2, get(a!, BOB)), 'aa')
  running.proxy.update({
    mode: 'forward',
    name: 'edge',
    clock: running.clock,
    allow: ['127.0.0.0/8'],
    users: new Map([...(await users())].filter(([name]) => name !== 'bob')),
  })
  t.equal(await answers(client, 1, get(a!, BOB)), '(407)')
  t.equal(await answers(client, 1, get(a!, ANN)), 'a')
})

test('a hash is read as it was written, and verifies its password', async t => {
  const text = await hashPassword('geheim', Buffer.alloc(16, 1))
  t.match(text, /^\$scrypt\$ln=15,r=8,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  const hash = readPasswordHash(text)!
  const all = new Users(new Map([['eve', hash]]))
  t.equal(await all.prove('eve:geheim', '', 0, null), 'right')
  t.equal(await all.prove('eve:geheim ', '', 0, null), 'wrong')
  for (const bad of [
    '',
    'secret',
    text.replace('ln=15', 'ln=13'),
    text.replace('ln=15', 'ln=20'),
    text.replace('r=8', 'r=9'),
    `${text}$`,
  ])
    t.equal(readPasswordHash(bad), null, bad)
})

test('the library refuses hashes that it cannot use, also where they would be taken for passwords', async t => {
  const hash = await hashPassword('geheim', Buffer.alloc(16, 1))
  const as = (options: object) => () => createProxy({ mode: 'forward', ...options } as ProxyOptions)
  for (const [password, kind] of [
    ['$apr1$abc$def', /credentials\[0\]: the password of "a" is a hash of htpasswd \(apr1\): give the password itself/],
    ['$2b$12$abc', /is a bcrypt hash/],
    [hash, /the password of "a" is a hash: give the password itself, or put a hash from hopwise password in users/],
  ] as const)
    t.throws(as({ credentials: [{ user: 'a', password }] }), { name: 'TypeError', message: kind })
  t.throws(as({ users: new Map([['a', '$apr1$abc$def']]) }), {
    message: /"a" is a hash of htpasswd .*readPasswordHash/,
  })
  t.throws(as({ users: new Map([['a', null]]) }), { message: /"a" is not a password hash/ })
  t.doesNotThrow(as({ users: new Map([['a', readPasswordHash(hash)]]) }))
  t.doesNotThrow(as({ credentials: [{ user: 'a', password: '$ecret {x}' }] }))
})

test('the tunnel of an authenticated user: bytes go both ways', async t => {
  const a = await server(t, 'a', connection => connection.send(ok('through')))
  const { connect, exchanged } = await guarded(t, a)
  const client = await connect()
  await client.send(tunnel(a, ANN))
  t.match(await readMessage(client, { toHead: true }), { status: 200 })
  await client.send('GET / HTTP/1.1\r\n\r\n')
  await heard(t, client, ok('through'))
  await quiet(t, client)
  client.halfClose()
  a.connections[0]!.halfClose()
  t.match((await exchanged(1))[0], { outcome: 'tunnel', user: 'ann' })
  await settled(1)
})
