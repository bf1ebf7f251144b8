import { test } from 'tap'
import { exchange, proxyStatusOf, request } from '../support/conversation.js'
import { readMessage } from '../support/raw-message.js'
import { ended, gateway, head } from './conversation.js'
import { answers, fleet, routed, server } from './fleet.js'

// Which route gets which request, on real sockets, and what is sent upstream.

const get = (host: string, path: string): string => head(`GET ${path} HTTP/1.1`, `Host: ${host}`)

test('host, path, exact path and method decide; the first route that matches wins; no match: 404', async t => {
  const [a, b, c, d, e] = await fleet(t, 'a', 'b', 'c', 'd', 'e')
  const { connect } = await routed(t, {
    routes: [
      { host: 'app.example', path: '/api', method: ['POST', 'PUT'], upstream: 'a' },
      { host: ['app.example', 'www.example'], exact: '/api', upstream: 'b' },
      { host: '*.example', path: '/api', upstream: 'c' },
      { host: 'app.example', path: '/api', upstream: 'd' },
      { path: '/open/', upstream: e!.url },
    ],
    upstreams: {
      a: { servers: [a!.url] },
      b: { servers: [b!.url] },
      c: { servers: [c!.url] },
      d: { servers: [d!.url] },
    },
  })
  const client = await connect()
  const rows: [text: string, who: string][] = [
    [get('app.example', '/api'), 'b'],
    [get('APP.Example:8080', '/api?x=/y'), 'b'],
    [get('www.example', '/api'), 'b'],
    [get('app.example', '/api/'), 'c'],
    [get('deep.down.example', '/api/x'), 'c'],
    [head('PUT /api/x HTTP/1.1', 'Host: app.example', 'Content-Length: 0'), 'a'],
    [head('PUT /api/x HTTP/1.1', 'Host: www.example', 'Content-Length: 0'), 'c'],
    [get('app.example', '/apiary'), '(404)'],
    [get('example', '/api'), '(404)'],
    [get('app.example.', '/api'), 'b'],
    [get('any', '/open/x'), 'e'],
    [get('any', '/open'), '(404)'],
    [get('any', '/'), '(404)'],
    [head('GET http://app.example/api HTTP/1.1', 'Host: other'), 'b'],
    [head('GET http://other/api HTTP/1.1', 'Host: app.example'), '(404)'],
    [head('OPTIONS * HTTP/1.1', 'Host: app.example'), '(404)'],
  ]
  for (const [text, who] of rows) t.equal(await answers(client, 1, text), who, text.slice(0, text.indexOf('\r\n')))
  await client.send('GET /open/1.0 HTTP/1.0\r\n\r\n')
  t.equal(String((await readMessage(client)).content), 'e', 'a 1.0 client without Host matches routes without a host')
})

test('no route: 404 that says so, kept, counted as ours, and without any connection upstream', async t => {
  const [a] = await fleet(t, 'a')
  const { connect, exchanged, proxy } = await routed(t, {
    routes: [{ path: '/a', upstream: a!.url }],
    requestId: 'keep',
  })
  const client = await connect()
  const answer = await exchange(client, request('GET', '/b', 'X-Request-Id: it-is-7'))
  t.equal(answer.status, 404)
  t.equal(answer.field('Connection'), undefined)
  t.equal(answer.field('X-Request-Id'), 'it-is-7')
  t.equal(proxyStatusOf(answer).error, 'destination_not_found')
  const [record] = await exchanged(1)
  t.match(record, { outcome: 'refused', status: 404, clientVerdict: 'keep', requestId: 'it-is-7' })
  t.notOk(record?.route)
  t.equal(a!.connections.length, 0)
  t.equal(proxy.stats().upstream.dialed, 0)
  t.equal(await answers(client, 1, request('GET', '/a')), 'a')
  t.equal((await exchanged(2))[1]?.route, `/a -> ${a!.url}`)
})

test('no route for a request with content: 404, and the connection closes, as the content is not read', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { routes: [{ path: '/a', upstream: a!.url }] })
  const client = await connect()
  await client.send(`${request('POST', '/b', 'Content-Length: 10')}12`)
  const answer = await readMessage(client)
  t.equal(answer.status, 404)
  t.equal(answer.field('Connection'), 'close')
  await ended(t, client, 'fin')
})

test('prefixes are stripped and added, on the wire', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, {
    routes: [
      { path: '/api', stripPrefix: '/api', setPrefix: '/v1', upstream: a!.url },
      { path: '/strip', stripPrefix: '/strip', upstream: a!.url },
      { setPrefix: '/all', upstream: a!.url },
    ],
  })
  const client = await connect()
  const rows: [from: string, to: string][] = [
    ['/api', '/v1/'],
    ['/api/', '/v1/'],
    ['/api/x?y=/api', '/v1/x?y=/api'],
    ['/api?q', '/v1/?q'],
    ['/strip//evil.example/', '/evil.example/'],
    ['/strip/a%2Fb', '/a%2Fb'],
    ['/apiary', '/all/apiary'],
    ['/', '/all/'],
    ['/strip/%2e', '400'],
  ]
  for (const [from, to] of rows) {
    const before = a!.asked.length
    const answer = await exchange(client, request('GET', from))
    t.equal(answer.status, to === '400' ? 400 : 200, from)
    t.equal(a!.asked.length, before + (to === '400' ? 0 : 1))
    if (to !== '400') t.equal(a!.asked.at(-1)?.startLine, `GET ${to} HTTP/1.1`, from)
  }
})

test('dot segments, and what may be read as another path, do not get past a route', async t => {
  const [open, closed] = await fleet(t, 'open', 'closed')
  const { connect } = await routed(t, {
    routes: [{ path: '/admin', upstream: closed!.url }, { upstream: open!.url }],
  })
  for (const path of [
    '/x/../admin',
    '/%2e%2e/admin',
    '/x/..%2fadmin',
    '/admin%2f..',
    '//admin',
    '/x;/../admin',
    '/.\\admin',
  ]) {
    const answer = await exchange(await connect(), request('GET', path))
    t.not(`${answer.status} ${answer.content}`, '200 open', path)
  }
  t.equal(await answers(await connect(), 1, request('GET', '/%61dmin')), 'closed', 'an encoded letter is that letter')
})

test('one route for everything is not matched at all, whatever the path', async t => {
  const { connect, upstream } = await gateway(t)
  const client = await connect()
  await client.send(request('GET', '/a/../b'))
  t.match(await (await upstream()).readUntil('\r\n\r\n'), /^GET \/a\/\.\.\/b HTTP/)
})

test('CONNECT and TRACE are answered by us, whatever the routes say', async t => {
  const [a] = await fleet(t, 'a')
  const { connect } = await routed(t, { routes: [{ method: ['TRACE', 'GET'], upstream: a!.url }] })
  t.equal((await exchange(await connect(), head('CONNECT a:443 HTTP/1.1', 'Host: a:443'))).status, 405)
  t.equal((await exchange(await connect(), head('TRACE / HTTP/1.1', 'Host: a'))).status, 405)
  t.equal((await exchange(await connect(), head('OPTIONS * HTTP/1.1', 'Host: a', 'Max-Forwards: 0'))).status, 200)
  t.equal(a!.connections.length, 0)
})

test('which Host is sent', async t => {
  const [a] = await fleet(t, 'a')
  const route = (path: string, sendHost?: string) => ({
    path,
    upstream: a!.url,
    ...(sendHost === undefined ? {} : { sendHost }),
  })
  const routes = [route('/default'), route('/p', 'preserve'), route('/u', 'upstream'), route('/t', 'inside.example:81')]
  const own = a!.url.slice('http://'.length)
  for (const [path, host, expected] of [
    ['/default', 'preserve', 'out.example'],
    ['/default', 'upstream', own],
    ['/p', 'upstream', 'out.example'],
    ['/u', 'preserve', own],
    ['/t', 'preserve', 'inside.example:81'],
  ] as const) {
    const { connect } = await routed(t, { routes, host, xForwarded: true })
    const client = await connect()
    await exchange(client, get('out.example', path))
    const asked = a!.asked.at(-1)
    t.equal(asked?.field('Host'), expected, `${path} ${host}`)
    t.equal(asked?.fields.filter(([name]) => name.toLowerCase() === 'host').length, 1)
    t.equal(asked?.field('X-Forwarded-Host'), 'out.example', 'what the client asked for is still sent')
    await client.send(`GET ${path} HTTP/1.0\r\n\r\n`)
    await readMessage(client)
    t.equal(a!.asked.at(-1)?.field('Host'), expected === 'out.example' ? own : expected, 'a client that sent none')
  }
})

test('a route to a group without servers answers 503, and the connection is kept', async t => {
  const { connect, exchanged } = await routed(t, {
    routes: [{ upstream: 'app' }],
    upstreams: { app: { servers: [{ url: 'srv+http://_http._tcp.nowhere.invalid' }] } },
  })
  const client = await connect()
  const answer = await exchange(client, request('GET', '/'))
  t.equal(answer.status, 503)
  t.equal(proxyStatusOf(answer).error, 'destination_unavailable')
  t.notMatch(String(answer.content), /nowhere|app/, 'and does not reveal to the client what is behind')
  t.match((await exchanged(1))[0], { clientVerdict: 'keep', error: { message: /upstreams\.app/ } })
})

test('impossible routes and groups are refused with a message', async t => {
  const upstream = 'http://127.0.0.1:1'
  const bad: [routes: object[], upstreams: object, sentence: RegExp][] = [
    [[{ upstream: 'app' }], {}, /"app" is not a key of upstreams/],
    [[{ upstream, path: '/a', exact: '/b' }], {}, /path or exact/],
    [[{ upstream, path: 'a' }], {}, /must begin with a slash/],
    [[{ upstream, host: 'a/b' }], {}, /a\/b/],
    [[{ upstream, method: 'get' }], {}, /write GET/],
    [[{ upstream, stripPrefix: '/a/../b' }], {}, /segments/],
    [[{ upstream, sendHost: 'a b' }], {}, /sendHost/],
    [[{ upstream, requestFields: { set: { Connection: 'x' } } }], {}, /connection/i],
    [[{ upstream, bufferRequestBytes: -1 }], {}, /bufferRequestBytes/],
    [[{ upstream, hosts: ['a'] }], {}, /hosts/],
    [[{ upstream: 'app' }], { app: { servers: [] } }, /no servers/],
    [[{ upstream: 'app' }], { app: { servers: [upstream, upstream] } }, /twice/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], balance: 'random' } }, /balance/],
    [[{ upstream: 'app' }], { app: { servers: [{ url: upstream, weight: -1 }] } }, /weight/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], retries: -1 } }, /retries/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], sticky: { cookie: 'a b' } } }, /sticky/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], hash: { by: 'field' } } }, /hash/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], ejection: { failures: -1 } } }, /failures/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], healthCheck: { path: '/a b' } } }, /path/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], healthCheck: { path: 'http://x/' } } }, /path/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], healthCheck: { path: '/', intervalMs: 0 } } }, /intervalMs/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], healthCheck: { path: '/', status: '2xx' } } }, /2xx/],
    [
      [{ upstream: 'app' }],
      { app: { servers: [upstream], resolve: { nameservers: ['dns.example'] } } },
      /dns\.example/,
    ],
    [[{ upstream: 'app' }], { app: { servers: [upstream], limits: { upstreamIdlMax: 1 } } }, /upstreamIdlMax/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], deadlines: { connectMs: -1 } } }, /connectMs/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], tls: { ca: 'no certificate' } } }, /tls/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], proxyProtocol: 'v3' } }, /proxyProtocol/],
    [[{ upstream: 'app' }], { app: { servers: [upstream], slowStartMs: Number.NaN } }, /slowStartMs/],
  ]
  for (const [routes, upstreams, sentence] of bad) {
    const what = `${JSON.stringify(routes)} ${JSON.stringify(upstreams)}`
    await t.rejects(
      (async () => {
        await routed(t, { routes, upstreams } as object)
      })(),
      { name: 'TypeError', message: sentence },
      what,
    )
  }
})

test('a server learns which route was taken only from the request itself', async t => {
  const a = await server(t, 'a')
  const { connect } = await routed(t, { routes: [{ path: '/a', upstream: a.url }] })
  await exchange(await connect(), request('GET', '/a', 'X-Route: mine'))
  t.same(
    a.asked[0]?.fields.map(([name]) => name),
    ['Host', 'X-Route'],
  )
})
