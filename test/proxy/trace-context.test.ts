import { type Test, test } from 'tap'
import { openTelemetryTracer } from '../../lib/daemon/spans/tracing.js'
import { createProxy } from '../../lib/proxy/proxy.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'
import { takesSpans } from '../support/spans.js'
import { connect, forwarder, gateway, head, heard, ok, until } from './conversation.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`
const RECEIVED = ['TraceParent: 00-not for us', `traceparent: ${PARENT}`, 'TRACESTATE: a=1', 'tracestate: b=2, ,']

test('without a tracer a trace context passes unchanged, whatever it is', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(head('GET / HTTP/1.1', 'Host: a', ...RECEIVED, 'X: y'))
  const origin = await upstream()
  await heard(t, origin, head('GET / HTTP/1.1', 'Host: a', ...RECEIVED, 'X: y'))
  await origin.send(ok('', 'Traceresponse: x'))
  await heard(t, client, ok('', 'Traceresponse: x'))
})

const tracerFor = (t: Test) => openTelemetryTracer({ version: '1', warn: message => t.fail(message) })

test('with one, our span is between that of the client and that of the upstream', async t => {
  const spans = takesSpans(t)
  const { connect, upstream, exchanged } = await gateway(t, { tracer: await tracerFor(t) })
  const client = await connect()
  await client.send(
    head('GET /a?b HTTP/1.1', 'Host: a', `traceparent: ${PARENT}`, 'tracestate: a=1', 'Connection: traceparent'),
  )
  const origin = await upstream()
  const sent = await origin.readUntil('\r\n\r\n')
  await origin.send(ok(''))
  await client.readUntil('\r\n\r\n')
  await exchanged(1)
  const [span] = spans()
  t.match(span?.parentSpanContext, { traceId: TRACE, spanId: 'b7ad6b7169203331' })
  t.equal(
    sent,
    head(
      'GET /a?b HTTP/1.1',
      'Host: a',
      `traceparent: 00-${TRACE}-${span?.spanContext().spanId}-01`,
      'tracestate: a=1',
    ),
  )
  t.match(span?.attributes, { 'url.path': '/a', 'http.response.status_code': 200, 'hopwise.exchange': 'x1' })

  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  t.match(await origin.readUntil('\r\n\r\n'), /\r\ntraceparent: 00-[0-9a-f]{32}-[0-9a-f]{16}-01\r\n/)
  await origin.send(ok(''))
  await exchanged(2)
  t.not(spans()[1]?.spanContext().traceId, TRACE, 'its own trace')
})

test('one span for each exchange: own answers, failures, input that is not a request, a tunnel', async t => {
  const spans = takesSpans(t)
  const tracer = await tracerFor(t)
  const ended = (count: number) => until(() => spans().length === count, `${count} spans`)
  const { connect } = await gateway(t, { tracer }, answerAlways('nonsense\r\n\r\n'))
  const client = await connect()
  await client.send(head('OPTIONS * HTTP/1.1', 'Host: a', 'Max-Forwards: 0'))
  await ended(1)
  t.match(spans()[0], { name: 'OPTIONS', status: { code: 0 } })
  t.match(spans()[0]?.attributes, { 'http.response.status_code': 200, 'hopwise.outcome': 'refused', 'url.path': '*' })
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  await ended(2)
  t.match(spans()[1], { name: 'GET', status: { code: 2 }, attributes: { 'error.type': 'http_protocol_error' } })
  await client.send('what is this\r\n\r\n')
  await ended(3)
  t.match(spans()[2], { name: 'HTTP', status: { code: 0 }, attributes: { 'http.response.status_code': 400 } })

  const forward = await forwarder(t, { tracer, connectPorts: [443] })
  const other = await forward.connect()
  await other.send(head('CONNECT 127.0.0.1:9 HTTP/1.1', 'Host: 127.0.0.1:9'))
  await ended(4)
  t.match(spans()[3], { name: 'CONNECT', attributes: { 'hopwise.mode': 'forward', 'server.port': 9 } })
  t.equal(spans()[3]?.attributes['url.path'], undefined)
})

test('a request that is sent again keeps its span', async t => {
  const spans = takesSpans(t)
  const { connect, upstream } = await gateway(t, { tracer: await tracerFor(t) })
  const client = await connect()
  await client.send(head('GET /1 HTTP/1.1', 'Host: a'))
  const first = await upstream()
  await first.readUntil('\r\n\r\n')
  await first.send(ok(''))
  await client.readUntil('\r\n\r\n')
  await client.send(head('GET /2 HTTP/1.1', 'Host: a'))
  const before = await first.readUntil('\r\n\r\n')
  first.reset()
  const second = await upstream(1)
  t.equal(await second.readUntil('\r\n\r\n'), before)
  await second.send(ok(''))
  await until(() => spans().length === 2, 'two spans')
  t.match(spans()[1]?.attributes, { 'hopwise.retries': 1, 'hopwise.upstream.connection': 'u2' })
  t.match(before, spans()[1]?.spanContext().spanId)
})

test('no other listener is needed', async t => {
  const spans = takesSpans(t)
  const origin = await scriptedOrigin(t, answerAlways(ok('')))
  const proxy = createProxy({ mode: 'reverse', upstream: origin.url, tracer: await tracerFor(t) })
  t.teardown(() => proxy.destroy())
  const { port } = await proxy.listen({ host: '127.0.0.1', port: 0 })
  const client = await connect(t, port)
  await client.send(head('GET / HTTP/1.1', 'Host: a'))
  await until(() => spans().length === 1, 'a span')
})
