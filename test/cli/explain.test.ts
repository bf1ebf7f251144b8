import { test } from 'tap'
import { type Explanation, explainRequestHead, explainResponseHead, type Scene } from '../../lib/cli/explain.js'
import { tableOf } from '../../lib/cli/explain-command.js'
import { settingsOf } from '../../lib/proxy/options/options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'

const REVERSE: ProxyOptions = { mode: 'reverse', upstream: 'http://up:3000', name: 'edge' }
const FORWARD: ProxyOptions = { mode: 'forward', name: 'edge' }

function scene(options: ProxyOptions, more: Partial<Scene> = {}): Scene {
  return {
    settings: settingsOf(options),
    trusted: false,
    clientAddress: '192.0.2.1',
    method: 'GET',
    clientMinor: 1,
    ...more,
  }
}

const request = (text: string, options: ProxyOptions = REVERSE, more?: Partial<Scene>) =>
  explainRequestHead(Buffer.from(text, 'latin1'), scene(options, more))
const response = (text: string, options: ProxyOptions = REVERSE, more?: Partial<Scene>) =>
  explainResponseHead(Buffer.from(text, 'latin1'), scene(options, more))

const verdicts = ({ rows }: Explanation) => rows.map(({ field, verdict }) => `${verdict} ${field}`)

test('a request: every field in and out, and the forwarded head', t => {
  const it = request(
    'POST /a HTTP/1.1\r\nHost: a\r\nConnection: close, X-Hop, Cookie\r\nX-Hop: 1\r\nCookie: a\r\nContent-Length: 3\r\n\r\nabc',
  )
  t.equal(it.startLine, 'POST /a HTTP/1.1')
  t.strictSame(verdicts(it), [
    'keep Host',
    'drop Connection',
    'drop X-Hop',
    'drop Cookie',
    'keep Content-Length',
    'add X-Forwarded-For',
    'add X-Forwarded-Host',
    'add X-Forwarded-Proto',
    'add Via',
  ])
  t.equal(
    it.outbound,
    'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: a\r\n' +
      'X-Forwarded-Proto: http\r\nVia: 1.1 edge\r\n\r\n',
  )
  t.match(it.notes, [/1 end-to-end field/, /asked to close after this exchange/])
  t.equal(it.refused, undefined)
  t.end()
})

test('R225: connection-based authentication is noted in both directions', t => {
  const asked = request('GET / HTTP/1.1\r\nHost: a\r\nAuthorization: NTLM TlRM\r\n\r\n')
  t.match(asked.notes, [/serves this client connection only/])
  const asks = 'HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n'
  t.match(response(`${asks}WWW-Authenticate: Basic realm="a", Negotiate\r\n\r\n`).notes, [
    /serves this client connection only/,
  ])
  t.strictSame(response(`${asks}WWW-Authenticate: Basic realm="a"\r\n\r\n`).notes, [])
  t.end()
})

test("the upstream's Host, an upgrade that is not allowed, a client that waits for 100", t => {
  const text =
    'HEAD http://b HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n'
  const it = request(text, { ...REVERSE, host: 'upstream' })
  t.match(it.outbound, /^HEAD \/ HTTP\/1\.1\r\nHost: up:3000\r\n/)
  t.match(it.notes, [/upgrade to h2c is not passed on/, /http:\/\/b becomes \//, /waits for 100/, /no content/])
  t.match(request('GET / HTTP/1.0\r\n\r\n').outbound, 'Host: up:3000\r\n', 'an old client that sends no Host')
  t.end()
})

test('what a trusted peer says is appended to', t => {
  const text = 'GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n'
  t.match(request(text).outbound, 'X-Forwarded-For: 192.0.2.1\r\n')
  t.match(request(text, REVERSE, { trusted: true }).outbound, 'X-Forwarded-For: 1.2.3.4, 192.0.2.1\r\n')
  t.end()
})

test('typed heads: lone LFs are converted if there is no CRLF, and a missing empty line is added', t => {
  const typed = request('GET / HTTP/1.1\nHost: a\n')
  t.match(typed.outbound, 'GET / HTTP/1.1\r\nHost: a\r\n')
  t.match(typed.notes, [/LF alone/, /does not end with an empty line/])
  t.ok(request('GET / HTTP/1.1\nHost: a').outbound, 'without a last line end too')
  t.match(request('GET / HTTP/1.1\r\nHost: a\r\n').notes, [/does not end with an empty line/])
  t.match(request('GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n'), {
    refused: { status: 400, message: /bare LF/ },
    notes: [],
  })
  for (const empty of ['', '\n', '\r\n\r\n']) t.throws(() => request(empty), { name: 'UsageError' })
  t.end()
})

test('requests that are not forwarded: refused, answered here, or a tunnel', t => {
  t.match(request('GET /a b HTTP/1.1\r\n\r\n'), {
    refused: { status: 400, section: /^RFC/ },
    rows: [],
    outbound: undefined,
  })
  const named = request('GET / HTTP/1.1\r\nHost: a\r\nConnection: Host\r\n\r\n')
  t.match(named, { refused: { status: 400 }, outbound: undefined })
  t.match(verdicts(named), ['drop Host', 'reject Connection'])
  t.match(request('GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 edge\r\n\r\n'), {
    refused: { status: 502, message: /has been here before/ },
  })
  t.match(request('GET / HTTP/1.1\r\nHost: a\r\n\r\n', FORWARD), { refused: { status: 400 } })
  t.match(request('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n'), { refused: { status: 405 } })
  const tunnel = request('CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\nX: y\r\n\r\n', FORWARD)
  t.match(tunnel, { refused: undefined, outbound: undefined, notes: [/opens a tunnel to a:443/] })
  t.strictSame(verdicts(tunnel), ['drop Host', 'drop X'], 'no head is forwarded')
  t.match(request('OPTIONS * HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n'), {
    outbound: undefined,
    notes: [/answered here/],
  })
  t.match(request('GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n', FORWARD).outbound, /^GET \/ HTTP\/1\.1\r\nHost: a\r\n/)
  t.end()
})

test('a response: its framing for this hop, and what happens to the two connections', t => {
  const it = response(
    'HTTP/1.1 200 OK\r\nServer: x\nKeep-Alive : timeout=5\r\nDate: Fri, 01 Jan 2100 00:00:00 GMT\r\n\r\nbody',
  )
  t.strictSame(verdicts(it), ['keep Server', 'drop Keep-Alive', 'keep Date', 'add Transfer-Encoding'])
  t.match(it.notes, [/2 fault\(s\) .* repaired/, /gets it chunked/, /not used again/])
  t.match(response('HTTP/1.1 200 OK\nX: y\r\n\r\n', { ...REVERSE, strictUpstream: true }), { refused: { status: 502 } })

  const old = response('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', REVERSE, { clientMinor: 0 })
  t.match(old.outbound, 'Connection: close\r\n')
  t.match(old.notes, [/closes after this response: response-close-delimited/])
  const kept = response('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n', REVERSE, { clientMinor: 0 })
  t.match(kept.outbound, /Connection: keep-alive\r\nKeep-Alive: timeout=5, max=999\r\n/)
  t.match(response('HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n').notes, [
    /ignored and removed/,
    /not used again/,
  ])
  t.match(response('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n', FORWARD).outbound, 'Via: 1.1 edge\r\n')
  t.end()
})

test('interim responses and a switch of protocols', t => {
  t.match(
    response('HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n').outbound,
    /^HTTP\/1\.1 103 Early Hints\r\nLink: x\r\n/,
  )
  for (const it of [
    response('HTTP/1.1 103 Early Hints\r\n\r\n', REVERSE, { clientMinor: 0 }),
    response('HTTP/1.1 103 Early Hints\r\n\r\n', { ...REVERSE, interim: 'none' }),
  ])
    t.match(it, { outbound: undefined, notes: [/does not receive/] })
  t.match(
    response('HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n').outbound,
    'Upgrade: websocket\r\n',
  )
  t.match(response('HTTP/1.1 101 x\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'), { refused: { status: 502 } })
  t.match(
    response('HTTP/1.1 200 x\r\nContent-Length: 5\r\n\r\n', REVERSE, { method: 'HEAD' }).outbound,
    'Content-Length: 5\r\n',
  )
  t.end()
})

test('the table: a sign, a verdict, the field and why, long values cut', t => {
  const table = tableOf(request(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${'x'.repeat(99)}\r\nTE: gzip\r\n\r\n`))
  t.match(table, /^GET \/ HTTP\/1\.1\n {2}keep +Host +a +end to end \(RFC 9110 7\.6\)\n/)
  t.match(table, /^ {2}keep +Cookie +x{41}\.\.\. +end to end/m)
  t.match(table, /^- drop +TE +gzip/m)
  t.match(table, /^\+ add +Via +1\.1 edge/m)
  t.match(table, /^Forwarded:\n\nGET \/ HTTP\/1\.1\nHost: a\n/m)
  const columns = table
    .split('\n')
    .slice(1, 4)
    .map(line => line.lastIndexOf('end to end'))
  t.equal(columns[0], columns[1], 'aligned')
  t.equal(tableOf(request('x\r\n\r\n')).split('\n').length, 2, 'one line for a head that could not be read')
  t.end()
})

test('routes: where they lead, what they change, and requests that match none', t => {
  const options: ProxyOptions = {
    mode: 'reverse',
    name: 'edge',
    xForwarded: false,
    via: 'off',
    requestId: 'keep',
    routes: [
      {
        path: '/api',
        upstream: 'app',
        stripPrefix: '/api',
        setPrefix: '/v1',
        sendHost: 'upstream',
        requestFields: { set: { 'X-Team': 'blue' }, remove: ['X-Debug'] },
        responseFields: { remove: ['Server'] },
      },
    ],
    upstreams: { app: { servers: ['http://app.internal:3000'] } },
  }
  const text = 'GET /api/x?y HTTP/1.1\r\nHost: a\r\nX-Team: red\r\nX-Debug: 1\r\nX-Request-Id: r-1\r\n\r\n'
  const it = request(text, options)
  t.equal(it.outbound, 'GET /v1/x?y HTTP/1.1\r\nHost: app.internal:3000\r\nX-Request-Id: r-1\r\nX-Team: blue\r\n\r\n')
  t.match(
    it.rows.map(({ field, reason }) => `${field}: ${reason}`),
    ['Host: the authority', 'Host: routing', 'X-Team: set by the route', 'X-Debug: removed by the route'],
  )
  t.match(it.notes, [/^Route: \/api -> app/, /\/api\/x\?y becomes \/v1\/x\?y \(the route\)/])

  const made = request('GET /api HTTP/1.1\r\nHost: a\r\n\r\n', options).outbound
  t.match(made, /^GET \/v1\/ [\s\S]*\r\nX-Request-Id: [0-9a-f-]{36}\r\n/)
  const nowhere = request('GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n', options)
  t.match(nowhere, { refused: { status: 404 }, outbound: undefined })
  t.strictSame(verdicts(nowhere), ['keep Host', 'keep X'])
  t.match(request('GET /api/../x HTTP/1.1\r\nHost: a\r\n\r\n', options), { refused: { status: 400 }, rows: [] })

  const answer = response('HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n', options)
  t.match(answer.rows[0], { field: 'Server', reason: 'removed by the route' })
  t.notMatch(answer.notes.join(), 'rewriteLocation')
  const [route] = options.routes ?? []
  const back = { ...options, routes: [{ ...route!, rewriteCookies: true }] }
  t.match(response('HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/v1\r\n\r\n', back).notes.join(), /depends on the request/)

  const told = request('GET /api/x HTTP/1.1\r\nHost: a:81\r\nX-Real-IP: 1\r\n\r\n', {
    ...options,
    ...{ xForwardedPort: true, xForwardedPrefix: true, xRealIp: true },
  })
  t.match(told.outbound, /\r\nX-Forwarded-Port: 81\r\nX-Forwarded-Prefix: \/api\r\nX-Real-IP: [\d.]+\r\n/)
  t.end()
})
