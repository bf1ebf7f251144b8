import { test } from 'tap'
import { refusedBy } from '../../lib/net/client/client-guards.js'
import { TrustedPeers } from '../../lib/net/client/trusted-peers.js'
import { get, listeningPool, readAnswer } from '../support/answering-pool.js'
import { rawClient, until } from '../support/conversation.js'

const list = (...blocks: string[]) => new TrustedPeers(blocks)

test('deny takes precedence over allow, and both over the rate', async t => {
  const asked: unknown[] = []
  const connections = {
    take: (key: string, now: number) => {
      asked.push([key, now])
      return key === '10.0.0.9' ? 100 : 0
    },
  }
  const guards = { allow: list('10.0.0.0/8'), deny: list('10.6.6.6'), connections }
  t.equal(refusedBy(guards, '10.0.0.1', '10.0.0.1', 5), null)
  t.equal(refusedBy(guards, '10.6.6.6', '10.6.6.6', 5), 'deny')
  t.equal(refusedBy(guards, '192.0.2.1', '192.0.2.1', 5), 'allow')
  t.equal(refusedBy(guards, '10.0.0.9', '10.0.0.9', 5), 'connections')
  t.same(asked, [
    ['10.0.0.1', 5],
    ['10.0.0.9', 5],
  ])
  t.equal(refusedBy({ allow: null, deny: null, connections: null }, '10.0.0.9', '10.0.0.9', 5), null)
})

for (const readMode of ['onread', 'data'] as const) {
  test(`${readMode}: a client that may not connect is cut off at once, counted and reported`, async t => {
    let left = 2
    const guards = { allow: null, deny: list('127.0.0.2'), connections: { take: () => (left-- > 0 ? 0 : 50) } }
    const { pool, port, handler } = await listeningPool(t, { readMode, guards })
    const ask = async (localAddress: string) => {
      const client = await rawClient(t, { port, localAddress })
      await client.send(get('/')).catch(() => {})
      return client
    }
    // A reset may come before the client knows that it is connected.
    await ask('127.0.0.2').catch(() => {})
    for (let i = 0; i < 2; i++) await readAnswer(await ask('127.0.0.1'))
    await ask('127.0.0.1').catch(() => {})
    await until('both are refused', () => pool.refused === 2 && pool.open === 2)
    t.same(Object.fromEntries(pool.closes), { 'client-denied': 1, 'client-rate': 1 })
    t.same(pool.guarded, { allow: 0, deny: 1, connections: 1 })
    t.match(handler.heard.slice(0, 2), ['c1 opened 127.0.0.2', 'c1 client-denied'])
    pool.reconfigure({ guards: null })
    await readAnswer(await ask('127.0.0.2'))
  })
}
