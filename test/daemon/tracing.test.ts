import { createTraceState, SpanKind, SpanStatusCode } from '@opentelemetry/api'
import { AlwaysOnSampler, type ReadableSpan, SamplingDecision, type SpanProcessor } from '@opentelemetry/sdk-trace-base'
import { type Test, test } from 'tap'
import { type OpenTelemetry, openTelemetryTracer } from '../../lib/daemon/spans/tracing.js'
import type { ExchangeRecord } from '../../lib/proxy/events.js'
import type { TracedRequest } from '../../lib/proxy/tracer.js'
import { takesSpans } from '../support/spans.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const RECEIVED = { traceId: TRACE, spanId: SPAN, flags: 1, state: '' }
const BEGAN = 1_700_000_000_000.5

const ASKED: TracedRequest = {
  method: 'GET',
  target: '/a/b?x=1&token=hush',
  host: 'app.example:8080',
  version: '1.1',
  scheme: 'http',
  clientAddress: '192.0.2.1',
  startedAt: BEGAN,
  received: null,
}

const RECORD: ExchangeRecord = {
  id: 'x7',
  startedAt: BEGAN,
  mode: 'reverse',
  method: 'GET',
  target: '/a',
  host: 'a',
  version: '1.1',
  status: 200,
  client: { id: 'c1', nth: 2, address: '192.0.2.1' },
  upstream: { id: 'u3', nth: 4, origin: 'http://127.0.0.1:3000', address: '127.0.0.1' },
  bytes: { requestHead: 1, requestContent: 0, responseHead: 1, responseContent: 0 },
  ms: { head: 0, wait: 0, firstByte: 1, total: 12.25 },
  retries: 1,
  outcome: 'complete',
  endedBy: 'upstream',
  clientVerdict: 'keep',
  upstreamVerdict: 'upstream-fin',
  requestId: 'r-1',
  route: 'web/0',
}

/** A tracer that must not warn. */
const tracerFor = (t: Test, warn: (message: string, cause?: unknown) => void = message => t.fail(message)) =>
  openTelemetryTracer({ version: '1.2.3', warn })

test('a span follows the conventions', async t => {
  const spans = takesSpans(t)
  const tracer = await tracerFor(t)
  tracer.begin(ASKED).end(RECORD)
  const [span] = spans()
  t.match(span, {
    name: 'GET',
    kind: SpanKind.SERVER,
    startTime: [1_700_000_000, 500_000],
    endTime: [1_700_000_000, 12_750_000],
    status: { code: SpanStatusCode.UNSET },
    instrumentationScope: { name: 'hopwise', version: '1.2.3' },
  })
  t.same(span?.attributes, {
    'http.request.method': 'GET',
    'url.scheme': 'http',
    'url.path': '/a/b',
    'url.query': 'x=1&token=[redacted]',
    'server.address': 'app.example',
    'server.port': 8080,
    'client.address': '192.0.2.1',
    'network.peer.address': '192.0.2.1',
    'network.protocol.version': '1.1',
    'http.response.status_code': 200,
    'hopwise.exchange': 'x7',
    'hopwise.mode': 'reverse',
    'hopwise.outcome': 'complete',
    'hopwise.ended_by': 'upstream',
    'hopwise.retries': 1,
    'hopwise.client.connection': 'c1',
    'hopwise.client.request': 2,
    'hopwise.client.verdict': 'keep',
    'hopwise.upstream.connection': 'u3',
    'hopwise.upstream.request': 4,
    'hopwise.upstream.origin': 'http://127.0.0.1:3000',
    'hopwise.upstream.address': '127.0.0.1',
    'hopwise.upstream.verdict': 'upstream-fin',
    'hopwise.request_id': 'r-1',
    'hopwise.route': 'web/0',
  })
})

/** The trace context that is sent upstream for a received one, and the span in between. */
async function passed(t: Test, received: TracedRequest['received'], config = {}): Promise<[string, ReadableSpan[]]> {
  const spans = takesSpans(t, config)
  const tracer = await tracerFor(t)
  const span = tracer.begin({ ...ASKED, received })
  span.end(RECORD)
  return [span.lines, [...spans()]]
}

test('the client is the parent of our span, and our span that of the upstream', async t => {
  const [lines, [span]] = await passed(t, { ...RECEIVED, state: 'a=1, b=2,not a member' })
  t.match(span?.parentSpanContext, { traceId: TRACE, spanId: SPAN, isRemote: true })
  const own = span?.spanContext()
  t.equal(own?.traceId, TRACE)
  t.not(own?.spanId, SPAN)
  t.equal(lines, `traceparent: 00-${TRACE}-${own?.spanId}-01\r\ntracestate: a=1, b=2,not a member\r\n`, 'as received')
})

test('without a received trace a new one begins here', async t => {
  const [lines, [span]] = await passed(t, null)
  const own = span?.spanContext()
  t.equal(span?.parentSpanContext, undefined)
  t.equal(lines, `traceparent: 00-${own?.traceId}-${own?.spanId}-01\r\n`)
})

test('an unsampled trace is forwarded unsampled, and the flag of random ids stays', async t => {
  const [lines, spans] = await passed(t, { ...RECEIVED, flags: 2, state: 'a=1' })
  t.match(lines, new RegExp(`^traceparent: 00-${TRACE}-[0-9a-f]{16}-02\r\ntracestate: a=1\r\n$`))
  t.notMatch(lines, SPAN)
  t.same(spans, [])
})

test('a sampler may change the state, or begin another trace', async t => {
  const sampler = {
    shouldSample: () => ({ decision: SamplingDecision.RECORD_AND_SAMPLED, traceState: createTraceState('ours=1') }),
  }
  const [lines] = await passed(t, { ...RECEIVED, flags: 3, state: 'a=1' }, { sampler })
  t.match(lines, /^traceparent: 00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-03\r\ntracestate: ours=1\r\n$/)
})

test('without an SDK: reported once, and traces are forwarded as received', async t => {
  const said: string[] = []
  const tracer = await tracerFor(t, message => said.push(message))
  t.equal(said.length, 1)
  t.match(said[0], /no OpenTelemetry SDK is loaded to take the spans: start hopwise with one/)
  t.equal(tracer.begin(ASKED).lines, '', 'the received context is forwarded')
  const span = tracer.begin({ ...ASKED, received: { ...RECEIVED, state: 'a=1' } })
  t.equal(span.lines, `traceparent: 00-${TRACE}-${SPAN}-01\r\ntracestate: a=1\r\n`)
  span.end(RECORD)
})

test('without the package, or with one that does not work', async t => {
  const loading = (cause: Error) => openTelemetryTracer({ version: '1', warn() {}, load: () => Promise.reject(cause) })
  const missing = Object.assign(new Error('x'), { code: 'ERR_MODULE_NOT_FOUND' })
  await t.rejects(loading(missing), {
    name: 'RefusedError',
    message:
      'tracing.openTelemetry is on, but the package @opentelemetry/api is not installed: install it beside hopwise (npm install @opentelemetry/api), or turn tracing off.',
  })
  await t.rejects(loading(new Error('broken')), { message: /@opentelemetry\/api cannot be loaded: broken\.$/ })
})

test('faults of the SDK affect no request, and are reported once', async t => {
  const fails = () => {
    throw new Error('full')
  }
  const quiet = async () => {}
  const rows: [Partial<SpanProcessor>, boolean][] = [
    [{ onStart: fails }, false],
    [{ onEnd: fails }, true],
  ]
  for (const [how, named] of rows) {
    const processor = { onStart() {}, onEnd() {}, forceFlush: quiet, shutdown: quiet, ...how }
    takesSpans(t, { spanProcessors: [processor], sampler: new AlwaysOnSampler() })
    const said: unknown[] = []
    const tracer = await tracerFor(t, (message, cause) => said.push([message, (cause as Error).message]))
    for (let i = 0; i < 3; i++) {
      const span = tracer.begin(ASKED)
      t.equal(span.lines !== '', named)
      span.end(RECORD)
    }
    t.same(said, [['OpenTelemetry could not make a span; this is reported only once', 'full']])
    const { trace } = (await import('@opentelemetry/api')) as OpenTelemetry
    trace.disable()
  }
})

test('what counts as an error, and of which type', async t => {
  const error = { type: 'connection_refused', message: 'nobody listens', stage: 'connect', side: 'upstream' } as const
  const timeout = { ...error, type: 'connection_timeout', message: 'late', deadline: 'connectMs' } as const
  const { ERROR, UNSET } = SpanStatusCode
  const rows: [Partial<ExchangeRecord>, code: SpanStatusCode, type: string | undefined, message: string | undefined][] =
    [
      [{ status: 404 }, UNSET, undefined, undefined],
      [{ status: 400, outcome: 'refused', error }, UNSET, undefined, undefined],
      [{ status: 408, outcome: 'timeout', error: timeout }, UNSET, undefined, undefined],
      [{ status: 0, outcome: 'client-aborted' }, UNSET, undefined, undefined],
      [{ status: 500 }, ERROR, '500', undefined],
      [{ status: 502, outcome: 'failed', error }, ERROR, 'connection_refused', 'nobody listens'],
      [{ status: 504, outcome: 'timeout', error: timeout }, ERROR, 'connection_timeout', 'late'],
      [{ status: 200, outcome: 'timeout', error: timeout }, ERROR, 'connection_timeout', 'late'],
      [{ status: 200, outcome: 'upstream-aborted' }, ERROR, 'upstream-aborted', undefined],
    ]
  const spans = takesSpans(t)
  const tracer = await tracerFor(t)
  for (const [more, code, type, message] of rows) {
    tracer.begin(ASKED).end({ ...RECORD, ...more })
    const { status, attributes } = spans().at(-1)!
    const name = JSON.stringify(more)
    t.same(status, message === undefined ? { code } : { code, message }, name)
    t.equal(attributes['error.type'], type, name)
    t.equal(attributes['http.response.status_code'], more.status === 0 ? undefined : more.status, name)
    t.equal(attributes['hopwise.deadline'], more.error?.deadline, name)
  }
})

test('methods, targets and authorities of every kind', async t => {
  const rows: [asked: Partial<TracedRequest>, name: string, attributes: Record<string, unknown>][] = [
    [{ method: 'BREW' }, 'HTTP', { 'http.request.method': '_OTHER', 'http.request.method_original': 'BREW' }],
    [
      { method: '', target: '', host: '' },
      'HTTP',
      { 'http.request.method': '_OTHER', 'http.request.method_original': undefined, 'url.path': undefined },
    ],
    [{ target: '/' }, 'GET', { 'url.path': '/', 'url.query': undefined }],
    [{ target: '/?' }, 'GET', { 'url.path': '/', 'url.query': '' }],
    [{ method: 'OPTIONS', target: '*' }, 'OPTIONS', { 'url.path': '*' }],
    [
      { target: 'http://me:hush@b.example/c?sig=hush', host: 'b.example', scheme: 'https' },
      'GET',
      { 'url.path': '/c', 'url.query': 'sig=[redacted]', 'url.scheme': 'https', 'server.port': undefined },
    ],
    [{ target: 'http://b.example' }, 'GET', { 'url.path': '/' }],
    [{ target: 'http://b.example?x' }, 'GET', { 'url.path': '/', 'url.query': 'x' }],
    [
      { method: 'CONNECT', target: 'b.example:443', host: 'b.example:443' },
      'CONNECT',
      { 'url.path': undefined, 'server.address': 'b.example', 'server.port': 443 },
    ],
    [{ host: '[2001:db8::1]:80' }, 'GET', { 'server.address': '2001:db8::1', 'server.port': 80 }],
    [{ host: 'me:hush@c' }, 'GET', { 'server.address': undefined }],
    [{ clientAddress: '', version: '1.0' }, 'GET', { 'client.address': undefined, 'network.protocol.version': '1.0' }],
  ]
  const spans = takesSpans(t)
  const tracer = await tracerFor(t)
  for (const [asked, name, wanted] of rows) {
    tracer.begin({ ...ASKED, ...asked }).end(RECORD)
    const span = spans().at(-1)!
    t.equal(span.name, name)
    for (const [key, value] of Object.entries(wanted))
      t.equal(span.attributes[key], value, `${key} of ${JSON.stringify(asked)}`)
    t.notMatch(JSON.stringify(span.attributes), 'hush')
  }
  const { upstream: _, upstreamVerdict: __, requestId: ___, route: ____, ...alone } = RECORD
  tracer.begin(ASKED).end(alone)
  t.notMatch(Object.keys(spans().at(-1)!.attributes).join(), /upstream|request_id|route/)
})
