import { test } from 'tap'
import {
  type AnswerContext,
  answerConnect,
  answerOptions,
  answerProblem,
  answerTrace,
  CONTINUE,
  type Problem,
} from '../../lib/policy/answer.js'
import { REASON_PHRASES } from '../../lib/policy/reason-phrases.js'
import { crlf, request } from './heads.js'

const CONTEXT: AnswerContext = {
  name: 'edge-7',
  date: 'Sun, 06 Nov 1994 08:49:37 GMT',
  persist: 'close',
  keepAlive: '',
}
const REFUSED: Problem = {
  status: 502,
  error: 'connection_refused',
  what: 'the upstream refused the connection',
  where: 'upstream http://a.example:3000, on connecting',
  todo: 'see whether it is running',
  method: 'GET',
  accept: '*/*',
}
const HEAD = [
  'HTTP/1.1 502 Bad Gateway',
  'Date: Sun, 06 Nov 1994 08:49:37 GMT',
  'Content-Type: text/plain; charset=utf-8',
  'Content-Length: 152',
  'Cache-Control: no-store',
  'X-Content-Type-Options: nosniff',
  'Proxy-Status: edge-7; error=connection_refused; details="the upstream refused the connection"',
  'Connection: close',
]
const CONTENT = [
  '502 Bad Gateway: the upstream refused the connection',
  'upstream http://a.example:3000, on connecting',
  'see whether it is running',
  'edge-7: connection_refused',
  '',
].join('\n')

test('R200, R220: a problem in plain text', async t =>
  t.equal(answerProblem(REFUSED, CONTEXT), crlf(...HEAD) + CONTENT))

test('an answer of the proxy carries the id of its exchange', async t => {
  const context = { ...CONTEXT, requestId: 'r-1' }
  for (const text of [
    answerProblem(REFUSED, context),
    answerOptions('GET', context),
    answerTrace(request('TRACE / HTTP/1.1', 'Host: a').head, context),
    answerConnect(context),
  ])
    t.match(text.split('\r\n\r\n')[0], /\r\nX-Request-Id: r-1(\r\n|$)/)
  t.notMatch(answerConnect({ ...CONTEXT, requestId: '' }), /Request-Id/)
  t.throws(() => answerProblem(REFUSED, { ...CONTEXT, requestId: 'a\nb' }), TypeError)
})

test('429, 403, 404, 408 and 413: complete, with the required fields', async t => {
  const wait = { ...REFUSED, status: 429, error: 'http_request_denied', fields: [['Retry-After', '2']] as const }
  t.match(answerProblem(wait, CONTEXT), /^HTTP\/1\.1 429 Too Many Requests\r\n[\s\S]*\r\nRetry-After: 2\r\n/)
  for (const status of [403, 404, 408, 413])
    t.match(answerProblem({ ...REFUSED, status }, CONTEXT), `HTTP/1.1 ${status} ${REASON_PHRASES[status]}\r\n`)
})

test('R161: to HEAD the same without the content', async t => {
  t.equal(answerProblem({ ...REFUSED, method: 'HEAD' }, CONTEXT), crlf(...HEAD))
})

test('a problem as JSON, for a client that prefers it', async t => {
  const [head = '', content = ''] = answerProblem(
    { ...REFUSED, what: 'caf\u00e9 "x"', accept: 'application/json' },
    CONTEXT,
  ).split('\r\n\r\n')
  t.match(head, /\r\nContent-Type: application\/json\r\n/)
  t.match(head, `\r\nContent-Length: ${content.length}\r\n`)
  t.match(content, /^[ -~]*\n$/, 'one line of ASCII')
  const { status, error, where, todo } = REFUSED
  t.same(JSON.parse(content), {
    status,
    title: 'Bad Gateway',
    error,
    what: 'caf\u00e9 "x"',
    where,
    todo,
    proxy: 'edge-7',
  })
})

test('quoted text of a peer stays within its line', async t => {
  const evil = 'a\r\nSet-Cookie: b\u0000\u00e9'
  for (const accept of ['', 'application/json']) {
    const answer = answerProblem({ ...REFUSED, what: evil, accept }, CONTEXT)
    t.notMatch(answer, /\r\nSet-Cookie/)
    t.match(answer, /a\\(u000d\\u000a|r\\n)Set-Cookie/)
    t.match(answer, `\r\nContent-Length: ${answer.length - answer.indexOf('\r\n\r\n') - 4}\r\n`)
  }
})

test('a problem with few details, and a status without a phrase', async t => {
  const answer = answerProblem({ ...REFUSED, status: 599, error: '', where: '', todo: '' }, CONTEXT)
  t.match(answer, /^HTTP\/1\.1 599 \r\n/)
  t.match(answer, /\r\nProxy-Status: edge-7; details="the upstream refused the connection"\r\n/)
  t.match(answer, /\r\n\r\n599: the upstream refused the connection\nedge-7\n$/)
  t.match(answerProblem({ ...REFUSED, status: 599, accept: 'application/json' }, CONTEXT), /"title":""/)
})

test('R131: Connection and Keep-Alive as in the context', async t => {
  const tail = (context: Partial<AnswerContext>): string[] =>
    answerOptions('GET', { ...CONTEXT, ...context })
      .split('\r\n')
      .filter(line => /^(connection|keep-alive):/i.test(line))
  t.same(tail({ persist: '' }), [])
  t.same(tail({ persist: '', keepAlive: 'timeout=5' }), [])
  t.same(tail({ persist: 'keep-alive' }), ['Connection: keep-alive'])
  t.same(tail({ persist: 'keep-alive', keepAlive: 'timeout=5, max=9' }), [
    'Connection: keep-alive',
    'Keep-Alive: timeout=5, max=9',
  ])
  t.same(tail({ persist: 'close', keepAlive: 'timeout=5' }), ['Connection: close'])
})

const needed: [title: string, status: number, field: [string, string], connection: string][] = [
  ['R220: 405 carries Allow', 405, ['Allow', 'GET, HEAD'], 'close'],
  ['R176, R189: 407 carries Proxy-Authenticate', 407, ['Proxy-Authenticate', 'Basic realm="edge-7"'], 'close'],
  ['R154, R191: 426 carries Upgrade', 426, ['Upgrade', 'websocket'], 'close, upgrade'],
]
for (const [title, status, field, connection] of needed) {
  test(title, async t => {
    t.throws(() => answerProblem({ ...REFUSED, status }, CONTEXT), TypeError)
    t.throws(() => answerProblem({ ...REFUSED, status, fields: [['Server', 'x']] }, CONTEXT), TypeError)
    const answer = answerProblem({ ...REFUSED, status, fields: [field] }, CONTEXT)
    t.match(answer, `\r\n${field.join(': ')}\r\n`)
    t.match(answer, `\r\nConnection: ${connection}\r\n`)
  })
}

test('R157: Connection names an Upgrade also when the connection persists', async t => {
  const answer = answerProblem({ ...REFUSED, status: 426, fields: [['Upgrade', 'x']] }, { ...CONTEXT, persist: '' })
  t.match(answer, /\r\nConnection: upgrade\r\n/)
})

test('a field that cannot be written is a bug, and throws', async t => {
  t.throws(() => answerProblem({ ...REFUSED, fields: [['A', 'b\r\nc']] }, CONTEXT), TypeError)
})

test('R169: a TRACE answered here shows only fields that are known to contain no secrets', async t => {
  const inbound = [
    'TRACE /x HTTP/1.0',
    'Host: a',
    'COOKIE: s',
    'Authorization: t',
    'Proxy-Authorization: u',
    'Cookie2: v',
    'X-Api-Key: w',
    'X-Forwarded-For: 10.0.0.1',
    'Referer: http://a/?token=x',
    'A: y',
    'Via: 1.1 b',
    'user-agent: caf\u00e9',
  ]
  const { head } = request(...inbound)
  const echo = crlf('TRACE /x HTTP/1.0', 'Host: a', 'Via: 1.1 b', 'user-agent: caf\u00e9')
  const answer = answerTrace(head, CONTEXT)
  t.ok(answer.endsWith(`\r\n\r\n${echo}`))
  t.match(answer, `\r\nContent-Type: message/http\r\nContent-Length: ${echo.length}\r\n`)
  t.match(answer, /^HTTP\/1\.1 200 OK\r\n/)
  t.match(answer, /\r\nProxy-Status: edge-7\r\n/)
})

test('R139, R168: OPTIONS answered here', async t => {
  const { date } = CONTEXT
  const fields = [
    'Allow: GET, HEAD',
    'Content-Length: 0',
    'Cache-Control: no-store',
    'X-Content-Type-Options: nosniff',
    'Proxy-Status: edge-7',
    'Connection: close',
  ]
  t.equal(answerOptions('GET, HEAD', CONTEXT), crlf('HTTP/1.1 200 OK', `Date: ${date}`, ...fields))
})

test('R164: the answer to CONNECT has no framing field', async t => {
  const { date } = CONTEXT
  t.equal(answerConnect(CONTEXT), crlf('HTTP/1.1 200 Connection Established', `Date: ${date}`, 'Proxy-Status: edge-7'))
})

test('R171: a 100 of our own', async t => t.equal(CONTINUE, 'HTTP/1.1 100 Continue\r\n\r\n'))

test('every status that the proxy generates has its phrase', async t => {
  for (const [status, phrase] of Object.entries(REASON_PHRASES))
    t.match(`${status} ${phrase}`, /^[1-5][0-9]{2} [A-Z][A-Za-z ]+$/)
  for (const status of [400, 403, 407, 417, 431, 500, 501, 502, 503, 504, 505]) t.ok(REASON_PHRASES[status])
})
