import { test } from 'tap'
import { CLOSE_REASONS, type CloseReason } from '../../lib/policy/close-reason.js'
import type { ConnectionRecord } from '../../lib/proxy/events.js'
import type { GroupOptions } from '../../lib/proxy/options/group-options.js'
import type { ProxyOptions } from '../../lib/proxy/options/proxy-options.js'
import { closesOf, exchange, rawClient, request, response, settled, until } from '../support/conversation.js'
import { FakeClock } from '../support/fake-clock.js'
import { needs } from '../support/needs.js'
import { connectRaw, type RawClient } from '../support/raw-client.js'
import { type Script, scriptedOrigin } from '../support/scripted-origin.js'
import { makeCertificate, pairOf } from '../support/tls.js'
import { type RunningProxy, withProxy } from '../support/with-proxy.js'

// Every close has one reason: here each reason has a scene that causes it, seen in stats() and in the event.

interface Scene extends RunningProxy {
  client: RawClient
  clock: FakeClock
  upstream(nth?: number): RawClient
  more(): Promise<RawClient>
}

interface Row {
  side: 'client' | 'upstream'
  reason: CloseReason
  /** What the upstream does. Default: it answers each request. */
  script?: Script
  options?: Partial<ProxyOptions>
  /** The upstream is the only server of such a group. */
  group?: Partial<GroupOptions>
  /** It speaks TLS with clients. */
  secured?: true
  play(scene: Scene): Promise<void>
}

const GET = request('GET', '/')
const MB = 1024 * 1024

const answers =
  (text: string): Script =>
  async connection => {
    for (;;) {
      await connection.readUntil('\r\n\r\n')
      await connection.send(text)
    }
  }
const silent: Script = async connection => {
  await connection.readUntil('\r\n\r\n')
}
const once =
  (then: (connection: RawClient) => Promise<void> | void, first = response('ok')): Script =>
  async (connection, nth) => {
    await connection.readUntil('\r\n\r\n')
    if (nth > 0) {
      await connection.send(response('later'))
      return
    }
    await connection.send(first)
    await then(connection)
  }
const huge: Script = async connection => {
  await connection.readUntil('\r\n\r\n')
  await connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${16 * MB}\r\n\r\n`)
  await connection.send(Buffer.alloc(16 * MB)).catch(() => {})
}
const switches: Script = async connection => {
  await connection.readUntil('\r\n\r\n')
  await connection.send('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nhello')
}
const UPGRADE = request('GET', '/', 'Connection: upgrade', 'Upgrade: websocket')
const CONNECT_TO = (port: number): string => `CONNECT 127.0.0.1:${port} HTTP/1.1\r\nHost: a\r\n\r\n`

const asksOnce = async ({ client }: Scene): Promise<void> => {
  await exchange(client, GET)
}
const sends =
  (text: string) =>
  async ({ client }: Scene): Promise<void> => {
    await client.send(text)
  }
/** One exchange, then silence for this long. */
const idlesFor =
  (ms: number) =>
  async ({ client, clock }: Scene): Promise<void> => {
    await exchange(client, GET)
    await settled(3)
    clock.advance(ms)
  }
const upgradesAndEnds = async ({ client, upstream }: Scene): Promise<void> => {
  await client.send(UPGRADE)
  await client.readUntil('hello')
  client.halfClose()
  await until('passed on', () => upstream().ended === 'fin')
  upstream().halfClose()
}

const rows: Row[] = [
  { side: 'client', reason: 'client-close', play: sends(request('GET', '/', 'Connection: close')) },
  { side: 'client', reason: 'client-http10', play: sends('GET / HTTP/1.0\r\n\r\n') },
  {
    side: 'client',
    reason: 'client-fin',
    async play({ client }) {
      await exchange(client, GET)
      client.halfClose()
    },
  },
  {
    side: 'client',
    reason: 'client-reset',
    script: silent,
    async play({ client }) {
      await client.send(GET)
      await settled()
      client.reset()
    },
  },
  { side: 'client', reason: 'client-idle', play: idlesFor(75_200) },
  {
    side: 'client',
    reason: 'client-head-timeout',
    async play({ client, clock }) {
      await client.send('GET / HT')
      await settled()
      clock.advance(20_200)
    },
  },
  {
    side: 'client',
    reason: 'client-body-timeout',
    script: silent,
    async play({ client, clock }) {
      await client.send(`${request('POST', '/', 'Content-Length: 10')}12345`)
      await settled()
      clock.advance(60_200)
    },
  },
  {
    side: 'client',
    reason: 'client-write-timeout',
    script: huge,
    async play({ client, clock }) {
      await client.send(GET)
      await client.readUntil('\r\n\r\n')
      client.pause()
      await settled(100)
      clock.advance(60_200)
    },
  },
  { side: 'client', reason: 'client-requests-max', options: { limits: { clientRequestsMax: 1 } }, play: asksOnce },
  {
    side: 'client',
    reason: 'client-evicted',
    options: { limits: { clientConnectionsMax: 1 } },
    async play({ client, more }) {
      await exchange(client, GET)
      const other = await more()
      await client.readToEnd()
      await exchange(other, GET)
    },
  },
  {
    side: 'client',
    reason: 'client-limit',
    options: { limits: { clientConnectionsPerAddressMax: 1 } },
    async play({ client, more }) {
      await exchange(client, GET)
      const other = await more()
      await other.readUntil(/^HTTP\/1\.1 503 /)
      other.halfClose()
      client.halfClose()
    },
  },
  {
    side: 'client',
    reason: 'client-denied',
    options: { clients: { deny: ['127.0.0.9'] } },
    // A reset may come before the client knows that it is connected.
    play: ({ port }) =>
      connectRaw({ port, localAddress: '127.0.0.9' }).then(
        it => it.destroy(),
        () => {},
      ),
  },
  {
    side: 'client',
    reason: 'client-rate',
    options: { clients: { connectionsPerSecond: 1 } },
    async play({ more }) {
      for (let i = 0; i < 3; i++) await more().catch(() => {})
    },
  },
  {
    side: 'client',
    reason: 'client-preface',
    options: { proxyProtocol: { from: ['127.0.0.1'] } },
    play: sends(GET),
  },
  { side: 'client', reason: 'client-tls', secured: true, play: sends(GET) },
  { side: 'client', reason: 'client-protocol-error', play: sends('GET / HTTP/1.1\r\nHost : a\r\n\r\n') },
  {
    side: 'client',
    reason: 'content-unread',
    async play({ client }) {
      await exchange(client, request('POST', '/', 'Content-Length: 10'))
    },
  },
  {
    side: 'client',
    reason: 'response-close-delimited',
    script: answers('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'),
    play: sends('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'),
  },
  {
    side: 'client',
    reason: 'response-truncated',
    script: once(connection => connection.halfClose(), 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345'),
    play: sends(GET),
  },
  {
    side: 'client',
    reason: 'refused',
    options: { mode: 'forward' },
    play: sends('CONNECT 127.0.0.1:25 HTTP/1.1\r\nHost: a\r\n\r\n'),
  },
  { side: 'client', reason: 'upgraded-ended', script: switches, play: upgradesAndEnds },
  {
    side: 'client',
    reason: 'tunnel-ended',
    options: { mode: 'forward' },
    script: connection => connection.halfClose(),
    async play({ client }) {
      await client.send(CONNECT_TO(443))
      await client.readUntil('\r\n\r\n')
      client.halfClose()
    },
  },
  {
    side: 'client',
    reason: 'tunnel-idle',
    script: switches,
    async play({ client, clock }) {
      await client.send(UPGRADE)
      await client.readUntil('hello')
      clock.advance(3_600_200)
    },
  },
  {
    side: 'client',
    reason: 'exchange-timeout',
    script: silent,
    options: { deadlines: { exchangeMs: 1_000 } },
    async play({ client, clock }) {
      await client.send(GET)
      await settled()
      clock.advance(1_200)
    },
  },
  {
    side: 'client',
    reason: 'draining',
    async play({ client, proxy, clock }) {
      await exchange(client, GET)
      clock.advance(1_100)
      proxy.close()
    },
  },
  {
    side: 'client',
    reason: 'internal-error',
    async play({ client, clock }) {
      clock.wallMs = () => {
        throw new Error('an internal error, for the test')
      }
      await client.send(GET)
    },
  },
  {
    side: 'client',
    reason: 'shutdown',
    async play({ client, proxy }) {
      await exchange(client, GET)
      proxy.destroy()
    },
  },

  {
    side: 'upstream',
    reason: 'client-gone',
    script: huge,
    async play({ client }) {
      await client.send(GET)
      await client.readUntil('\r\n\r\n')
      client.reset()
    },
  },
  {
    side: 'upstream',
    reason: 'response-close-delimited',
    script: once(connection => connection.halfClose(), 'HTTP/1.1 200 OK\r\n\r\nall'),
    play: asksOnce,
  },
  { side: 'upstream', reason: 'upgraded-ended', script: switches, play: upgradesAndEnds },
  {
    side: 'upstream',
    reason: 'tunnel-idle',
    script: switches,
    async play({ client, clock }) {
      await client.send(UPGRADE)
      await client.readUntil('hello')
      clock.advance(3_600_200)
    },
  },
  { side: 'upstream', reason: 'upstream-close', script: answers(response('ok', 'Connection: close')), play: asksOnce },
  {
    side: 'upstream',
    reason: 'upstream-http10',
    script: answers('HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'),
    play: asksOnce,
  },
  { side: 'upstream', reason: 'upstream-fin', script: once(connection => connection.halfClose()), play: asksOnce },
  {
    side: 'upstream',
    reason: 'upstream-reset',
    script: once(async connection => {
      await settled()
      connection.reset()
    }),
    play: asksOnce,
  },
  { side: 'upstream', reason: 'upstream-idle', play: idlesFor(4_200) },
  {
    side: 'upstream',
    reason: 'upstream-hint',
    script: answers(response('ok', 'Connection: keep-alive', 'Keep-Alive: timeout=3')),
    play: idlesFor(2_100),
  },
  {
    side: 'upstream',
    reason: 'upstream-learned',
    // Two of its connections end after 3 s: the third is closed after 2 s.
    async play({ client, clock, upstream, proxy }) {
      for (let nth = 0; nth < 2; nth++) {
        await exchange(client, GET)
        clock.advance(3_000)
        upstream(nth).halfClose()
        await until('seen', () => proxy.stats().upstream.open === 0)
        clock.advance(1_000)
      }
      await exchange(client, GET)
      clock.advance(2_200)
    },
  },
  {
    side: 'upstream',
    reason: 'upstream-age',
    options: { limits: { upstreamAgeMs: 3_000 } },
    play: idlesFor(3_200),
  },
  {
    side: 'upstream',
    reason: 'upstream-requests-max',
    options: { limits: { upstreamRequestsMax: 1 } },
    play: asksOnce,
  },
  { side: 'upstream', reason: 'upstream-unsolicited', script: answers(`${response('ok')}more`), play: asksOnce },
  { side: 'upstream', reason: 'upstream-protocol-error', script: answers('what?\r\n\r\n'), play: asksOnce },
  {
    side: 'upstream',
    reason: 'upstream-timeout',
    script: silent,
    async play({ client, clock }) {
      await client.send(GET)
      await settled()
      clock.advance(60_200)
    },
  },
  {
    side: 'upstream',
    reason: 'upstream-incomplete',
    script: once(connection => connection.halfClose(), 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n12345'),
    play: sends(GET),
  },
  {
    side: 'upstream',
    reason: 'early-response',
    async play({ client }) {
      await exchange(client, request('POST', '/', 'Content-Length: 10'))
    },
  },
  { side: 'upstream', reason: 'surplus-idle', options: { limits: { upstreamIdleMax: 0 } }, play: asksOnce },
  {
    side: 'upstream',
    reason: 'stale',
    script: once(async connection => {
      await connection.readUntil('\r\n\r\n')
      connection.halfClose()
    }),
    async play({ client }) {
      await exchange(client, GET)
      await exchange(client, GET)
    },
  },
  {
    side: 'upstream',
    reason: 'exchange-timeout',
    script: silent,
    options: { deadlines: { exchangeMs: 1_000 } },
    async play({ client, clock }) {
      await client.send(GET)
      await settled()
      clock.advance(1_200)
    },
  },
  {
    side: 'upstream',
    reason: 'login-ended',
    async play({ client }) {
      await exchange(client, request('GET', '/', 'Authorization: NTLM TlRMTVNTUAAB'))
      client.halfClose()
    },
  },
  {
    side: 'upstream',
    reason: 'login-surplus',
    options: { limits: { upstreamConnectionsMax: 1 } },
    async play({ client, clock, more }) {
      await exchange(client, request('GET', '/', 'Authorization: Negotiate YII='))
      clock.advance(1_000)
      await exchange(await more(), GET)
    },
  },
  { side: 'upstream', reason: 'upstream-proxy-protocol', group: { proxyProtocol: 'v1' }, play: asksOnce },
  {
    side: 'upstream',
    reason: 'reconfigured',
    async play({ client, clock, proxy }) {
      await exchange(client, GET)
      proxy.update({ mode: 'reverse', upstream: 'http://127.0.0.2:1', clock })
    },
  },
  {
    side: 'upstream',
    reason: 'health',
    group: { healthCheck: { path: '/healthz', intervalMs: 1_000, timeoutMs: 500, status: '204' } },
    async play({ client, clock }) {
      await exchange(client, GET)
      clock.advance(1_000)
    },
  },
  {
    side: 'upstream',
    reason: 'draining',
    async play({ client, proxy }) {
      await exchange(client, GET)
      proxy.close()
    },
  },
  {
    side: 'upstream',
    reason: 'internal-error',
    async play({ client, clock }) {
      await settled(2)
      clock.wallMs = () => {
        throw new Error('an internal error, for the test')
      }
      await client.send(request('GET', '/no-date'))
    },
  },
  {
    side: 'upstream',
    reason: 'shutdown',
    async play({ client, proxy }) {
      await exchange(client, GET)
      proxy.destroy()
    },
  },
]

const grouped = (url: string, group: Partial<GroupOptions>): Partial<ProxyOptions> => ({
  routes: [{ upstream: 'app' }],
  upstreams: { app: { servers: [url], ...group } },
})

for (const { side, reason, script = answers(response('ok')), options = {}, group, secured, play } of rows) {
  test(`a connection toward the ${side} closes for "${reason}"`, secured ? needs('openssl') : {}, async t => {
    const clock = new FakeClock()
    const origin = await scriptedOrigin(t, script)
    const forward = options.mode === 'forward'
    const running = await withProxy(t, {
      mode: 'reverse',
      clock,
      ...(forward ? { connectPorts: [origin.port] } : group ? grouped(origin.url, group) : { upstream: origin.url }),
      ...options,
      ...(secured ? { tls: { certificates: [pairOf(await makeCertificate(t))] } } : {}),
    })
    const { proxy, port } = running
    const closes = closesOf(proxy)
    const client = await rawClient(t, port)
    const found = (): ConnectionRecord | undefined =>
      closes.find(close => close.side === side && close.reason === reason)
    const send = client.send.bind(client)
    // A CONNECT in the table cannot know the port of its origin.
    client.send = bytes =>
      send(typeof bytes === 'string' ? bytes.replace('127.0.0.1:443 ', `127.0.0.1:${origin.port} `) : bytes)
    await play({
      ...running,
      client,
      clock,
      upstream: (nth = 0) => origin.connections[nth]!,
      more: () => rawClient(t, port),
    })
    // We linger until the client has ended its side as well.
    await until('it closed, or ended its side', () => found() !== undefined || client.ended !== '')
    if (client.ended !== '') client.halfClose()
    await until(`closed for ${reason}: ${JSON.stringify(closes)}`, () => found() !== undefined)
    t.match(found(), { side, reason, id: side === 'client' ? /^c\d$/ : /^u\d$/ })
    t.ok((proxy.stats()[side].closes[reason] ?? 0) > 0, 'counted')
    const sum = Object.values(proxy.stats()[side].closes).reduce((total, count) => total + count, 0)
    t.equal(sum, closes.filter(close => close.side === side).length, 'every close is counted once')
  })
}

test('every reason has its scene', async t => {
  t.same([...new Set(rows.map(({ reason }) => reason))].sort(), Object.keys(CLOSE_REASONS).sort())
})
