import { once } from 'node:events'
import * as net from 'node:net'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { originOf, unixOrigin } from '../../lib/link/origin.js'
import { ProxyError } from '../../lib/link/proxy-error.js'
import type { DialSettings } from '../../lib/net/upstream/dial.js'
import { HealthCheck, type HealthCheckOptions } from '../../lib/net/upstream/health-check.js'
import { response, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { fullBacklog } from '../support/full-backlog.js'
import { needs } from '../support/needs.js'
import { startNginx } from '../support/nginx.js'
import { freePort } from '../support/ports.js'
import { answerAlways, type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { tempFolder } from '../support/temp-folder.js'
import { makeCertificate } from '../support/tls.js'

const dial: DialSettings = { readMode: 'onread', noDelay: true, tcpKeepAliveMs: 0, tls: {} }

const LOOPBACK = [{ address: '127.0.0.1', family: 4 }] as const

/** A check of this port every 5 s, on its own clock; stopped with the test. */
function checked(t: Test, port: number, options: Partial<HealthCheckOptions> = {}) {
  const clock = new FakeClock()
  const results: string[] = []
  const faults: unknown[] = []
  const check = new HealthCheck({
    ...{ path: '/healthz', host: '', intervalMs: 5_000, timeoutMs: 2_000, statuses: [[200, 399]] },
    origin: originOf('http', 'app.internal', port),
    addresses: LOOPBACK,
    locate: () => {
      t.fail('its address was looked up')
      return null
    },
    ...{ dial, proxyProtocol: 'off', clock, random: () => 0.5 },
    onResult: (ok, detail) => results.push(`${ok ? 'up' : 'down'}: ${detail}`),
    onFault: fault => faults.push(fault),
    ...options,
  })
  t.teardown(() => check.stop())
  const told = async (count: number) => {
    await until(`${count} results`, () => results.length >= count)
    return results.at(-1)
  }
  return { check, clock, results, faults, told }
}

/** The result of one check. */
async function checkOnce(
  t: Test,
  port: number,
  options: Partial<HealthCheckOptions> = {},
): Promise<string | undefined> {
  const it = checked(t, port, options)
  it.check.start()
  it.clock.advance(2_500)
  const result = await it.told(1)
  it.check.stop()
  return result
}

test('one request on a new connection, at a random time in the first interval and then at intervals', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const it = checked(t, origin.port)
  it.check.start()
  it.check.start()
  it.clock.advance(2_499)
  t.equal(it.clock.timers, 1)
  it.clock.advance(1)
  t.equal(await it.told(1), 'up: status 200')
  const head = `GET /healthz HTTP/1.1\r\nHost: app.internal:${origin.port}\r\nUser-Agent: hopwise-health-check\r\nAccept: */*\r\nConnection: close\r\n\r\n`
  t.equal(String(origin.connections[0]?.received), head)
  await until('closed', () => origin.connections[0]?.ended !== '')
  it.clock.advance(4_999)
  t.equal(it.clock.timers, 1)
  it.clock.advance(1)
  await it.told(2)
  t.equal(origin.connections.length, 2)
  t.same(it.faults, [])
})

test('the configured host and method', async t => {
  const origin = await scriptedOrigin(t, answerAlways('HTTP/1.1 204 No Content\r\n\r\n'))
  t.equal(await checkOnce(t, origin.port, { host: 'app.example', path: '/h?a=b', method: 'HEAD' }), 'up: status 204')
  t.match(String(origin.connections[0]?.received), /^HEAD \/h\?a=b HTTP\/1\.1\r\nHost: app\.example\r\n/)
})

const answers: [string, string, Partial<HealthCheckOptions>?][] = [
  ['HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n', 'up: status 200'],
  ['HTTP/1.0 200 OK\r\n\r\n', 'up: status 200'],
  ['HTTP/1.1 399 Odd\r\n\r\n', 'up: status 399'],
  ['HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n', 'down: status 503 is not one of 200-399'],
  [
    'HTTP/1.1 200 OK\r\n\r\n',
    'down: status 200 is not one of 204, 301-302',
    {
      statuses: [
        [204, 204],
        [301, 302],
      ],
    },
  ],
  ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', 'up: status 200'],
  ['HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n', 'down: status 101 is not one of 200-399'],
  ['SSH-2.0-OpenSSH_9.2\r\n', 'down: the response is not HTTP: '],
  ['HTTP/1.1 200 OK\r\nA: \0\r\n\r\n', 'down: the response is not HTTP: '],
  [`HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}`, 'down: the response is not HTTP: '],
]
for (const [answer, result, options] of answers) {
  test(`${JSON.stringify(answer.slice(0, 60))}: ${result}`, async t => {
    const origin = await scriptedOrigin(t, answerAlways(answer))
    const told = (await checkOnce(t, origin.port, options)) ?? ''
    if (result.endsWith(': ')) t.match(told, result)
    else t.equal(told, result)
  })
}

const ends: [string, Script, string | RegExp][] = [
  ['a FIN', connection => connection.halfClose(), 'down: the server closed the connection without a response'],
  [
    'a FIN in the middle of a head',
    async connection => {
      await connection.readUntil('\r\n\r\n')
      await connection.send('HTTP/1.1 200 OK\r\nA')
      connection.halfClose()
    },
    'down: the server closed the connection in the middle of a response head',
  ],
  [
    'a reset',
    async connection => {
      await connection.readUntil('\r\n\r\n')
      connection.reset()
    },
    'down: the connection was lost before a response: ECONNRESET',
  ],
]
for (const [what, script, result] of ends) {
  test(`${what}: ${result}`, async t => {
    const origin = await scriptedOrigin(t, script)
    t.equal(await checkOnce(t, origin.port), result)
  })
}

test('nothing listens', async t => {
  const port = await freePort()
  t.equal(await checkOnce(t, port), `down: cannot connect to app.internal:${port}: ECONNREFUSED`)
})

test('a server that does not answer in time is down; at most one check is in progress', async t => {
  const silent = await scriptedOrigin(t, () => {})
  const half = await scriptedOrigin(t, async connection => {
    await connection.readUntil('\r\n\r\n')
    await connection.send('HTTP/1.1 200')
  })
  const full = await fullBacklog(t)
  const securing = originOf('https', 'app.internal', silent.port)
  const rows: [string, number, Partial<HealthCheckOptions>, () => boolean][] = [
    ['no response', silent.port, {}, () => silent.connections[0]?.received.length !== 0],
    ['no TLS handshake', silent.port, { origin: securing }, () => silent.connections[1]?.received.length !== 0],
    ['no connection', full.port, {}, () => true],
    ['no address', 80, { addresses: null, locate: () => null }, () => true],
    ['no complete response head', half.port, {}, () => half.connections.length === 1],
  ]
  for (const [what, port, options, reached] of rows) {
    // A timeout longer than the interval: the next check begins when the previous one is over.
    const it = checked(t, port, { timeoutMs: 7_000, ...options })
    it.check.start()
    it.clock.advance(2_500)
    await until('the server was reached', () => reached())
    await settled() // its data has been read
    it.clock.advance(6_999)
    t.same(it.results, [])
    it.clock.advance(1)
    t.same(it.results, [`down: ${what} within 7000 ms`])
    t.equal(it.clock.timers, 1, 'only the next one is in progress')
    it.check.stop()
    t.equal(it.clock.timers, 0)
  }
})

test('a name is located for each check', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const located: string[] = []
  const it = checked(t, origin.port, {
    addresses: null,
    locate: (host, port, done) => {
      located.push(`${host}:${port}`)
      const error = new ProxyError('dns_error', 'no such luck', { stage: 'resolve', side: 'upstream' })
      if (located.length === 1) done(error, [])
      else setImmediate(done, null, LOOPBACK)
      return null
    },
  })
  it.check.start()
  it.clock.advance(2_500)
  t.same(it.results, ['down: no such luck'])
  it.clock.advance(5_000)
  t.equal(await it.told(2), 'up: status 200')
  t.same(located, Array(2).fill(`app.internal:${origin.port}`))
})

test('an address that arrives too late is not dialled', async t => {
  const origin = await scriptedOrigin(t, () => {})
  let found = (): void => {}
  const it = checked(t, origin.port, {
    addresses: null,
    locate: (_host, _port, done) => {
      found = () => done(null, LOOPBACK)
      return null
    },
  })
  it.check.start()
  it.clock.advance(4_500)
  t.same(it.results, ['down: no address within 2000 ms'])
  found()
  await settled()
  t.equal(origin.connections.length, 0)
})

test('stopped: nothing is reported, and the connection ends', async t => {
  const origin = await scriptedOrigin(t, () => {})
  const it = checked(t, origin.port)
  it.check.stop()
  it.check.start()
  it.clock.advance(2_500)
  await until('the request', () => origin.connections[0]?.received.length !== 0)
  it.check.stop()
  await until('the end', () => origin.connections[0]?.ended !== '')
  t.same([it.results, it.clock.timers], [[], 0])
})

test('an exception in onResult is reported, and the checks continue', async t => {
  const origin = await scriptedOrigin(t, answerAlways(response('ok')))
  const it = checked(t, origin.port, {
    onResult: () => {
      throw new Error('a fault')
    },
  })
  it.check.start()
  for (const count of [1, 2]) {
    it.clock.advance(5_000)
    await until('a fault', () => it.faults.length === count)
    t.match(it.faults, Array(count).fill({ message: 'a fault' }))
  }
})

test('a unix socket', async t => {
  const socketPath = join(tempFolder(t), 'app.sock')
  t.equal(
    await checkOnce(t, 0, { origin: unixOrigin(socketPath) }),
    `down: cannot connect to unix:${socketPath}: ENOENT`,
  )
  let request = ''
  const server = net.createServer(socket => {
    socket
      .on('error', () => {})
      .on('data', bytes => {
        request += bytes
        socket.write(response('ok'))
      })
  })
  await once(server.listen(socketPath), 'listening')
  t.teardown(() => server.close())
  t.equal(await checkOnce(t, 0, { origin: unixOrigin(socketPath) }), 'up: status 200')
  t.match(request, '\r\nHost: localhost\r\n')
})

test('nginx: TLS with the same settings, and our own PROXY header in front', needs('nginx', 'openssl'), async t => {
  const { cert, certFile } = await makeCertificate(t)
  const keyFile = join(certFile, '..', 'key.pem')
  const [secured, proxied] = [await freePort(), await freePort()]
  const listens = [`listen 127.0.0.1:${secured} ssl;`, `listen 127.0.0.1:${proxied} ssl proxy_protocol;`]
  const certificate = `ssl_certificate ${certFile}; ssl_certificate_key ${keyFile};`
  await startNginx(t, { server: [...listens, certificate].join(' '), files: { healthz: 'fine' } })
  const trusting = { ...dial, tls: { ca: cert } }
  const https = (port: number) => ({ origin: originOf('https', 'localhost', port), dial: trusting })
  t.equal(await checkOnce(t, secured, https(secured)), 'up: status 200')
  t.equal(
    await checkOnce(t, secured, { ...https(secured), path: '/nothing' }),
    'down: status 404 is not one of 200-399',
  )
  for (const proxyProtocol of ['v1', 'v2'] as const)
    t.equal(await checkOnce(t, proxied, { ...https(proxied), proxyProtocol }), 'up: status 200')
  t.match(await checkOnce(t, proxied, https(proxied)), /^down: (TLS with localhost:\d+ failed|cannot connect)/)
  // Newer versions of Node report more.
  t.match(
    await checkOnce(t, secured, { ...https(secured), dial }),
    `down: TLS with localhost:${secured} failed: self-signed certificate`,
  )
})

test('a path or host that would not make a valid request is refused', async t => {
  for (const options of [{ path: '/a b' }, { path: '' }, { path: '/\r\nX: y' }, { host: 'a\r\n' }, { path: '/ä' }])
    t.throws(() => checked(t, 80, options), { message: /^(path|host) of a health check must be visible ASCII: "/ })
})
