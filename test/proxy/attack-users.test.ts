import crypto from 'node:crypto'
import { lookup } from 'node:dns'
import { test } from 'tap'
import { RateLimit } from '../../lib/link/rate-limit.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import type { HopwiseProxy } from '../../lib/proxy/proxy.js'
import { readPasswordHash, Users } from '../../lib/proxy/users.js'
import { proxyStatusOf } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { connect, head, until } from './conversation.js'
import { answers, fleet, routed } from './fleet.js'

// Guessing passwords makes work for the proxy. It must not cost other clients their lookups or their answers.

/** No password's hash: each check fails, after half the work of a hash from `hopwise password`. */
const hash = readPasswordHash(`$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`)!
/** Of `secret`. */
const secret = {
  ...hash,
  hash: crypto.scryptSync('secret', hash.salt, 32, { N: 2 ** 14, r: 8, p: 1 }),
}
const basic = (credentials: string): string =>
  `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}`

const everybody = new Map([['ann', hash]])

test('names are resolved while the maximum number of password guesses is being checked', async t => {
  const users = new Users(everybody)
  const guesses = Array.from({ length: 66 }, (_, nth) => users.prove(`ann:${nth}`, '192.0.2.1', 0, null))
  t.equal(await users.prove('ann:one more', '192.0.2.1', 0, null), 'busy')
  let over = 0
  for (const guess of guesses) void Promise.resolve(guess).then(() => over++)
  await new Promise(done => lookup('localhost', done))
  t.ok(over < 33, `the name waited for ${over} of 66 checks`)
  t.same(new Set(await Promise.all(guesses)), new Set(['wrong']), 'each of them gets its answer')
  t.equal(await users.prove('ann:again', '192.0.2.1', 0, null), 'wrong', 'then there is room again')
})

test('a site that holds all places yields one to each other site, which comes next', async t => {
  const users = new Users(everybody)
  const order: string[] = []
  const told = async (site: string, nth: number) => {
    const proof = await users.prove(`ann:${nth}`, site, 0, null)
    order.push(`${site} ${proof}`)
    return proof
  }
  const flood = Array.from({ length: 66 }, (_, nth) => told('192.0.2.1', nth))
  const other = [told('192.0.2.2', 0), told('2001:db8::/64', 0)]
  t.same(await Promise.all(other), ['wrong', 'wrong'])
  const before = order.filter(one => one === '192.0.2.1 wrong').length
  t.ok(before <= 4, `${before} of the flood were checked before both of the others`)
  const proofs = await Promise.all(flood)
  t.equal(proofs.filter(proof => proof === 'busy').length, 2, 'their places')
  t.equal(proofs.filter(proof => proof === 'wrong').length, 64)
})

test('after so many wrong ones from a site no more are checked; users verified there are remembered, and other sites are not affected', async t => {
  const users = new Users(new Map([...everybody, ['bob', secret]]))
  const failed = new RateLimit({ perSecond: 0.5, burst: 3, keysMax: 10 })
  const prove = (credentials: string, site = '192.0.2.1', now = 0) => users.prove(credentials, site, now, failed)
  t.equal(await prove('bob:secret'), 'right')
  for (const guess of ['ann:1', 'eve:2', 'ann:3']) t.equal(await prove(guess), 'wrong', guess)
  t.equal(prove('ann:4'), 'too-often')
  t.equal(prove('bob:secret'), 'right', 'behind the same address, and remembered')
  t.equal(prove('ann:3'), 'wrong', 'a repeated wrong one is not a further try')
  t.equal(await prove('ann:4', '192.0.2.2'), 'wrong')
  t.equal(prove('bob:secret', '192.0.2.2'), 'right')
  t.equal(failed.waitMs('192.0.2.1', 0), 2_000)
  t.equal(await prove('ann:4', '192.0.2.1', 2_000), 'wrong')
  t.equal(prove('ann:5', '192.0.2.1', 2_000), 'too-often')
})

test('a password that is in use elsewhere cannot be guessed any faster', async t => {
  const users = new Users(new Map([['bob', secret]]))
  const failed = new RateLimit({ perSecond: 0.5, burst: 1, keysMax: 10 })
  t.equal(await users.prove('bob:secret', '192.0.2.1', 0, failed), 'right')
  t.equal(await users.prove('bob:wrong', '192.0.2.2', 0, failed), 'wrong')
  t.equal(users.prove('bob:secret', '192.0.2.2', 0, failed), 'too-often')
})

test('guesses that are waiting when the last permitted one fails are not checked either', async t => {
  const users = new Users(everybody)
  const failed = new RateLimit({ perSecond: 0.001, burst: 3, keysMax: 10 })
  const proofs = await Promise.all(
    Array.from({ length: 45 }, (_, nth) => users.prove(`ann:${nth}`, '192.0.2.1', 0, failed)),
  )
  const wrong = proofs.filter(proof => proof === 'wrong').length
  t.ok(wrong === 3 || wrong === 4, `${wrong}: three, and one that ran at the same time as the third`)
  t.equal(proofs.filter(proof => proof === 'too-often').length, 45 - wrong)
})

test('a client without an address, on a unix socket, is not counted together with all other such clients', async t => {
  const users = new Users(everybody)
  const failed = new RateLimit({ perSecond: 0.001, burst: 1, keysMax: 10 })
  for (const guess of ['ann:1', 'ann:2', 'ann:3']) t.equal(await users.prove(guess, '', 0, failed), 'wrong')
  t.equal(failed.size, 0)
})

test('unknown names cost as much as known ones, even if their hashes differ', async t => {
  const costs: number[] = []
  const derive = ((_: string, __: Buffer, length: number, { N = 0 }, done: (error: null, key: Buffer) => void) => {
    costs.push(N)
    done(null, Buffer.alloc(length))
  }) as typeof crypto.scrypt
  const many = new Map(
    Array.from({ length: 40 }, (_, nth) => [
      `user${nth}`,
      { ...hash, ln: nth % 2 === 0 ? 14 : 17, salt: Buffer.alloc(16, nth) },
    ]),
  )
  const names = Array.from({ length: 60 }, (_, nth) => `eve${nth}`)
  const first = new Users(many, derive)
  for (const name of names) await first.prove(`${name}:x`, '', 0, null)
  const seen = costs.splice(0)
  t.same(
    [...new Set(seen)].sort((a, b) => a - b),
    [2 ** 14, 2 ** 17],
  )
  const again = new Users(many, derive)
  for (const name of names) await again.prove(`${name}:y`, '', 0, null)
  t.same(costs.splice(0), seen, 'one name costs the same each time')
  const alone = new Users(new Map(), derive)
  await alone.prove('eve:x', '', 0, null)
  t.same(costs, [2 ** 15])
})

test('45 wrong passwords from one address: it gets 407, then 429 at once; 15 new users elsewhere are all served in the meantime', async t => {
  const [a] = await fleet(t, 'a')
  const all = new Map(Array.from({ length: 15 }, (_, nth) => [`user${nth}`, secret]))
  const { port, proxy } = await routed(t, { mode: 'forward', users: all, allow: ['127.0.0.0/8'] })
  const ask = async (localAddress: string, credentials: string) => {
    const client = await connect(t, port, { localAddress })
    await client.send(head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x', basic(credentials)))
    return readMessage(client)
  }
  const flood = Promise.all(Array.from({ length: 45 }, (_, nth) => ask('127.0.0.2', `user0:${nth}`)))
  const users = await Promise.all(
    Array.from({ length: 15 }, (_, nth) => ask(`127.0.1.${nth + 1}`, `user${nth}:secret`)),
  )
  t.same(
    users.map(({ status }) => status),
    Array.from({ length: 15 }, () => 200),
  )
  const statuses = (await flood).map(({ status }) => status)
  const wrong = statuses.filter(status => status === 407).length
  t.ok(wrong === 30 || wrong === 31, `${wrong} were checked`)
  t.equal(statuses.filter(status => status === 429).length, 45 - wrong)
  const refused = await ask('127.0.0.2', 'user1:secret')
  t.equal(refused.status, 429, 'a new user there has to wait')
  t.match(String(refused.content), 'clients.failedLoginsPerMinute')
  t.equal(refused.field('Retry-After'), '2')
  t.equal(proxyStatusOf(refused).error, 'http_request_denied')
  t.equal((await ask('127.0.0.2', 'user0:7')).status, 407, 'the same wrong one is not a further try')
  t.equal((proxy as HopwiseProxy).counts.refusedByFailures, 45 - wrong + 1)
})

test('no one in an office is locked out by a machine there that has a wrong password', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { mode: 'forward', users: new Map([['bob', secret]]), allow: ['127.0.0.0/8'] })
  const [machine, person] = [await connect(), await connect()]
  const asked = (credentials: string) => head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x', basic(credentials))
  for (let nth = 0; nth < 50; nth++) t.equal(await answers(machine, 1, asked('bob:old')), '(407)')
  t.equal(await answers(person, 2, asked('bob:secret')), 'aa', 'and a new one is checked')
})

test('an update: users verified before stay verified, unless the password has changed or the user is gone', async t => {
  const [a] = await fleet(t, 'a')
  const options = (users: ProxyOptions['users']): ProxyOptions => ({
    mode: 'forward',
    name: 'edge',
    allow: ['127.0.0.0/8'],
    clients: { failedLoginsPerMinute: 1 },
    users: users!,
  })
  const both = new Map([
    ['bob', secret],
    ['eve', secret],
  ])
  const { connect, clock, proxy } = await routed(t, options(both))
  const client = await connect()
  const asked = (credentials: string) => head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x', basic(credentials))
  t.equal(await answers(client, 1, asked('bob:secret')), 'a')
  t.equal(await answers(client, 1, asked('eve:secret')), 'a')
  t.equal(await answers(client, 1, asked('bob:wrong')), '(407)')
  const other = { ...secret, salt: Buffer.alloc(16, 9) }
  proxy.update({ ...options(new Map([...both, ['eve', other]])), clock })
  t.equal(await answers(client, 1, asked('bob:secret')), 'a')
  t.equal(await answers(client, 1, asked('bob:wrong')), '(407)')
  t.equal(await answers(client, 1, asked('eve:secret')), '(429)')
  proxy.update({ ...options(new Map([['eve', secret]])), clock })
  t.equal(await answers(client, 1, asked('bob:secret')), '(429)')
  t.equal(await answers(client, 1, asked('eve:secret')), 'a')
})

test('an update with another limit; 0: no limit; what is not a number is refused', async t => {
  const [a] = await fleet(t, 'a')
  const options: ProxyOptions = {
    mode: 'forward',
    users: everybody,
    name: 'edge',
    clients: { failedLoginsPerMinute: 1 },
  }
  const { connect, clock, proxy } = await routed(t, options)
  const client = await connect()
  const guess = (nth: number) => head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x', basic(`ann:${nth}`))
  t.equal(await answers(client, 1, guess(1)), '(407)')
  t.equal(await answers(client, 1, guess(2)), '(429)')
  clock.advance(60_000)
  t.equal(await answers(client, 1, guess(3)), '(407)')
  proxy.update({ ...options, clock, clients: { failedLoginsPerMinute: 0 } })
  for (const nth of [4, 5, 6]) t.equal(await answers(client, 1, guess(nth)), '(407)')
  for (const failedLoginsPerMinute of [-1, 1.5, Number.NaN])
    t.throws(() => proxy.update({ ...options, clients: { failedLoginsPerMinute } }), /failedLoginsPerMinute/)
})

test('credentials that are only compared cannot be guessed any faster either', async t => {
  const [a] = await fleet(t, 'a')
  const { port, proxy } = await routed(t, {
    mode: 'forward',
    allow: ['127.0.0.0/8'],
    credentials: [
      { user: 'bob', password: 'secret' },
      { user: 'eve', password: 'secret' },
    ],
    clients: { failedLoginsPerMinute: 3 },
  })
  const client = () => connect(t, port, { localAddress: '127.0.0.2' })
  const asked = (credentials: string) => head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x', basic(credentials))
  const [person, guesser] = [await client(), await client()]
  t.equal(await answers(person, 1, asked('bob:secret')), 'a')
  for (const guess of ['bob:1', 'eve:2', 'nobody:3', 'nobody:3', 'bob:1'])
    t.equal(await answers(guesser, 1, asked(guess)), '(407)')
  t.equal(await answers(guesser, 1, asked('bob:4')), '(429)')
  t.equal(await answers(guesser, 1, asked('eve:secret')), '(429)', 'right, but not revealed')
  t.equal(
    await answers(guesser, 1, head('CONNECT 127.0.0.1:1 HTTP/1.1', 'Host: x', basic('eve:secret'))),
    '(429)',
    'nor through another answer',
  )
  t.equal(await answers(person, 2, asked('bob:secret')), 'aa')
  t.equal(await answers(await client(), 1, asked('bob:secret')), 'a', 'on another connection of that address, too')
  t.equal(await answers(await connect(t, port, { localAddress: '127.0.0.3' }), 1, asked('eve:secret')), 'a')
  t.equal((proxy as HopwiseProxy).counts.refusedByFailures, 3)
})

test('a flood of wrong passwords on many connections: nothing is dialled or kept for them, not even the pool of an origin', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, proxy } = await routed(t, {
    mode: 'forward',
    users: everybody,
    allow: ['127.0.0.0/8'],
    connectPorts: [a!.port],
  })
  const flood = Array.from({ length: 40 }, async (_, nth) => {
    const client = await connect()
    const guess = basic(`ann:${nth}`)
    await client.send(
      nth % 2 === 0
        ? head(`GET http://127.0.0.${nth + 1}:${a!.port}/ HTTP/1.1`, 'Host: x', guess)
        : head(`CONNECT 127.0.0.1:${a!.port} HTTP/1.1`, 'Host: x', guess),
    )
    return (await readMessage(client)).status
  })
  const statuses = new Set(await Promise.all(flood))
  t.same([...statuses].sort(), [407, 429])
  t.equal(a!.connections.length, 0)
  t.match(proxy.stats().upstream, { dialed: 0, waiting: 0, origins: [] })
  await until(() => proxy.stats().exchanges.active === 0)
})
