import { test } from 'tap'
import { ask, exchange, proxyStatusOf, rawClient, request, response, until } from '../support/conversation.js'
import { answerNames, names } from '../support/fake-resolver.js'
import { freePort } from '../support/ports.js'
import { readMessage } from '../support/raw-message.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

test('R202: nothing listens: 502 connection_refused, the client is kept', async t => {
  const upstream = `http://127.0.0.1:${await freePort()}`
  const { port, proxy, exchanged } = await withProxy(t, { mode: 'reverse', upstream })
  const client = await rawClient(t, port)
  for (const nth of [1, 2]) {
    const answer = await exchange(client, `${request('POST', '/', 'Content-Length: 3')}abc`)
    t.equal(answer.status, 502)
    t.equal(proxyStatusOf(answer).error, 'connection_refused')
    t.equal(answer.field('Connection'), undefined)
    t.match((await exchanged(nth))[nth - 1], {
      outcome: 'failed',
      clientVerdict: 'keep',
      error: { type: 'connection_refused', stage: 'connect', side: 'upstream', message: /ECONNREFUSED/ },
    })
  }
  t.match(proxy.stats(), {
    upstream: { open: 0, dialing: 0 },
    exchanges: { active: 0, failures: { connection_refused: 2 } },
  })
})

test('R79, R194: refused while content is still arriving: 502, and the connection closes', async t => {
  const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: `http://127.0.0.1:${await freePort()}` })
  const client = await rawClient(t, port)
  await client.send(`${request('POST', '/', 'Content-Length: 100')}abc`)
  const answer = await readMessage(client)
  t.equal(answer.status, 502)
  t.equal(answer.field('Connection'), 'close')
  t.equal((await exchanged(1))[0]?.clientVerdict, 'content-unread')
})

test('R202: no route: 502 destination_ip_unroutable', async t => {
  const { port, exchanged } = await withProxy(t, { mode: 'reverse', upstream: 'http://224.0.0.1' })
  const answer = await ask(t, port, request('GET', '/'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'destination_ip_unroutable')
  t.match((await exchanged(1))[0]?.error, { stage: 'connect', side: 'upstream' })
})

test('port 0 cannot be reached', async t => {
  const { port } = await withProxy(t, { mode: 'forward' })
  const answer = await ask(t, port, request('GET', 'http://127.0.0.1:0/'))
  t.match([400, 502], [answer.status === 400 ? 400 : Number, Number])
  t.ok(answer.status === 400 || answer.status === 502, `${answer.status}`)
})

test('R202: a name that does not exist: 502 dns_error, as the request names the destination of a forward proxy', async t => {
  const { port, proxy, exchanged } = await withProxy(t, { mode: 'forward' })
  const { lookup, asked } = names({})
  answerNames(proxy, { lookup })
  const client = await rawClient(t, port)
  for (const nth of [1, 2]) {
    const answer = await exchange(client, request('GET', 'http://nowhere.example/'))
    t.equal(answer.status, 502)
    t.match(proxyStatusOf(answer), { error: 'dns_error', details: /no address found for nowhere\.example/ })
    t.match((await exchanged(nth))[nth - 1], {
      outcome: 'failed',
      error: { type: 'dns_error', stage: 'resolve', side: 'upstream' },
      clientVerdict: 'keep',
    })
  }
  t.same(asked, ['nowhere.example'], 'remembered for a moment')
  t.equal(proxy.stats().upstream.dialing, 0)
})

test('R202: a resolver that fails: 502 dns_error', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'forward' })
  answerNames(proxy, { lookup: (_name, done) => done(Object.assign(new Error('x'), { code: 'EAI_AGAIN' }), []) })
  const answer = await ask(t, port, request('GET', 'http://somewhere.example/'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'dns_error')
})

test('the real resolver, and a name that never exists (RFC 6761)', async t => {
  const { port } = await withProxy(t, { mode: 'reverse', upstream: 'http://nonexistent.invalid' })
  const answer = await ask(t, port, request('GET', '/'))
  t.equal(proxyStatusOf(answer).error, 'destination_not_found')
  t.equal(answer.status, 500)
})

test('happy eyeballs: the first address refuses, the second answers', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { port, proxy, exchanged } = await withProxy(t, {
    mode: 'reverse',
    upstream: `http://two.example:${origin.port}`,
  })
  answerNames(proxy, { lookup: names({ 'two.example': ['127.0.0.2', '127.0.0.1'] }).lookup })
  t.equal(String((await ask(t, port, request('GET', '/'))).content), 'ok')
  t.equal((await exchanged(1))[0]?.upstream?.address, '127.0.0.1')
})

test('all addresses refuse: 502 connection_refused', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'reverse', upstream: `http://two.example:${await freePort()}` })
  answerNames(proxy, { lookup: names({ 'two.example': ['127.0.0.2', '127.0.0.1'] }).lookup })
  const answer = await ask(t, port, request('GET', '/'))
  t.equal(answer.status, 502)
  t.equal(proxyStatusOf(answer).error, 'connection_refused')
})

test('R195: the queue is full: 503 connection_limit_reached at once, and requests that wait are served in turn', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    for (;;) {
      const head = await connection.readUntil('\r\n\r\n')
      if (head.startsWith('GET /slow')) await connection.readUntil('go')
      await connection.send(response(/GET (\S+)/.exec(head)?.[1] ?? ''))
    }
  })
  const { port, proxy, exchanged } = await withProxy(t, {
    mode: 'reverse',
    upstream: origin.url,
    limits: { upstreamConnectionsMax: 1, upstreamWaitingMax: 2 },
  })
  const slow = await rawClient(t, port)
  // The content keeps the request open, and the origin waiting for it.
  await slow.send(request('GET', '/slow', 'Content-Length: 2'))
  await until('busy', () => proxy.stats().upstream.busy === 1)
  const waiting = []
  for (const target of ['/a', '/b']) {
    const client = await rawClient(t, port)
    await client.send(request('GET', target))
    waiting.push(client)
    await until(`${target} waits`, () => proxy.stats().upstream.waiting === waiting.length)
  }
  const refused = await ask(t, port, request('GET', '/c'))
  t.equal(refused.status, 503)
  t.equal(proxyStatusOf(refused).error, 'connection_limit_reached')
  t.equal(refused.field('Connection'), undefined)
  t.match((await exchanged(1))[0], { target: '/c', error: { stage: 'acquire', side: 'proxy' }, clientVerdict: 'keep' })
  await slow.send('go')
  t.equal(String((await readMessage(slow)).content), '/slow')
  for (const client of waiting) t.equal((await readMessage(client)).status, 200)
  const records = await exchanged(4)
  t.same(
    records.slice(1).map(({ target }) => target),
    ['/slow', '/a', '/b'],
  )
  t.equal(origin.connections.length, 1)
})

test('a client that leaves the queue leaves no trace', async t => {
  const origin = await scriptedOrigin(t, async connection => {
    for (;;) {
      await connection.readUntil('go')
      await connection.send(response('ok'))
    }
  })
  const { port, proxy, exchanged } = await withProxy(t, {
    mode: 'reverse',
    upstream: origin.url,
    limits: { upstreamConnectionsMax: 1 },
  })
  const slow = await rawClient(t, port)
  await slow.send(request('POST', '/slow', 'Content-Length: 2'))
  await until('busy', () => proxy.stats().upstream.busy === 1)
  const gone = await rawClient(t, port)
  await gone.send(request('GET', '/gone'))
  await until('it waits', () => proxy.stats().upstream.waiting === 1)
  gone.reset()
  await until('it has gone', () => proxy.stats().upstream.waiting === 0)
  t.match((await exchanged(1))[0], { outcome: 'client-aborted', clientVerdict: 'client-reset', status: 0 })
  await slow.send('go')
  t.equal((await readMessage(slow)).status, 200)
  t.match(proxy.stats(), { upstream: { idle: 1, busy: 0, waiting: 0 }, exchanges: { active: 0 } })
})

test('a client that leaves while its connection is being dialled: the connection serves the next', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { port, proxy, exchanged } = await withProxy(t, {
    mode: 'reverse',
    upstream: `http://late.example:${origin.port}`,
  })
  let answer = (_: null, _addresses: { address: string; family: 4 }[]): void => {}
  answerNames(proxy, {
    lookup: (_name, done) => {
      answer = done
    },
  })
  const gone = await rawClient(t, port)
  await gone.send(request('GET', '/gone'))
  await until('it dials', () => proxy.stats().upstream.dialing === 1)
  gone.reset()
  await exchanged(1)
  answer(null, [{ address: '127.0.0.1', family: 4 }])
  await until('no dial is left', () => proxy.stats().upstream.dialing === 0)
  t.equal(String((await ask(t, port, request('GET', '/'))).content), 'ok')
})

test('requests wait for a dial in order of arrival, and a dial that fails is not the end', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const { port, proxy } = await withProxy(t, {
    mode: 'reverse',
    upstream: `http://late.example:${origin.port}`,
    limits: { upstreamConnectionsMax: 1 },
  })
  const asked: ((error: Error | null, addresses: { address: string; family: 4 }[]) => void)[] = []
  answerNames(proxy, { lookup: (_name, done) => asked.push(done), negativeTtlMs: 0 })
  const clients = []
  for (let i = 0; i < 3; i++) {
    const client = await rawClient(t, port)
    await client.send(request('GET', `/${i}`))
    clients.push(client)
    await until('it dials or waits', () => proxy.stats().upstream.dialing + proxy.stats().upstream.waiting === i + 1)
  }
  asked[0]?.(Object.assign(new Error(), { code: 'EAI_AGAIN' }), [])
  t.equal((await readMessage(clients[0]!)).status, 502)
  await until('asked again', () => asked.length === 2)
  asked[1]?.(null, [{ address: '127.0.0.1', family: 4 }])
  t.equal((await readMessage(clients[1]!)).status, 200)
  t.equal((await readMessage(clients[2]!)).status, 200)
  t.equal(origin.connections.length, 1)
})
