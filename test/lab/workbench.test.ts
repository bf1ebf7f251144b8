import * as net from 'node:net'
import { type Test, test } from 'tap'
import type { Figure, Judged, LabEvent } from '../../lib/lab/events.js'
import { WrongValue } from '../../lib/lab/experiment.js'
import { checkedWorkbench, HOPS, requestOctets, type Workbench } from '../../lib/lab/workbench.js'
import { PRESETS } from '../../lib/lab/workbench-choices.js'
import { runWorkbench } from '../../lib/lab/workbench-run.js'
import { IdealClock } from './ideal-clock.js'

interface Worked {
  readonly events: readonly LabEvent[]
  readonly en: string
  figure(id: string): number
  notes(party: string): string[]
  /** Heads that reached the origin, in order. */
  readonly reached: readonly string[]
}

async function worked(t: Test, description: object, scale = 0.1): Promise<Worked> {
  const stop = new AbortController()
  t.teardown(() => stop.abort(new Error('the test is over')))
  const events = await runWorkbench(checkedWorkbench(description), {
    scale,
    clock: new IdealClock(),
    signal: stop.signal,
  })
  const verdict = events.at(-1) as LabEvent & Judged
  t.equal(verdict.outcome, 'observed', verdict.text.en)
  t.match(verdict.text.ko, /[가-힣].*(다|프록시|서버|클라이언트)\.$/)
  const toOrigin = new Set(
    events.flatMap(event => (event.kind === 'open' && event.to === 'origin' ? [event.connection] : [])),
  )
  return {
    events,
    en: verdict.text.en,
    figure: id =>
      (events.findLast(event => event.kind === 'figure' && event.id === id) as Figure | undefined)?.value ?? NaN,
    notes: party => events.flatMap(event => (event.kind === 'note' && event.party === party ? [event.text.en] : [])),
    reached: events.flatMap(event =>
      event.kind === 'bytes' && toOrigin.has(event.connection) && event.by !== 'origin' ? [event.text] : [],
    ),
  }
}

function preset(id: string): Workbench {
  return PRESETS.find(each => each.id === id)!.description
}

test('the classic hang: the circle is named, the origin gets one request; through hopwise it answers both', async t => {
  const hung = await worked(t, preset('hang'))
  t.match(hung.en, /^Request 2 hung for \d+ ms in a circle of waiting: origin server → dumb proxy → origin server\.$/)
  t.ok(hung.figure('response-2') >= 400, 'most of the idle limit of 500 ms')
  t.equal(hung.reached.length, 1)
  t.match(hung.notes('proxy').join(), /still in the request that was sent on: Connection/)
  const well = await worked(t, { ...preset('hang'), chain: [{ kind: 'hopwise' }] })
  t.match(well.en, /^All 2 requests were answered on one connection/)
  t.equal(well.reached.length, 2)
  t.ok(well.figure('died-request-proxy') >= 1)
})

test('a field that Connection names is passed on by stock http-proxy and dies in hopwise', async t => {
  const stock = await worked(t, preset('nominated'))
  t.match(stock.reached[0], /x-private: for the next hop only/i)
  t.match(stock.notes('proxy').join(), /still in the request that was sent on: X-Private/)
  const hopwise = await worked(t, { ...preset('nominated'), chain: [{ kind: 'hopwise' }] })
  t.notMatch(hopwise.reached[0], /X-Private/)
  t.match(hopwise.notes('proxy').join(), /Died in the request: Connection, X-Private/)
})

test('Proxy-Connection through a dumb and a smart proxy hangs between these two', async t => {
  const { en, reached } = await worked(t, preset('proxy-connection'))
  t.match(en, /^Request 2 hung .*: dumb proxy → smart proxy → dumb proxy\.$/)
  t.match(reached[0], /\r\nConnection: Keep-Alive\r\n/, 'the smart one turned the forwarded field into it')
})

test('a death in mid-content: the client waits through stock http-proxy, and is told at once by hopwise', async t => {
  const stock = await worked(t, preset('death'), 0.5)
  t.match(stock.en, /^Request 1 had no complete response after \d+ ms, and the client gave up\.$/)
  const hopwise = await worked(t, { ...preset('death'), chain: [{ kind: 'hopwise' }] }, 0.5)
  t.match(hopwise.en, /^Response 1 was cut: 100 bytes of its content came, then the connection ended with a FIN/)
  t.ok(hopwise.figure('response-1') < stock.figure('response-1') / 2)
})

test('pipelined requests are sent at once and answered in order', async t => {
  const { en, events, reached } = await worked(t, preset('pipelined'))
  t.match(en, /^All 4 requests were answered/)
  const sent = events.filter(event => event.kind === 'bytes' && event.by === 'client')
  t.equal(sent.length, 1)
  t.equal(reached.length, 4)
})

test('how each end of a run is reported', async t => {
  const rows: readonly (readonly [object, RegExp])[] = [
    [{ requests: 1 }, /^The request was answered with 200 after [\d.]+ ms\.$/],
    [{ origin: { after: 'close' } }, /^Response 1 came .* ended the connection, so 1 of 2 requests were sent\.$/],
    [{ version: '1.0' }, /^Response 1 came .* ended the connection/],
    [{ origin: { max: 1 } }, /^Response 1 came .* ended the connection/],
    [{ origin: { framing: 'close' } }, /^Response 1 came .* ended the connection/],
    [{ origin: { framing: 'chunked' } }, /^All 2 requests were answered/],
    [
      {
        origin: { version: '1.0' },
        fields: [
          { name: 'Host', value: 'o' },
          { name: 'Connection', value: 'keep-alive' },
        ],
      },
      /^All 2 requests/,
    ],
    [{ requests: 1, origin: { after: 'reset', stopAfter: 3 } }, /^Response 1 was cut: 3 bytes .* ended with a reset/],
    [{ requests: 1, origin: { after: 'leave', stopAfter: 3 } }, /^Response 1 was cut: 3 bytes .* ended with a FIN/],
    [{ requests: 1, fields: [{ name: 'Content-Length', value: 'x' }] }, /^Request 1 was answered with 400/],
    [{ fields: [], chain: [{ kind: 'hopwise' }] }, /^A proxy refused request 1 with 400 .* the origin never saw it\.$/],
    [{ method: 'HEAD' }, /^All 2 requests were answered/],
    [{ method: 'POST', content: 'a=1' }, /^All 2 requests were answered/],
    [{ requests: 1, origin: { stopAfter: 3, timeoutS: 2 } }, /^Request 1 hung .*: client → origin server → client\.$/],
  ]
  for (const [description, en] of rows) t.match((await worked(t, description)).en, en, JSON.stringify(description))
})

test('the options of a proxy are its options', async t => {
  const through = (hop: object, more: object = {}) => worked(t, { requests: 1, chain: [hop], ...more })
  t.match((await through({ kind: 'hopwise' })).reached[0], /Via: 1\.1 hopwise-1/)
  t.notMatch((await through({ kind: 'hopwise', via: 'off' })).reached[0], /Via/)
  t.match((await through({ kind: 'hopwise', xForwarded: true })).reached[0], /X-Forwarded-For: 127\.0\.0\.1/)
  const named = {
    fields: [
      { name: 'Host', value: 'o' },
      { name: 'Connection', value: 'Cookie' },
      { name: 'Cookie', value: 'a' },
    ],
  }
  t.notMatch((await through({ kind: 'hopwise' }, named)).reached[0], /Cookie/)
  const rejected = await through({ kind: 'hopwise', nominatedEndToEnd: 'reject' }, named)
  t.match(rejected.en, /refused request 1 with 400/)
  t.same(rejected.reached, [])
  const kept = await worked(t, { chain: [{ kind: 'stock', upstreamKeepAlive: true }] })
  const stock = await worked(t, { chain: [{ kind: 'stock' }] })
  t.match(kept.en, /^All 2 requests/)
  t.match(stock.en, /^Response 1 .* ended the connection/, 'what happens on one side happens on the other')
})

test('three proxies of a kind in a row each have their own name', async t => {
  const { events, en, notes } = await worked(t, { requests: 1, chain: Array(3).fill({ kind: 'hopwise' }) })
  t.match(en, /answered with 200/)
  const scene = events.find(event => event.kind === 'scene')!
  t.same(scene.kind === 'scene' && scene.parties.map(({ id, name }) => [id, name.en]), [
    ['client', 'client'],
    ['proxy', 'hopwise 1'],
    ['proxy2', 'hopwise 2'],
    ['proxy3', 'hopwise 3'],
    ['origin', 'origin server'],
  ])
  t.match(notes('proxy').join(), /Added to the request: Via/)
})

test('a run is bounded, although nothing ends the wait', async t => {
  const { en } = await worked(t, { ...preset('hang'), origin: { timeoutS: 0 } }, 0.05)
  t.match(en, /^Request 2 hung/)
})

test('content is framed: by our length, or as the fields say', async t => {
  const octets = (description: object) => requestOctets(checkedWorkbench(description)).toString('latin1')
  t.equal(octets({ fields: [] }), 'GET / HTTP/1.1\r\n\r\n')
  t.equal(octets({ fields: [], content: 'é' }), 'GET / HTTP/1.1\r\nContent-Length: 2\r\n\r\n\xc3\xa9')
  const wrong = { fields: [{ name: 'content-length', value: '9' }], content: 'abc' }
  t.equal(octets(wrong), 'GET / HTTP/1.1\r\ncontent-length: 9\r\n\r\nabc', 'a lie is sent as it is written')
  const chunked = { fields: [{ name: 'Transfer-Encoding', value: 'chunked' }], content: 'abc' }
  t.equal(octets(chunked), 'GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n')
})

test('errors are reported in both languages', async t => {
  t.throws(() => checkedWorkbench({ path: 'x' }), WrongValue)
  try {
    checkedWorkbench({ chain: [{ kind: 'dumb' }, { kind: 'stock', upstreamKeepAlive: 'yes' }] })
  } catch (error) {
    t.match((error as WrongValue).reason, {
      en: 'chain.1.upstreamKeepAlive: must be of type boolean.',
      ko: /boolean 값이어야/,
    })
  }
  t.same(checkedWorkbench({}), checkedWorkbench(checkedWorkbench({})), 'checked once more it stays the same')
})

test('whatever the message says, the parties talk only to each other', async t => {
  const witness = net.createServer(socket => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nwitness'))
  let came = 0
  witness.on('connection', () => {
    came += 1
  })
  await new Promise<void>(done => witness.listen(0, '127.0.0.1', done))
  t.teardown(() => witness.close())
  const { port } = witness.address() as net.AddressInfo
  const there = `127.0.0.1:${port}`
  const field = (name: string, value: string) => ({ name, value })
  const smuggled = `GET http://${there}/ HTTP/1.1\r\nHost: ${there}\r\n\r\n`
  const messages: readonly object[] = [
    { fields: [field('Host', there), field('X-Forwarded-Host', there), field('Forwarded', `host=${there}`)] },
    { path: `//${there}/`, fields: [field('Host', 'origin')] },
    { path: `/http://${there}/`, fields: [field('Host', `http://${there}`)] },
    { fields: [field('Host', 'origin'), field('Host', there)] },
    { fields: [field('Host', 'origin'), field('Connection', 'Host, Via'), field('Via', `1.1 ${there}`)] },
    { fields: [field('Host', there), field('Connection', 'Upgrade'), field('Upgrade', 'websocket')] },
    { fields: [field('Host', 'origin'), field('Content-Length', '0')], content: smuggled },
    {
      fields: [field('Host', 'o'), field('Content-Length', '3'), field('Transfer-Encoding', 'chunked')],
      content: smuggled,
    },
    { method: 'POST', fields: [field('Host', 'o'), field('Expect', '100-continue')], content: smuggled },
    { method: 'OPTIONS', path: '/*', fields: [field('Host', there), field('Max-Forwards', '0')] },
  ]
  const chains = [
    ...HOPS.map(kind => [{ kind }]),
    [{ kind: 'dumb' }, { kind: 'stock' }],
    [{ kind: 'smart' }, { kind: 'hopwise' }],
  ]
  let answered = 0
  const runs = chains.flatMap(chain =>
    messages.map(message => ({ requests: 1, ...message, chain, origin: { timeoutS: 1 } })),
  )
  for (let i = 0; i < runs.length; i += 12)
    for (const events of await Promise.all(
      runs.slice(i, i + 12).map(run => runWorkbench(checkedWorkbench(run), { scale: 0.05, clock: new IdealClock() })),
    ))
      if (events.some(event => event.kind === 'bytes' && event.by === 'origin')) answered += 1
  t.equal(came, 0)
  t.ok(answered > runs.length / 2, `${answered} of ${runs.length} came to their own origin`)
  const control = net.connect(port, '127.0.0.1')
  await new Promise(done => control.on('data', () => {}).on('close', done))
  t.equal(came, 1, 'it would have been seen')
})
