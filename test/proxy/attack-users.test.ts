import { lookup } from 'node:dns'
import { test } from 'tap'
import { readPasswordHash, Users } from '../../lib/proxy/users.js'
import { readMessage } from '../support/raw-message.js'
import { head, until } from './conversation.js'
import { fleet, routed } from './fleet.js'

// Whoever guesses passwords makes work for us. It must cost the others neither names nor answers.

/** Nobody's: each proof fails, after half the work that a hash of `hopwise password` takes. */
const hash = readPasswordHash(`$scrypt$ln=14,r=8,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`)!
const basic = (credentials: string): string =>
  `Proxy-Authorization: Basic ${Buffer.from(credentials).toString('base64')}`

test('names are resolved while as many passwords are guessed as may be', async t => {
  const users = new Users(new Map([['ann', hash]]))
  const guesses = Array.from({ length: 32 }, (_, nth) => users.prove(`ann:${nth}`, 0))
  t.equal(users.prove('ann:one more', 0), 'busy')
  let over = 0
  for (const guess of guesses) void Promise.resolve(guess).then(() => over++)
  await new Promise(done => lookup('localhost', done))
  t.ok(over < 16, `the name waited for ${over} of 32 proofs`)
  t.same(new Set(await Promise.all(guesses)), new Set([false]), 'each of them gets its answer')
  t.equal(typeof users.prove('ann:again', 0), 'object', 'and then there is room again')
})

test('a flood of wrong passwords on many connections: 407 and 503, and nothing is dialled or kept for it', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, proxy } = await routed(t, {
    mode: 'forward',
    users: new Map([['ann', hash]]),
    allow: ['127.0.0.0/8'],
    connectPorts: [a!.port],
  })
  const flood = Array.from({ length: 40 }, async (_, nth) => {
    const client = await connect()
    const guess = basic(`ann:${nth}`)
    await client.send(
      nth % 2 === 0
        ? head(`GET ${a!.url}/ HTTP/1.1`, 'Host: x', guess)
        : head(`CONNECT 127.0.0.1:${a!.port} HTTP/1.1`, 'Host: x', guess),
    )
    return (await readMessage(client, { deadlineMs: 30_000 })).status
  })
  const statuses = new Set(await Promise.all(flood))
  t.same([...statuses].sort(), [407, 503])
  t.equal(a!.connections.length, 0)
  t.match(proxy.stats().upstream, { dialed: 0, waiting: 0 })
  await until(() => proxy.stats().exchanges.active === 0)
})
