import { test } from 'tap'
import { ask, exchange, proxyStatusOf, rawClient, request, response } from '../support/conversation.js'
import { curl } from '../support/curl.js'
import { answerNames, names } from '../support/fake-resolver.js'
import { needs } from '../support/needs.js'
import { answerAlways, scriptedOrigin } from '../support/scripted-origin.js'
import { withProxy } from '../support/with-proxy.js'

// A request in plain HTTP can be read as lines of another protocol: a forward proxy sends none to ports that no web server uses.

for (const [port, service] of [
  [25, 'smtp'],
  [22, 'ssh'],
  [587, 'submission'],
  [6379, 'Redis'],
  [11211, 'memcached'],
] as const)
  test(`port ${port} is refused with 403 http_request_denied, and the text names allowPorts`, async t => {
    const { port: at, proxy, exchanged } = await withProxy(t, { mode: 'forward' })
    const client = await rawClient(t, at)
    for (const [nth, target] of [`http://127.0.0.1:${port}/`, `https://127.0.0.1:${port}/`].entries()) {
      const answer = await exchange(client, request('GET', target))
      t.equal(answer.status, 403)
      t.equal(proxyStatusOf(answer).error, 'http_request_denied')
      t.match(String(answer.content), `port ${port} belongs to ${service}`)
      t.match(String(answer.content), `allowPorts: [${port}] would permit it`)
      t.match((await exchanged(nth + 1))[nth], {
        outcome: 'refused',
        status: 403,
        clientVerdict: 'keep',
        error: {
          type: 'http_request_denied',
          stage: 'route',
          message: `port ${port} belongs to ${service}, not to a web server; allowPorts: [${port}] would permit it`,
        },
      })
    }
    t.match(proxy.stats(), {
      upstream: { dialed: 0, origins: [] },
      exchanges: { failures: { http_request_denied: 2 } },
    })
  })

test('content that would be commands goes nowhere, and the connection closes', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'forward' })
  const client = await rawClient(t, port)
  const content = 'SLAVEOF 127.0.0.1 1\r\n'
  await client.send(`${request('POST', 'http://127.0.0.1:6379/', `Content-Length: ${content.length + 1}`)}${content}`)
  const { bytes, how } = await client.readToEnd()
  t.match(bytes.toString(), /^HTTP\/1\.1 403 /)
  t.equal(how, 'fin')
  t.equal(proxy.stats().upstream.dialed, 0)
})

test('an opened port is like any other; the rest stay closed; an update takes effect with the next request', async t => {
  const { port, proxy } = await withProxy(t, { mode: 'forward', allowPorts: [6379] })
  answerNames(proxy, { lookup: names({ 'store.example': ['10.0.0.1'] }).lookup })
  const asked = (at: number) => ask(t, port, request('GET', `http://store.example:${at}/`))
  t.equal(
    proxyStatusOf(await asked(6379)).error,
    'destination_ip_prohibited',
    'it passed this check, and the next one refused it',
  )
  t.equal(proxyStatusOf(await asked(25)).error, 'http_request_denied')
  proxy.update({ mode: 'forward', allowPorts: [25] })
  answerNames(proxy, { lookup: names({ 'store.example': ['10.0.0.1'] }).lookup })
  t.equal(proxyStatusOf(await asked(6379)).error, 'http_request_denied')
  t.equal(proxyStatusOf(await asked(25)).error, 'destination_ip_prohibited')
})

test('CONNECT has its own list: a port in it is open, whatever it is', async t => {
  const { port } = await withProxy(t, { mode: 'forward', allow: [], connectPorts: [993] })
  const refused = await ask(t, port, 'CONNECT 10.0.0.1:993 HTTP/1.1\r\nHost: a\r\n\r\n')
  t.equal(proxyStatusOf(refused).error, 'destination_ip_prohibited')
  t.equal(proxyStatusOf(await ask(t, port, request('GET', 'http://10.0.0.1:993/'))).error, 'http_request_denied')
})

test('CONNECT goes to the two web ports, and to no other, unless configured', needs('curl'), async t => {
  const heads: string[] = []
  const parent = await scriptedOrigin(t, async connection => {
    heads.push((await connection.readUntil('\r\n\r\n')).split('\r\n')[0] ?? '')
    await connection.send('HTTP/1.1 200 Connection Established\r\n\r\n')
    if (heads.length > 1) return
    await connection.readUntil('\r\n\r\n')
    await connection.send(response('through the tunnel'))
  })
  const { port, url } = await withProxy(t, { mode: 'forward', parent: parent.url })
  // As undici's ProxyAgent does: a tunnel for plain HTTP.
  const { out } = await curl(t, '--proxytunnel', '-x', url, 'http://far.example/')
  t.equal(out, 'through the tunnel')
  const connect = (at: number) => `CONNECT far.example:${at} HTTP/1.1\r\nHost: far.example:${at}\r\n\r\n`
  const client = await rawClient(t, port)
  await client.send(connect(443))
  t.match(await client.readUntil('\r\n\r\n'), /^HTTP\/1\.1 200 /)
  t.same(heads, ['CONNECT far.example:80 HTTP/1.1', 'CONNECT far.example:443 HTTP/1.1'])
  for (const at of [25, 8080, 8443]) t.equal((await ask(t, port, connect(at))).status, 403)
})

test('port 80 of a private address stays closed to CONNECT, too', async t => {
  const { port, exchanged } = await withProxy(t, { mode: 'forward', allow: [] })
  for (const host of ['127.0.0.1', '169.254.169.254', '10.0.0.1']) {
    const answer = await ask(t, port, `CONNECT ${host}:80 HTTP/1.1\r\nHost: a\r\n\r\n`)
    t.equal(proxyStatusOf(answer).error, 'destination_ip_prohibited')
  }
  t.match((await exchanged(3))[0], { error: { type: 'destination_ip_prohibited' } })
})

test('a parent proxy is not asked for a closed port', async t => {
  const parent = await scriptedOrigin(t, answerAlways(response('parent')))
  const { port } = await withProxy(t, { mode: 'forward', parent: parent.url })
  t.equal(String((await ask(t, port, request('GET', 'http://a.example/'))).content), 'parent')
  t.equal((await ask(t, port, request('GET', 'http://a.example:25/'))).status, 403)
  t.equal(parent.connections.length, 1)
})

test('a client without valid credentials gets 407 first', async t => {
  const { port } = await withProxy(t, { mode: 'forward', credentials: [{ user: 'ann', password: 'secret' }] })
  t.equal((await ask(t, port, request('GET', 'http://127.0.0.1:25/'))).status, 407)
})

test('a gateway does not check ports: its operator chose the upstream', async t => {
  const { port } = await withProxy(t, { mode: 'reverse', upstream: 'http://127.0.0.1:1' })
  t.equal(proxyStatusOf(await ask(t, port, request('GET', '/'))).error, 'connection_refused')
  t.equal(proxyStatusOf(await ask(t, port, request('GET', 'http://a.example:25/'))).error, 'connection_refused')
})
