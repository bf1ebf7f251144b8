import { type Test, test } from 'tap'
import type { Mishap, MishapStage } from '../../lib/link/mishap.js'
import { ProxyError } from '../../lib/link/proxy-error.js'
import { DeadlineWheel } from '../../lib/net/deadline-wheel.js'
import type { OriginPool } from '../../lib/net/upstream/origin-pool.js'
import { ServerRecord } from '../../lib/net/upstream/server-record.js'
import type { UpstreamWaiter } from '../../lib/net/upstream/upstream-waiter.js'
import type { Exchange } from '../../lib/proxy/forward.js'
import { settingsOf } from '../../lib/proxy/options/options.js'
import { HopwiseProxy } from '../../lib/proxy/proxy.js'
import { ProtocolError } from '../../lib/wire/protocol-error.js'
import { RequestReader } from '../../lib/wire/request-reader.js'
import { ResponseReader } from '../../lib/wire/response-reader.js'
import { FakeClock } from '../support/fake-clock.js'
import { MemoryClient, MemoryUpstream, type Told } from '../support/memory-streams.js'

// An exchange over streams in memory: each mishap at each stage, and what each side is told then. No socket, no HTTP/1.

const HEAD = 'PUT http://a.example/x HTTP/1.1\r\nHost: a.example\r\nContent-Length: 4\r\n\r\n'
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n'

interface Scene {
  readonly told: Told
  readonly client: MemoryClient
  readonly upstream: MemoryUpstream
  readonly exchange: Exchange
  /** More of the request, or of the response, arrives. */
  asks(text: string): void
  answers(text: string): void
}

/** An exchange of a forward proxy; it gets its upstream at once, unless it `waits`. */
function begun(t: Test, { waits = false, second = null as MemoryUpstream | null } = {}): Scene {
  const clock = new FakeClock()
  const wheel = new DeadlineWheel(clock, { onError: error => t.fail('a deadline threw', { error }) })
  const told: Told = []
  const client = new MemoryClient(told, wheel)
  const upstream = new MemoryUpstream(told, wheel)
  const proxy = new HopwiseProxy(settingsOf({ mode: 'forward', name: 'edge', clock }), false)
  const streams = [upstream, second ?? upstream]
  const pool = {
    origin: { scheme: 'http', host: 'a.example', port: 80, authority: 'a.example', key: 'a.example:80' },
    isMember: false,
    record: new ServerRecord(),
    acquire: (_waiter: UpstreamWaiter, fresh: boolean) => {
      told.push(fresh ? 'pool: acquire, fresh' : 'pool: acquire')
      return waits ? null : streams.shift()
    },
    withdraw() {},
    sendsChunks: () => 'chunked',
    succeeded() {},
    failed: ({ type }: ProxyError) => told.push(`pool: failed ${type}`),
  } as unknown as OriginPool
  proxy.poolFor = () => pool
  const exchange = proxy.begin(client)
  t.teardown(() => proxy.destroy())
  const requests = new RequestReader()
  const responses = new ResponseReader()
  responses.expect('PUT')
  return {
    told,
    client,
    upstream,
    exchange,
    asks: text => {
      requests.consume(Buffer.from(text, 'latin1'), 0, text.length, exchange)
      exchange.flush()
    },
    answers: text => {
      upstream.heardNothing = false
      const at = responses.consume(Buffer.from(text, 'latin1'), 0, text.length, exchange)
      upstream.inContent = responses.inContent
      if (responses.done) exchange.onResponseRead(Buffer.from(text, 'latin1'), at, text.length)
      else exchange.flush()
    },
  }
}

/** Takes an exchange to this stage; what was told on the way is discarded. */
const REACH: Readonly<Record<MishapStage, (scene: Scene) => void>> = {
  head: ({ asks }) => asks(HEAD.slice(0, 20)),
  content: ({ asks }) => asks(`${HEAD}ab`),
  sent: ({ asks }) => asks(`${HEAD}abcd`),
  early: ({ asks, answers }) => {
    asks(`${HEAD}ab`)
    answers(`${ANSWER}12`)
  },
  answering: ({ asks, answers }) => {
    asks(`${HEAD}abcd`)
    answers(`${ANSWER}12`)
  },
  answered: ({ asks, answers }) => {
    asks(`${HEAD}abcd`)
    answers(`${ANSWER}1234`)
  },
}

const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

const HAPPENS: Readonly<Record<Mishap, (scene: Scene) => void>> = {
  'client-broke': ({ exchange }) => exchange.onProtocolError(new ProtocolError(400, 'no chunk', 'RFC 9112 7.1')),
  'client-fin': ({ exchange }) => exchange.onClientFin(),
  'client-left': ({ exchange }) => exchange.onClientDeadline('halfClosedMs'),
  'client-gone': ({ exchange }) => exchange.onClientGone(true),
  'client-stalled': ({ exchange }) => exchange.onClientDeadline('clientWriteMs'),
  'client-late': ({ exchange }) => exchange.onClientDeadline('requestBodyMs'),
  'continue-late': ({ exchange }) => exchange.onClientDeadline('continueMs'),
  'no-upstream': ({ exchange }) =>
    exchange.onNoUpstream(new ProxyError('connection_refused', 'refused', { stage: 'connect', side: 'upstream' })),
  'upstream-late': ({ exchange }) => exchange.onUpstreamDeadline('responseBodyMs'),
  'upstream-slow': ({ exchange }) => exchange.onUpstreamDeadline('requestBodyMs'),
  'upstream-fin': ({ exchange }) => exchange.onUpstreamFin(),
  'upstream-gone': ({ exchange }) => exchange.onUpstreamGone(reset),
  'upstream-broke': ({ exchange }) => exchange.onUpstreamProtocolError(new ProtocolError(502, 'no', 'RFC 9112 6')),
}
// The six stages: head, content, sent, early, answering, answered. '': neither side is told anything.
const STAGES = Object.keys(REACH) as MishapStage[]
const GIVEN_UP = 'upstream: abort client-gone; client: abort client-fin'
const STALLED = 'upstream: abort client-gone; client: abort client-write-timeout, reset'
const CUT = 'client: abort response-truncated'

/** Our own answer, and what happens to the client's connection: its content was not read to the end, or it is kept. */
const answers = (status: number, how = 'content-unread'): string => `client: write ${status}; client: finish ${how}`

/** An upstream failed in this way: what is told at the four stages at which there is one. */
function failed(type: string, reason: string, status: number, inResponse = type): string[] {
  const noted = (error: string) => `pool: failed ${error}; upstream: abort ${reason}`
  return [
    '',
    `${noted(type)}; ${answers(status)}`,
    `${noted(type)}; ${answers(status, 'keep')}`,
    `${noted(inResponse)}; ${CUT}`,
    `${noted(inResponse)}; ${CUT}`,
    '',
  ]
}

/** It ended before a response, on its first request: so it is not sent again. */
function lost(reason: string, inResponse: string): string[] {
  const [head = '', , , early = '', answering = '', answered = ''] = failed('', reason, 502, inResponse)
  const ended = `upstream: abort ${reason}; pool: failed connection_terminated`
  return [head, `${ended}; ${answers(502)}`, `${ended}; ${answers(502, 'keep')}`, early, answering, answered]
}

const STORY: Readonly<Record<Mishap, readonly string[]>> = {
  'client-broke': [
    answers(400, 'client-protocol-error'),
    `upstream: abort client-gone; ${answers(400, 'client-protocol-error')}`,
    `upstream: abort client-gone; ${answers(400, 'client-protocol-error')}`,
    'upstream: abort client-gone; client: abort client-protocol-error',
    'upstream: abort client-gone; client: abort client-protocol-error',
    '',
  ],
  'client-fin': ['client: abort client-fin', GIVEN_UP, 'patience', GIVEN_UP, 'patience', ''],
  'client-left': ['client: abort client-fin', GIVEN_UP, GIVEN_UP, GIVEN_UP, GIVEN_UP, ''],
  'client-gone': ['', ...Array<string>(4).fill('upstream: abort client-gone'), ''],
  'client-stalled': ['client: abort client-write-timeout, reset', STALLED, STALLED, STALLED, STALLED, ''],
  'client-late': [
    answers(408, 'client-body-timeout'),
    `upstream: abort client-gone; ${answers(408, 'client-body-timeout')}`,
    `upstream: abort client-gone; ${answers(408, 'client-body-timeout')}`,
    `upstream: abort client-gone; ${CUT}`,
    `upstream: abort client-gone; ${CUT}`,
    '',
  ],
  'continue-late': ['', 'client: write 100', '', '', '', ''],
  'no-upstream': [
    '',
    `pool: failed connection_refused; ${answers(502)}`,
    `pool: failed connection_refused; ${answers(502, 'keep')}`,
    ...['', '', ''],
  ],
  'upstream-late': failed('connection_read_timeout', 'upstream-timeout', 504),
  'upstream-slow': failed('connection_write_timeout', 'upstream-timeout', 504),
  'upstream-fin': lost('upstream-fin', 'connection_terminated'),
  'upstream-gone': lost('upstream-reset', 'http_response_incomplete'),
  'upstream-broke': failed('http_protocol_error', 'upstream-protocol-error', 502),
}

for (const [mishap, stories] of Object.entries(STORY) as [Mishap, readonly string[]][]) {
  for (const [i, stage] of STAGES.entries()) {
    const story = stories[i] ?? ''
    // A request that waits for a connection has no response.
    if (mishap === 'no-upstream' && (stage === 'early' || stage === 'answering' || stage === 'answered')) continue
    test(`${mishap}, ${stage}: ${story === '' ? 'nothing' : story}`, async t => {
      const scene = begun(t, { waits: mishap === 'no-upstream' })
      REACH[stage](scene)
      scene.told.length = 0
      HAPPENS[mishap](scene)
      t.equal(scene.told.join('; '), story === 'patience' ? '' : story)
      if (story === 'patience') t.match(scene.client.deadline, { armed: true, name: 'halfClosedMs' })
      if (story.startsWith('client: write 100')) t.match(scene.client.deadline, { armed: true, name: 'requestBodyMs' })
    })
  }
}

// Longer stories -----------------------------------------------------------------------------------------------------

test('R151: a reused connection that ended before an answer: the same request on a fresh one, with the kept content', async t => {
  for (const [how, happens] of [
    ['upstream-fin', (exchange: Exchange) => exchange.onUpstreamFin()],
    ['upstream-gone', (exchange: Exchange) => exchange.onUpstreamGone(reset)],
  ] as const) {
    const told: Told = []
    const wheel = new DeadlineWheel(new FakeClock(), { onError: error => t.fail('a deadline threw', { error }) })
    const scene = begun(t, { second: new MemoryUpstream(told, wheel) })
    scene.upstream.reused = true
    scene.asks(`${HEAD}ab`)
    scene.asks('cd')
    scene.told.length = 0
    happens(scene.exchange)
    t.same(scene.told, ['upstream: abort stale', 'pool: acquire, fresh'], how)
    t.same(told, ['upstream: send PUT /x, length', 'upstream: kept content abcd', 'upstream: end'], how)
  }
})

test('R221: a 408 about the idle limit is not an answer', async t => {
  const told: Told = []
  const wheel = new DeadlineWheel(new FakeClock(), { onError: error => t.fail('a deadline threw', { error }) })
  const scene = begun(t, { second: new MemoryUpstream(told, wheel) })
  scene.upstream.reused = true
  scene.asks(`${HEAD}abcd`)
  scene.told.length = 0
  try {
    scene.answers('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n')
    t.fail('it was taken for an answer')
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    scene.exchange.onUpstreamProtocolError(error)
  }
  t.same(scene.told, ['upstream: abort stale', 'pool: acquire, fresh'])
  t.match(told, ['upstream: send PUT /x, length'])
})

test('R150: what may not be sent twice is not, once part of it was written', async t => {
  const post = HEAD.replace('PUT', 'POST')
  for (const wroteNothing of [false, true]) {
    const told: Told = []
    const wheel = new DeadlineWheel(new FakeClock(), { onError: error => t.fail('a deadline threw', { error }) })
    const scene = begun(t, { second: new MemoryUpstream(told, wheel) })
    scene.upstream.reused = true
    scene.upstream.wroteNothing = wroteNothing
    scene.asks(post)
    scene.told.length = 0
    scene.exchange.onUpstreamFin()
    t.equal(scene.told.includes('pool: acquire, fresh'), wroteNothing)
    t.equal(scene.told.includes('client: write 502'), !wroteNothing)
  }
})

test('an upstream that accepts what it is sent, even slowly, gets the same time again', async t => {
  for (const stage of ['content', 'sent'] as const) {
    const scene = begun(t)
    REACH[stage](scene)
    scene.upstream.took = true
    scene.told.length = 0
    scene.exchange.onUpstreamDeadline('requestBodyMs')
    t.same(scene.told, [])
    t.match(scene.upstream.deadline, { armed: true, name: 'requestBodyMs' })
  }
})

test('backpressure: neither side is read faster than the other accepts', async t => {
  const scene = begun(t)
  scene.upstream.pressured = true
  scene.asks(`${HEAD}ab`)
  t.same(scene.told.slice(-2), ['upstream: content ab', 'client: pause'])
  t.match(scene.upstream.deadline, { name: 'requestBodyMs' })
  scene.upstream.pressured = false
  scene.exchange.onUpstreamFlushed()
  t.equal(scene.told.at(-1), 'client: resume')
  scene.asks('cd')
  scene.client.pressured = true
  scene.answers(`${ANSWER}12`)
  t.same(scene.told.slice(-3), ['client: head 200', 'client: content 12', 'upstream: pause'])
  t.match(scene.client.deadline, { armed: true, name: 'clientWriteMs' })
  scene.client.pressured = false
  scene.exchange.onClientFlushed()
  t.equal(scene.told.at(-1), 'upstream: resume')
  scene.answers('34')
  t.same(scene.told.slice(-4), ['client: content 34', 'client: end', 'upstream: release keep', 'client: finish keep'])
})

test('R89: an answer before the whole request is forwarded, and neither connection is used again', async t => {
  const scene = begun(t)
  scene.asks(`${HEAD}ab`)
  scene.answers(`${ANSWER}1234`)
  t.same(scene.told.slice(-5), [
    'client: head 200',
    'client: content 1234',
    'client: end',
    'upstream: release early-response',
    'client: finish content-unread',
  ])
})

test('a response of which nothing has been sent yet is taken back, and answered by us', async t => {
  const scene = begun(t)
  scene.asks(`${HEAD}abcd`)
  scene.told.length = 0
  const head = Buffer.from(ANSWER)
  const responses = new ResponseReader()
  responses.expect('PUT')
  responses.consume(head, 0, head.length, scene.exchange) // and no flush
  scene.exchange.onUpstreamGone(reset)
  t.same(scene.told, [
    'client: head 200',
    'pool: failed http_response_incomplete',
    'upstream: abort upstream-reset',
    'client: takeBack',
    'client: write 502',
    'client: finish keep',
  ])
})

test('R171: 100 (Continue) is forwarded, once', async t => {
  const scene = begun(t)
  scene.asks(HEAD.replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'))
  scene.told.length = 0
  for (let nth = 0; nth < 2; nth++) scene.answers('HTTP/1.1 100 Continue\r\n\r\n')
  t.same(scene.told, ['client: write 100'])
})

test('an internal error ends both sides', async t => {
  const scene = begun(t)
  scene.asks(`${HEAD}abcd`)
  scene.told.length = 0
  scene.exchange.onFault(new Error('a fault'))
  t.same(scene.told, ['upstream: abort internal-error', 'client: abort internal-error, reset'])
})
