import { test } from 'tap'
import { FieldEdits } from '../../lib/policy/field-edits.js'
import { explainRequest } from '../../lib/policy/ledger.js'
import { rewriteRequest } from '../../lib/policy/rewrite-request.js'
import { receivedTrace, traceLines } from '../../lib/policy/trace-context.js'
import { crlf, fieldLines, QUIET, request } from './heads.js'
import { GET, HOST } from './request-rows.js'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const PARENT = `00-${TRACE}-${SPAN}-01`
const read = (...fields: string[]) => receivedTrace(fieldLines(...fields))

test('what is received', async t => {
  t.same(read(`traceparent: ${PARENT}`), { traceId: TRACE, spanId: SPAN, flags: 1, state: '' })
  t.match(read(`TraceParent:  00-${TRACE}-${SPAN}-00 `), { flags: 0 })
  t.match(read(`traceparent: 00-${TRACE}-${SPAN}-ff`), { flags: 3 }, 'flags that mean nothing yet are not passed on')
  t.match(read(`traceparent: ${PARENT}`, 'tracestate: a=1', 'X: y', 'tracestate:', 'Tracestate: b=2,c=3'), {
    state: 'a=1,b=2,c=3',
  })
  t.match(read(`traceparent: cc-${TRACE}-${SPAN}-01`), { traceId: TRACE }, 'a later version')
  t.match(read(`traceparent: cc-${TRACE}-${SPAN}-01-what the future brings`), { traceId: TRACE })
})

test('what cannot be read, and tracestate with it', async t => {
  for (const value of [
    '',
    'x',
    `${PARENT}-`,
    `${PARENT}-more`,
    `${PARENT}0`,
    `0-${TRACE}-${SPAN}-01`,
    `ff-${TRACE}-${SPAN}-01`,
    `cc-${TRACE}-${SPAN}-01.x`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${SPAN}-0`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00_${TRACE}_${SPAN}_01`,
  ])
    t.equal(read(`traceparent: ${value}`, 'tracestate: a=1'), null, value)
  t.equal(read(`traceparent: ${PARENT}`, `traceparent: ${PARENT}`), null, 'two of them')
  t.equal(read('tracestate: a=1'), null)
  t.equal(read(), null)
})

test('what is sent', async t => {
  const context = { traceId: TRACE, spanId: SPAN, flags: 1, state: '' }
  t.equal(traceLines(context), `traceparent: ${PARENT}\r\n`)
  t.equal(
    traceLines({ ...context, flags: 0, state: 'a=1' }),
    `traceparent: 00-${TRACE}-${SPAN}-00\r\ntracestate: a=1\r\n`,
  )
})

const OURS = ['traceparent: 00-ours', 'tracestate: ours']
const trace = crlf(...OURS).slice(0, -2)
const RECEIVED = [GET, HOST, 'TraceParent: theirs', 'Accept: */*', 'tracestate: a', 'TRACE_STATE: x', 'tracestate: b']

test('without our lines a trace context has ordinary fields; Connection may name them', async t => {
  const { head, options } = request(...RECEIVED)
  t.equal(rewriteRequest(head, options, QUIET).text(), crlf(...RECEIVED))
  t.equal(rewriteRequest(head, options, { ...QUIET, trace: '' }).text(), crlf(...RECEIVED))
  const named = request(...RECEIVED, 'Connection: traceparent')
  t.equal(rewriteRequest(named.head, named.options, QUIET).text(), crlf(...RECEIVED.filter(it => !/parent/i.test(it))))
})

test('our lines replace the received ones, and Connection cannot remove them', async t => {
  const { head, options } = request(...RECEIVED, 'Connection: traceparent, tracestate')
  const context = { ...QUIET, trace }
  t.equal(rewriteRequest(head, options, context).text(), crlf(GET, HOST, 'Accept: */*', 'TRACE_STATE: x', ...OURS))
  const plain = request(...RECEIVED)
  t.match(
    explainRequest(plain.head, plain.options, context)
      .filter(({ field }) => /^trace(parent|state)$/i.test(field))
      .map(({ verdict, reason }) => `${verdict}: ${reason}`),
    [
      ...['replace: the span of this proxy is the next parent', 'replace: the span of this proxy is the next parent'],
      ...['replace: the span of this proxy is the next parent', 'add: the span of this proxy'],
      'add: belongs to traceparent',
    ],
  )
})

test('with X-Request-Id and the edits of a route, which take precedence', async t => {
  const { head, options } = request(...RECEIVED, 'X-Request-Id: theirs')
  const send = (more: object) => rewriteRequest(head, options, { ...QUIET, trace, ...more }).text()
  const kept = [GET, HOST, 'Accept: */*', 'TRACE_STATE: x']
  const edits = (options: object) => ({ edits: new FieldEdits('request', options) })
  t.equal(send({ requestId: 'id' }), crlf(...kept, 'X-Request-Id: id', ...OURS))
  t.equal(send({}), crlf(...kept, 'X-Request-Id: theirs', ...OURS))
  t.equal(
    send({ requestId: 'id', ...edits({ set: { 'X-A': 'b' } }) }),
    crlf(...kept, 'X-Request-Id: id', ...OURS, 'X-A: b'),
  )
  t.equal(
    send(edits({ remove: ['Traceparent', 'tracestate'] })),
    crlf(...kept, 'X-Request-Id: theirs'),
    'none goes to strangers',
  )
  t.equal(
    send(edits({ set: { tracestate: 'x' } })),
    crlf(...kept, 'X-Request-Id: theirs', 'traceparent: 00-ours', 'tracestate: x'),
  )
})
